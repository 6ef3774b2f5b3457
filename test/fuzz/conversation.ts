/**
 * Conversation: what one client may hear for what it has said, judged from the bytes alone: replies
 * come in the order of the requests and to each at most one, nothing that cannot be decoded is
 * carried out, no session opens with a wrong password, and a connection whose client did nothing
 * wrong is not closed. From client-protocol.md 1, 2 and 6.
 */

import {
  bytesEqual,
  ErrorCode,
  errorName,
  JuteReader,
  OpCode,
  opName,
  readConnectRequest,
  readConnectResponse,
  sessionPassword,
  Xid,
} from '@zabra/protocol';
import type { Delivery } from './cells.ts';
import { expectThat } from './finding.ts';
import { judgeBody, type Verdict } from './naive-reader.ts';
import { CLIENT_OPCODES } from './schema.ts';

const LENGTH_BYTES = 4;
const HEADER_BYTES = 8;
const REPLY_HEADER_BYTES = 16;
const SYNC_CONNECTED = 3;
const EVENT_TYPE_MAX = 7;
/** What a request that cannot be decoded may be told. */
const REFUSALS: ReadonlySet<number> = new Set([
  ErrorCode.MARSHALLINGERROR,
  ErrorCode.UNIMPLEMENTED,
  ErrorCode.THROTTLEDOP,
  ErrorCode.NOTREADONLY,
  ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH,
]);
/** Their failure, or their success, ends the connection. */
const CLOSERS: ReadonlySet<number> = new Set([OpCode.auth, OpCode.sasl, OpCode.closeSession]);

interface Asked {
  readonly xid: number;
  readonly opcode: number;
  readonly verdict: Verdict;
  readonly delivery: Delivery | null;
}

interface Segment {
  /** Offset in the stream of its first byte. */
  readonly start: number;
  readonly delivery: Delivery | null;
}

export interface Rules {
  readonly frameBytesMax: number;
  /** The server may close connections for reasons of its own. */
  readonly mayAlwaysClose: boolean;
}

export class Conversation {
  /** Of the session that this connection has got; null before. */
  session: { readonly hi: number; readonly lo: number } | null;
  /** The server answers a four-letter word, if it answers. */
  isWord: boolean;
  /** The server has a reason to close it that lies elsewhere. */
  mayClose: boolean;
  /** The client has said something that may end it. */
  #isAtFault: boolean;
  readonly #rules: Rules;
  #bytes: Uint8Array;
  /** Offset in the stream of the first of `#bytes`. */
  #position: number;
  #segments: Segment[];
  /** In order; those before `#head` are answered. */
  #asked: Asked[];
  #head: number;
  /** The ConnectRequest, once it is whole. */
  #connect: Uint8Array | null;
  #connectDelivery: Delivery | null;
  #isDoomed: boolean;
  /** Messages that nothing has become of yet. */
  #open: Delivery[];

  constructor(rules: Rules) {
    this.#rules = rules;
    this.session = null;
    this.isWord = false;
    this.mayClose = false;
    this.#isAtFault = false;
    this.#bytes = new Uint8Array(0);
    this.#position = 0;
    this.#segments = [];
    this.#asked = [];
    this.#head = 0;
    this.#connect = null;
    this.#connectDelivery = null;
    this.#isDoomed = false;
    this.#open = [];
  }

  /** What a server that has read everything still owes its client. */
  get owes(): 'nothing' | 'an answer' | 'the end' {
    if (this.#isDoomed) return 'the end';
    const isAnswered = this.#head === this.#asked.length;
    const isConnected = this.#connect === null || this.session !== null;
    return isAnswered && isConnected ? 'nothing' : 'an answer';
  }

  /** Bytes that the server has read; `delivery` is the message that they belong to. */
  onSent(bytes: Uint8Array, delivery: Delivery | null): void {
    if (delivery !== null && !this.#open.includes(delivery)) this.#open.push(delivery);
    if (this.#isDoomed || bytes.length === 0) return;
    this.#segments.push({ start: this.#position + this.#bytes.length, delivery });
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
    this.#split();
  }

  /** A frame of the server, without its length. */
  onFrame(frame: Uint8Array): void {
    if (this.#connect !== null && this.session === null) {
      this.#onConnectResponse(frame);
      return;
    }
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    expectThat(
      frame.length >= REPLY_HEADER_BYTES,
      () => `A reply of ${frame.length} bytes has no header`,
    );
    const xid = view.getInt32(0);
    if (xid === Xid.NOTIFICATION && isEvent(frame, view)) return;
    this.#onReply(xid, view.getInt32(12), frame.length);
  }

  /** The connection has ended; `isByServer` also when it was told nicely. */
  onClosed(isByServer: boolean): void {
    const hasReason = this.mayClose || this.#isAtFault || this.#rules.mayAlwaysClose;
    // A ConnectRequest may be refused for many reasons.
    if (isByServer && !hasReason && (this.#connect === null || this.session !== null)) {
      const last = this.#asked.slice(this.#head).map(({ opcode }) => opName(opcode));
      expectThat(
        false,
        () => `The server closed a connection that did nothing wrong [${last.join(', ')}]`,
      );
    }
    this.#finish(isByServer ? 'closed' : 'silent');
  }

  /** The server has come to rest: everything is answered. */
  onRest(): void {
    expectThat(!this.#isDoomed, () => 'The server goes on with what is no frame, or no request');
    const first = this.#asked[this.#head];
    expectThat(
      first === undefined,
      () =>
        `${this.#asked.length - this.#head} requests are not answered at rest, the first is ` +
        `${opName(first?.opcode ?? 0)} with xid ${first?.xid}`,
    );
    this.#asked = [];
    this.#head = 0;
    this.#finish('silent');
  }

  #finish(outcome: 'closed' | 'silent'): void {
    for (const delivery of this.#open.splice(0)) delivery.outcome ??= outcome;
  }

  #split(): void {
    const { frameBytesMax } = this.#rules;
    let at = 0;
    const bytes = this.#bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    while (at + LENGTH_BYTES <= bytes.length && !this.#isDoomed) {
      const length = view.getInt32(at);
      if (length < 0 || length > frameBytesMax) {
        this.isWord = this.#connect === null;
        this.#doom();
        break;
      }
      const end = at + LENGTH_BYTES + length;
      if (end > bytes.length) break;
      this.#onWhole(bytes.subarray(at + LENGTH_BYTES, end), this.#position + at);
      at = end;
    }
    if (this.#isDoomed) at = bytes.length;
    this.#bytes = bytes.slice(at);
    this.#position += at;
    const next = this.#segments.findLastIndex(({ start }) => start <= this.#position);
    if (next > 0) this.#segments.splice(0, next);
    if (this.#bytes.length === 0) this.#segments = [];
  }

  #onWhole(frame: Uint8Array, position: number): void {
    if (this.#connect === null) {
      this.#connect = frame.slice();
      this.#connectDelivery = this.#deliveryAt(position);
      const r = new JuteReader().reset(frame, 0, frame.length);
      readConnectRequest(r);
      if (r.failed) this.#doom();
      return;
    }
    if (frame.length < HEADER_BYTES) {
      this.#doom();
      return;
    }
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const xid = view.getInt32(0);
    const opcode = view.getInt32(4);
    const verdict = judgeBody(opcode, frame, HEADER_BYTES, frame.length);
    this.#asked.push({ xid, opcode, verdict, delivery: this.#deliveryAt(position) });
    if (mayEnd(opcode)) this.#isAtFault = true;
  }

  /** The message that this byte of the stream belongs to. */
  #deliveryAt(position: number): Delivery | null {
    return this.#segments.findLast(({ start }) => start <= position)?.delivery ?? null;
  }

  #doom(): void {
    this.#isDoomed = true;
    this.#isAtFault = true;
  }

  #onConnectResponse(frame: Uint8Array): void {
    const r = new JuteReader().reset(frame, 0, frame.length);
    const response = readConnectResponse(r);
    expectThat(!r.failed && r.remaining() === 0, () => 'A ConnectResponse has another form');
    const { sessionHi: hi, sessionLo: lo, timeoutMs } = response;
    const connect = this.#connect as Uint8Array;
    const asked = readConnectRequest(new JuteReader().reset(connect, 0, connect.length));
    const isRefusal = hi === 0 && lo === 0;
    expectThat(isRefusal === (timeoutMs === 0), () => `Session ${hi}:${lo} lasts ${timeoutMs} ms`);
    if (this.#connectDelivery !== null) {
      this.#connectDelivery.outcome ??= isRefusal ? 'refused' : 'answered';
    }
    if (isRefusal) return;
    if (asked.sessionHi !== 0 || asked.sessionLo !== 0) {
      expectThat(
        hi === asked.sessionHi && lo === asked.sessionLo,
        () => 'Another session was opened than was asked for',
      );
      const given = asked.password ?? new Uint8Array(0);
      const wanted = sessionPassword(hi, lo);
      expectThat(
        bytesEqual(given, 0, given.length, wanted, 0, wanted.length),
        () => 'A session was opened with a wrong password',
      );
    }
    this.session = { hi, lo };
  }

  #onReply(xid: number, err: number, length: number): void {
    const asked = this.#asked[this.#head];
    this.#head++;
    expectThat(asked !== undefined, () => `A reply with xid ${xid} answers nothing`);
    const { opcode, verdict, delivery } = asked;
    // A ping that is refused is a request like others.
    const wanted = opcode === OpCode.ping && err === ErrorCode.OK ? Xid.PING : asked.xid;
    expectThat(
      xid === wanted,
      () => `A reply has xid ${xid}, wanted ${wanted} of the next ${opName(opcode)}`,
    );
    const isRefusal = REFUSALS.has(err) || (CLOSERS.has(opcode) && err !== ErrorCode.OK);
    expectThat(
      verdict !== 'broken' || isRefusal,
      () =>
        `A ${opName(opcode)} that cannot be decoded is answered ${errorName(err)} and ` +
        `${length - REPLY_HEADER_BYTES} bytes`,
    );
    if (delivery !== null) delivery.outcome ??= err === ErrorCode.OK ? 'answered' : 'refused';
  }
}

/** Its answer, or its failure, may be the end of the connection. */
function mayEnd(opcode: number): boolean {
  return CLOSERS.has(opcode) || !CLIENT_OPCODES.has(opcode);
}

/** Whether it is an event and nothing else: a request may have the xid of notifications. */
function isEvent(frame: Uint8Array, view: DataView): boolean {
  if (frame.length < REPLY_HEADER_BYTES + 12) return false;
  const type = view.getInt32(16);
  const length = view.getInt32(24);
  if (type < 1 || type > EVENT_TYPE_MAX || view.getInt32(20) !== SYNC_CONNECTED) return false;
  return length >= 0 && frame.length === REPLY_HEADER_BYTES + 12 + length;
}
