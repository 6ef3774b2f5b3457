/**
 * Whole ensembles under faults: election, discovery, synchronisation and broadcast of opaque
 * transactions, with crashes that lose what was not synced, resets, partitions and slow disks, in
 * hundreds of seeds. `ZabOracle` checks the invariants at each step; in the end everything heals,
 * and every member must hold the same history and take a further write.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Prng } from '@zabra/protocol';
import type { EnsembleConfig } from './ensemble-config.ts';
import { FakeMember, type MemberOptions } from './fake-member.test-kit.ts';
import { FakeNetwork } from './fake-network.test-kit.ts';
import { FakeLeading, FakeLearning } from './fake-roles.test-kit.ts';
import { makeVerifier } from './quorum-verifier.ts';
import { ZabOracle } from './zab-oracle.test-kit.ts';

const SEED_COUNT = Number(process.env['ZAB_SEEDS'] ?? 200);
const FIRST_SEED = Number(process.env['ZAB_FIRST_SEED'] ?? 1);
const FAULTY_MS = 20_000;
const HEALING_MS = 30_000;
/** It may be the one for which a new epoch must begin, on slow disks. */
const LAST_WRITE_MS = 5000;

const limits = {
  tickTimeMs: 200,
  initLimitTicks: 10,
  syncLimitTicks: 5,
  packetBytesMax: 1 << 20,
  queueBytesMax: 1 << 26,
};

interface Totals {
  epochs: number;
  crashes: number;
  commits: number;
  syncs: number;
  touches: number;
  handOvers: number;
  logDiffs: number;
  kinds: Map<string, number>;
}

class Ensemble {
  readonly prng: Prng;
  readonly network: FakeNetwork;
  readonly members: FakeMember[];
  readonly oracle: ZabOracle;
  readonly totals: Totals;
  #written: number;

  constructor(seed: number, totals: Totals) {
    this.prng = new Prng(seed);
    this.totals = totals;
    this.network = new FakeNetwork(this.prng.fork());
    this.network.delayMaxMs = this.prng.pick([3, 10, 40]);
    const config = this.#drawConfig();
    const count = config.members.length;
    this.members = [];
    const committedLogCount = this.prng.pick([3, 20, 500]);
    const repairsEpoch = this.prng.chance(1, 2);
    const zxidsPerEpoch = this.prng.pick([20, 60, 1_000_000, 1_000_000]);
    for (let sid = 1; sid <= count; sid++) {
      const options: MemberOptions = {
        limits: { ...limits, zxidsPerEpoch },
        isJava: this.prng.chance(1, 4),
        diskDelayMaxMs: this.prng.pick([2, 10, 80]),
        committedLogCount,
        repairsEpoch,
        emptyNeedsAllVoters: this.prng.chance(1, 4),
        failureDetectionMs: this.prng.pick([0, 250, 600]),
      };
      this.members.push(new FakeMember(this.network, config, sid, options));
    }
    this.oracle = new ZabOracle([makeVerifier(config)], this.members);
    for (const member of this.members) member.oracle = this.oracle;
    this.#written = 0;
  }

  run(): void {
    for (const member of this.members) member.boot();
    while (this.network.nowMs < FAULTY_MS) {
      this.network.runFor(this.prng.below(60));
      this.#act();
    }
    this.network.heal();
    for (const member of this.members) member.boot();
    this.network.runFor(HEALING_MS);
    this.#write(1);
    this.network.runFor(LAST_WRITE_MS);
    this.#checkEnd();
  }

  /** What every member said, in order of time. */
  logs(): string {
    const lines = this.members.flatMap((m) => m.logs);
    return lines.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).join('\n');
  }

  #drawConfig(): EnsembleConfig {
    const voters = this.prng.pick([1, 3, 3, 3, 3, 5, 5, 7]);
    const observers = this.prng.pick([0, 0, 1]);
    const members = Array.from({ length: voters + observers }, (_, index) => ({
      sid: index + 1,
      addresses: [{ host: 'member', quorumPort: index + 1, electionPort: index + 1 }],
      role: index < voters ? ('participant' as const) : ('observer' as const),
      client: null,
    }));
    const { groups, weights } = this.#drawGroups(voters);
    return { members, groups, weights, version: 0 };
  }

  /** Majorities, or two groups where the last voter weighs nothing. */
  #drawGroups(voters: number): Pick<EnsembleConfig, 'groups' | 'weights'> {
    if (voters < 5 || this.prng.chance(1, 2)) return { groups: new Map(), weights: new Map() };
    const groups = new Map<number, number[]>([
      [1, []],
      [2, []],
    ]);
    for (let sid = 1; sid <= voters; sid++) groups.get(1 + (sid % 2))?.push(sid);
    return { groups, weights: new Map([[voters, 0]]) };
  }

  #act(): void {
    const { prng, members } = this;
    const member = prng.pick(members);
    switch (prng.below(25)) {
      case 0:
        if (member.isUp) this.totals.crashes += 1;
        member.crash();
        return;
      case 1:
      case 2:
        member.boot();
        return;
      case 3: {
        const ends = [...this.network.ends];
        if (ends.length > 0) this.network.reset(prng.pick(ends), 'reset');
        return;
      }
      case 4:
        this.network.part(member.sid, prng.pick(members).sid);
        return;
      case 5:
      case 6:
        this.network.heal();
        return;
      case 7: {
        const role = member.server?.role;
        if (role instanceof FakeLearning && role.learner.serving) role.sync();
        return;
      }
      case 8: {
        const role = member.server?.role;
        if (role instanceof FakeLearning && role.learner.serving) role.revalidate(prng.below(9));
        return;
      }
      case 9: {
        const role = members
          .map(({ server }) => server?.role)
          .find((r) => r instanceof FakeLeading);
        // To whoever is best, to a certain member, or to itself.
        if (role instanceof FakeLeading) role.leader.handOver(prng.pick([-1, -1, member.sid]));
        return;
      }
      default:
        this.#write(1 + prng.below(3));
    }
  }

  #write(count: number): void {
    for (let left = count; left > 0; left--) {
      const member = this.prng.pick(this.members);
      if (member.server?.submit(`write ${this.#written}`) === true) this.#written += 1;
    }
    this.#countKinds();
  }

  #countKinds(): void {
    for (const { server } of this.members) {
      if (!(server?.role instanceof FakeLearning)) continue;
      const { syncKind } = server.role.learner;
      this.totals.kinds.set(syncKind, (this.totals.kinds.get(syncKind) ?? 0) + 1);
    }
  }

  #checkEnd(): void {
    const { chosen } = this.oracle;
    const leaders = this.members.filter((m) => m.server?.role instanceof FakeLeading);
    const state = this.members.map((m) => m.logs.slice(-6).join('\n')).join('\n--\n');
    assert.equal(leaders.length, 1, `one leader in the end\n${state}`);
    for (const { sid, server, durable } of this.members) {
      assert.ok(server?.isServing, `member ${sid} serves in the end\n${state}`);
      assert.deepEqual(server.applied, chosen, `member ${sid} delivered what was chosen`);
      assert.deepEqual([...durable.base, ...durable.log], chosen, `member ${sid} holds it`);
    }
    this.totals.epochs += this.oracle.epochCount;
    this.totals.commits += chosen.length;
    for (const member of this.members) {
      this.totals.syncs += member.syncCount;
      this.totals.touches += member.touchCount;
      this.totals.handOvers += member.handOverCount;
      this.totals.logDiffs += member.logDiffCount;
    }
  }
}

test(`ensembles keep every invariant under faults and heal, in ${SEED_COUNT} seeds`, () => {
  const totals: Totals = {
    epochs: 0,
    crashes: 0,
    commits: 0,
    syncs: 0,
    touches: 0,
    handOvers: 0,
    logDiffs: 0,
    kinds: new Map(),
  };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEED_COUNT; seed++) {
    const ensemble = new Ensemble(seed, totals);
    try {
      ensemble.run();
    } catch (error) {
      if (process.env['ZAB_LOGS'] !== undefined) console.error(ensemble.logs());
      console.error(`seed ${seed}: ZAB_LOGS=1 ZAB_FIRST_SEED=${seed} ZAB_SEEDS=1 replays it`);
      throw error;
    }
  }
  console.log(totals);
  for (const kind of ['DIFF', 'TRUNC', 'SNAP']) {
    assert.ok((totals.kinds.get(kind) ?? 0) > 0, `no learner was synchronised by ${kind}`);
  }
  assert.ok(totals.epochs > SEED_COUNT && totals.commits > SEED_COUNT * 10);
  assert.ok(totals.logDiffs > SEED_COUNT / 10, `${totals.logDiffs} DIFFs out of the log`);
  assert.ok(totals.syncs > 0 && totals.touches > 0 && totals.handOvers > SEED_COUNT / 4);
});
