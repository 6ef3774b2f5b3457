/**
 * Fast leader election (quorum-protocol.md 3; upstream `FastLeaderElection`): notifications in,
 * notifications out, and one decision a round. It knows votes, rounds and quorum rules; it does
 * not know sockets: the election mesh delivers what it sends and redials what is broken.
 *
 * A round ends in one of two ways. LOOKING voters agree on a proposal and nobody better shows up
 * for FINALIZE_WAIT_MS: decide; at once when every voter has spoken and agrees, or every voter with
 * a connection, all of them are of our own kind, and the others have spoken before. Or members that
 * already follow a leader answer with their vote: a quorum of them, with the leader's own word that
 * it leads, decides too; this is how a late joiner finds an established ensemble.
 *
 * Between `stop` and `start` it says nothing: a member that is putting its disk in order
 * neither looks nor follows, and a stale word of its old role would mislead the others. What others
 * say meanwhile is kept for a moment: who lost the same leader a little earlier would not repeat it
 * before its next poll.
 */

import { ServerState, SID_NONE, ZXID_MIN, ZXID_NONE } from '@zabra/protocol';
import { type Candidate, CandidateOrder } from './candidate-order.ts';
import { hasQuorumOfAll, isVoterOfAny, type QuorumVerifier } from './quorum-verifier.ts';
import { sameLookingVote, type Vote } from './vote.ts';
import { ToldAskers } from './told-askers.ts';
import type { ElectionHost } from './zab-host.ts';
import { VotesAhead } from './votes-ahead.ts';

/** How long a quorum waits for a better vote, as in Apache. */
const FINALIZE_WAIT_MS = 200;
/** First idle poll, as in Apache; each further one takes twice as long. */
const POLL_MIN_MS = 200;

export class FastLeaderElection {
  readonly #host: ElectionHost;
  #mode: 'silent' | 'looking' | 'settled';
  /** Logical clock: rounds begun by this process. */
  #clock: number;
  #proposal: Candidate;
  #initial: Candidate;
  /** LOOKING votes of this round, and votes of settled members that stem from it. */
  readonly #received: Map<number, Vote>;
  readonly #order: CandidateOrder;
  /** What was heard while we did not look. */
  readonly #ahead: VotesAhead;
  readonly #askers: ToldAskers;
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
    this.#order = new CandidateOrder(host.sid);
    this.#ahead = new VotesAhead();
    this.#askers = new ToldAskers();
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
    for (const [from, vote] of this.#ahead.take(this.#host.nowMs())) {
      if (this.#mode !== 'looking' || !this.#host.isConnected(from)) continue;
      if (isVoterOfAny(verifiers, from)) this.#onLooking(from, vote);
    }
  }

  /**
   * A role that no election gave: `leader` is known to all (a hand-over, a reconfiguration). Who
   * asks is told of it as if we had elected it.
   */
  appoint(leader: number, zxid: number, peerEpoch: number): Vote {
    this.#settle({ leader, zxid, peerEpoch });
    return this.finalVote;
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
    const isAgreed = this.#finalizeAtMs >= 0;
    if (isAgreed && (now >= this.#finalizeAtMs || this.#isAllThatCanCome())) {
      this.#decide(this.#proposal);
      return;
    }
    if (now < this.#pollAtMs) return;
    this.#host.connectAll();
    // Who voted when we last heard may be gone, and an observer of then may lead by now.
    this.#broadcast(this.#pollMs > POLL_MIN_MS ? this.#host.memberSids : []);
    this.#pollMs = Math.min(this.#pollMs * 2, this.#host.pollMaxMs);
    this.#pollAtMs = now + this.#pollMs;
  }

  /** `isZabra`: the notification declared its sender a member of our own kind. */
  onNotification(sid: number, vote: Vote, isZabra = false): void {
    const host = this.#host;
    this.#order.onHeard(sid, isZabra);
    const isVoter = isVoterOfAny(host.verifiers, sid);
    if (this.#mode !== 'looking' && isVoter) this.#ahead.onNotification(sid, vote, host.nowMs());
    if (this.#mode === 'silent') return;
    if (!isVoter) {
      this.#answer(sid, vote);
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

  /** Whoever has no vote only asks. It is told what was decided last, not the running proposal. */
  #answer(sid: number, question: Vote): void {
    if (question.state !== ServerState.LOOKING) return;
    const host = this.#host;
    const isLooking = this.#mode === 'looking';
    const round = isLooking ? this.#clock : this.#rememberedRound;
    // What others once elected us for may not be what we hold now.
    const isOwn = isLooking && this.#remembered.leader === host.sid;
    const answer = this.#voteOf(isOwn ? this.#initial : this.#remembered, round, this.#state);
    if (this.#askers.isNews(sid, question, answer, host.nowMs())) host.sendVote(sid, answer);
  }

  #onLooking(sid: number, vote: Vote): void {
    if (vote.electionEpoch < this.#clock) this.#host.sendVote(sid, this.#currentVote());
    // A member whose database is unexpectedly empty neither votes nor counts votes.
    if (this.#initial.zxid === ZXID_NONE || vote.zxid === ZXID_NONE) return;
    if (vote.electionEpoch < this.#clock) return;
    const isCandidate = isVoterOfAny(this.#host.verifiers, vote.leader);
    if (vote.electionEpoch > this.#clock) {
      // Also when it proposes nobody: a voter by a configuration that it has not heard of will not
      // look back at our round, and yet we need its vote.
      this.#clock = vote.electionEpoch;
      this.#received.clear();
      if (isCandidate) this.#received.set(sid, vote);
      const isBest = isCandidate && this.#order.beats(vote, this.#initial, this.#host.verifiers);
      this.#propose(isBest ? vote : this.#initial);
      return;
    }
    if (!isCandidate) return;
    this.#received.set(sid, vote);
    if (this.#order.beats(vote, this.#proposal, this.#host.verifiers)) this.#propose(vote);
    else this.#checkProposal();
  }

  /** A member that follows or leads told us its vote. */
  #onSettled(sid: number, vote: Vote): void {
    if (vote.electionEpoch === this.#clock) {
      this.#received.set(sid, vote);
      if (this.#isSettled(this.#received, vote, false)) {
        this.#decide(vote);
        return;
      }
    }
    this.#outOfElection.set(sid, vote);
    if (this.#isSettled(this.#outOfElection, vote, true)) {
      // Apache's members say -1 when a reconfiguration has named their leader.
      this.#clock = Math.max(vote.electionEpoch, 0);
      this.#decide(vote);
    }
  }

  /**
   * Enough members follow that leader, and it leads. Whom to follow may be known from either of two
   * configurations: the other one may never have come to be, or have no members left. Whoever leads
   * needs a quorum of both, and sees to that by itself.
   */
  #isSettled(votes: ReadonlyMap<number, Vote>, vote: Vote, epochCounts: boolean): boolean {
    const { verifiers, sid } = this.#host;
    const isOneEnough = vote.leader !== sid;
    const hasQuorum = isOneEnough
      ? verifiers.some((verifier) => this.#hasQuorum([verifier], votes, vote, epochCounts))
      : this.#hasQuorum(verifiers, votes, vote, epochCounts);
    return hasQuorum && this.#leads(votes, vote);
  }

  /** Followers' word is not enough: the leader itself must say that it leads, or be us. */
  #leads(votes: ReadonlyMap<number, Vote>, vote: Vote): boolean {
    if (vote.leader === this.#host.sid) return vote.electionEpoch === this.#clock;
    return votes.get(vote.leader)?.state === ServerState.LEADING;
  }

  #hasQuorum(
    verifiers: readonly QuorumVerifier[],
    votes: ReadonlyMap<number, Vote>,
    vote: Vote,
    epochCounts: boolean,
  ): boolean {
    return hasQuorumOfAll(verifiers, (sid) => {
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

  /** To all voters, and to others. */
  #broadcast(others: readonly number[] = []): void {
    const { sid, verifiers } = this.#host;
    const vote = this.#currentVote();
    const told = new Set([...verifiers.flatMap(({ voters }) => voters), ...others]);
    told.delete(sid);
    for (const other of told) this.#host.sendVote(other, vote);
  }

  #checkProposal(): void {
    if (this.#proposal.leader === SID_NONE || this.#initial.zxid === ZXID_NONE) return;
    const vote = this.#currentVote();
    if (!this.#hasQuorum(this.#host.verifiers, this.#received, vote, false)) {
      this.#finalizeAtMs = -1;
      return;
    }
    if (this.#isUnanimous(vote)) {
      this.#decide(this.#proposal);
      return;
    }
    const isEmpty = this.#proposal.zxid === 0 && this.#proposal.peerEpoch === 0;
    if (isEmpty && this.#host.emptyNeedsAllVoters && !this.#isEverybodyEmpty()) return;
    if (this.#isAllThatCanCome()) {
      this.#decide(this.#proposal);
      return;
    }
    if (this.#finalizeAtMs < 0) this.#finalizeAtMs = this.#host.nowMs() + FINALIZE_WAIT_MS;
  }

  /**
   * Nobody better can show up: every other voter that we have a connection with is of our own kind
   * and votes for the same. Who has lost its leader, or ends, has lost its connection as well. But
   * who was never heard may be about to come: where all start at once, two of three would elect one
   * of themselves while the other one of them hears of a better one.
   */
  #isAllThatCanCome(): boolean {
    const host = this.#host;
    const vote = this.#currentVote();
    return host.verifiers.every((verifier) =>
      verifier.voters.every((sid) => {
        if (sid === host.sid) return true;
        if (!host.isConnected(sid)) return this.#order.wasHeard(sid);
        const other = this.#received.get(sid);
        return this.#order.isZabra(sid) && other !== undefined && sameLookingVote(other, vote);
      }),
    );
  }

  /**
   * Every voter was heard in this round, and none has a history: it would vote for that. They need
   * not agree: beside Apache's members a voter without weight may stay with itself.
   */
  #isEverybodyEmpty(): boolean {
    return this.#host.verifiers.every((verifier) =>
      verifier.voters.every((sid) => {
        const other = this.#received.get(sid);
        return other !== undefined && other.zxid === 0 && other.peerEpoch === 0;
      }),
    );
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
    this.#settle(candidate);
    const { leader } = candidate;
    this.#host.log('info', 'FastLeaderElection', `Elected ${leader} in round ${this.#clock}`);
    this.#host.onDecided(this.finalVote);
  }

  #settle({ leader, zxid, peerEpoch }: Candidate): void {
    const { sid, isObserver } = this.#host;
    this.#mode = 'settled';
    this.#finalizeAtMs = -1;
    this.#state = ServerState.FOLLOWING;
    if (leader === sid) this.#state = ServerState.LEADING;
    else if (isObserver) this.#state = ServerState.OBSERVING;
    this.#remembered = { leader, zxid, peerEpoch };
    this.#rememberedRound = this.#clock;
    // What was heard before is of the reign that is over, or of this election.
    this.#ahead.clear();
  }

  #currentVote(): Vote {
    return this.#voteOf(this.#proposal, this.#clock, ServerState.LOOKING);
  }

  #voteOf(candidate: Candidate, electionEpoch: number, state: ServerState): Vote {
    const { leader, zxid, peerEpoch } = candidate;
    return { state, leader, zxid, electionEpoch, peerEpoch };
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
