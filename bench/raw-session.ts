/** A session on a bare socket, and frames out of its bytes: for load that does little itself. */

import type { Socket } from 'node:net';
import { JuteReader, JuteWriter, readConnectResponse, writeConnectRequest } from '@zabra/protocol';

const SESSION_TIMEOUT_MS = 40_000;
const LENGTH_BYTES = 4;

/** Connects, shakes hands, and leaves the socket without listeners for its data. */
export async function openSession(socket: Socket): Promise<void> {
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
    sessionHi: 0,
    sessionLo: 0,
    password: new Uint8Array(16),
    readOnly: false,
  });
  w.patchInt(0, w.position - LENGTH_BYTES);
  socket.write(w.toBytes());
  await new Promise<void>((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length < LENGTH_BYTES) return;
      if (bytes.length < LENGTH_BYTES + bytes.readInt32BE(0)) return;
      socket.off('data', onData);
      const r = new JuteReader().reset(bytes, LENGTH_BYTES, bytes.length);
      if (readConnectResponse(r).timeoutMs > 0) resolve();
      else reject(new Error('The server refused the session'));
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error('The server closed the connection')));
  });
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
