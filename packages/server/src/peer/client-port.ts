/**
 * ClientPort: everything that happens on the client port: connections come and go, speak a
 * four-letter word or shake hands, and send requests whose replies leave in the order of arrival
 * (client-protocol.md 2, 6 and 12). Reads are answered in the turn in which they come unless an
 * earlier request of the same connection is not answered yet; writes go to the present role, the
 * `RequestOrder`. It knows no quorum and no disk.
 */

import type { ConnectRequest, FrameFault, Id } from '@zabra/protocol';
import { JuteReader, OpCode, readConnectRequest } from '@zabra/protocol';
import type { ApplyResult } from '../ops/apply-result.ts';
import { Authentication } from './authentication.ts';
import { ClientConnection } from './client-connection.ts';
import { ClientConnections } from './client-connections.ts';
import { BoundSessions } from './client-session.ts';
import { ClientListener } from './client-listener.ts';
import { Handshake } from './handshake.ts';
import { LocalSessions } from './local-sessions.ts';
import type { PeerCore } from './peer-core.ts';
import { PortHold } from './port-hold.ts';
import type { OrderClient, RequestOrder } from './request-order.ts';
import { Requests } from './requests.ts';
import { UntoldClients } from './untold-clients.ts';
import { type WordAnswer, WordWriter } from './word-writer.ts';

/**
 * Output above which a connection is neither answered nor read until the network took it, bytes.
 */
const OUTPUT_HIGH_BYTES = 1 << 20;

/** Answer to a four-letter word with what came behind it; null for a word that does not exist. */
export type AnswerWord = (word: string, tail: Uint8Array) => WordAnswer | null;

export class ClientPort {
  readonly host: PeerCore;
  readonly listener: ClientListener;
  readonly sessions: BoundSessions;
  /** Those that this server alone knows. */
  readonly locals: LocalSessions;
  readonly authentication: Authentication;
  readonly requests: Requests;
  readonly hold: PortHold;
  /** Null while this server serves nobody. */
  order: RequestOrder | null;
  readonly #answer: AnswerWord;
  readonly #words: WordWriter;
  readonly #handshake: Handshake;
  readonly #connections: ClientConnections;
  readonly #resume: ClientConnection[];
  /** Neither answered nor read because the network has not taken their output. */
  readonly #choked: Set<ClientConnection>;
  readonly #untold: UntoldClients;
  readonly #reader: JuteReader;
  #lastId: number;

  constructor(host: PeerCore, answerWord: AnswerWord) {
    this.host = host;
    this.#answer = answerWord;
    this.#words = new WordWriter(host.ready);
    this.listener = new ClientListener(host);
    this.sessions = new BoundSessions();
    this.locals = new LocalSessions(host);
    this.authentication = new Authentication(host);
    this.requests = new Requests(this);
    this.order = null;
    this.#handshake = new Handshake(this);
    this.hold = new PortHold(this);
    this.#connections = new ClientConnections(host);
    this.#resume = [];
    this.#choked = new Set();
    this.#untold = new UntoldClients(this);
    this.#reader = new JuteReader(host.config.juteMaxBufferBytes);
    this.#lastId = 0;
  }

  get ready(): PeerCore['ready'] {
    return this.host.ready;
  }

  get stats(): PeerCore['stats'] {
    return this.host.stats;
  }

  /** What the role tells of its results. */
  get orderClient(): OrderClient {
    return this.requests;
  }

  get connectionCount(): number {
    return this.#connections.count;
  }

  /** 0 to 1: how often a session that connects is refused by chance. */
  get dropProbability(): number {
    return this.#handshake.dropProbability;
  }

  connections(): IterableIterator<ClientConnection> {
    return this.#connections.values();
  }

  connection(id: number): ClientConnection | undefined {
    return this.#connections.get(id);
  }

  /** `proven`: what TLS has proved of the client, null without TLS. */
  onOpen(
    remoteHost: string,
    remotePort: number,
    proven: readonly Id[] | null = null,
  ): ClientConnection {
    const { config } = this.host;
    const id = ++this.#lastId;
    const connection = new ClientConnection(
      this,
      id,
      remoteHost,
      remotePort,
      config.juteMaxBufferBytes,
      this.host.nowMs(),
    );
    connection.isSecure = proven !== null;
    this.authentication.onOpen(connection, proven);
    this.#connections.add(connection);
    return connection;
  }

  onBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined || connection.state === 'closing') return;
    connection.heardMs = this.host.nowMs();
    this.host.stats.bytesReceived += end - start;
    const { reader } = connection;
    if (connection.state === 'open') this.#mayRead(connection);
    reader.push(buffer, start, end);
    if (!reader.paused && !this.requests.admits(connection, reader.bytesHeld)) return;
    this.boundOutput(connection);
  }

  onClosed(id: number): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#untold.onConnectionClosed(connection);
    this.#connections.remove(connection);
    this.#choked.delete(connection);
    this.#words.onClosed(connection);
    this.hold.onConnectionClosed(connection);
    connection.state = 'closing';
    if (connection.session !== null) this.sessions.release(connection.session, connection);
    this.host.state.removeWatcher(connection);
    this.requests.onConnectionClosed(connection);
  }

  /** From ConnectionOwner: one frame of a connection. */
  onFrame(connection: ClientConnection, buffer: Uint8Array, start: number, end: number): boolean {
    connection.packetsReceived++;
    this.host.stats.packetsReceived++;
    if (connection.state === 'open') {
      return this.#onRequest(connection, buffer, start, end) && !this.isChoked(connection);
    }
    if (connection.state === 'new') this.#onConnect(connection, buffer, start, end);
    return false;
  }

  /** From ConnectionOwner. */
  catchUp(connection: ClientConnection): void {
    this.host.state.catchUp(connection);
  }

  /** From ConnectionOwner: a length that is none; before the handshake it may be a word. */
  onFrameError(
    connection: ClientConnection,
    reason: FrameFault,
    length: number,
    tail: Uint8Array,
  ): void {
    if (connection.state === 'new' && reason === 'oversized') {
      const word = String.fromCharCode(
        (length >>> 24) & 0xff,
        (length >>> 16) & 0xff,
        (length >>> 8) & 0xff,
        length & 0xff,
      );
      // A word counts as a packet, and shows itself where it lists connections.
      connection.packetsReceived++;
      this.host.stats.packetsReceived++;
      const answer = this.#answer(word, tail);
      if (answer !== null) {
        this.#connections.log.onWord(word, connection);
        this.#words.answer(connection, answer);
        return;
      }
    }
    const limit = this.host.config.juteMaxBufferBytes;
    this.fault(
      connection,
      `Len error. A message from ${connection.address} with advertised length of ${length} is ` +
        'either a malformed message or too large to process ' +
        `(length is greater than jute.maxbuffer=${limit})`,
    );
  }

  /** A client that breaks the protocol costs its connection, a line and a count. */
  fault(connection: ClientConnection, message: string): void {
    this.host.stats.malformedRequestCount++;
    this.host.stats.connectionDropCount++;
    this.#log('warn', message);
    connection.closeNow();
  }

  onSessionCreated(connection: ClientConnection, result: ApplyResult): void {
    this.#handshake.onCreated(connection, result);
    const now = this.host.nowMs();
    const { heardMs, answers } = connection;
    answers.onAnswered(OpCode.createSession, 0, result.zxid, now, now - heardMs);
  }

  onSessionRevalidated(
    connection: ClientConnection,
    hi: number,
    lo: number,
    timeoutMs: number,
    valid: boolean,
  ): void {
    this.#handshake.onRevalidated(connection, hi, lo, timeoutMs, valid);
  }

  /** A role that served is over, and the next one may be there before `untilMs`. */
  awaitRole(untilMs: number): void {
    this.#handshake.awaitRole(untilMs);
  }

  /** Continues to read a connection at the end of the turn, outside of whatever runs now. */
  resumeLater(connection: ClientConnection): void {
    this.#resume.push(connection);
  }

  /**
   * Too much of its output waits for the network: nothing more is answered or read until less does.
   * Whoever pipelines large reads is slowed down by this, not closed.
   */
  isChoked(connection: ClientConnection): boolean {
    if (connection.bytes.position + connection.unsentBytes <= OUTPUT_HIGH_BYTES) return false;
    if (connection.destroy) return false;
    if (!this.#choked.has(connection)) {
      this.#choked.add(connection);
      connection.pauseReading = true;
      connection.reader.pause();
      this.ready.touch(connection);
      // The network may take it all at once, and would not say so then.
      this.ready.wantsTurn = true;
    }
    return true;
  }

  /** The role is over: nobody is served until the next one. What was answered may still leave. */
  closeAll(reason: string, isGraceful = false): void {
    this.order = null;
    this.hold.dissolve();
    this.requests.forgetAll();
    let closed = 0;
    for (const connection of this.#connections.values()) {
      connection.queue.clear();
      if (connection.destroy || connection.closeAfterFlush) continue;
      if (isGraceful) connection.closeGracefully();
      else connection.closeNow();
      closed++;
    }
    if (closed > 0) this.#log('info', `Closed ${closed} client connections: ${reason}`);
  }

  /** Timers and postponed reading; once a turn, before the outputs leave. */
  endTurn(): void {
    const now = this.host.nowMs();
    this.#connections.tick();
    this.#words.tick();
    this.locals.expire((hi, lo) => this.requests.onSessionClosed(hi, lo));
    for (const connection of this.#choked) this.#unchoke(connection);
    this.#handshake.tick();
    if (!this.hold.isHeld) this.requests.resume();
    this.#untold.endTurn();
    // Resuming may postpone again: those wait for the next turn.
    const due = this.#resume.splice(0);
    for (const connection of due) {
      const { state, throttled } = connection;
      if (state === 'closing' || throttled || this.#choked.has(connection)) continue;
      if (state === 'open' && !this.#mayRead(connection)) continue;
      connection.pauseReading = false;
      this.ready.touch(connection);
      connection.reader.resume();
      this.boundOutput(connection);
    }
    if (this.#resume.length > 0) this.ready.wantsTurn = true;
    if (this.host.state.deliverEvents(now)) this.ready.wantsTurn = true;
  }

  /** Slow readers: first they are held back, then they are closed. */
  boundOutputs(): void {
    for (const output of this.ready.outputs) {
      if (output.lane === 'client') this.boundOutput(output as ClientConnection);
    }
  }

  /** False, and its reader is paused, when a session has to wait with what it sends. */
  #mayRead(connection: ClientConnection): boolean {
    if (!this.hold.isHeld) return this.#untold.mayRead(connection);
    this.hold.stopReading(connection);
    return false;
  }

  #onConnect(connection: ClientConnection, buffer: Uint8Array, start: number, end: number): void {
    const r = this.#reader.reset(buffer, start, end);
    const request: ConnectRequest = readConnectRequest(r);
    if (r.failed) {
      this.fault(
        connection,
        `Closing ${connection.address}: its ConnectRequest of ${end - start} bytes is truncated`,
      );
      return;
    }
    this.#handshake.onConnectRequest(connection, request);
  }

  #onRequest(
    connection: ClientConnection,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const r = this.#reader.reset(buffer, start, end);
    const xid = r.int();
    const opcode = r.int();
    if (r.failed || connection.session === null) {
      this.fault(
        connection,
        `Closing ${connection.address}: a frame of ${end - start} bytes holds no request header`,
      );
      return false;
    }
    return this.requests.onRequest(connection, xid, opcode, buffer, r.position, end);
  }

  /** Closes who reads too slowly, and holds back who reads slowly. */
  boundOutput(connection: ClientConnection): void {
    const pending = connection.bytes.position + connection.unsentBytes;
    if (pending > this.host.config.clientOutputBytesMax && !connection.destroy) {
      this.host.stats.slowReaderCount++;
      this.#log(
        'warn',
        `Closing ${connection.address}: it does not read, ${pending} bytes wait for it, at most ` +
          `${this.host.config.clientOutputBytesMax} may`,
      );
      connection.closeNow();
      return;
    }
    if (connection.state === 'open') this.isChoked(connection);
  }

  #unchoke(connection: ClientConnection): void {
    if (connection.bytes.position + connection.unsentBytes > OUTPUT_HIGH_BYTES) return;
    this.#choked.delete(connection);
    this.requests.goOn(connection);
    this.resumeLater(connection);
  }

  #log(level: 'warn' | 'info', message: string): void {
    this.host.log(level, 'NIOServerCnxn', message);
  }
}
