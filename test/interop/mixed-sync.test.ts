/**
 * How a leader of one kind brings back a member of the other whose history is not its own: it has a
 * tail that was never committed, or ends too long ago. Each case is staged, and the member says in
 * its log how it was brought in step. Our leader never sends TRUNC to Apache's servers, which may
 * keep in a snapshot what they cut off the log: it sends SNAP.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServerKind } from '../process/server-process.ts';
import { MixedEnsemble, type SyncKind } from './mixed-ensemble.ts';

/** The third server leads first and leaves a tail; the second leads then. */
interface TailCase {
  readonly name: string;
  readonly kinds: readonly ServerKind[];
  /** How the third comes back before anything was written in the new epoch. */
  readonly early: SyncKind;
  /** How it comes back after that: Apache truncates within the last epoch only. */
  readonly late: SyncKind;
}

const TAILS: readonly TailCase[] = [
  {
    name: 'Apache truncates Zabra',
    kinds: ['apache-3.9.5', 'apache-3.9.5', 'zabra'],
    early: 'TRUNC',
    late: 'SNAP',
  },
  {
    name: 'Zabra sends Apache a snapshot instead of a truncation',
    kinds: ['zabra', 'zabra', 'apache-3.9.5'],
    early: 'SNAP',
    late: 'SNAP',
  },
  {
    name: 'Zabra truncates Zabra beside Apache',
    kinds: ['apache-3.9.5', 'zabra', 'zabra'],
    early: 'TRUNC',
    late: 'TRUNC',
  },
];

/** More than a ring of committed transactions holds, in Apache and here. */
const MORE_THAN_THE_RING = 700;
const MUCH_MORE_THAN_THE_RING = 6000;
/** What a leader writes into its log when it reads its log files for a learner. */
const FROM_LOG = {
  zabra: /Synchronising 1 at 0x\w+: DIFF out of the log files/,
  'apache-3.9.5': /Use txnlog and committedLog for peer sid: 1/,
};
/** No synchronization from log files. */
const RING_ONLY = ['snapshotSizeFactor=-1'];
/** From log files of any size, of which there are several. */
const LOG_FILES = ['snapshotSizeFactor=0', 'txnLogSizeLimitInKb=64', 'preAllocSize=16'];

describe('a member with a tail that was never committed', { concurrency: 1 }, () => {
  for (const { name, kinds, early, late } of TAILS) {
    it(`S1, S2: loses it before the new epoch has a transaction: ${name}`, async () => {
      await MixedEnsemble.run({ kinds, leader: 3, extra: RING_ONLY }, async (ensemble) => {
        await ensemble.writeThroughAll();
        const third = await ensemble.leaveTailAtLeader();
        await ensemble.start(1, 2);
        await ensemble.assertLeader(2);
        await ensemble.rejoin(third, early);
        await ensemble.assertNoTail();
        await ensemble.writeThroughAll();
        await ensemble.assertEqual();
      });
    });
    it(`loses it when the new epoch has transactions: ${name}`, async () => {
      await MixedEnsemble.run({ kinds, leader: 3, extra: RING_ONLY }, async (ensemble) => {
        await ensemble.writeThroughAll();
        const third = await ensemble.leaveTailAtLeader();
        await ensemble.start(1, 2);
        await ensemble.assertLeader(2);
        await ensemble.writeThrough(ensemble.server(1));
        await ensemble.rejoin(third, late);
        await ensemble.assertNoTail();
        await ensemble.writeThroughAll();
        await ensemble.assertEqual();
      });
    });
  }
});

describe('a member that was away', { concurrency: 1 }, () => {
  for (const [name, kinds, observers] of [
    ['Zabra behind Apache', ['zabra', 'apache-3.9.5', 'apache-3.9.5'], []],
    ['Apache behind Zabra', ['apache-3.9.5', 'zabra', 'zabra'], []],
    ['Zabra observing Apache', ['zabra', 'apache-3.9.5', 'apache-3.9.5'], [1]],
    ['Apache observing Zabra', ['apache-3.9.5', 'zabra', 'zabra'], [1]],
  ] as const satisfies readonly (readonly [string, readonly ServerKind[], readonly number[]])[]) {
    it(`S22: is brought back by DIFF, and with its config by SNAP: ${name}`, async () => {
      await MixedEnsemble.run(
        { kinds, observers, leader: 3, extra: RING_ONLY },
        async (ensemble) => {
          await ensemble.writeThroughAll();
          const away = ensemble.server(1);
          await away.end('SIGKILL');
          await ensemble.writeOften(ensemble.server(2), 100);
          await ensemble.rejoin(away, 'DIFF');
          await away.end('SIGKILL');
          await ensemble.writeOften(ensemble.server(2), MORE_THAN_THE_RING);
          await ensemble.rejoin(away, 'SNAP');
          await ensemble.writeThroughAll();
          await ensemble.assertEqual();
        },
      );
    });
  }
});

describe('a member that was away for longer than memory remembers', { concurrency: 1 }, () => {
  for (const [name, kinds, observers] of [
    ['3.9.5 behind Zabra', ['apache-3.9.5', 'zabra', 'zabra'], []],
    ['3.8.0 behind Zabra', ['apache-3.8.0', 'zabra', 'zabra'], []],
    ['3.9.5 observing Zabra', ['apache-3.9.5', 'zabra', 'zabra'], [1]],
    ['Zabra behind 3.9.5', ['zabra', 'apache-3.9.5', 'apache-3.9.5'], []],
  ] as const satisfies readonly (readonly [string, readonly ServerKind[], readonly number[]])[]) {
    it(`is brought back by DIFF out of the log files: ${name}`, async () => {
      await MixedEnsemble.run(
        { kinds, observers, leader: 3, extra: LOG_FILES },
        async (ensemble) => {
          await ensemble.writeThroughAll();
          const away = ensemble.server(1);
          await away.end('SIGKILL');
          await ensemble.writeThrough(ensemble.server(2));
          await ensemble.writeOften(ensemble.server(2), MUCH_MORE_THAN_THE_RING);
          await ensemble.writeThrough(ensemble.server(3));
          const writing = ensemble.writeOften(ensemble.server(2), MORE_THAN_THE_RING);
          await ensemble.rejoin(away, 'DIFF');
          await writing;
          assert.match(ensemble.server(3).log(), FROM_LOG[kinds[2]]);
          await ensemble.writeThroughAll();
          await ensemble.assertEqual();
        },
      );
    });
  }
});
