/**
 * A follower or observer of one leader (upstream `Learner`, `Follower`, `Observer`;
 * quorum-protocol.md 6, 8 and 9; Zab.tla actions `Follower*`). One object per role: it connects,
 * promises the epoch, takes over the leader's history and then lives with it. Here is which packet
 * is in place when, and what must be on disk before; what passes then is `learner-traffic.ts`.
 *
 * Persist before you speak: ACKEPOCH leaves after acceptedEpoch is stored, ACK(e:0) after the whole
 * history and then currentEpoch are, ACK of a proposal after the sync of its log. These words are
 * spoken in the completion handlers. While we wait for our disk the connection is paused: what the
 * leader sends meanwhile waits in the network, so nothing can overtake the disk (scenario S7).
 */

import {
  assert,
  counterOf,
  epochOf,
  type HostPort,
  type Id,
  makeZxid,
  packetName,
  PacketType,
  utf8Decode,
  zxidToHex,
} from '@zabra/protocol';
import { LeaderDial } from './leader-dial.ts';
import { LeaderWatch } from './leader-watch.ts';
import { decodeLeaderInfo, encodeEpoch, encodeLearnerInfo } from './learner-info.ts';
import { isSynchronised, type LearnerPhase, type LearnerStep, phaseOf } from './learner-step.ts';
import { LearnerTraffic } from './learner-traffic.ts';
import type { LearnerHost, PacketLink } from './zab-host.ts';

export class Learner {
  readonly leaderSid: number;
  readonly #host: LearnerHost;
  readonly #addresses: readonly HostPort[];
  #dial: LeaderDial;
  #link: PacketLink | null;
  #step: LearnerStep;
  #epoch: number;
  /** The store that the step waits for; 0 for none. */
  #token: number;
  /** Null until disk and memory stand where the leader's history goes on. */
  #traffic: LearnerTraffic | null;
  #syncKind: '' | 'DIFF' | 'TRUNC' | 'SNAP';
  /** Zxid of the op packet: the history sent must reach it. */
  #opZxid: number;
  /** Our history cannot be mended: we claim to have none, so that the leader sends SNAP (T31). */
  #wantsSnapshot: boolean;
  readonly watch: LeaderWatch;

  constructor(host: LearnerHost, leaderSid: number, addresses: readonly HostPort[]) {
    this.leaderSid = leaderSid;
    this.#host = host;
    this.#addresses = addresses;
    this.#dial = new LeaderDial(host, addresses);
    this.#link = null;
    this.#step = 'connecting';
    this.#epoch = -1;
    this.#token = 0;
    this.#traffic = null;
    this.#syncKind = '';
    this.#opZxid = -1;
    this.#wantsSnapshot = false;
    this.watch = new LeaderWatch(host);
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
    this.watch.onConnected();
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
    this.watch.onHeard();
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
      case 'serving': {
        if (type === PacketType.UPTODATE) {
          this.#onUpToDate();
          return;
        }
        const fault = this.#traffic?.onPacket(type, zxid, buffer, start, end, auth) ?? null;
        if (fault !== null) this.#leave(fault);
        return;
      }
      default:
        this.#leave(`it sent ${packetName(type)} in step "${this.#step}"`);
    }
  }

  /** Bytes of a snapshot's body came: the leader lives. */
  onSnapshotBytes(): void {
    this.watch.onHeard();
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
    if (isSynchronised(this.#step)) this.#traffic?.onSynced(zxid);
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
    const late = this.watch.lateness(this.#step);
    if (late !== null) this.#leave(late);
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
    this.#traffic?.forward(sessionHi, sessionLo, cxid, opcode, buffer, start, end, auth);
  }

  /** Asks the leader for the leadership; false when it is none that hands over. */
  requestLeadership(): boolean {
    return this.#traffic?.handOver.requestLeadership() ?? false;
  }

  /** Asks whether a session that moves to us lives; `onRevalidated` answers. */
  revalidate(sessionHi: number, sessionLo: number, timeoutMs: number): void {
    this.#traffic?.revalidate(sessionHi, sessionLo, timeoutMs);
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
    this.#host.leaderVersion = decodeLeaderInfo(buffer, start, end);
    if (this.#host.leaderVersion < 0) {
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
    this.watch.onHeard();
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
    const link = this.#link as PacketLink;
    const { lastLoggedZxid } = this.#host.storage;
    if (this.#syncKind !== 'DIFF') {
      // An epoch mark is no transaction: the cut may end before it.
      const isMark = counterOf(this.#opZxid) === 0 && lastLoggedZxid <= this.#opZxid;
      assert(isMark || lastLoggedZxid === this.#opZxid, `${this.#syncKind} ended elsewhere`);
    }
    this.#traffic = new LearnerTraffic(this.#host, link, this.watch.heartbeat);
    this.#step = 'history';
    this.watch.onHeard();
    if (this.#syncKind !== 'DIFF') link.resume();
  }

  #onHistory(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    const fault = this.#traffic?.onTransaction(type, zxid, buffer, start, end) ?? null;
    if (fault === null) return;
    if (this.#syncKind === 'SNAP' || this.#traffic?.isReconfigured) this.#leave(fault);
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
    const reached = this.#traffic?.history.lastCommitted ?? -1;
    if (reached < this.#opZxid && counterOf(this.#opZxid) !== 0) {
      this.#askForSnapshot(`the history ends at ${zxidToHex(reached)}`);
      return;
    }
    if (end > start) this.#host.reconfig.onNewLeader(utf8Decode(buffer, start, end), this.#epoch);
    link.pause();
    this.#step = 'syncing-log';
    this.#token = this.#host.storage.syncBeforeLeading();
  }

  /** Only when the history and then currentEpoch are on stable storage. */
  #sendAckNewLeader(): void {
    this.#step = 'acked';
    this.watch.onHeard();
    this.#link?.send(PacketType.ACK, makeZxid(this.#epoch, 0), null);
    const fault = this.#host.isObserver ? null : this.#traffic?.history.startLogging(this.#epoch);
    if (typeof fault === 'string') this.#leave(fault);
    else this.#link?.resume();
  }

  /** Behind ACK(e:0). */
  #onUpToDate(): void {
    const traffic = this.#traffic;
    if (this.#step !== 'acked' || traffic === null) return;
    const end = this.#host.reconfig.onUpToDate(traffic.history.lastCommitted);
    if (end !== null) {
      this.#leave(end);
      return;
    }
    this.#step = 'serving';
    traffic.isServing = true;
    this.#host.log('info', 'Learner', `Up to date in epoch ${this.#epoch} by ${this.#syncKind}`);
    this.#host.onServing(this.#epoch);
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
    this.#traffic = null;
    this.#syncKind = '';
    this.#step = 'connecting';
    this.#dial = new LeaderDial(this.#host, this.#addresses);
    this.#dial.start();
  }

  #leave(reason: string): void {
    if (this.#step === 'over') return;
    const level = this.#traffic?.handOver.isHandedOver === true ? 'info' : 'warn';
    this.#host.log(level, 'Learner', `Stopping to follow ${this.leaderSid}: ${reason}`);
    this.stop(reason);
    this.#host.leave(reason);
  }
}
