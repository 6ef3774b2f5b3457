/**
 * One run of the simulation, from a seed to a verdict. Act one is about safety: clients work while
 * the nemesis strikes, and the checkers watch. Act two is about liveness: everything heals, a
 * quorum is brought back, and the ensemble has to come together again: every running server at one
 * zxid with one digest, every request answered, sessions of dead clients over and their ephemerals
 * gone.
 */

import { Prng, zxidToHex } from '@zabra/protocol';
import type { Peer } from '../peer/peer.ts';
import { Violation } from './checkers/violation.ts';
import { SimEnsemble } from './ensemble.ts';
import { CLIENT_PORT } from './member-config.ts';
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
  operations: number;
  watchEvents: number;
  transactions: number;
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
    const addresses = servers.map(({ host }) => ({ host, port: CLIENT_PORT }));
    const { sessions } = ensemble.checkers;
    const clients = { clock, net, prng: prng.fork() };
    this.#workload = new Workload(clients, plan.workload, addresses, sessions, this.#trace);
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
    this.#waitFor(CONVERGENCE, () => this.#hasLeader());
    this.#run(EPILOGUE_US);
    this.#workload.stopAsking();
    this.#waitFor(ANSWERS, () => this.#workload.isAnswered);
    this.#idle();
    this.#waitFor(EXPIRY, () => this.#onlyLiveSessions());
    this.#waitFor(CONVERGENCE, () => this.#isAgreed());
  }

  /** Clients that only ping keep their sessions. */
  #idle(): void {
    const { expiredCount } = this.#workload.counts;
    const { workload, tickTimeMs } = this.#plan;
    this.#run((workload.sessionTimeoutMs + 2 * tickTimeMs) * 1000);
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
    net.options = HEALTHY_NET;
    net.heal();
    for (const server of servers) server.setHealth(HEALTHY_DISK, HEALTHY_PACE);
    const voters = servers.slice(0, this.#plan.voterCount);
    const { emptyNeedsAllVoters } = this.#plan;
    const quorum = emptyNeedsAllVoters ? voters.length : Math.floor(voters.length / 2) + 1;
    this.#prng.shuffle(voters);
    let upCount = voters.filter(({ isRunning }) => isRunning).length;
    for (const server of voters) {
      if (upCount >= quorum || server.isRunning) continue;
      server.start();
      upCount++;
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
    for (const session of this.#ensemble.checkers.ledger.model.sessions.keys()) {
      if (!live.has(session)) return false;
    }
    return true;
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
      operations: checkers.sessions.replyCount,
      watchEvents: clients.eventCount,
      transactions: checkers.ledger.committedCount,
    };
  }
}
