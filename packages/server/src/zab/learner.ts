/**
 * A follower or observer of one leader (upstream `Learner`, `Follower`, `Observer`;
 * quorum-protocol.md 6, 8 and 9; Zab.tla actions `Follower*`). One object per role: it connects,
 * promises the epoch, takes over the leader's history, then logs what is proposed and applies what
 * is committed. Which proposal or commit may come next is `learner-history.ts`.
 *
 * Persist before you speak: ACKEPOCH leaves after acceptedEpoch is stored, ACK(e:0) after the whole
 * history and then currentEpoch are, ACK of a proposal after the sync of its log. These words are
 * spoken in the completion handlers. While we wait for our disk the connection is paused: what the
 * leader sends meanwhile waits in the network, so nothing can overtake the disk (scenario S7).
 */

import {
  counterOf,
  epochOf,
  type HostPort,
  type Id,
  JuteReader,
  JuteWriter,
  makeZxid,
  OpCode,
  packetName,
  PacketType,
  utf8Decode,
  ZXID_NONE,
  zxidToHex,
} from '@zabra/protocol';
import { LeaderDial } from './leader-dial.ts';
import { LearnerHistory, type Outcome } from './learner-history.ts';
import { decodeLeaderInfo, encodeEpoch, encodeLearnerInfo } from './learner-info.ts';
import type { LearnerHost, PacketLink } from './zab-host.ts';

export type LearnerPhase = 'connecting' | 'discovery' | 'synchronization' | 'broadcast' | 'over';

type Step =
  | 'connecting'
  | 'hello' // FOLLOWERINFO sent, LEADERINFO awaited
  | 'promising' // acceptedEpoch is being stored
  | 'op' // ACKEPOCH sent, DIFF, TRUNC or SNAP awaited
  | 'truncating'
  | 'snapshot' // the body of SNAP is coming
  | 'installing' // the snapshot is being stored
  | 'history' // PROPOSAL and COMMIT up to NEWLEADER
  | 'syncing-log' // NEWLEADER came: history to disk
  | 'storing-epoch' // then currentEpoch
  | 'acked' // ACK(e:0) sent, UPTODATE awaited
  | 'serving'
  | 'over';

const phaseOf: Readonly<Record<Step, LearnerPhase>> = {
  connecting: 'connecting',
  hello: 'discovery',
  promising: 'discovery',
  op: 'synchronization',
  truncating: 'synchronization',
  snapshot: 'synchronization',
  installing: 'synchronization',
  history: 'synchronization',
  'syncing-log': 'synchronization',
  'storing-epoch': 'synchronization',
  acked: 'synchronization',
  serving: 'broadcast',
  over: 'over',
};

/** Data of a REVALIDATE answer: session and a boolean. */
const REVALIDATED_BYTES = 9;
const SID_BYTES = 8;

export class Learner {
  readonly leaderSid: number;
  readonly #host: LearnerHost;
  readonly #addresses: readonly HostPort[];
  #dial: LeaderDial;
  #link: PacketLink | null;
  #step: Step;
  #epoch: number;
  /** The store that the step waits for; 0 for none. */
  #token: number;
  #history: LearnerHistory | null;
  #syncKind: '' | 'DIFF' | 'TRUNC' | 'SNAP';
  /** Zxid of the op packet: the history sent must reach it. */
  #opZxid: number;
  /** Our history cannot be mended: we claim to have none, so that the leader sends SNAP (T31). */
  #wantsSnapshot: boolean;
  #lastHeardMs: number;
  #syncsWaiting: number;
  readonly #reader: JuteReader;
  readonly #request: JuteWriter;
  readonly #ack: (zxid: number) => void;

  constructor(host: LearnerHost, leaderSid: number, addresses: readonly HostPort[]) {
    this.leaderSid = leaderSid;
    this.#host = host;
    this.#addresses = addresses;
    this.#dial = new LeaderDial(host, addresses);
    this.#link = null;
    this.#step = 'connecting';
    this.#epoch = -1;
    this.#token = 0;
    this.#history = null;
    this.#syncKind = '';
    this.#opZxid = -1;
    this.#wantsSnapshot = false;
    this.#lastHeardMs = host.nowMs();
    this.#syncsWaiting = 0;
    this.#reader = new JuteReader();
    this.#request = new JuteWriter(1024);
    this.#ack = (zxid) => this.#link?.send(PacketType.ACK, zxid, null);
  }

  get phase(): LearnerPhase {
    return phaseOf[this.#step];
  }

  /** Epoch of the leader; -1 before LEADERINFO. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Past UPTODATE. */
  get serving(): boolean {
    return this.#step === 'serving';
  }

  /** How the leader brings us up to date; '' before it said so. */
  get syncKind(): '' | 'DIFF' | 'TRUNC' | 'SNAP' {
    return this.#syncKind;
  }

  /** Begins to connect; call once. */
  start(): void {
    this.#dial.start();
  }

  onDialed(link: PacketLink): void {
    if (this.#step !== 'connecting' || !this.#dial.onDialed(link)) {
      link.close('this connection is not needed');
      return;
    }
    const { sid, isObserver, configVersion, storage } = this.#host;
    this.#link = link;
    this.#step = 'hello';
    this.#heard();
    link.send(
      isObserver ? PacketType.OBSERVERINFO : PacketType.FOLLOWERINFO,
      makeZxid(storage.acceptedEpoch, 0),
      encodeLearnerInfo(sid, configVersion),
    );
  }

  /** Also for a dial that failed. */
  onLinkClosed(link: PacketLink, reason: string): void {
    if (this.#step === 'connecting') this.#dial.onLinkClosed(link, reason);
    else if (link === this.#link) this.#leave(`the leader's connection ended: ${reason}`);
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
    if (link !== this.#link || this.#step === 'over') return;
    this.#heard();
    switch (this.#step) {
      case 'hello':
        this.#onLeaderInfo(type, zxid, buffer, start, end);
        return;
      case 'op':
        this.#onOp(link, type, zxid);
        return;
      case 'history':
        if (type === PacketType.NEWLEADER) this.#onNewLeader(link, zxid, buffer, start, end);
        else this.#onHistory(type, zxid, buffer, start, end);
        return;
      case 'acked':
      case 'serving':
        this.#onBroadcast(link, type, zxid, buffer, start, end, auth);
        return;
      default:
        this.#leave(`it sent ${packetName(type)} in step "${this.#step}"`);
    }
  }

  /** Bytes of a snapshot's body came: the leader lives. */
  onSnapshotBytes(): void {
    this.#heard();
  }

  /** The token's store completed. */
  onStored(token: number): void {
    if (token !== this.#token || this.#step === 'over') return;
    this.#token = 0;
    switch (this.#step) {
      case 'promising':
        this.#sendAckEpoch(this.#host.storage.currentEpoch);
        return;
      case 'installing':
        this.#startHistory();
        return;
      case 'syncing-log':
        // The data first, then the epoch that vouches for it, then the word (S10, S4).
        this.#step = 'storing-epoch';
        this.#token = this.#host.storage.storeCurrentEpoch(this.#epoch);
        return;
      case 'storing-epoch':
        this.#sendAckNewLeader();
        return;
      default:
    }
  }

  /** Our log is on stable storage up to `zxid`. */
  onSynced(zxid: number): void {
    if (this.#step === 'acked' || this.#step === 'serving') this.#history?.onSynced(zxid, this.#ack);
  }

  /** What became of `LearnerHost.truncate`. */
  onTruncated(done: boolean): void {
    if (this.#step !== 'truncating') return;
    if (done) this.#startHistory();
    else this.#askForSnapshot('the point to truncate to is not in our history');
  }

  /** The body of SNAP is complete, or has this error. */
  onSnapshotReceived(error: string | null): void {
    if (this.#step !== 'snapshot') return;
    if (error !== null) {
      this.#leave(`the snapshot is malformed: ${error}`);
      return;
    }
    this.#link?.pause();
    this.#step = 'installing';
    this.#token = this.#host.installSnapshot();
  }

  /** At least every 20 ms, after the other inputs of the turn. */
  tick(): void {
    if (this.#step === 'over') return;
    if (this.#step === 'connecting') {
      this.#dial.tick();
      if (this.#dial.failure !== null) this.#leave(this.#dial.failure);
      return;
    }
    if (this.#isWaitingForDisk) return;
    const { initLimitTicks, syncLimitTicks, tickTimeMs } = this.#host.limits;
    const isSynced = this.#step === 'acked' || this.#step === 'serving';
    const limitMs = (isSynced ? syncLimitTicks : initLimitTicks) * tickTimeMs;
    const silentMs = this.#host.nowMs() - this.#lastHeardMs;
    if (silentMs > limitMs) this.#leave(`the leader was silent for ${silentMs} ms`);
  }

  /** Ends the role; the peer settles the disk. */
  stop(reason: string): void {
    this.#step = 'over';
    this.#dial.stop(reason);
    this.#link?.close(reason);
    this.#link = null;
  }

  /** Sends a client's write or sync to the leader. Only while `serving`. */
  forward(
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (opcode === OpCode.sync) this.#syncsWaiting += 1;
    const w = this.#request;
    w.reset();
    w.long(sessionHi, sessionLo);
    w.int(cxid);
    w.int(opcode);
    w.raw(buffer, start, end);
    this.#link?.send(PacketType.REQUEST, ZXID_NONE, w.buffer.subarray(0, w.position), auth);
  }

  /** Asks whether a session that moves to us lives; `onRevalidated` answers. */
  revalidate(sessionHi: number, sessionLo: number, timeoutMs: number): void {
    const w = this.#request;
    w.reset();
    w.long(sessionHi, sessionLo);
    w.int(timeoutMs);
    this.#link?.sendRange(PacketType.REVALIDATE, ZXID_NONE, w.buffer, 0, w.position);
  }

  get #isWaitingForDisk(): boolean {
    return this.#token !== 0 || this.#step === 'truncating';
  }

  /** `FollowerProcessLEADERINFO`. */
  #onLeaderInfo(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    if (type !== PacketType.LEADERINFO || zxid < 0 || counterOf(zxid) !== 0) {
      this.#leave(`it sent ${packetName(type)} of ${zxidToHex(zxid)}, wanted LEADERINFO`);
      return;
    }
    if (decodeLeaderInfo(buffer, start, end) < 0) {
      this.#leave('its LEADERINFO is too short');
      return;
    }
    const epoch = epochOf(zxid);
    const { acceptedEpoch } = this.#host.storage;
    if (epoch < acceptedEpoch) {
      this.#leave(`its epoch ${epoch} is below ${acceptedEpoch}, which we have promised`);
      return;
    }
    this.#epoch = epoch;
    if (epoch === acceptedEpoch) {
      this.#sendAckEpoch(-1);
      return;
    }
    this.#step = 'promising';
    this.#token = this.#host.storage.storeAcceptedEpoch(epoch);
  }

  /** Only when acceptedEpoch is on stable storage. */
  #sendAckEpoch(currentEpoch: number): void {
    this.#step = 'op';
    this.#heard();
    const lastZxid = this.#wantsSnapshot ? 0 : this.#host.storage.lastLoggedZxid;
    this.#link?.send(PacketType.ACKEPOCH, lastZxid, encodeEpoch(currentEpoch));
  }

  #onOp(link: PacketLink, type: number, zxid: number): void {
    this.#opZxid = zxid;
    if (this.#wantsSnapshot && type !== PacketType.SNAP) {
      this.#leave(`it sent ${packetName(type)} although we have no usable history`);
    } else if (type === PacketType.DIFF) {
      this.#syncKind = 'DIFF';
      this.#startHistory();
    } else if (type === PacketType.TRUNC) {
      this.#syncKind = 'TRUNC';
      this.#step = 'truncating';
      link.pause();
      if (zxid < 0) this.#askForSnapshot('it asks to truncate to no zxid');
      else this.#host.truncate(zxid);
    } else if (type === PacketType.SNAP && zxid >= 0 && epochOf(zxid) <= this.#epoch) {
      this.#syncKind = 'SNAP';
      this.#step = 'snapshot';
      this.#host.receiveSnapshot(link, zxid);
    } else {
      this.#leave(`it sent ${packetName(type)} of ${zxidToHex(zxid)}, wanted DIFF, TRUNC or SNAP`);
    }
  }

  /** Disk and memory stand where the leader's history goes on. */
  #startHistory(): void {
    this.#history = new LearnerHistory(this.#host);
    this.#step = 'history';
    this.#heard();
    if (this.#syncKind !== 'DIFF') this.#link?.resume();
  }

  #onHistory(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    const fault = this.#onTransaction(type, zxid, buffer, start, end);
    if (fault === null) return;
    if (this.#syncKind === 'SNAP') this.#leave(fault);
    else this.#askForSnapshot(fault);
  }

  #onNewLeader(
    link: PacketLink,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (zxid !== makeZxid(this.#epoch, 0)) {
      this.#leave(`its NEWLEADER is of ${zxidToHex(zxid)}, not of epoch ${this.#epoch}`);
      return;
    }
    const reached = this.#history?.lastCommitted ?? -1;
    if (reached < this.#opZxid && counterOf(this.#opZxid) !== 0) {
      this.#askForSnapshot(`the history ends at ${zxidToHex(reached)}`);
      return;
    }
    if (end > start) this.#host.onEnsembleText(utf8Decode(buffer, start, end));
    link.pause();
    this.#step = 'syncing-log';
    this.#token = this.#host.storage.syncBeforeLeading();
  }

  /** Only when the history and then currentEpoch are on stable storage. */
  #sendAckNewLeader(): void {
    this.#step = 'acked';
    this.#heard();
    this.#link?.send(PacketType.ACK, makeZxid(this.#epoch, 0), null);
    const fault = this.#host.isObserver ? null : this.#history?.startLogging(this.#epoch);
    if (typeof fault === 'string') this.#leave(fault);
    else this.#link?.resume();
  }

  #onBroadcast(
    link: PacketLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    switch (type) {
      case PacketType.PING:
        link.send(PacketType.PING, zxid, this.#host.takeTouches(), auth);
        return;
      case PacketType.UPTODATE:
        this.#onUpToDate();
        return;
      case PacketType.SYNC:
        this.#onSyncAnswer();
        return;
      case PacketType.REVALIDATE:
        this.#onRevalidated(buffer, start, end);
        return;
      default: {
        const fault = this.#onTransaction(type, zxid, buffer, start, end);
        if (fault !== null) this.#leave(fault);
      }
    }
  }

  /** A packet that carries or commits a transaction; any other is logged and passed over. */
  #onTransaction(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): Outcome {
    const history = this.#history as LearnerHistory;
    // Behind UPTODATE an observer's transactions come as INFORM only (quorum-protocol.md 12).
    const isForVoters = this.#host.isObserver && this.serving;
    switch (type) {
      case PacketType.PROPOSAL:
        return isForVoters ? null : history.propose(zxid, buffer, start, end);
      case PacketType.COMMIT:
        return isForVoters ? null : history.commit(zxid);
      case PacketType.INFORM:
        return history.inform(zxid, buffer, start, end);
      case PacketType.COMMITANDACTIVATE:
        return this.#activate(zxid, buffer, start, end, history.commit(zxid));
      case PacketType.INFORMANDACTIVATE: {
        if (end - start < SID_BYTES) return 'its INFORMANDACTIVATE is too short';
        const fault = history.inform(zxid, buffer, start + SID_BYTES, end);
        return this.#activate(zxid, buffer, start, end, fault);
      }
      default:
        this.#host.log('warn', 'Learner', `Ignored ${packetName(type)} of the leader`);
        return null;
    }
  }

  #activate(
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    fault: Outcome,
  ): Outcome {
    if (fault !== null) return fault;
    if (start < 0 || end - start < SID_BYTES) return 'it activates without naming a leader';
    this.#host.onActivate(zxid, this.#reader.reset(buffer, start, end).zxid());
    return null;
  }

  #onUpToDate(): void {
    if (this.#step !== 'acked') return;
    this.#step = 'serving';
    this.#host.log('info', 'Learner', `Up to date in epoch ${this.#epoch} by ${this.#syncKind}`);
    this.#host.onServing(this.#epoch);
  }

  /** SYNC has no id: the k-th answers the k-th that we sent (B9, T20). */
  #onSyncAnswer(): void {
    if (this.#syncsWaiting === 0) {
      this.#leave('it answers a sync that nobody asked for');
      return;
    }
    this.#syncsWaiting -= 1;
    this.#host.onSyncAnswer();
  }

  #onRevalidated(buffer: Uint8Array, start: number, end: number): void {
    if (start < 0 || end - start < REVALIDATED_BYTES) {
      this.#leave('its REVALIDATE is too short');
      return;
    }
    const r = this.#reader.reset(buffer, start, end);
    r.long();
    const { hi, lo } = r;
    this.#host.onRevalidated(hi, lo, r.bool());
  }

  /** Connects once more to the same leader, as a member without history. */
  #askForSnapshot(why: string): void {
    if (this.#wantsSnapshot) {
      this.#leave(why);
      return;
    }
    this.#host.log('warn', 'Learner', `Asking the leader for a snapshot: ${why}`);
    this.#wantsSnapshot = true;
    this.#link?.close(why);
    this.#link = null;
    this.#history = null;
    this.#syncKind = '';
    this.#step = 'connecting';
    this.#dial = new LeaderDial(this.#host, this.#addresses);
    this.#dial.start();
  }

  #heard(): void {
    this.#lastHeardMs = this.#host.nowMs();
  }

  #leave(reason: string): void {
    if (this.#step === 'over') return;
    const { leaderSid } = this;
    this.#host.log('warn', 'Learner', `Stopping to follow ${leaderSid}: ${reason}`);
    this.stop(reason);
    this.#host.leave(reason);
  }
}
