/**
 * Link: one socket to one server. It sends what it is given, keeps the queue of requests that are
 * not answered, and turns what comes into entries. Replies are matched in the order of requests;
 * the reply to auth or sasl may come earlier, which is for the comparer to judge.
 */

import { connect, type Socket } from 'node:net';
import { JuteReader, OpCode, Xid } from '@zabra/protocol';
import { decodeBody, decodeConnect, decodeEvent } from './decode.ts';
import type { Names } from './names.ts';
import type { Entry } from './transcript.ts';

export interface Pending {
  readonly xid: number;
  readonly opcode: number;
  /** Place in the step, -1 for the closing ping. */
  readonly request: number;
}

const HEADER_BYTES = 16;
/** A server that has not answered after so many pieces of time never will. */
const SILENCE_PIECES = 20;
const SILENCE_PIECE_MS = 1000;
const READ_BYTES_MAX = 64 * 1024 * 1024;

export class Link {
  /** Entries since they were last taken. */
  #entries: Entry[];
  readonly #names: Names;
  readonly #reader: JuteReader;
  readonly #socket: Socket;
  readonly #label: string;
  #bytes: Buffer;
  #pending: Pending[];
  #isConnected: boolean;
  #isAccepted: boolean;
  #closed: boolean;
  #isLost: boolean;
  #wake: () => void;

  private constructor(socket: Socket, names: Names, label: string) {
    this.#socket = socket;
    this.#names = names;
    this.#label = label;
    this.#entries = [];
    this.#reader = new JuteReader(READ_BYTES_MAX);
    this.#bytes = Buffer.alloc(0);
    this.#pending = [];
    this.#isConnected = false;
    this.#isAccepted = false;
    this.#closed = false;
    this.#isLost = false;
    this.#wake = () => {};
    socket.on('data', (chunk) => this.#onData(chunk as Buffer));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#entries.push({ kind: 'closed', body: '' });
      this.#wake();
    });
  }

  /** `label` is the session that the handshake will ask for. */
  static async open(port: number, names: Names, label: string): Promise<Link> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const link = new Link(socket, names, label);
    await new Promise<void>((resolve) => {
      socket.once('connect', () => resolve());
      socket.once('close', () => resolve());
    });
    return link;
  }

  /** The session that the handshake asked for. */
  get label(): string {
    return this.#label;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The handshake succeeded. */
  get accepted(): boolean {
    return this.#isAccepted;
  }

  send(bytes: Uint8Array, pending: readonly Pending[]): void {
    this.#pending.push(...pending);
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** Waits until everything is answered or the server has closed. */
  async settle(): Promise<void> {
    await this.#waitFor(() => {
      if (this.#closed || this.#isLost) return true;
      return this.#isConnected && this.#pending.length === 0;
    });
  }

  async waitForClose(): Promise<void> {
    await this.#waitFor(() => this.#closed);
  }

  take(): Entry[] {
    const taken = this.#entries;
    this.#entries = [];
    return taken;
  }

  /** Ends without a trace in the transcript. */
  async destroy(): Promise<void> {
    this.#socket.destroy();
    await this.#waitFor(() => this.#closed);
    this.#entries = [];
  }

  /** Time is counted in pieces, so that a machine that stood still for a while does no harm. */
  async #waitFor(condition: () => boolean): Promise<void> {
    for (let piecesLeft = SILENCE_PIECES; !condition(); ) {
      if (piecesLeft === 0) {
        const waiting = this.#pending.map(({ request }) => request).join(' ');
        this.#entries.push({ kind: 'silent', body: `not answered: ${waiting}` });
        return;
      }
      const isOver = await this.#sleep(SILENCE_PIECE_MS);
      if (isOver) piecesLeft--;
    }
  }

  /** True when the time is over, false when something arrived before. */
  async #sleep(ms: number): Promise<boolean> {
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
  }

  #onData(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 4) {
      const end = 4 + this.#bytes.readInt32BE(0);
      if (this.#bytes.length < end) break;
      this.#onFrame(this.#reader.reset(this.#bytes, 4, end));
      this.#bytes = this.#bytes.subarray(end);
    }
    this.#wake();
  }

  #onFrame(r: JuteReader): void {
    if (!this.#isConnected) {
      this.#isConnected = true;
      const body = decodeConnect(r, this.#names, this.#label);
      this.#isAccepted = !body.includes('session 0 ');
      this.#entries.push({ kind: 'connected', body });
      return;
    }
    if (r.remaining() < HEADER_BYTES) {
      const hex = Buffer.from(r.buffer.subarray(r.position, r.end)).toString('hex');
      this.#entries.push({ kind: 'unreadable', body: hex });
      return;
    }
    const xid = r.int();
    const zxidNumber = r.zxid();
    const err = r.int();
    this.#names.onZxid(zxidNumber);
    const zxid = this.#names.zxid(zxidNumber);
    if (xid === Xid.NOTIFICATION) {
      this.#entries.push({ kind: 'event', zxid, err, body: decodeEvent(r, this.#names) });
      return;
    }
    const { request, opcode } = this.#match(xid);
    const body = decodeBody(r, opcode, err, this.#names);
    this.#entries.push({ kind: 'reply', request, opcode, xid, zxid, err, body });
  }

  /** The request that a reply with this xid belongs to. */
  #match(xid: number): Pending {
    const first = this.#pending[0];
    if (first !== undefined && replyXid(first) === xid) {
      this.#pending.shift();
      return first;
    }
    const early = this.#pending.findIndex(
      (pending) => mayOvertake(pending.opcode) && pending.xid === xid,
    );
    const found = early < 0 ? undefined : this.#pending.splice(early, 1)[0];
    if (found !== undefined) return found;
    // Nothing behind it can be matched either: what waits is told that it will wait in vain.
    this.#isLost = true;
    return { xid, opcode: OpCode.error, request: -2 };
  }
}

/** Operations that Java answers from the thread that reads. */
export function mayOvertake(opcode: number): boolean {
  return opcode === OpCode.auth || opcode === OpCode.sasl;
}

function replyXid({ xid, opcode }: Pending): number {
  return opcode === OpCode.ping ? Xid.PING : xid;
}
