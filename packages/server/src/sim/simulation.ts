/**
 * One run of the simulation, from a seed to a verdict. Act one is about safety: clients work while
 * the nemesis strikes, and the checkers watch. Act two is about liveness: everything heals, a
 * quorum is brought back, and the ensemble has to come together again: every running server at one
 * zxid with one digest, every request answered, sessions of dead clients over and their ephemerals
 * gone.
 */

import { Prng, zxidToHex } from '@zabra/protocol';
import type { Peer } from '../peer/peer.ts';
import { Changes } from './changes.ts';
import { Violation } from './checkers/violation.ts';
import { SimEnsemble } from './ensemble.ts';
import { lostServers } from './lost-servers.ts';
import { CLIENT_PORT, CLIENT_PORTS } from './member-config.ts';
import { Nemesis } from './nemesis.ts';
import { drawPlan, HEALTHY_DISK, HEALTHY_NET, HEALTHY_PACE, type Plan } from './plan.ts';
import { SimClock } from './sim-clock.ts';
import { SimNet } from './sim-net.ts';
import type { SimServer } from './sim-server.ts';
import { Trace, type TraceListener } from './trace.ts';
import { Workload } from './workload.ts';

export interface RunCounts {
  simulatedMs: number;
  stepCount: number;
  /** Times that a server has decided whom to follow, or to lead. */
  elections: number;
  /** Leaders that a quorum has followed. */
  reigns: number;
  crashes: number;
  powerCuts: number;
  partitions: number;
  connections: number;
  lostPackets: number;
  tornWrites: number;
  lostWrites: number;
  failedSyncs: number;
  sessions: number;
  expiredSessions: number;
  /** Local sessions that became global. */
  upgradedSessions: number;
  operations: number;
  /** Among the operations, those that servers in read-only mode have answered. */
  readOnlyReplies: number;
  watchEvents: number;
  transactions: number;
  /** Reigns that were handed over. */
  handOvers: number;
  /** Learners that were brought in step out of log files. */
  logDiffs: number;
  /** Requests whose clients lost the connection. */
  lostRequests: number;
  /** Configurations that were committed. */
  changes: number;
}

export interface RunResult {
  readonly seed: number;
  /** Null when every property held. */
  readonly failure: { readonly property: string; readonly message: string } | null;
  readonly hash: string;
  readonly counts: RunCounts;
  readonly plan: Plan;
}

const CONVERGENCE = 'A healed ensemble comes together';
const ANSWERS = 'A healed ensemble answers every request';
const EXPIRY = 'Sessions of dead clients end, and sessions of live ones do not';

/** Longest time that a healed ensemble may take, microseconds. */
const CONVERGE_US_MAX = 150_000_000;
/** A server that was asked to end before the healing is started again after this. */
const SUPERVISED_US = 100_000;
const POLL_US = 50_000;
/** Within this every server that can find the others has found them. */
const LOST_US = 20_000_000;
/**
 * Where followers serve observers an epoch outlasts a join, as each real one does by hours: such an
 * observer begins anew in each. At more zxids than this in a second it never arrives (seed 701942).
 */
const EPOCH_SECONDS_MIN = 5;
/** How long clients work on a healed ensemble. */
const EPILOGUE_US = 1_500_000;

export function simulate(seed: number, listener: TraceListener | null, wanted?: Plan): RunResult {
  const prng = new Prng(seed);
  const plan = wanted ?? drawPlan(prng.fork());
  return new Simulation(seed, prng, plan, listener).run();
}

class Simulation {
  readonly #seed: number;
  readonly #prng: Prng;
  readonly #plan: Plan;
  readonly #clock: SimClock;
  readonly #trace: Trace;
  readonly #ensemble: SimEnsemble;
  readonly #workload: Workload;
  readonly #nemesis: Nemesis<Peer>;
  #isHealed: boolean;

  constructor(seed: number, prng: Prng, plan: Plan, listener: TraceListener | null) {
    this.#seed = seed;
    this.#prng = prng.fork();
    this.#plan = plan;
    const clock = new SimClock();
    this.#clock = clock;
    this.#isHealed = false;
    this.#trace = new Trace(clock, listener);
    const net = new SimNet(clock, prng.fork(), plan.net);
    const ensemble = new SimEnsemble(net, plan, prng.fork(), this.#trace);
    const { servers } = ensemble;
    this.#ensemble = ensemble;
    const { everyUs } = plan.changes;
    const ports = everyUs === 0 ? [CLIENT_PORT] : CLIENT_PORTS;
    const addresses = servers.flatMap(({ host }) => ports.map((port) => ({ host, port })));
    const { sessions } = ensemble.checkers;
    const clients = { clock, net, prng: prng.fork() };
    this.#workload = new Workload(clients, plan.workload, addresses, sessions, this.#trace);
    if (everyUs > 0) {
      const { checkers } = ensemble;
      const latest = () => checkers.configurations.latest;
      this.#workload.changes = new Changes(prng.fork(), everyUs, servers.length, latest);
    }
    const fates = { clock, net, prng: prng.fork() };
    this.#nemesis = new Nemesis(fates, plan, servers, this.#trace);
    ensemble.listener = {
      onSubmitted: (server, request) => this.#nemesis.onSubmitted(server, request),
      onEnded: (server) => {
        this.#nemesis.onEnded(server);
        if (this.#isHealed) clock.after(SUPERVISED_US, () => this.#restart(server));
      },
    };
  }

  run(): RunResult {
    let failure: RunResult['failure'] = null;
    try {
      this.#actOne();
      this.#actTwo();
    } catch (error) {
      const isViolation = error instanceof Violation;
      const property = isViolation ? error.property : 'The simulation runs';
      const message = isViolation || !(error instanceof Error) ? String(error) : error.stack;
      failure = { property, message: message ?? 'unknown' };
    }
    const hash = this.#trace.hash();
    return { seed: this.#seed, failure, hash, counts: this.#counts(), plan: this.#plan };
  }

  #actOne(): void {
    const { servers } = this.#ensemble;
    for (const server of servers) server.start();
    this.#workload.start();
    this.#nemesis.start();
    this.#run(this.#plan.faultsUs);
  }

  #actTwo(): void {
    this.#nemesis.stop();
    this.#heal();
    this.#help();
    this.#waitFor(CONVERGENCE, () => this.#hasLeader());
    this.#run(EPILOGUE_US);
    this.#workload.stopAsking();
    this.#waitFor(ANSWERS, () => this.#workload.isAnswered);
    this.#idle();
    this.#waitFor(EXPIRY, () => this.#onlyLiveSessions());
    this.#waitFor(CONVERGENCE, () => this.#isAgreed());
  }

  /**
   * Clients that only ping keep their sessions. A local session ends with its connection if the
   * client then comes to another server. That may be when a reign ends because the dead sessions of
   * the run, ended all at once, used up its zxids, or when its server comes to lead where leaders
   * serve no clients.
   */
  #idle(): void {
    const { checkers } = this.#ensemble;
    const roleChanges = () => checkers.electionCount + checkers.durability.reignCount;
    const { expiredCount } = this.#workload.counts;
    const before = roleChanges();
    const { workload, tickTimeMs, localSessions } = this.#plan;
    this.#run((workload.sessionTimeoutMs + 2 * tickTimeMs) * 1000);
    if (localSessions !== 'none' && roleChanges() > before) return;
    const count = this.#workload.counts.expiredCount - expiredCount;
    if (count > 0) throw new Violation(EXPIRY, `${count} sessions of idle clients have expired`);
  }

  #run(us: number): void {
    this.#clock.runUntil(this.#clock.nowUs + us);
  }

  #restart(server: SimServer<Peer>): void {
    if (!server.isRunning) server.start();
  }

  #heal(): void {
    this.#isHealed = true;
    const { net, servers } = this.#ensemble;
    this.#trace.line('simulation', 'heals');
    this.#workload.changes = null;
    const { hasObserverMasters, observerCount, zxidsPerEpoch } = this.#plan;
    if (hasObserverMasters && observerCount > 0) {
      this.#workload.slowTo(zxidsPerEpoch / EPOCH_SECONDS_MIN);
    }
    net.options = HEALTHY_NET;
    net.heal();
    for (const server of servers) server.setHealth(HEALTHY_DISK, HEALTHY_PACE);
    const { emptyNeedsAllVoters, voterCount, changes } = this.#plan;
    // Who votes in the end is not known where the ensemble changes: everybody comes back.
    const voters = changes.everyUs > 0 ? [...servers] : servers.slice(0, voterCount);
    const isAllWanted = emptyNeedsAllVoters || changes.everyUs > 0;
    this.#prng.shuffle(voters);
    const { configurations } = this.#ensemble.checkers;
    const isUp = (sid: number): boolean => servers[sid - 1]?.isRunning ?? false;
    // With weights one may be a quorum, and where leaders serve no clients none would be served.
    const upMin = this.#plan.leaderServes ? 1 : Math.min(2, voters.length);
    const isEnough = (): boolean =>
      configurations.isLatestQuorum(isUp) && voters.filter((v) => v.isRunning).length >= upMin;
    for (const server of voters) {
      if (!isAllWanted && isEnough()) break;
      this.#restart(server);
    }
  }

  /**
   * Members may have moved while a server was down, so that none is where it looks for them: then
   * its operator has to tell it. Whoever can find its way is left to do so.
   */
  #help(): void {
    if (this.#plan.changes.everyUs === 0) return;
    const untilUs = this.#clock.nowUs + LOST_US;
    while (!this.#hasLeader() && this.#clock.nowUs < untilUs) this.#run(POLL_US);
    for (const server of lostServers(this.#ensemble.servers)) {
      this.#trace.line('simulation', `tells server ${server.sid} of the members`);
      server.kill();
      this.#ensemble.tell(server);
      this.#restart(server);
    }
  }

  #waitFor(property: string, isSo: () => boolean): void {
    const untilUs = this.#clock.nowUs + CONVERGE_US_MAX;
    while (!isSo()) {
      if (this.#clock.nowUs >= untilUs) throw new Violation(property, this.#describe());
      this.#run(POLL_US);
    }
  }

  #hasLeader(): boolean {
    const running = this.#running();
    return running.length > 0 && running.every(({ machine }) => machine?.status().serving);
  }

  /** Every session that the servers know belongs to a client that lives. */
  #onlyLiveSessions(): boolean {
    const live = new Set(this.#workload.sessionKeys());
    const { sessions } = this.#ensemble.checkers.ledger.model;
    for (const session of sessions.keys()) if (!live.has(session)) return false;
    // The rest of them are local, each on one server, and there are no others.
    let localCount = 0;
    for (const { localSessionCount } of this.#ensemble.statuses()) localCount += localSessionCount;
    return localCount === live.size - sessions.size;
  }

  #isAgreed(): boolean {
    const { ledger } = this.#ensemble.checkers;
    const statuses = this.#ensemble.statuses();
    const [first] = statuses;
    // A new leader may stand at the start of its epoch, which is no transaction.
    return statuses.every(
      ({ serving, lastProcessedZxid, digest }) =>
        serving &&
        ledger.committedUpTo(lastProcessedZxid) === ledger.lastCommittedZxid &&
        digest === first?.digest,
    );
  }

  #running(): SimServer<Peer>[] {
    return this.#ensemble.servers.filter(({ isRunning }) => isRunning);
  }

  #describe(): string {
    const lines = this.#ensemble.statuses().map((status) => {
      const { sid, role, phase, serving, lastProcessedZxid, digest, currentEpoch } = status;
      const what = `${role} in ${phase}, ${serving ? '' : 'not '}serving`;
      return `${sid}: ${what}, epoch ${currentEpoch}, ${zxidToHex(lastProcessedZxid)} ${digest}`;
    });
    const { underWayCount } = this.#workload;
    const sessions = [...this.#ensemble.checkers.ledger.model.sessions.keys()];
    const rest = `${underWayCount} requests under way, sessions [${sessions}]`;
    return `not within ${CONVERGE_US_MAX / 1_000_000} s: ${lines.join('; ')}; ${rest}`;
  }

  #counts(): RunCounts {
    const { net, servers, checkers } = this.#ensemble;
    const sum = (of: (server: SimServer<Peer>) => number) =>
      servers.reduce((total, server) => total + of(server), 0);
    const { killCount, powerCutCount, stopCount, partitionCount } = this.#nemesis.counts;
    const clients = this.#workload.counts;
    return {
      simulatedMs: Math.floor(this.#clock.nowUs / 1000),
      stepCount: this.#clock.stepCount,
      elections: checkers.electionCount,
      reigns: checkers.durability.reignCount,
      crashes: killCount + powerCutCount + stopCount,
      powerCuts: powerCutCount,
      partitions: partitionCount,
      connections: net.counts.connectionCount,
      lostPackets: net.counts.lostChunkCount,
      tornWrites: sum(({ disk }) => disk.counts.sectorsTorn),
      lostWrites: sum(({ disk }) => disk.counts.sectorsLost),
      failedSyncs: sum(({ disk }) => disk.counts.failedSyncCount),
      sessions: clients.sessionCount,
      expiredSessions: clients.expiredCount,
      upgradedSessions: checkers.sessions.upgradeCount,
      operations: checkers.sessions.replyCount,
      readOnlyReplies: checkers.sessions.readOnlyReplyCount,
      watchEvents: clients.eventCount,
      transactions: checkers.ledger.committedCount,
      handOvers: this.#ensemble.handOverCount,
      logDiffs: this.#ensemble.logDiffCount,
      lostRequests: clients.lostCount,
      changes: checkers.configurations.count,
    };
  }
}
