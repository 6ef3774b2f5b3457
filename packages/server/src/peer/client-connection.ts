/**
 * ClientConnection: one accepted client connection, from its first bytes to its end. It is the
 * driver's `Output`, the state's `Watcher` and the sink of its own frame reader; what a frame means
 * is decided by the client port. The queue holds the requests that are not answered yet, in order;
 * whatever is written to `bytes` leaves in one write at the end of the turn.
 */

import type { FrameFault, FrameSink, Id } from '@zabra/protocol';
import { FrameReader, JuteWriter, KeeperState, RingQueue, Xid } from '@zabra/protocol';
import type { DigestMd5 } from '../ops/digest-md5.ts';
import type { Watcher } from '../ops/watcher.ts';
import { AnswerStats } from './answer-stats.ts';
import type { ClientSession } from './client-session.ts';
import type { PendingRequest } from './pending-request.ts';
import type { Output, Ready } from './ready.ts';
import type { ServerStats } from './server-stats.ts';

/**
 * `new`: nothing received. `connecting`: the session is being created or validated. `open`: it
 * serves. `closing`: nothing more is read.
 */
export type ConnectionState = 'new' | 'connecting' | 'open' | 'closing';

export interface ConnectionOwner {
  readonly ready: Ready;
  readonly stats: ServerStats;
  /** False pauses the reader after this frame. */
  onFrame(connection: ClientConnection, buffer: Uint8Array, start: number, end: number): boolean;
  onFrameError(
    connection: ClientConnection,
    reason: FrameFault,
    length: number,
    tail: Uint8Array,
  ): void;
  /** Writes the events that the connection has not got yet: before anything else is written. */
  catchUp(connection: ClientConnection): void;
}

export class ClientConnection implements Output, Watcher, FrameSink {
  readonly id: number;
  readonly lane: 'client';
  readonly bytes: JuteWriter;
  closeAfterFlush: boolean;
  destroy: boolean;
  pauseReading: boolean;
  touched: boolean;
  unsentBytes: number;
  readonly remoteHost: string;
  readonly remotePort: number;
  /** It came to the port for TLS. */
  isSecure: boolean;
  readonly reader: FrameReader;
  readonly queue: RingQueue<PendingRequest>;
  /** Replaced, never changed, when an identity is added: requests keep the list they came with. */
  identities: readonly Id[];
  speaksKeeper: boolean;
  /** The SASL exchange, null before its first token. */
  sasl: DigestMd5 | null;
  state: ConnectionState;
  session: ClientSession | null;
  /** Whether the ConnectRequest carried the readOnly byte: the response repeats it then. */
  saysReadOnly: boolean;
  readonly openedMs: number;
  /** When the last bytes came. */
  heardMs: number;
  packetsReceived: number;
  packetsSent: number;
  readonly answers: AnswerStats;
  /** Memory of the requests in `queue`. */
  queuedBytes: number;
  /** True while the outstanding limit keeps it from being read. */
  throttled: boolean;
  readonly #owner: ConnectionOwner;

  constructor(
    owner: ConnectionOwner,
    id: number,
    remoteHost: string,
    remotePort: number,
    frameBytesMax: number,
    nowMs: number,
  ) {
    this.#owner = owner;
    this.id = id;
    this.lane = 'client';
    this.bytes = new JuteWriter(256);
    this.closeAfterFlush = false;
    this.destroy = false;
    this.pauseReading = false;
    this.touched = false;
    this.unsentBytes = 0;
    this.remoteHost = remoteHost;
    this.remotePort = remotePort;
    this.isSecure = false;
    this.reader = new FrameReader(frameBytesMax, this);
    this.queue = new RingQueue();
    this.identities = [{ scheme: 'ip', id: remoteHost }];
    this.speaksKeeper = false;
    this.sasl = null;
    this.state = 'new';
    this.session = null;
    this.saysReadOnly = false;
    this.openedMs = nowMs;
    this.heardMs = nowMs;
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.answers = new AnswerStats();
    this.queuedBytes = 0;
    this.throttled = false;
  }

  get watcherId(): number {
    return this.id;
  }

  /** `/1.2.3.4:5678`, as logs and four-letter words print it. */
  get address(): string {
    const { remoteHost, remotePort } = this;
    return remoteHost.includes(':')
      ? `/[${remoteHost}]:${remotePort}`
      : `/${remoteHost}:${remotePort}`;
  }

  onFrame(buffer: Uint8Array, start: number, end: number): boolean {
    return this.#owner.onFrame(this, buffer, start, end);
  }

  onFrameError(reason: FrameFault, length: number, tail: Uint8Array): void {
    this.#owner.onFrameError(this, reason, length, tail);
  }

  onWatchEvent(type: number, path: string, zxid: number): void {
    const w = this.bytes;
    const frame = this.#begin(Xid.NOTIFICATION);
    w.int(type);
    w.int(KeeperState.SYNC_CONNECTED);
    w.string(path);
    this.endReply(frame, zxid, 0);
  }

  /**
   * Leaves room for length and header; returns the offset that `endReply` wants. Events that are
   * still to be told come before.
   */
  beginReply(xid: number): number {
    this.#owner.catchUp(this);
    return this.#begin(xid);
  }

  #begin(xid: number): number {
    const w = this.bytes;
    const frame = w.reserve(20);
    w.patchInt(frame + 4, xid);
    return frame;
  }

  /** Completes the frame begun at `frame`; with an error the body is dropped. */
  endReply(frame: number, zxid: number, err: number): void {
    if (err !== 0) this.bytes.reset(frame + 20);
    this.endWhole(frame, zxid, err);
  }

  /** As `endReply`, with the body whatever the error. */
  endWhole(frame: number, zxid: number, err: number): void {
    const w = this.bytes;
    const end = w.position;
    w.patchInt(frame, end - frame - 4);
    w.reset(frame + 8);
    w.zxid(zxid);
    w.int(err);
    w.reset(end);
    this.onSent();
  }

  /** One packet was written to `bytes`. */
  onSent(): void {
    this.packetsSent++;
    this.#owner.stats.packetsSent++;
    this.#owner.ready.touch(this);
  }

  /** A reply that was kept aside: its header says the last zxid applied now, not then. */
  writeAgain(frame: Uint8Array, zxid: number): void {
    this.#owner.catchUp(this);
    const w = this.bytes;
    const start = w.position;
    w.raw(frame, 0, frame.length);
    const end = w.position;
    w.reset(start + 8);
    w.zxid(zxid);
    w.reset(end);
  }

  /** A reply without body. */
  reply(xid: number, zxid: number, err: number): void {
    this.endReply(this.beginReply(xid), zxid, err);
  }

  /** Stops reading; what was written still leaves. */
  closeGracefully(): void {
    this.state = 'closing';
    this.reader.pause();
    this.closeAfterFlush = true;
    this.#owner.ready.touch(this);
  }

  /** Ends at once, without a word: session expiry, moved sessions, garbage. */
  closeNow(): void {
    this.state = 'closing';
    this.reader.pause();
    this.destroy = true;
    this.#owner.ready.touch(this);
  }
}
