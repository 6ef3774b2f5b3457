/** A session on a bare socket, and frames out of its bytes: for load that does little itself. */

import type { Socket } from 'node:net';
import {
  type ConnectResponse,
  JuteReader,
  JuteWriter,
  readConnectResponse,
  writeConnectRequest,
} from '@zabra/protocol';

const SESSION_TIMEOUT_MS = 40_000;
const LENGTH_BYTES = 4;

/** What a client that comes back must know of its session. */
export interface Session {
  readonly hi: number;
  readonly lo: number;
  readonly password: Uint8Array;
}

const NEW_SESSION: Session = { hi: 0, lo: 0, password: new Uint8Array(16) };

/** Connects, shakes hands, and leaves the socket without listeners for its data. */
export async function openSession(socket: Socket, session = NEW_SESSION): Promise<Session> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const w = new JuteWriter(64);
  w.int(0);
  writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeoutMs: SESSION_TIMEOUT_MS,
    sessionHi: session.hi,
    sessionLo: session.lo,
    password: session.password,
    readOnly: false,
  });
  w.patchInt(0, w.position - LENGTH_BYTES);
  socket.write(w.toBytes());
  const granted = await new Promise<ConnectResponse>((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < LENGTH_BYTES) return;
      if (bytes.length < LENGTH_BYTES + bytes.readInt32BE(0)) return;
      socket.off('data', onData);
      const r = new JuteReader().reset(bytes, LENGTH_BYTES, bytes.length);
      const response = readConnectResponse(r);
      if (response.timeoutMs > 0) resolve(response);
      else reject(new Error('The server refused the session'));
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error('The server closed the connection')));
  });
  const { sessionHi: hi, sessionLo: lo, password } = granted;
  return { hi, lo, password: Uint8Array.from(password ?? []) };
}

export class FrameSplitter {
  #held: Buffer = Buffer.alloc(0);

  /** Visits each whole frame with the offset behind its length. */
  push(chunk: Buffer, visit: (view: DataView, at: number) => void): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = view.getInt32(at);
      if (bytes.length - at < LENGTH_BYTES + length) break;
      visit(view, at + LENGTH_BYTES);
      at += LENGTH_BYTES + length;
    }
    this.#held = at === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(at));
  }
}
