// Fast leader election (quorum spec 3; upstream `FastLeaderElection`): notifications in,
// notifications out, and one decision a round. It knows votes, rounds and quorum rules; it does
// not know sockets: the election mesh delivers what it sends and redials what is broken.
//
// A round ends in one of two ways. LOOKING voters agree on a proposal, nobody better shows up for
// FINALIZE_WAIT_MS (at once when every voter has spoken and agrees): decide. Or members that
// already follow a leader answer with their vote: a quorum of them, with the leader's own word
// that it leads, decides too; this is how a late joiner finds an established ensemble.

import { SID_NONE, ZXID_MIN, ZXID_NONE } from '@zabra/protocol';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { hasQuorumOfAll } from './quorum-verifier.ts';
import type { Vote } from './vote.ts';
import { isBetter, PeerState, sameLookingVote } from './vote.ts';

const FINALIZE_WAIT_MS = 200;
const POLL_MIN_MS = 200;

export interface ElectionHost {
  readonly sid: number;
  readonly isObserver: boolean;
  /** Committed configuration first, then the proposed one if it differs. */
  readonly verifiers: readonly QuorumVerifier[];
  /** Idle poll back-off bound; short while names do not resolve or members are missing. */
  readonly pollMaxMs: number;
  /** Ruling 16: an ensemble whose proposal is empty needs every voter's word. */
  readonly emptyNeedsAllVoters: boolean;
  nowMs(): number;
  sendVote(toSid: number, vote: Vote): void;
  /** Dials every member without an election connection. */
  connectAll(): void;
  onDecided(vote: Vote): void;
  log(level: 'info' | 'warn' | 'debug', source: string, message: string): void;
}

export class FastLeaderElection {
  readonly #host: ElectionHost;
  #looking = false;
  #clock = 0;
  #leader = SID_NONE;
  #zxid = 0;
  #peerEpoch = 0;
  #initialLeader = SID_NONE;
  #initialZxid = 0;
  #initialEpoch = 0;
  readonly #received = new Map<number, Vote>();
  readonly #outOfElection = new Map<number, Vote>();
  #pollMs = POLL_MIN_MS;
  #pollAtMs = 0;
  #finalizeAtMs = -1;
  /** What members that ask are told while we are not LOOKING. */
  #finalVote: Vote;

  constructor(host: ElectionHost) {
    this.#host = host;
    this.#finalVote = {
      leader: SID_NONE,
      zxid: 0,
      peerEpoch: 0,
      electionEpoch: 0,
      state: PeerState.LOOKING,
    };
  }

  get looking(): boolean {
    return this.#looking;
  }

  get round(): number {
    return this.#clock;
  }

  get finalVote(): Vote {
    return this.#finalVote;
  }

  /** Enters LOOKING with the vote that our own disk justifies (invariant I13). */
  start(zxid: number, currentEpoch: number): void {
    const host = this.#host;
    const votes = !host.isObserver && host.verifiers.some((v) => v.isVoter(host.sid));
    this.#looking = true;
    this.#clock += 1;
    // Any voter's vote beats that of a server that does not vote: it only follows the count.
    this.#initialLeader = votes ? host.sid : SID_NONE;
    this.#initialZxid = votes ? zxid : ZXID_MIN;
    this.#initialEpoch = votes ? currentEpoch : ZXID_MIN;
    this.#received.clear();
    this.#outOfElection.clear();
    this.#pollMs = POLL_MIN_MS;
    this.#pollAtMs = host.nowMs() + this.#pollMs;
    this.#finalizeAtMs = -1;
    this.#propose(this.#initialLeader, this.#initialZxid, this.#initialEpoch);
  }

  /** Leaves LOOKING without a decision (the server stops). */
  stop(): void {
    this.#looking = false;
    this.#finalizeAtMs = -1;
  }

  /** After discovery the remembered vote carries the new epoch (quorum spec 3.5). */
  onEpochEstablished(epoch: number): void {
    this.#finalVote = { ...this.#finalVote, peerEpoch: epoch };
  }

  /** A new election connection: tell that member our vote once more. */
  onConnected(sid: number): void {
    if (this.#looking) this.#host.sendVote(sid, this.#currentVote());
  }

  tick(): void {
    if (!this.#looking) return;
    const now = this.#host.nowMs();
    if (this.#finalizeAtMs >= 0 && now >= this.#finalizeAtMs) {
      this.#decide(this.#leader, this.#zxid, this.#peerEpoch);
      return;
    }
    if (now < this.#pollAtMs) return;
    this.#host.connectAll();
    this.#broadcast();
    this.#pollMs = Math.min(this.#pollMs * 2, this.#host.pollMaxMs);
    this.#pollAtMs = now + this.#pollMs;
  }

  onNotification(sid: number, vote: Vote): void {
    const host = this.#host;
    if (!this.#isVoter(sid)) {
      // A server that does not vote only asks: answer, never count.
      host.sendVote(sid, this.#looking ? this.#rememberedWhileLooking() : this.#finalVote);
      return;
    }
    if (!this.#looking) {
      if (vote.state === PeerState.LOOKING) host.sendVote(sid, this.#finalVote);
      return;
    }
    this.#pollAtMs = host.nowMs() + this.#pollMs;
    if (vote.state === PeerState.LOOKING) this.#onLooking(sid, vote);
    else if (vote.state !== PeerState.OBSERVING) this.#onSettled(sid, vote);
  }

  #onLooking(sid: number, vote: Vote): void {
    if (vote.electionEpoch < this.#clock) this.#host.sendVote(sid, this.#currentVote());
    if (this.#initialZxid === ZXID_NONE || vote.zxid === ZXID_NONE) return;
    if (!this.#isVoter(vote.leader)) return;
    if (vote.electionEpoch < this.#clock) return;
    if (vote.electionEpoch > this.#clock) {
      this.#clock = vote.electionEpoch;
      this.#received.clear();
      if (this.#beats(vote, this.#initialEpoch, this.#initialZxid, this.#initialLeader)) {
        this.#propose(vote.leader, vote.zxid, vote.peerEpoch);
      } else {
        this.#propose(this.#initialLeader, this.#initialZxid, this.#initialEpoch);
      }
    } else if (this.#beats(vote, this.#peerEpoch, this.#zxid, this.#leader)) {
      this.#propose(vote.leader, vote.zxid, vote.peerEpoch);
    }
    this.#received.set(sid, vote);
    this.#checkProposal();
  }

  /** A member that follows or leads told us its vote. */
  #onSettled(sid: number, vote: Vote): void {
    if (vote.electionEpoch === this.#clock) {
      this.#received.set(sid, vote);
      if (this.#quorumOf(this.#received, vote, false) && this.#leads(this.#received, vote)) {
        this.#decide(vote.leader, vote.zxid, vote.peerEpoch);
        return;
      }
    }
    this.#outOfElection.set(sid, vote);
    if (this.#quorumOf(this.#outOfElection, vote, true) && this.#leads(this.#outOfElection, vote)) {
      this.#clock = vote.electionEpoch;
      this.#decide(vote.leader, vote.zxid, vote.peerEpoch);
    }
  }

  /** Followers' word is not enough: the leader itself must say that it leads, or be us. */
  #leads(votes: ReadonlyMap<number, Vote>, vote: Vote): boolean {
    if (vote.leader === this.#host.sid) return vote.electionEpoch === this.#clock;
    return votes.get(vote.leader)?.state === PeerState.LEADING;
  }

  #quorumOf(votes: ReadonlyMap<number, Vote>, vote: Vote, epochCounts: boolean): boolean {
    return hasQuorumOfAll(this.#host.verifiers, (sid) => {
      const other = votes.get(sid);
      if (other === undefined) return false;
      if (other.state === PeerState.LOOKING || vote.state === PeerState.LOOKING) {
        return sameLookingVote(other, vote);
      }
      return other.leader === vote.leader && (!epochCounts || other.peerEpoch === vote.peerEpoch);
    });
  }

  #propose(leader: number, zxid: number, peerEpoch: number): void {
    this.#leader = leader;
    this.#zxid = zxid;
    this.#peerEpoch = peerEpoch;
    this.#finalizeAtMs = -1;
    this.#broadcast();
    if (this.#initialLeader !== SID_NONE && this.#initialZxid !== ZXID_NONE) {
      this.#received.set(this.#host.sid, this.#currentVote());
      this.#checkProposal();
    }
  }

  #broadcast(): void {
    const vote = this.#currentVote();
    const told = new Set<number>();
    for (const verifier of this.#host.verifiers) {
      for (const sid of verifier.voters) {
        if (sid === this.#host.sid || told.has(sid)) continue;
        told.add(sid);
        this.#host.sendVote(sid, vote);
      }
    }
  }

  #checkProposal(): void {
    if (!this.#looking || this.#leader === SID_NONE) return;
    const vote = this.#currentVote();
    if (!this.#quorumOf(this.#received, vote, false)) {
      this.#finalizeAtMs = -1;
      return;
    }
    const unanimous = this.#host.verifiers.every((v) =>
      v.voters.every((sid) => {
        const other = this.#received.get(sid);
        return other !== undefined && sameLookingVote(other, vote);
      }),
    );
    if (unanimous) {
      this.#decide(this.#leader, this.#zxid, this.#peerEpoch);
      return;
    }
    if (this.#zxid === 0 && this.#peerEpoch === 0 && this.#host.emptyNeedsAllVoters) return;
    if (this.#finalizeAtMs < 0) this.#finalizeAtMs = this.#host.nowMs() + FINALIZE_WAIT_MS;
  }

  #decide(leader: number, zxid: number, peerEpoch: number): void {
    const host = this.#host;
    this.#looking = false;
    this.#finalizeAtMs = -1;
    let state: number = PeerState.FOLLOWING;
    if (leader === host.sid) state = PeerState.LEADING;
    else if (host.isObserver) state = PeerState.OBSERVING;
    this.#finalVote = { leader, zxid, peerEpoch, electionEpoch: this.#clock, state };
    host.log('info', 'FastLeaderElection', `Elected ${leader} in round ${this.#clock}`);
    host.onDecided(this.#finalVote);
  }

  #currentVote(): Vote {
    return {
      leader: this.#leader,
      zxid: this.#zxid,
      peerEpoch: this.#peerEpoch,
      electionEpoch: this.#clock,
      state: PeerState.LOOKING,
    };
  }

  /** Non-voters are told the vote last decided, never the running proposal. */
  #rememberedWhileLooking(): Vote {
    return { ...this.#finalVote, electionEpoch: this.#clock, state: PeerState.LOOKING };
  }

  #beats(vote: Vote, epoch: number, zxid: number, sid: number): boolean {
    if (this.#host.verifiers.every((v) => v.weightOf(vote.leader) === 0)) return false;
    return isBetter(vote.peerEpoch, vote.zxid, vote.leader, epoch, zxid, sid);
  }

  #isVoter(sid: number): boolean {
    return this.#host.verifiers.some((verifier) => verifier.isVoter(sid));
  }
}
