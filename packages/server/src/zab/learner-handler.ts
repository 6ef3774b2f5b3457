/**
 * The leader's view of one learner: its place between FOLLOWERINFO and broadcast, its marks, and
 * the order in which packets reach it (quorum-protocol.md 6.2, upstream `LearnerHandler`). The
 * leader decides when it moves on; the handler knows what goes straight out and what waits.
 *
 * Order on the wire: op packet, history, outstanding proposals, NEWLEADER, then UPTODATE. While the
 * body of a SNAP or a long DIFF streams, later packets wait behind it. Proposals and commits that
 * would follow NEWLEADER wait for UPTODATE: released Java learners lose a COMMIT that arrives in
 * that window (scenario S7), and UPTODATE is never far.
 */

import {
  assert,
  JuteWriter,
  PacketType,
  writeQuorumPacket,
  writeQuorumPacketRange,
  ZXID_NONE,
} from '@zabra/protocol';
import { Since } from './declaration.ts';
import { Heartbeat } from './heartbeat.ts';
import { type LearnerBody, SnapshotBody } from './learner-body.ts';
import { OwnPacket } from './own-packets.ts';
import type { HistoryStream, LearnerOwner, PacketLink, SnapshotStream } from './zab-host.ts';

/** How many times the usual bound may wait behind a body. */
const STREAMING_PATIENCE = 16;

export type HandlerState =
  | 'hello' // waiting for FOLLOWERINFO or OBSERVERINFO
  | 'epoch' // it waits until the new epoch is fixed and stored
  | 'ack-epoch' // LEADERINFO sent, ACKEPOCH awaited
  | 'synced-wait' // it waits until the leader is ready to synchronise
  | 'sync' // history and NEWLEADER queued, ACK(e:0) awaited
  | 'acked' // ACK(e:0) received; it waits until the leader is established
  | 'broadcast'; // UPTODATE sent

export class LearnerHandler implements LearnerOwner {
  readonly link: PacketLink;
  state: HandlerState;
  sid: number;
  isObserver: boolean;
  /** What it declared; 0 for an Apache member. */
  zabraVersion: number;
  acceptedEpoch: number;
  /** Last zxid the learner reported in ACKEPOCH. */
  lastZxid: number;
  /** Up to here its history stays as it is when it is synchronised; -1: only as far as ours. */
  keptZxid: number;
  /** Highest proposal it has acknowledged; acknowledgements arrive in zxid order. */
  ackedZxid: number;
  /** Highest ACK that came before ACK(e:0): old Java learners do that (S6). */
  earlyAckZxid: number;
  /** Highest proposal queued for it. */
  lastSentZxid: number;
  lastPacketMs: number;
  readonly heartbeat: Heartbeat;
  /** When a state in which we wait for it has lasted too long. */
  deadlineMs: number;
  /** Until then it counts as live although it is not yet synchronised. */
  readonly graceUntilMs: number;
  /** Since when a proposal waits for its ACK without progress; -1 when none does. */
  unackedSinceMs: number;
  /** Its syncs that are not answered. */
  syncsWaiting: number;
  /** What the log files hold of the history that it lacks; not null once they were asked. */
  search: HistoryStream | null;
  /** When the search has lasted too long. */
  searchUntilMs: number;
  #body: LearnerBody | null;
  readonly #behindBody: JuteWriter;
  readonly #untilUpToDate: JuteWriter;

  constructor(link: PacketLink, nowMs: number, deadlineMs: number, graceUntilMs: number) {
    this.link = link;
    this.state = 'hello';
    this.sid = -1;
    this.isObserver = false;
    this.zabraVersion = 0;
    this.acceptedEpoch = 0;
    this.lastZxid = 0;
    this.keptZxid = -1;
    this.ackedZxid = -1;
    this.earlyAckZxid = -1;
    this.lastSentZxid = -1;
    this.lastPacketMs = nowMs;
    this.heartbeat = new Heartbeat(nowMs);
    this.deadlineMs = deadlineMs;
    this.graceUntilMs = graceUntilMs;
    this.unackedSinceMs = -1;
    this.syncsWaiting = 0;
    this.search = null;
    this.searchUntilMs = 0;
    this.#body = null;
    this.#behindBody = new JuteWriter(256);
    this.#untilUpToDate = new JuteWriter(256);
  }

  /** From the sync decision on it is registered: every proposal and commit is queued for it. */
  get isForwarded(): boolean {
    return this.state === 'sync' || this.state === 'acked' || this.state === 'broadcast';
  }

  /** It is of our kind, and of a version from which on its members have `since` (`Since`). */
  has(since: number): boolean {
    return this.zabraVersion >= since;
  }

  get isStreaming(): boolean {
    return this.#body !== null;
  }

  get isStreamingSnapshot(): boolean {
    return this.#body?.isSnapshot ?? false;
  }

  /** It waits to be synchronised until the log files have given their answer. */
  get isSearching(): boolean {
    return this.state === 'synced-wait' && this.search !== null;
  }

  /** Bytes on their way to it, wherever they wait. */
  get queuedBytes(): number {
    const waiting = this.#behindBody.position + this.#untilUpToDate.position;
    return this.link.unsentBytes + waiting;
  }

  /** More waits for it than it may have: it does not take what it is sent (T35). */
  isOverfull(bytesMax: number): boolean {
    // Behind a body on its way everything waits: a big tree under writes must still arrive.
    return this.queuedBytes > bytesMax * (this.isStreaming ? STREAMING_PATIENCE : 1);
  }

  send(type: number, zxid: number, data: Uint8Array | null = null): void {
    const waiting = this.#waitingRoom();
    if (waiting === null) this.link.send(type, zxid, data);
    else writeQuorumPacket(waiting, type, zxid, data, null);
  }

  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    const waiting = this.#waitingRoom();
    if (waiting === null) this.link.sendRange(type, zxid, buffer, start, end);
    else writeQuorumPacketRange(waiting, type, zxid, buffer, start, end);
  }

  /** A PING overtakes what waits for UPTODATE, never a body. */
  ping(zxid: number, data: Uint8Array | null): void {
    if (this.isForwarded && !this.isStreaming) this.link.send(PacketType.PING, zxid, data);
  }

  startSnapshot(stream: SnapshotStream): void {
    this.link.send(PacketType.SNAP, stream.zxid, null);
    this.#body = new SnapshotBody(stream);
  }

  /** `zxid` is that of the DIFF; the body closes what it reads from. */
  startHistory(zxid: number, body: LearnerBody): void {
    this.link.send(PacketType.DIFF, zxid, null);
    this.#body = body;
    this.search = null;
  }

  /**
   * Writes on with the body as far as the network takes it. Returns whether it came forward, or why
   * the learner must be dropped.
   */
  stream(): boolean | string {
    const body = this.#body;
    if (body === null) return false;
    const step = body.advance(this.link);
    if (step === 'failed') return body.failure;
    if (step === 'done') {
      body.close();
      this.#body = null;
      this.#flush(this.#behindBody);
    }
    return step !== 'waits';
  }

  sendNewLeader(zxid: number, ensembleText: Uint8Array): void {
    this.send(PacketType.NEWLEADER, zxid, ensembleText);
    this.state = 'sync';
  }

  /** Sends UPTODATE, then what waited for it. */
  sendUpToDate(nowMs: number): void {
    assert(this.#body === null, 'UPTODATE follows the ACK of NEWLEADER, which ends the body');
    this.link.send(PacketType.UPTODATE, ZXID_NONE, null);
    this.state = 'broadcast';
    // It may have waited long and silently for us: its time of silence begins now.
    this.onHeard(nowMs);
    if (this.lastSentZxid > this.ackedZxid) this.unackedSinceMs = nowMs;
    this.#flush(this.#untilUpToDate);
  }

  /** It said something. */
  onHeard(nowMs: number): void {
    this.lastPacketMs = nowMs;
    this.heartbeat.onHeard(nowMs);
  }

  onProposalQueued(zxid: number, nowMs: number): void {
    this.lastSentZxid = zxid;
    if (this.state === 'broadcast' && this.unackedSinceMs < 0) this.unackedSinceMs = nowMs;
  }

  /** One of its sessions belongs to another server now: whoever takes over must not mix them up. */
  onSessionMoved(sessionHi: number, sessionLo: number): void {
    if (!this.has(Since.HAND_OVER) || this.state !== 'broadcast') return;
    const w = new JuteWriter(8);
    w.long(sessionHi, sessionLo);
    this.sendRange(OwnPacket.SESSION_MOVED, ZXID_NONE, w.buffer, 0, w.position);
  }

  onAcked(zxid: number, nowMs: number): void {
    this.ackedZxid = zxid;
    this.unackedSinceMs = zxid >= this.lastSentZxid ? -1 : nowMs;
  }

  close(reason: string): void {
    this.#body?.close();
    this.#body = null;
    this.endSearch();
    this.link.close(reason);
  }

  /** The log files are not wanted. */
  endSearch(): void {
    this.search?.close();
    this.search = null;
  }

  #waitingRoom(): JuteWriter | null {
    if (this.state === 'sync' || this.state === 'acked') return this.#untilUpToDate;
    return this.#body === null ? null : this.#behindBody;
  }

  #flush(waiting: JuteWriter): void {
    if (waiting.position > 0) this.link.write(waiting.buffer, 0, waiting.position);
    waiting.reset();
  }
}
