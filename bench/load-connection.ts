/**
 * LoadConnection: one client connection that keeps a fixed number of requests outstanding and does
 * as little as possible itself: the request is one prepared frame, of which only xid and key
 * change, and of replies it looks at length, xid and error. It speaks the protocol directly, so
 * that the client library is not what is measured.
 */

import { connect, type Socket } from 'node:net';
import { JuteReader, JuteWriter, readConnectResponse, writeConnectRequest } from '@zabra/protocol';

/** Writes the body of the `n`th request. */
export type WriteBody = (w: JuteWriter, n: number) => void;

export interface Shape {
  readonly opcode: number;
  readonly writeBody: WriteBody;
  readonly outstanding: number;
}

const HEADER_BYTES = 8;
const SESSION_TIMEOUT_MS = 30_000;
const SLOTS = 1 << 12;

export class LoadConnection {
  /** Replies since the last `take`. */
  #replies = 0;
  #errors = 0;
  #socket: Socket | null = null;
  #shape: Shape | null = null;
  #xid = 0;
  #inFlight = 0;
  #stopping = false;
  #idle: (() => void) | null = null;
  #held: Buffer = Buffer.alloc(0);
  readonly #writer = new JuteWriter(1 << 16);
  readonly #sentAt = new Float64Array(SLOTS);
  #latencies: number[] = [];
  #sampleEvery = 16;

  async open(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
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
    w.patchInt(0, w.position - 4);
    socket.write(w.toBytes());
    await new Promise<void>((resolve, reject) => {
      let bytes = Buffer.alloc(0);
      const onData = (chunk: Buffer): void => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) return;
        socket.off('data', onData);
        const r = new JuteReader().reset(bytes, 4, bytes.length);
        if (readConnectResponse(r).timeoutMs > 0) resolve();
        else reject(new Error('The server refused the session'));
      };
      socket.on('data', onData);
      socket.once('close', () => reject(new Error('The server closed the connection')));
    });
    socket.removeAllListeners('close');
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#stopping = true;
      this.#inFlight = 0;
      this.#idle?.();
    });
  }

  start(shape: Shape): void {
    this.#shape = shape;
    this.#stopping = false;
    this.#sampleEvery = shape.outstanding > 1 ? 16 : 1;
    this.#send(shape.outstanding);
  }

  /** Sends nothing more and resolves when every reply is there. */
  async drain(): Promise<void> {
    this.#stopping = true;
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
    this.#idle = null;
  }

  /** Sends `count` requests, waits for all replies. */
  async send(shape: Shape, first: number, count: number): Promise<void> {
    this.#shape = shape;
    this.#stopping = true;
    this.#xid = first;
    for (let sent = 0; sent < count; ) {
      const batch = Math.min(100, count - sent);
      this.#send(batch);
      sent += batch;
      await this.drain();
    }
    this.take();
  }

  take(): { replies: number; errors: number; latencies: number[] } {
    const taken = { replies: this.#replies, errors: this.#errors, latencies: this.#latencies };
    this.#replies = 0;
    this.#errors = 0;
    this.#latencies = [];
    return taken;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #send(count: number): void {
    const shape = this.#shape as Shape;
    const w = this.#writer;
    w.reset();
    const now = performance.now();
    for (let index = 0; index < count; index++) {
      const n = this.#xid++ & 0x7fffffff;
      const frame = w.reserve(4 + HEADER_BYTES);
      w.patchInt(frame + 4, n);
      w.patchInt(frame + 8, shape.opcode);
      shape.writeBody(w, n);
      w.patchInt(frame, w.position - frame - 4);
      if (n % this.#sampleEvery === 0) this.#sentAt[n & (SLOTS - 1)] = now;
    }
    this.#inFlight += count;
    this.#socket?.write(w.toBytes());
  }

  #onData(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#held.length > 0) bytes = Buffer.concat([this.#held, chunk]);
    let position = 0;
    let got = 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    while (bytes.length - position >= 4) {
      const length = view.getInt32(position);
      if (bytes.length - position < 4 + length) break;
      const xid = view.getInt32(position + 4);
      if (xid >= 0) {
        got++;
        if (view.getInt32(position + 16) !== 0) this.#errors++;
        if (xid % this.#sampleEvery === 0) {
          this.#latencies.push(performance.now() - (this.#sentAt[xid & (SLOTS - 1)] as number));
        }
      }
      position += 4 + length;
    }
    this.#held =
      position === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(position));
    this.#replies += got;
    this.#inFlight -= got;
    if (!this.#stopping) this.#send(got);
    else if (this.#inFlight <= 0) this.#idle?.();
  }
}
