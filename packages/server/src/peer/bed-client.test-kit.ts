/**
 * BedClient: one client of a `ServerBed` or `MemberBed`, played by hand: it sends what it is told,
 * keeps what it gets as frames, and may stop to read.
 */

import {
  type ConnectResponse,
  errorName,
  JuteReader,
  JuteWriter,
  OpCode,
  OPEN_ACL_UNSAFE,
  readConnectResponse,
  readReplyHeader,
  readWatcherEvent,
  writeAclVector,
  writeConnectRequest,
} from '@zabra/protocol';
import type { ClientConnection } from './client-connection.ts';

/** The bed that the client lies in. */
export interface ClientHost {
  run(): void;
  /** The server reads bytes of that connection. */
  onClientBytes(id: number, bytes: Uint8Array): void;
  /** The connection has ended. */
  onGone(client: BedClient): void;
}

export interface Reply {
  readonly xid: number;
  readonly zxid: number;
  /** Name of the error code. */
  readonly err: string;
  readonly body: Uint8Array;
}

/** What a ConnectRequest says, but for what the test leaves out. */
export interface Greeting {
  readonly lastZxidSeen?: number;
  readonly timeoutMs?: number;
  readonly session?: ConnectResponse | null;
  readonly password?: Uint8Array | null;
  readonly readOnly?: boolean | null;
}

export class BedClient {
  readonly connection: ClientConnection;
  readonly #bed: ClientHost;
  /** Sent and not read by the server. */
  #sent: Uint8Array[];
  /** Received and not looked at. */
  #received: Uint8Array[];
  /** While false the network holds what the server writes. */
  #isReading: boolean;
  #held: Uint8Array[];
  /** How the server ended the connection. */
  closed: '' | 'gently' | 'cut';
  #isGone: boolean;

  constructor(bed: ClientHost, connection: ClientConnection) {
    this.#bed = bed;
    this.connection = connection;
    this.#sent = [];
    this.#received = [];
    this.#isReading = true;
    this.#held = [];
    this.closed = '';
    this.#isGone = false;
  }

  /** Sends a ConnectRequest, runs the server, and returns what it answers, null for nothing. */
  handshake(greeting: Greeting = {}): ConnectResponse | null {
    this.greet(greeting);
    this.#bed.run();
    return this.response();
  }

  greet({ lastZxidSeen = 0, timeoutMs = 10_000, readOnly = null, ...rest }: Greeting): void {
    const { sessionHi = 0, sessionLo = 0, password = new Uint8Array(16) } = rest.session ?? {};
    const w = new JuteWriter();
    w.int(0);
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen,
      timeoutMs,
      sessionHi,
      sessionLo,
      password: rest.password === undefined ? password : rest.password,
      readOnly,
    });
    w.patchInt(0, w.position - 4);
    this.sendRaw(w.toBytes());
  }

  /** The first frame as a ConnectResponse, taken; null when none came. */
  response(): ConnectResponse | null {
    const frame = this.frames()[0];
    return frame === undefined
      ? null
      : readConnectResponse(new JuteReader().reset(frame, 0, frame.length));
  }

  sendRaw(bytes: Uint8Array): void {
    this.#sent.push(bytes);
  }

  /** One request; the body is written by the callback. */
  request(xid: number, opcode: number, write: (w: JuteWriter) => void = () => undefined): void {
    const w = new JuteWriter();
    w.int(0);
    w.int(xid);
    w.int(opcode);
    write(w);
    w.patchInt(0, w.position - 4);
    this.sendRaw(w.toBytes());
  }

  create(xid: number, path: string, data: Uint8Array | null = null, flags = 0): void {
    this.request(xid, OpCode.create, (w) => {
      w.string(path);
      w.bytes(data ?? new Uint8Array(0));
      writeAclVector(w, OPEN_ACL_UNSAFE);
      w.int(flags);
    });
  }

  getData(xid: number, path: string, watch = false): void {
    this.request(xid, OpCode.getData, (w) => {
      w.string(path);
      w.bool(watch);
    });
  }

  setData(xid: number, path: string, data: Uint8Array): void {
    this.request(xid, OpCode.setData, (w) => {
      w.string(path);
      w.bytes(data);
      w.int(-1);
    });
  }

  /** Whole frames that came since the last call. */
  frames(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const bytes = this.raw();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + 4 <= bytes.length && at + 4 + view.getInt32(at) <= bytes.length) {
      const end = at + 4 + view.getInt32(at);
      frames.push(bytes.slice(at + 4, end));
      at = end;
    }
    this.#received = [bytes.slice(at)];
    return frames;
  }

  /** Everything that came since the last call, as it came. */
  raw(): Uint8Array {
    const bytes = Uint8Array.from(Buffer.concat(this.#received));
    this.#received = [];
    return bytes;
  }

  replies(): Reply[] {
    return this.frames().map((frame) => {
      const r = new JuteReader().reset(frame, 0, frame.length);
      const { xid, zxid, err } = readReplyHeader(r);
      return { xid, zxid, err: errorName(err), body: frame.slice(r.position) };
    });
  }

  /** Xids of what came, in order. */
  xids(): number[] {
    return this.replies().map(({ xid }) => xid);
  }

  stopReading(): void {
    this.#isReading = false;
  }

  startReading(): void {
    this.#isReading = true;
    this.#received.push(...this.#held.splice(0));
    this.connection.unsentBytes = 0;
  }

  /** The client hangs up. */
  hangUp(): void {
    if (!this.#isGone) this.#goAway();
  }

  /** From the bed: bytes reach the server while it reads; true when something happened. */
  deliver(): boolean {
    if (this.closed !== '') {
      this.#goAway();
      return true;
    }
    if (this.connection.pauseReading) return false;
    const bytes = this.#sent.shift();
    if (bytes === undefined) return false;
    this.#bed.onClientBytes(this.connection.id, bytes);
    return true;
  }

  /** From the bed: the turn is over. True when the server has closed the connection. */
  takeOutput(): boolean {
    const { connection } = this;
    if (this.closed !== '') return false;
    if (connection.destroy) {
      this.closed = 'cut';
      return true;
    }
    const bytes = connection.bytes.toBytes();
    connection.bytes.reset();
    (this.#isReading ? this.#received : this.#held).push(bytes);
    connection.unsentBytes = this.#held.reduce((sum, { length }) => sum + length, 0);
    if (connection.closeAfterFlush) this.closed = 'gently';
    return connection.closeAfterFlush;
  }

  #goAway(): void {
    this.#isGone = true;
    this.#bed.onGone(this);
  }
}

/** The events among replies, as `type path`. */
export function eventsOf(replies: readonly Reply[]): string[] {
  return replies
    .filter(({ xid }) => xid === -1)
    .map(({ body }) => {
      const { type, path } = readWatcherEvent(new JuteReader().reset(body, 0, body.length));
      return `${type} ${path}`;
    });
}
