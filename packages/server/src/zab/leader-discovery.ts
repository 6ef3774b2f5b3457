/**
 * Discovery on the leader's side (Zab's phase 1; quorum-protocol.md 4.4 and 6.1; Zab.tla actions
 * `LeaderProcessCEPOCH` and `LeaderProcessACKEPOCH`): which epoch begins, and who promised to
 * follow nobody older. It knows sids and epochs, no connections.
 *
 *   promises -> storing-accepted -> epoch-acks -> syncing-log -> storing-current -> done
 *
 * Persist before you speak: the epoch is told to nobody before our own acceptedEpoch is stored; we
 * count ourselves only for what is on our disk. Our whole log is synced before currentEpoch is
 * stored, because a tail that was read back from the page cache may still be lost (T18).
 */

import { EPOCH_MAX } from '@zabra/protocol';
import { hasQuorumOfAll } from './quorum-verifier.ts';
import type { LeaderHost } from './zab-host.ts';

/** A learner that accepted an epoch this far beyond ours is broken or lies. */
const EPOCH_JUMP_MAX = 1 << 16;

export type DiscoveryStage =
  | 'promises'
  | 'storing-accepted'
  | 'epoch-acks'
  | 'syncing-log'
  | 'storing-current'
  | 'done';

export class LeaderDiscovery {
  readonly #host: LeaderHost;
  #stage: DiscoveryStage;
  /** Each stage has initLimit; "done" too, for the ACKs of NEWLEADER. */
  #deadlineMs: number;
  /** The epoch of this reign; -1 until a quorum has promised. */
  #epoch: number;
  #acceptedEpochMax: number;
  readonly #promised: Set<number>;
  readonly #acked: Set<number>;
  /** Token of the store that the stage waits for; 0 for none. */
  #token: number;
  /** Our own history when we began to lead: fixed before anybody is compared with it. */
  readonly #currentEpoch: number;
  readonly #lastZxid: number;
  readonly #acceptedEpoch: number;

  constructor(host: LeaderHost) {
    this.#host = host;
    this.#stage = 'promises';
    this.#deadlineMs = this.#initDeadline();
    this.#epoch = -1;
    this.#currentEpoch = host.storage.currentEpoch;
    this.#lastZxid = host.storage.lastLoggedZxid;
    this.#acceptedEpoch = host.storage.acceptedEpoch;
    this.#acceptedEpochMax = this.#acceptedEpoch;
    this.#promised = new Set([host.sid]);
    this.#acked = new Set();
    this.#token = 0;
  }

  get stage(): DiscoveryStage {
    return this.#stage;
  }

  /** When the stage has taken too long. */
  get deadlineMs(): number {
    return this.#deadlineMs;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** What the stage waits for, when it has taken too long. */
  get missing(): string {
    if (this.#stage === 'promises') return 'too few FOLLOWERINFO';
    if (this.#stage === 'epoch-acks') return 'too few ACKEPOCH';
    return this.#stage === 'done' ? 'too few ACK of NEWLEADER' : 'our disk is too slow';
  }

  /** True once LEADERINFO may leave: our own promise is on disk. */
  get mayAnnounce(): boolean {
    return this.#stage !== 'promises' && this.#stage !== 'storing-accepted';
  }

  /** Why that accepted epoch is not believable, or null. */
  objectionTo(acceptedEpoch: number): string | null {
    if (acceptedEpoch >= EPOCH_MAX) return `its accepted epoch is ${EPOCH_MAX} or more`;
    if (acceptedEpoch - this.#acceptedEpoch <= EPOCH_JUMP_MAX) return null;
    return `its accepted epoch ${acceptedEpoch} is far beyond our ${this.#acceptedEpoch}`;
  }

  /** A learner said hello. A member's word may raise the epoch while it is not fixed. */
  onPromise(sid: number, acceptedEpoch: number, isMember: boolean, isObserver: boolean): void {
    if (this.#stage !== 'promises') return;
    if (isMember) this.#acceptedEpochMax = Math.max(this.#acceptedEpochMax, acceptedEpoch);
    if (!isObserver) this.#promised.add(sid);
    this.checkPromises();
  }

  /** Fixes the epoch once a quorum has said hello; also called at the start, for a lone voter. */
  checkPromises(): void {
    if (!hasQuorumOfAll(this.#host.verifiers, (sid) => this.#promised.has(sid))) return;
    this.#epoch = this.#acceptedEpochMax + 1;
    this.#host.reconfig.onEpoch(this.#epoch);
    this.#enter('storing-accepted');
    this.#token = this.#host.storage.storeAcceptedEpoch(this.#epoch);
  }

  /** ACKEPOCH. False: its history is ahead of ours, it cannot be led by us. */
  onEpochAck(sid: number, currentEpoch: number, lastZxid: number, isObserver: boolean): boolean {
    // -1: it had promised this epoch before, which is no promise to us. Later nothing is compared.
    if (this.#stage !== 'epoch-acks' || currentEpoch < 0) return true;
    if (currentEpoch > this.#currentEpoch) return false;
    if (currentEpoch === this.#currentEpoch && lastZxid > this.#lastZxid) return false;
    if (!isObserver) this.#acked.add(sid);
    this.#checkAcks();
    return true;
  }

  /** What the stage waits for is on stable storage; true when LEADERINFO or NEWLEADER may go. */
  onStored(token: number): boolean {
    if (token !== this.#token) return false;
    this.#token = 0;
    switch (this.#stage) {
      case 'storing-accepted':
        this.#enter('epoch-acks');
        this.#acked.add(this.#host.sid);
        this.#checkAcks();
        return true;
      case 'syncing-log':
        // The log first, then the epoch that vouches for it (S10).
        this.#enter('storing-current');
        this.#token = this.#host.storage.storeCurrentEpoch(this.#epoch);
        return false;
      default:
        this.#enter('done');
        return true;
    }
  }

  #enter(stage: DiscoveryStage): void {
    this.#stage = stage;
    this.#deadlineMs = this.#initDeadline();
  }

  #initDeadline(): number {
    const { initLimitTicks, tickTimeMs } = this.#host.limits;
    return this.#host.nowMs() + initLimitTicks * tickTimeMs;
  }

  #checkAcks(): void {
    if (!hasQuorumOfAll(this.#host.verifiers, (sid) => this.#acked.has(sid))) return;
    this.#enter('syncing-log');
    this.#token = this.#host.storage.syncBeforeLeading();
  }
}
