/**
 * A plan: everything that a seed decides before a run begins. Each run draws its own sizes, limits,
 * workload and faults ("swarm testing"): a run that has every fault at once mostly shows how
 * nothing works, while one with few of them reaches states that the crowd hides.
 */

import type { Prng } from '@zabra/protocol';
import { drawHierarchy, type Hierarchy, MAJORITIES } from './hierarchy.ts';
import type { PaceOptions } from './process-life.ts';
import type { DiskOptions } from './sim-disk.ts';
import type { NetOptions } from './sim-net.ts';

/** What the nemesis may do, each with its weight; 0 is never. */
export interface FaultWeights {
  readonly kill: number;
  readonly powerCut: number;
  readonly powerCutAll: number;
  readonly stop: number;
  readonly isolate: number;
  readonly split: number;
  readonly oneWay: number;
  readonly clog: number;
  readonly cut: number;
  readonly darken: number;
  readonly pause: number;
  readonly wallJump: number;
}

export interface WorkloadOptions {
  readonly clientCount: number;
  /** Wanted from all clients together. */
  readonly operationsPerSecond: number;
  /** Requests that one client may have under way. */
  readonly outstandingMax: number;
  readonly sessionTimeoutMs: number;
  /** Names per parent that clients share; few of them collide often. */
  readonly namesPerParent: number;
  readonly dataBytesMax: number;
  /** One operation in this many ends the client's session, by close or by crash; 0 is never. */
  readonly sessionEndOneIn: number;
  /** Weights of the kinds of operations, in the order of `workload`. */
  readonly weights: readonly number[];
  /** One client in this many takes a server in read-only mode; 0: none does. */
  readonly readOnlyOneIn: number;
}

/** Whether new sessions are local, and what becomes of one that wants an ephemeral. */
export type LocalSessionsPlan = 'none' | 'fixed' | 'upgrading';

export interface ChangeOptions {
  /** Mean time between two changes of the ensemble that clients ask for; 0: there are none. */
  readonly everyUs: number;
  /** Servers that are there and not in the first configuration. */
  readonly spareCount: number;
}

export interface Plan {
  readonly voterCount: number;
  readonly observerCount: number;
  /** Followers serve the observers. */
  readonly hasObserverMasters: boolean;
  readonly observerMasterBytesMax: number;
  /** Of the first configuration. */
  readonly hierarchy: Hierarchy;
  readonly tickTimeMs: number;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  readonly failureDetectionMs: number;
  readonly zxidsPerEpoch: number;
  readonly snapCount: number;
  readonly preAllocBytes: number;
  readonly commitLogCount: number;
  /** A DIFF may begin in log files up to this part of a snapshot; 0: of any size; -1: never. */
  readonly snapshotSizeFactor: number;
  readonly autopurgeIntervalMs: number;
  readonly leaderServes: boolean;
  /** Members without history elect nobody until all voters were heard (ADR 11). */
  readonly emptyNeedsAllVoters: boolean;
  /** How long act one lasts. */
  readonly faultsUs: number;
  /** Mean time between two faults; 0 for a run without any. */
  readonly faultEveryUs: number;
  readonly faults: FaultWeights;
  /** Mean time between two words that move the leadership; 0 for none. */
  readonly handOverEveryUs: number;
  /** One request that changes names or lengths of files in this many is met by a crash; 0: none. */
  readonly crashAtDiskOneIn: number;
  readonly net: NetOptions;
  readonly disk: DiskOptions;
  readonly pace: PaceOptions;
  readonly driftPpmMax: number;
  readonly workload: WorkloadOptions;
  readonly changes: ChangeOptions;
  readonly localSessions: LocalSessionsPlan;
  /** Members authenticate to each other; nobody reads their wires then. */
  readonly quorumSasl: boolean;
  /** How long without a leader a member waits before it serves read-only clients; -1: for ever. */
  readonly readOnlyAfterMs: number;
}

/** The world of act two: nothing fails and everything is quick. */
export const HEALTHY_NET: NetOptions = {
  latencyUsMin: 100,
  latencyUsMax: 1000,
  slowOneIn: 0,
  slowUsMax: 1,
  splitOneIn: 20,
  windowBytes: 65_536,
  giveUpUs: 5_000_000,
  refuseOneIn: 0,
};

export const HEALTHY_DISK: DiskOptions = {
  writeUsMax: 100,
  syncUsMin: 200,
  syncUsMax: 2000,
  stallOneIn: 0,
  stallUsMax: 1,
  failOneIn: 0,
  readFailOneIn: 0,
};

export const HEALTHY_PACE: PaceOptions = {
  turnUsMin: 20,
  turnUsMax: 200,
  pauseOneIn: 0,
  pauseUsMax: 1,
};

/** Three voters in a world without faults, for scenarios and for tests. */
export const QUIET_PLAN: Plan = {
  voterCount: 3,
  observerCount: 0,
  hasObserverMasters: false,
  observerMasterBytesMax: 65_536,
  hierarchy: MAJORITIES,
  tickTimeMs: 100,
  initLimitTicks: 10,
  syncLimitTicks: 5,
  failureDetectionMs: 0,
  zxidsPerEpoch: 1_000_000,
  snapCount: 1000,
  preAllocBytes: 16_384,
  commitLogCount: 500,
  snapshotSizeFactor: -1,
  autopurgeIntervalMs: 0,
  leaderServes: true,
  emptyNeedsAllVoters: false,
  faultsUs: 5_000_000,
  faultEveryUs: 0,
  faults: {
    kill: 0,
    powerCut: 0,
    powerCutAll: 0,
    stop: 0,
    isolate: 0,
    split: 0,
    oneWay: 0,
    clog: 0,
    cut: 0,
    darken: 0,
    pause: 0,
    wallJump: 0,
  },
  handOverEveryUs: 0,
  crashAtDiskOneIn: 0,
  net: HEALTHY_NET,
  disk: HEALTHY_DISK,
  pace: HEALTHY_PACE,
  driftPpmMax: 0,
  workload: {
    clientCount: 5,
    operationsPerSecond: 300,
    outstandingMax: 10,
    sessionTimeoutMs: 1000,
    namesPerParent: 5,
    dataBytesMax: 200,
    sessionEndOneIn: 0,
    weights: Array.from({ length: 16 }, () => 1),
    readOnlyOneIn: 0,
  },
  changes: { everyUs: 0, spareCount: 0 },
  localSessions: 'none',
  quorumSasl: false,
  readOnlyAfterMs: -1,
};

export function drawPlan(prng: Prng): Plan {
  const voterCount = prng.pick([1, 3, 3, 3, 3, 3, 3, 5, 5, 5, 7]);
  const tickTimeMs = prng.pick([50, 100, 100, 200, 400]);
  return {
    voterCount,
    observerCount: voterCount > 1 && prng.chance(1, 4) ? 1 + prng.below(2) : 0,
    tickTimeMs,
    initLimitTicks: prng.pick([5, 10, 20]),
    syncLimitTicks: prng.pick([4, 6, 10]),
    failureDetectionMs: prng.pick([0, 300, 600, 1500]),
    zxidsPerEpoch: prng.pick([100, 1000, 1_000_000, 1_000_000]),
    snapCount: prng.pick([10, 50, 200, 1000, 100_000]),
    preAllocBytes: prng.pick([4096, 16_384, 65_536]),
    commitLogCount: prng.pick([5, 50, 500]),
    autopurgeIntervalMs: prng.pick([0, 0, 2000]),
    leaderServes: !prng.chance(1, 8),
    emptyNeedsAllVoters: prng.chance(1, 4),
    faultsUs: (5 + prng.below(8)) * 1_000_000,
    faultEveryUs: prng.pick([150_000, 400_000, 800_000, 2_000_000]),
    faults: drawFaults(prng),
    handOverEveryUs: prng.pick([0, 0, 150_000, 500_000, 2_000_000]),
    crashAtDiskOneIn: prng.pick([0, 0, 20, 100]),
    net: drawNet(prng),
    disk: drawDisk(prng),
    pace: drawPace(prng),
    driftPpmMax: prng.pick([0, 200, 20_000]),
    workload: drawWorkload(prng, tickTimeMs),
    changes: drawChanges(prng),
    localSessions: drawLocalSessions(prng, voterCount),
    quorumSasl: false,
    readOnlyAfterMs: prng.pick([-1, 100, 500, 1500]),
    hierarchy: drawHierarchy(prng, voterCount),
    hasObserverMasters: prng.chance(1, 2),
    observerMasterBytesMax: prng.pick([1000, 65_536]),
    snapshotSizeFactor: prng.pick([-1, 0, 0, 0.33]),
  };
}

/** A server that stands alone has none. */
function drawLocalSessions(prng: Prng, voterCount: number): LocalSessionsPlan {
  const drawn = prng.pick<LocalSessionsPlan>(['none', 'none', 'fixed', 'upgrading', 'upgrading']);
  return voterCount > 1 ? drawn : 'none';
}

function drawChanges(prng: Prng): ChangeOptions {
  const everyUs = prng.pick([0, 0, 0, 100_000, 400_000, 1_500_000]);
  return { everyUs, spareCount: everyUs === 0 ? 0 : 1 + prng.below(3) };
}

function drawFaults(prng: Prng): FaultWeights {
  // Each kind is left out of half of the runs.
  const weight = (most: number) => (prng.chance(1, 2) ? 0 : 1 + prng.below(most));
  return {
    kill: weight(6),
    powerCut: weight(8),
    powerCutAll: weight(3),
    stop: weight(2),
    isolate: weight(6),
    split: weight(4),
    oneWay: weight(3),
    clog: weight(3),
    cut: weight(6),
    darken: weight(3),
    pause: weight(3),
    wallJump: weight(1),
  };
}

function drawNet(prng: Prng): NetOptions {
  const latencyUsMin = prng.pick([50, 200, 1000]);
  return {
    latencyUsMin,
    latencyUsMax: latencyUsMin + prng.pick([100, 1000, 10_000]),
    slowOneIn: prng.pick([0, 50, 500]),
    slowUsMax: prng.pick([10_000, 100_000]),
    splitOneIn: prng.pick([0, 5, 50]),
    windowBytes: prng.pick([512, 8192, 262_144]),
    giveUpUs: prng.pick([500_000, 2_000_000, 8_000_000]),
    refuseOneIn: prng.pick([0, 10, 100]),
  };
}

function drawDisk(prng: Prng): DiskOptions {
  const syncUsMin = prng.pick([50, 300, 2000]);
  return {
    writeUsMax: prng.pick([50, 500]),
    syncUsMin,
    syncUsMax: syncUsMin + prng.pick([100, 3000, 20_000]),
    stallOneIn: prng.pick([0, 100, 1000]),
    stallUsMax: prng.pick([50_000, 500_000]),
    failOneIn: prng.pick([0, 0, 0, 2000]),
    readFailOneIn: 20,
  };
}

function drawPace(prng: Prng): PaceOptions {
  const turnUsMin = prng.pick([10, 50]);
  return {
    turnUsMin,
    turnUsMax: turnUsMin + prng.pick([20, 200, 2000]),
    pauseOneIn: prng.pick([0, 0, 2000]),
    pauseUsMax: prng.pick([50_000, 300_000]),
  };
}

function drawWorkload(prng: Prng, tickTimeMs: number): WorkloadOptions {
  return {
    clientCount: 2 + prng.below(6),
    operationsPerSecond: 350 + prng.below(350),
    outstandingMax: prng.pick([1, 3, 10, 30]),
    sessionTimeoutMs: tickTimeMs * prng.pick([4, 6, 10]),
    namesPerParent: prng.pick([2, 5, 20]),
    dataBytesMax: prng.pick([16, 200, 3000]),
    sessionEndOneIn: prng.pick([0, 50, 200]),
    weights: Array.from({ length: 16 }, () => 1 + prng.below(10)),
    readOnlyOneIn: prng.pick([0, 1, 2, 3]),
  };
}
