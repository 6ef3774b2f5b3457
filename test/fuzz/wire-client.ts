/**
 * WireClient: a careful client of a bed, for those that must know what they said: it writes whole
 * frames, keeps its session over connections, and gives each reply to whoever asked. A reply out of
 * order or a connection that ends is a finding unless it was announced.
 */

import {
  errorName,
  JuteReader,
  JuteWriter,
  OpCode,
  opName,
  PASSWORD_BYTES,
  readConnectResponse,
  readReplyHeader,
  readWatcherEvent,
  sessionPassword,
  type WatcherEvent,
  writeConnectRequest,
  Xid,
} from '@zabra/protocol';
import type { Bed } from './bed.ts';
import { expectThat } from './finding.ts';
import type { FuzzClient } from './fuzz-client.ts';

const FIXED_XIDS: ReadonlyMap<number, number> = new Map([
  [OpCode.ping, Xid.PING],
  [OpCode.auth, Xid.AUTH],
  [OpCode.setWatches2, Xid.SET_WATCHES],
]);
const TIMEOUT_MS = 4000;

/** The reader stands behind the header. */
export type OnReply = (err: number, r: JuteReader, zxid: number) => void;

interface Asked {
  readonly xid: number;
  readonly opcode: number;
  readonly onReply: OnReply;
}

export class WireClient {
  readonly name: string;
  readonly #bed: Bed;
  #client: FuzzClient | null;
  #hi: number;
  #lo: number;
  #xid: number;
  #lastZxid: number;
  #asked: Asked[];
  #isConnected: boolean;
  #mayEnd: boolean;
  readonly #onEvent: (event: WatcherEvent) => void;

  constructor(bed: Bed, name: string, onEvent: (event: WatcherEvent) => void = () => undefined) {
    this.#bed = bed;
    this.name = name;
    this.#client = null;
    this.#hi = 0;
    this.#lo = 0;
    this.#xid = 0;
    this.#lastZxid = 0;
    this.#asked = [];
    this.#isConnected = false;
    this.#mayEnd = false;
    this.#onEvent = onEvent;
  }

  get isOpen(): boolean {
    return this.#isConnected;
  }

  /** Connects with its session, or for one; the bed runs meanwhile. */
  connect(): void {
    const isNew = this.#hi === 0 && this.#lo === 0;
    this.#isConnected = false;
    this.#mayEnd = false;
    this.#asked = [];
    const client = this.#bed.connect();
    this.#client = client;
    client.end = {
      onFrame: (frame) => this.#onFrame(frame),
      onClosed: () => this.#onClosed(),
    };
    const password = isNew ? new Uint8Array(PASSWORD_BYTES) : sessionPassword(this.#hi, this.#lo);
    const w = new JuteWriter(64);
    w.int(0);
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeoutMs: TIMEOUT_MS,
      sessionHi: this.#hi,
      sessionLo: this.#lo,
      password,
      readOnly: false,
    });
    w.patchInt(0, w.position - 4);
    client.feed(w.toBytes());
    this.#bed.run();
    expectThat(this.#isConnected, () => `${this.name} gets no session`);
  }

  /** The server may end the connection now: its role does. */
  letGo(): void {
    this.#mayEnd = true;
  }

  /** Sends a request; without a callback it must be answered with OK. */
  ask(opcode: number, write: (w: JuteWriter) => void, onReply?: OnReply): void {
    // First of all: with a new turn it may be time for a ping.
    this.#bed.openTurn();
    const xid = FIXED_XIDS.get(opcode) ?? ++this.#xid;
    const w = new JuteWriter(64);
    w.int(0);
    w.int(xid);
    w.int(opcode);
    write(w);
    w.patchInt(0, w.position - 4);
    const mustSucceed: OnReply = (err) =>
      expectThat(err === 0, () => `${opName(opcode)} of ${this.name} fails: ${errorName(err)}`);
    this.#asked.push({ xid, opcode, onReply: onReply ?? mustSucceed });
    this.#client?.feed(w.toBytes());
  }

  #onFrame(frame: Uint8Array): void {
    const r = new JuteReader().reset(frame, 0, frame.length);
    if (!this.#isConnected) {
      const { sessionHi, sessionLo } = readConnectResponse(r);
      const isNew = this.#hi === 0 && this.#lo === 0;
      const isMine = isNew || (this.#hi === sessionHi && this.#lo === sessionLo);
      const isGiven = isMine && (sessionHi !== 0 || sessionLo !== 0);
      expectThat(isGiven, () => `${this.name} does not get its session back`);
      this.#hi = sessionHi;
      this.#lo = sessionLo;
      this.#isConnected = true;
      return;
    }
    const { xid, zxid, err } = readReplyHeader(r);
    if (xid === Xid.NOTIFICATION) {
      this.#onEvent(readWatcherEvent(r));
      return;
    }
    const asked = this.#asked.shift();
    expectThat(
      asked !== undefined && asked.xid === xid,
      () => `${this.name} hears xid ${xid}, wanted ${asked?.xid} of ${opName(asked?.opcode ?? 0)}`,
    );
    if (asked.opcode !== OpCode.auth && asked.opcode !== OpCode.sasl) {
      expectThat(zxid >= this.#lastZxid, () => `${this.name} sees zxid ${zxid} go back`);
      this.#lastZxid = zxid;
    }
    asked.onReply(err, r, zxid);
  }

  #onClosed(): void {
    this.#isConnected = false;
    expectThat(this.#mayEnd, () => `The server closes the connection of ${this.name}`);
  }
}
