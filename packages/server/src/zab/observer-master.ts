/**
 * ObserverMaster: a follower that serves observers in its leader's stead (quorum-protocol.md 13,
 * upstream's class of that name). It belongs to one follower's role in one epoch and ends with it.
 * What an observer is sent is what a leader would send it: the same handshake, the same
 * synchronisation out of our own history, INFORM for all that is committed from there on. Nobody is
 * waited for, since our own role stands on an epoch that a quorum has taken up.
 *
 * One case is a wait all the same. An observer may come from a quicker member, with transactions of
 * this very epoch that have not reached us. Observers hold committed ones only, so these are on
 * their way to us: it is synchronised once we have them. To cut them off, as Apache does, would
 * take its clients back in time.
 *
 *   hello -> ack-epoch -> [synced-wait, while it is ahead of us] -> sync -> broadcast
 */

import {
  counterOf,
  epochOf,
  type Id,
  JuteReader,
  makeZxid,
  packetName,
  PacketType,
  readAckEpochData,
  utf8Encode,
  zxidToHex,
} from '@zabra/protocol';
import { CommittedLog } from './committed-log.ts';
import { ZABRA_VERSION } from './declaration.ts';
import { LeaderPulse } from './leader-pulse.ts';
import { type ConnectionsHost, LearnerConnections } from './learner-connections.ts';
import type { LearnerHandler } from './learner-handler.ts';
import { LearnerHello } from './learner-hello.ts';
import { encodeLeaderInfo } from './learner-info.ts';
import { lateness } from './learner-liveness.ts';
import { LearnerRequests, type RequestsOwner } from './learner-requests.ts';
import { inform, LearnerSync } from './learner-sync.ts';
import type { LeaderHost, PacketLink, Proposal, ZabHost } from './zab-host.ts';

/**
 * What it needs of the follower around it. Requests, syncs and revalidations of observers go to our
 * own leader, in the order in which they come.
 */
export interface ObserverMasterHost
  extends Pick<ZabHost, 'sid' | 'pace' | 'committedLog' | 'reconfig' | 'lastProcessedZxid'>,
    ConnectionsHost,
    Pick<LeaderHost, 'ensemble' | 'openSnapshot' | 'openHistory' | 'onSynchronise'>,
    Pick<LeaderHost, 'onLearnerRequest' | 'onRevalidate' | 'onTouch'> {
  /** Text that NEWLEADER carries. */
  readonly ensembleText: string;
  /** What the leader of this epoch has declared; 0 for an Apache member. */
  readonly leaderVersion: number;
  /** Bytes of committed transactions that are kept for observers that come back. */
  readonly retainedBytesMax: number;
  /** Forwards a sync; `answer` is called when our own leader has answered it. */
  onLearnerSync: RequestsOwner['sync'];
}

/** Transactions kept for observers, whatever their size. */
const RETAINED_COUNT_MAX = 1 << 18;

export class ObserverMaster {
  /** Observers by link id. */
  readonly handlers: Map<number, LearnerHandler>;
  readonly #connections: LearnerConnections;
  readonly #host: ObserverMasterHost;
  readonly #epoch: number;
  readonly #hello: LearnerHello;
  readonly #sync: LearnerSync;
  readonly #requests: LearnerRequests;
  readonly #pulse: LeaderPulse;
  readonly #retained: CommittedLog;
  readonly #reader: JuteReader;
  #isOver: boolean;

  constructor(host: ObserverMasterHost, epoch: number) {
    this.#connections = new LearnerConnections(host, 'ObserverMaster', 'observer');
    this.handlers = this.#connections.byLinkId;
    this.#host = host;
    this.#epoch = epoch;
    this.#hello = new LearnerHello(host, this);
    this.#sync = new LearnerSync(host, this);
    this.#requests = new LearnerRequests(
      host,
      { sync: host.onLearnerSync.bind(host), drop: this.drop.bind(this) },
      null,
    );
    this.#pulse = new LeaderPulse(host);
    this.#retained = new CommittedLog(RETAINED_COUNT_MAX, host.retainedBytesMax);
    this.#reader = new JuteReader();
    this.#isOver = false;
  }

  /** Observers in step. */
  get syncedCount(): number {
    let count = 0;
    for (const { state } of this.handlers.values()) if (state === 'broadcast') count++;
    return count;
  }

  /** The observer-master port accepted a connection. */
  onLearnerConnected(link: PacketLink): void {
    if (this.#isOver) {
      link.close('this server does not follow any more');
      return;
    }
    this.#connections.add(link, this.#connections.deadlineMs());
  }

  onLearnerClosed(link: PacketLink): void {
    this.#connections.onClosed(link);
  }

  onPacket(
    link: PacketLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    const handler = this.handlers.get(link.id);
    if (handler === undefined || this.#isOver) return;
    handler.onHeard(this.#host.nowMs());
    switch (handler.state) {
      case 'hello':
        this.#onHello(handler, type, zxid, buffer, start, end);
        return;
      case 'ack-epoch':
        this.#onAckEpoch(handler, type, zxid, buffer, start, end);
        return;
      case 'sync':
        this.#onAckNewLeader(handler, type, zxid);
        return;
      case 'broadcast':
        if (type === PacketType.ACK) this.#onAck(handler, zxid);
        else this.#requests.onPacket(handler, type, buffer, start, end, auth);
        return;
      default:
        this.drop(handler, `it sent ${packetName(type)} before its turn`);
    }
  }

  /** A transaction was committed and applied; `leaderSid` as in `LearnerHost.inform`. */
  onCommitted(proposal: Proposal, leaderSid: number): void {
    this.#retained.add(proposal);
    for (const handler of this.handlers.values()) {
      if (handler.state === 'synced-wait') this.#synchronise(handler);
      else if (handler.isForwarded) {
        inform(handler, proposal, leaderSid);
        if (handler.isOverfull(this.#host.limits.queueBytesMax)) {
          this.drop(handler, `${handler.queuedBytes} bytes wait for it`);
        }
      }
    }
  }

  /** In every turn, after its other inputs. */
  tick(): void {
    const { limits, pace, lastProcessedZxid } = this.#host;
    const now = this.#host.nowMs();
    for (const handler of this.handlers.values()) {
      if (handler.isSearching) this.#synchronise(handler);
      this.#connections.stream(handler);
      const isLate = handler.state === 'synced-wait' && now > handler.deadlineMs;
      const why = isLate ? 'it is ahead of us' : lateness(handler, limits, pace, now);
      if (why !== null) this.drop(handler, why);
    }
    this.#pulse.beat(this.handlers.values(), lastProcessedZxid);
  }

  /** The follower's role is over. What observers were told of so far still leaves. */
  stop(reason: string): void {
    this.#isOver = true;
    for (const handler of this.handlers.values()) {
      if (handler.state === 'broadcast') handler.link.finish(reason);
      else handler.close(reason);
    }
    this.handlers.clear();
  }

  drop(handler: LearnerHandler, why: string): void {
    this.#connections.drop(handler, why);
  }

  /** From EpochJudge: whoever has promised a later epoch has a later leader. */
  objectionTo(acceptedEpoch: number): string | null {
    if (acceptedEpoch <= this.#epoch) return null;
    return `it has promised epoch ${acceptedEpoch}, beyond our ${this.#epoch}`;
  }

  #onHello(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const objection =
      type === PacketType.OBSERVERINFO
        ? this.#hello.onHello(handler, type, zxid, buffer, start, end)
        : `its first packet is ${packetName(type)}, wanted OBSERVERINFO`;
    if (objection !== null) {
      this.drop(handler, objection);
      return;
    }
    this.#connections.dropOlder(handler, 'it connected anew');
    handler.state = 'ack-epoch';
    handler.deadlineMs = this.#connections.deadlineMs();
    // What is passed on goes through us: the older one of the two sets the bounds.
    const version = Math.min(ZABRA_VERSION, this.#host.leaderVersion);
    const info = encodeLeaderInfo(version);
    handler.send(PacketType.LEADERINFO, makeZxid(this.#epoch, 0), info);
  }

  #onAckEpoch(
    handler: LearnerHandler,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const r = this.#reader.reset(buffer, Math.max(start, 0), Math.max(end, 0));
    readAckEpochData(r);
    if (type !== PacketType.ACKEPOCH || r.failed || zxid < 0) {
      this.drop(handler, `it sent ${packetName(type)}, wanted a whole ACKEPOCH`);
      return;
    }
    if (epochOf(zxid) > this.#epoch) {
      this.drop(handler, `its history ends at 0x${zxidToHex(zxid)}, beyond epoch ${this.#epoch}`);
      return;
    }
    handler.lastZxid = zxid;
    handler.state = 'synced-wait';
    handler.deadlineMs = this.#connections.deadlineMs();
    this.#synchronise(handler);
  }

  /** Unless it is ahead of us; then the next commit asks again. */
  #synchronise(handler: LearnerHandler): void {
    const { committedLog, lastProcessedZxid, ensembleText } = this.#host;
    const epochStart = makeZxid(this.#epoch, 0);
    const processed = Math.max(lastProcessedZxid, epochStart);
    const { lastZxid } = handler;
    if (counterOf(lastZxid) !== 0 && lastZxid > processed) return;
    const isDeeper = this.#retained.length > committedLog.length;
    const history = isDeeper ? this.#retained : committedLog;
    const kind = this.#sync.begin(handler, history, processed, processed);
    if (kind === null || kind === 'search') return;
    handler.sendNewLeader(epochStart, utf8Encode(ensembleText));
    handler.deadlineMs = this.#connections.deadlineMs();
    this.#connections.stream(handler);
  }

  /** Nobody else has to acknowledge it: the observer is up to date at once. */
  #onAckNewLeader(handler: LearnerHandler, type: number, zxid: number): void {
    if (type !== PacketType.ACK || zxid !== makeZxid(this.#epoch, 0)) {
      this.drop(handler, `it sent ${packetName(type)} of 0x${zxidToHex(zxid)}, wanted ACK`);
      return;
    }
    if (this.#connections.mayAckNewLeader(handler)) handler.sendUpToDate(this.#host.nowMs());
  }

  /** Apache's observers acknowledge UPTODATE like NEWLEADER, and no transaction ever. */
  #onAck(handler: LearnerHandler, zxid: number): void {
    if (counterOf(zxid) !== 0) this.drop(handler, `it acknowledges 0x${zxidToHex(zxid)}`);
  }
}
