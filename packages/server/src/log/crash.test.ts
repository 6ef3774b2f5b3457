/**
 * The power goes at every request of every undertaking, in many ways; then the next process must
 * find a history that holds everything acknowledged and nothing that never was, and go on with it.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeZxid, Prng } from '@zabra/protocol';
import { Crashed, Host, type HostOptions, Ledger } from './ledger.test-kit.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import { readWatermark } from './watermark.ts';

const FATES_PER_CRASH = 5;
/** Of these: the process is killed first, and the power goes when its successor has recovered. */
const KILLED_FATES = 2;
const SEEDS_PER_RECOVERY = 80;
const OPTIONS: HostOptions = { preAllocBytes: 4096, snapCount: 24 };

/** A history of which a prefix may come back. */
interface Possible {
  entries: string[];
  /** How long it is at least. */
  floor: number;
  isExact: boolean;
  /** What the host saw acknowledged counts as well. */
  countsAcks: boolean;
}

/** What a scenario leaves for the judgement. */
interface Story {
  readonly possible: Possible[];
  acceptedFloor: number;
  currentFloor: number;
}

type Scenario = (host: Host, story: Story) => void;

/** The only possible history at first: what is appended. */
function newStory(host: Host): Story {
  return {
    possible: [{ entries: host.appended, floor: 0, isExact: false, countsAcks: true }],
    acceptedFloor: host.storage.acceptedEpoch,
    currentFloor: host.storage.currentEpoch,
  };
}

function started(disk: MemoryDisk, seed: number): Host {
  const host = new Host(disk, { ...OPTIONS, seed });
  assert.equal(host.recover(), null, host.messages.join('\n'));
  host.settle();
  host.await(host.storage.storeAcceptedEpoch(1));
  host.await(host.storage.storeCurrentEpoch(1));
  return host;
}

function appendSome(host: Host, count: number): void {
  for (let index = 0; index < count; index++) {
    const isFirst = host.storage.lastLoggedZxid === 0;
    host.append(host.prng.below(600), isFirst ? makeZxid(1, 1) : undefined);
    if (host.prng.chance(1, 3)) host.turn();
    if (host.prng.chance(1, 2)) host.completeOne();
  }
}

const appendAndSnapshot: Scenario = (host) => {
  appendSome(host, 60);
  host.settle();
};

const epochs: Scenario = (host, story) => {
  appendSome(host, 6);
  for (let epoch = 2; epoch < 6; epoch++) {
    host.await(host.storage.storeAcceptedEpoch(epoch));
    story.acceptedFloor = epoch;
    host.append(40, makeZxid(epoch, 1));
    host.settle();
    host.await(host.storage.storeCurrentEpoch(epoch));
    story.currentFloor = epoch;
  }
};

const truncate: Scenario = (host, story) => {
  appendSome(host, 70);
  host.settle();
  host.await(host.storage.settle());
  const whole = story.possible[0] as Possible;
  const cut = host.appended.slice(0, 20);
  whole.floor = 70;
  story.possible.push({ entries: cut, floor: cut.length, isExact: true, countsAcks: false });
  assert.equal(host.storage.truncate(makeZxid(1, 20)), 'started');
  while (host.truncations.length === 0) {
    host.turn();
    host.completeOne();
  }
  story.possible.shift();
  host.settle();
  assert.equal(host.recover(), null);
};

const install: Scenario = (host, story) => {
  appendSome(host, 50);
  host.settle();
  host.await(host.storage.settle());
  host.await(host.storage.storeAcceptedEpoch(4));
  const whole = story.possible[0] as Possible;
  whole.entries = [...host.appended];
  whole.floor = whole.entries.length;
  const received = new Ledger();
  received.entries = Array.from({ length: 200 }, (_, index) => `${index}:1`);
  // What is appended from now on follows the received history.
  const after = [...received.entries];
  story.possible.push({
    entries: after,
    floor: received.entries.length,
    isExact: false,
    countsAcks: false,
  });
  const token = host.storage.installSnapshot(received.stream(), makeZxid(3, 7), { hi: 0, lo: 1 });
  for (let counter = 1; counter <= 12; counter++) {
    host.append(100, makeZxid(4, counter));
    after.push(host.appended.at(-1) as string);
    host.storage.stepWork(300);
    host.storage.flush();
    host.completeOne();
  }
  host.await(token);
  story.possible.shift();
  while (host.storage.unsyncedBytes > 0) {
    host.storage.flush();
    host.completeOne();
  }
  (story.possible[0] as Possible).floor = after.length;
};

const recoverAndCut: Scenario = (host, story) => {
  appendSome(host, 15);
  host.settle();
  host.await(host.storage.settle());
  assert.equal(host.recover(), null);
  (story.possible[0] as Possible).entries = host.appended;
  appendSome(host, 15);
  host.settle();
};

const scenarios: [string, Scenario][] = [
  ['append, roll and snapshot', appendAndSnapshot],
  ['epochs and entries of new epochs', epochs],
  ['truncate', truncate],
  ['install a received snapshot', install],
  ['settle and recover in one process', recoverAndCut],
];

/** Runs the scenario until the crash; false: it came to its end before. */
function runUntilCrash(host: Host, story: Story, scenario: Scenario): boolean {
  try {
    scenario(host, story);
    return false;
  } catch (error) {
    if (error instanceof Crashed) return true;
    throw error;
  }
}

function judge(host: Host, story: Story, acked: number, about: string): void {
  const found = host.ledger.entries;
  const isPossible = story.possible.some(({ entries, floor, isExact, countsAcks }) => {
    const least = Math.max(floor, countsAcks ? acked : 0);
    const isPrefix = found.every((entry, position) => entry === entries[position]);
    if (!isPrefix || found.length < least) return false;
    return !isExact || found.length === entries.length;
  });
  assert.ok(isPossible, `${about}: found ${found.length} entries, acknowledged ${acked}`);
  assert.ok(host.storage.acceptedEpoch >= story.acceptedFloor, about);
  assert.ok(host.storage.currentEpoch >= story.currentFloor, about);
}

function crashAt(scenario: Scenario, request: number, fate: number, kill: boolean): boolean {
  const about = `request ${request}, fate ${fate}${kill ? ', killed' : ''}`;
  const disk = new MemoryDisk();
  const host = started(disk, 7);
  const story = newStory(host);
  host.crashAtRequest = disk.submittedCount + request;
  if (!runUntilCrash(host, story, scenario)) return false;
  const acked = host.ackedCount;
  const prng = new Prng(fate * 1000 + request);
  if (kill) disk.killProcess(prng);
  else disk.cutPower(prng);
  const second = new Host(disk, { ...OPTIONS, seed: fate });
  assert.equal(second.recover(), null, `${about}\n${second.messages.join('\n')}`);
  judge(second, story, acked, about);
  if (kill) votesAreDurable(disk, second, prng, about);
  else goOn(disk, second, about);
  return true;
}

/**
 * What a process reads back at its start it will vote with, although the one before it may never
 * have synced it: once recovered, it survives the power too.
 */
function votesAreDurable(disk: MemoryDisk, host: Host, prng: Prng, about: string): void {
  const { acceptedEpoch, currentEpoch } = host.storage;
  disk.cutPower(prng);
  const third = new Host(disk, OPTIONS);
  assert.equal(third.recover(), null, `${about}\n${third.messages.join('\n')}`);
  assert.deepEqual(third.ledger.entries, host.ledger.entries, about);
  assert.deepEqual(
    [third.storage.acceptedEpoch, third.storage.currentEpoch],
    [acceptedEpoch, currentEpoch],
  );
}

/** The survivor appends on, and its successor finds that too. */
function goOn(disk: MemoryDisk, host: Host, about: string): void {
  const isFirst = host.storage.lastLoggedZxid === 0;
  if (isFirst) host.storage.storeAcceptedEpoch(Math.max(1, host.storage.acceptedEpoch));
  for (let count = 0; count < 3; count++) {
    host.append(700, isFirst && count === 0 ? makeZxid(1, 1) : undefined);
  }
  host.settle();
  const third = new Host(disk, OPTIONS);
  assert.equal(third.recover(), null, `${about}\n${third.messages.join('\n')}`);
  assert.deepEqual(third.ledger.entries, host.appended, about);
}

for (const [name, scenario] of scenarios) {
  test(`Storage survives a power cut at every request of: ${name}`, () => {
    let crashes = 0;
    for (let request = 1; ; request++) {
      let happened = false;
      for (let fate = 0; fate < FATES_PER_CRASH; fate++) {
        happened = crashAt(scenario, request, fate, fate < KILLED_FATES) || happened;
      }
      if (!happened) break;
      crashes++;
    }
    assert.ok(crashes >= 10, `only ${crashes} requests`);
  });
}

/** Recovers, but the power goes at one of the first requests of it. */
function recoverInterrupted(disk: MemoryDisk, prng: Prng, about: string): void {
  const host = new Host(disk, { ...OPTIONS, seed: prng.below(1000) });
  host.crashAtRequest = disk.submittedCount + 1 + prng.below(10);
  try {
    assert.equal(host.recover(), null, `${about}\n${host.messages.join('\n')}`);
  } catch (error) {
    if (!(error instanceof Crashed)) throw error;
  }
  const mark = readWatermark(disk);
  disk.cutPower(prng);
  // Once a log file that it names has come into being, some claim is always made.
  const { segmentZxid = -1, syncedZxid = -1 } = mark ?? {};
  const hasSegment = segmentZxid >= 0 && syncedZxid >= segmentZxid;
  if (hasSegment) assert.notEqual(readWatermark(disk), null, about);
}

for (const [name, scenario] of scenarios) {
  test(`Storage survives power cuts during the recovery from a crash in: ${name}`, () => {
    for (let seed = 0; seed < SEEDS_PER_RECOVERY; seed++) {
      const about = `seed ${seed}`;
      const prng = new Prng(seed);
      const disk = new MemoryDisk();
      const host = started(disk, 7);
      const story = newStory(host);
      host.crashAtRequest = disk.submittedCount + 1 + prng.below(60);
      runUntilCrash(host, story, scenario);
      const acked = host.ackedCount;
      if (seed % 2 === 0) disk.killProcess(prng);
      else disk.cutPower(prng);
      for (let crash = 0; crash < 3; crash++) recoverInterrupted(disk, prng, about);
      const last = new Host(disk, OPTIONS);
      assert.equal(last.recover(), null, `${about}\n${last.messages.join('\n')}`);
      judge(last, story, acked, about);
    }
  });
}
