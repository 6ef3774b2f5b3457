/**
 * Fast leader election (quorum-protocol.md 3; upstream `FastLeaderElection`): notifications in,
 * notifications out, and one decision a round. It knows votes, rounds and quorum rules; it does
 * not know sockets: the election mesh delivers what it sends and redials what is broken.
 *
 * A round ends in one of two ways. LOOKING voters agree on a proposal and nobody better shows up
 * for FINALIZE_WAIT_MS (at once when every voter has spoken and agrees): decide. Or members that
 * already follow a leader answer with their vote: a quorum of them, with the leader's own word
 * that it leads, decides too; this is how a late joiner finds an established ensemble.
 *
 * Between `stop` and `start` it says nothing: a member that is putting its disk in order
 * neither looks nor follows, and a stale word of its old role would mislead the others.
 */

import { ServerState, SID_NONE, ZXID_MIN, ZXID_NONE } from '@zabra/protocol';
import { hasQuorumOfAll, isVoterOfAny } from './quorum-verifier.ts';
import { isBetter, sameLookingVote, type Vote } from './vote.ts';
import type { ElectionHost } from './zab-host.ts';

/** How long a quorum waits for a better vote, as in Apache. */
const FINALIZE_WAIT_MS = 200;
/** First idle poll, as in Apache; each further one takes twice as long. */
const POLL_MIN_MS = 200;

/** What a vote proposes, without the voter's own state and round. */
interface Candidate {
  readonly leader: number;
  readonly zxid: number;
  readonly peerEpoch: number;
}

export class FastLeaderElection {
  readonly #host: ElectionHost;
  #mode: 'silent' | 'looking' | 'settled';
  /** Logical clock: rounds begun by this process. */
  #clock: number;
  #proposal: Candidate;
  #initial: Candidate;
  /** LOOKING votes of this round, and votes of settled members that stem from it. */
  readonly #received: Map<number, Vote>;
  /** Votes of settled members, of any round. */
  readonly #outOfElection: Map<number, Vote>;
  #pollMs: number;
  #pollAtMs: number;
  /** When the proposal, which has its quorum, wins; -1 while it has none. */
  #finalizeAtMs: number;
  /** The vote last decided, or that of our start: what members that ask are told. */
  #remembered: Candidate;
  #rememberedRound: number;
  #state: ServerState;

  constructor(host: ElectionHost) {
    const nothing = { leader: SID_NONE, zxid: ZXID_MIN, peerEpoch: ZXID_MIN };
    this.#host = host;
    this.#mode = 'silent';
    this.#clock = 0;
    this.#proposal = nothing;
    this.#initial = nothing;
    this.#received = new Map();
    this.#outOfElection = new Map();
    this.#pollMs = POLL_MIN_MS;
    this.#pollAtMs = 0;
    this.#finalizeAtMs = -1;
    this.#remembered = nothing;
    this.#rememberedRound = 0;
    this.#state = ServerState.LOOKING;
  }

  get looking(): boolean {
    return this.#mode === 'looking';
  }

  get round(): number {
    return this.#clock;
  }

  /** The vote last decided. */
  get finalVote(): Vote {
    return this.#voteOf(this.#remembered, this.#rememberedRound, this.#state);
  }

  /** Enters LOOKING with the vote that our own disk justifies (invariant I13). */
  start(lastZxid: number, currentEpoch: number): void {
    const { sid, isObserver, verifiers } = this.#host;
    const votes = !isObserver && isVoterOfAny(verifiers, sid);
    this.#mode = 'looking';
    this.#state = ServerState.LOOKING;
    this.#clock += 1;
    this.#initial = {
      leader: votes ? sid : SID_NONE,
      zxid: isObserver ? ZXID_MIN : lastZxid,
      peerEpoch: isObserver ? ZXID_MIN : currentEpoch,
    };
    if (this.#clock === 1) this.#remembered = this.#initial;
    this.#received.clear();
    this.#outOfElection.clear();
    this.#pollMs = POLL_MIN_MS;
    this.#pollAtMs = this.#host.nowMs() + this.#pollMs;
    this.#host.log('info', 'FastLeaderElection', `New election, round ${this.#clock}`);
    this.#propose(this.#initial);
  }

  /** The role that the last election gave is over, or the server stops: silence until `start`. */
  stop(): void {
    this.#mode = 'silent';
    this.#state = ServerState.LOOKING;
    this.#finalizeAtMs = -1;
  }

  /** After discovery the remembered vote carries the new epoch (quorum-protocol.md 3.5). */
  onEpochEstablished(epoch: number): void {
    this.#remembered = { ...this.#remembered, peerEpoch: epoch };
  }

  /** A new election connection: tell that voter our vote once more, whatever it may have got. */
  onConnected(sid: number): void {
    if (this.#mode !== 'looking' || !isVoterOfAny(this.#host.verifiers, sid)) return;
    this.#host.sendVote(sid, this.#currentVote());
  }

  tick(): void {
    if (this.#mode !== 'looking') return;
    const now = this.#host.nowMs();
    if (this.#finalizeAtMs >= 0 && now >= this.#finalizeAtMs) {
      this.#decide(this.#proposal);
      return;
    }
    if (now < this.#pollAtMs) return;
    this.#host.connectAll();
    this.#broadcast();
    this.#pollMs = Math.min(this.#pollMs * 2, this.#host.pollMaxMs);
    this.#pollAtMs = now + this.#pollMs;
  }

  onNotification(sid: number, vote: Vote): void {
    if (this.#mode === 'silent') return;
    const host = this.#host;
    if (!isVoterOfAny(host.verifiers, sid)) {
      // Whoever has no vote only asks. It is told what was decided last, not the running proposal.
      const round = this.#mode === 'looking' ? this.#clock : this.#rememberedRound;
      host.sendVote(sid, this.#voteOf(this.#remembered, round, this.#state));
      return;
    }
    if (this.#mode === 'settled') {
      if (vote.state === ServerState.LOOKING) host.sendVote(sid, this.finalVote);
      return;
    }
    this.#pollAtMs = host.nowMs() + this.#pollMs;
    if (vote.state === ServerState.LOOKING) this.#onLooking(sid, vote);
    else if (vote.state !== ServerState.OBSERVING) this.#onSettled(sid, vote);
  }

  #onLooking(sid: number, vote: Vote): void {
    if (vote.electionEpoch < this.#clock) this.#host.sendVote(sid, this.#currentVote());
    // A member whose database is unexpectedly empty neither votes nor counts votes.
    if (this.#initial.zxid === ZXID_NONE || vote.zxid === ZXID_NONE) return;
    if (!isVoterOfAny(this.#host.verifiers, vote.leader)) return;
    if (vote.electionEpoch < this.#clock) return;
    if (vote.electionEpoch > this.#clock) {
      this.#clock = vote.electionEpoch;
      this.#received.clear();
      this.#received.set(sid, vote);
      this.#propose(this.#beats(vote, this.#initial) ? vote : this.#initial);
      return;
    }
    this.#received.set(sid, vote);
    if (this.#beats(vote, this.#proposal)) this.#propose(vote);
    else this.#checkProposal();
  }

  /** A member that follows or leads told us its vote. */
  #onSettled(sid: number, vote: Vote): void {
    if (vote.electionEpoch === this.#clock) {
      this.#received.set(sid, vote);
      if (this.#hasQuorum(this.#received, vote, false) && this.#leads(this.#received, vote)) {
        this.#decide(vote);
        return;
      }
    }
    this.#outOfElection.set(sid, vote);
    if (
      this.#hasQuorum(this.#outOfElection, vote, true) &&
      this.#leads(this.#outOfElection, vote)
    ) {
      this.#clock = vote.electionEpoch;
      this.#decide(vote);
    }
  }

  /** Followers' word is not enough: the leader itself must say that it leads, or be us. */
  #leads(votes: ReadonlyMap<number, Vote>, vote: Vote): boolean {
    if (vote.leader === this.#host.sid) return vote.electionEpoch === this.#clock;
    return votes.get(vote.leader)?.state === ServerState.LEADING;
  }

  #hasQuorum(votes: ReadonlyMap<number, Vote>, vote: Vote, epochCounts: boolean): boolean {
    return hasQuorumOfAll(this.#host.verifiers, (sid) => {
      const other = votes.get(sid);
      return other !== undefined && supports(other, vote, epochCounts);
    });
  }

  #propose(candidate: Candidate): void {
    const { leader, zxid, peerEpoch } = candidate;
    this.#proposal = { leader, zxid, peerEpoch };
    this.#finalizeAtMs = -1;
    this.#broadcast();
    if (this.#initial.leader !== SID_NONE && this.#initial.zxid !== ZXID_NONE) {
      this.#received.set(this.#host.sid, this.#currentVote());
    }
    this.#checkProposal();
  }

  #broadcast(): void {
    const vote = this.#currentVote();
    const told = new Set<number>([this.#host.sid]);
    for (const verifier of this.#host.verifiers) {
      for (const sid of verifier.voters) {
        if (told.has(sid)) continue;
        told.add(sid);
        this.#host.sendVote(sid, vote);
      }
    }
  }

  #checkProposal(): void {
    if (this.#proposal.leader === SID_NONE || this.#initial.zxid === ZXID_NONE) return;
    const vote = this.#currentVote();
    if (!this.#hasQuorum(this.#received, vote, false)) {
      this.#finalizeAtMs = -1;
      return;
    }
    if (this.#isUnanimous(vote)) {
      this.#decide(this.#proposal);
      return;
    }
    const isEmpty = this.#proposal.zxid === 0 && this.#proposal.peerEpoch === 0;
    if (isEmpty && this.#host.emptyNeedsAllVoters) return;
    if (this.#finalizeAtMs < 0) this.#finalizeAtMs = this.#host.nowMs() + FINALIZE_WAIT_MS;
  }

  #isUnanimous(vote: Vote): boolean {
    return this.#host.verifiers.every((verifier) =>
      verifier.voters.every((sid) => {
        const other = this.#received.get(sid);
        return other !== undefined && sameLookingVote(other, vote);
      }),
    );
  }

  #decide(candidate: Candidate): void {
    const { sid, isObserver } = this.#host;
    const { leader, zxid, peerEpoch } = candidate;
    this.#mode = 'settled';
    this.#finalizeAtMs = -1;
    this.#state = ServerState.FOLLOWING;
    if (leader === sid) this.#state = ServerState.LEADING;
    else if (isObserver) this.#state = ServerState.OBSERVING;
    this.#remembered = { leader, zxid, peerEpoch };
    this.#rememberedRound = this.#clock;
    this.#host.log('info', 'FastLeaderElection', `Elected ${leader} in round ${this.#clock}`);
    this.#host.onDecided(this.finalVote);
  }

  #currentVote(): Vote {
    return this.#voteOf(this.#proposal, this.#clock, ServerState.LOOKING);
  }

  #voteOf(candidate: Candidate, electionEpoch: number, state: ServerState): Vote {
    const { leader, zxid, peerEpoch } = candidate;
    return { state, leader, zxid, electionEpoch, peerEpoch };
  }

  /** A candidate without weight never wins; any real one wins over a server without a vote. */
  #beats(vote: Candidate, than: Candidate): boolean {
    if (this.#host.verifiers.every((v) => v.weightOf(vote.leader) === 0)) return false;
    if (than.leader === SID_NONE) return true;
    const { zxid, leader, peerEpoch } = vote;
    return isBetter(peerEpoch, zxid, leader, than.peerEpoch, than.zxid, than.leader);
  }
}

/**
 * While somebody is LOOKING every field counts. Settled members may have learnt of their leader at
 * different rounds (scenario S19): then the leader counts, and out of our own round its epoch.
 */
function supports(other: Vote, vote: Vote, epochCounts: boolean): boolean {
  if (other.state === ServerState.LOOKING || vote.state === ServerState.LOOKING) {
    return sameLookingVote(other, vote);
  }
  return other.leader === vote.leader && (!epochCounts || other.peerEpoch === vote.peerEpoch);
}
