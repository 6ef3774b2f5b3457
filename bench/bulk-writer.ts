/**
 * BulkWriter: one session that creates or deletes many znodes by multis that were encoded before,
 * so that whoever measures in the same process is not held up by the encoding.
 */

import { connect, type Socket } from 'node:net';
import { JuteWriter, OpCode, OPEN_ACL_UNSAFE, writeAclVector } from '@zabra/protocol';
import { FrameSplitter, openSession } from './raw-session.ts';

const OPS_PER_MULTI = 1000;
const PING_INTERVAL_MS = 10_000;
const PING_XID = -2;
const NO_DATA = new Uint8Array(0);

export class BulkWriter {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter();
  readonly #timer: NodeJS.Timeout;
  #onReply: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, (view, at) => {
        if (view.getInt32(at) !== PING_XID) this.#onReply();
      });
    });
    this.#timer = setInterval(() => socket.write(ping()), PING_INTERVAL_MS);
  }

  static async open(port: number): Promise<BulkWriter> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await openSession(socket);
    return new BulkWriter(socket);
  }

  /** One after the other, each when the one before is answered. */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    for (const frame of frames) {
      const answered = new Promise<void>((resolve) => {
        this.#onReply = resolve;
      });
      this.#socket.write(frame);
      await answered;
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }
}

/** Multis that do so to `prefix` + 0, 1, ... up to `count`. */
export function multisOf(op: 'create' | 'delete', prefix: string, count: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let first = 0; first < count; first += OPS_PER_MULTI) {
    const w = new JuteWriter(1 << 16);
    w.int(0);
    w.int(frames.length);
    w.int(OpCode.multi);
    const end = Math.min(first + OPS_PER_MULTI, count);
    for (let index = first; index < end; index++) writeOp(w, op, prefix + index);
    writeHeader(w, -1, true);
    w.patchInt(0, w.position - 4);
    frames.push(w.toBytes());
  }
  return frames;
}

function writeOp(w: JuteWriter, op: 'create' | 'delete', path: string): void {
  writeHeader(w, OpCode[op], false);
  w.string(path);
  if (op === 'delete') {
    w.int(-1);
    return;
  }
  w.bytes(NO_DATA);
  writeAclVector(w, OPEN_ACL_UNSAFE);
  w.int(0);
}

function writeHeader(w: JuteWriter, type: number, isDone: boolean): void {
  w.int(type);
  w.bool(isDone);
  w.int(-1);
}

function ping(): Uint8Array {
  const w = new JuteWriter(16);
  w.int(8);
  w.int(PING_XID);
  w.int(OpCode.ping);
  return w.toBytes();
}
