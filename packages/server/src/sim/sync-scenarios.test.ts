/**
 * The scenarios of quorum-protocol.md 22 in which a member is brought in step or changes its role:
 * whole ensembles of real members play them, and are struck at each packet and disk request.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Drill } from './drill.test-kit.ts';
import { cutLinks, cutPower, cutPowerOfAll, kill, playStruck } from './strikes.test-kit.ts';

/** More than the committed log of these ensembles holds. */
const SHORT_LOG = { commitLogCount: 5 };
const MORE_THAN_IT_HOLDS = 12;

function settled(drill: Drill): void {
  drill.start();
  drill.settle();
  assert.equal(drill.leader(), 3);
  assert.ok(drill.write(1, 3, '/before'));
}

/** Server 3 leads, logs what nobody else ever has, and finds out that it leads nobody. */
function withTail(drill: Drill): void {
  settled(drill);
  drill.isolate(3);
  assert.equal(drill.write(3, 3, '/tail'), false);
  drill.waitFor(
    'the old leader to give up',
    () => drill.server(3).machine?.status().role === 'looking',
  );
}

/** The same; then the power of all goes, and the tail is on the disk of server 3 alone. */
function withTailOnDisk(drill: Drill): void {
  withTail(drill);
  cutPowerOfAll(drill);
  drill.heal();
}

/** Server 1 is down while the others go on. */
function withOneBehind(drill: Drill, writes: number): void {
  settled(drill);
  drill.server(1).kill();
  assert.ok(drill.write(2, writes, '/meanwhile'));
}

function isSyncedBy(sid: number, kind: string): (drill: Drill) => void {
  return (drill) => {
    assert.equal(drill.countOf(sid, new RegExp(`Up to date in epoch \\d+ by ${kind}`)), 1);
  };
}

function hasNoTail(drill: Drill): void {
  for (const sid of [1, 2, 3]) assert.equal(drill.read(sid, '/tail-0'), null);
}

const AT_LEARNER = {
  'its process dies': kill(1),
  'its power goes': cutPower(1),
  'its links break': cutLinks(1),
  'its leader dies': kill(3),
};

describe('a member with a tail that was never committed', () => {
  it('S1: cuts it off, although it is in memory and in the log', () => {
    playStruck({
      stage: (drill) => {
        withTail(drill);
        assert.ok(drill.write(1, 3, '/newer'));
      },
      begin: (drill) => drill.heal(),
      at: 3,
      strikes: {
        'its process dies': kill(3),
        'its power goes': cutPower(3),
        'its links break': cutLinks(3),
        'the new leader dies': kill(2),
      },
      undisturbed: isSyncedBy(3, 'TRUNC'),
      finally: hasNoTail,
    });
  });

  it('S2: that leads with it and dies before a quorum has it leaves no trace of it', () => {
    playStruck({
      // A snapshot is due all the time.
      plan: { snapCount: 2 },
      stage: withTailOnDisk,
      begin: (drill) => drill.start(1, 3),
      at: 3,
      strikes: {
        'it dies for a while': (drill) => {
          drill.server(3).kill();
          drill.start(2);
          drill.run(3000);
        },
        'its power goes for a while': (drill) => {
          drill.server(3).cutPower();
          drill.start(2);
          drill.run(3000);
        },
      },
    });
  });

  it('S4: that leads with it serves it only when a quorum has it on disk', () => {
    playStruck({
      stage: withTailOnDisk,
      begin: (drill) => drill.start(1, 3),
      at: 1,
      strikes: {
        'the power of both goes, and the old leader stays away': (drill) => {
          cutPowerOfAll(drill);
          drill.start(1, 2);
          drill.run(3000);
        },
        'its power goes': cutPower(1),
      },
    });
  });
});

describe('a member that gets a snapshot', () => {
  const behind = (drill: Drill): void => withOneBehind(drill, MORE_THAN_IT_HOLDS);

  it('S3: has on disk what it has in memory, wherever that breaks off', () => {
    playStruck({
      plan: SHORT_LOG,
      stage: behind,
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: AT_LEARNER,
      undisturbed: isSyncedBy(1, 'SNAP'),
    });
  });

  it('S5: gets it of one moment, although clients go on writing', () => {
    playStruck({
      plan: SHORT_LOG,
      stage: (drill) => {
        behind(drill);
        drill.load([2, 3], 2000);
        drill.load([3], 1000);
      },
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: { 'its power goes': cutPower(1), 'its links break': cutLinks(1) },
      undisturbed: isSyncedBy(1, 'SNAP'),
    });
  });

  it('S9: and had another history before leads with the new one alone', () => {
    playStruck({
      plan: SHORT_LOG,
      stage: (drill) => {
        withTail(drill);
        drill.server(1).kill();
        drill.heal();
        drill.settle();
        assert.ok(drill.write(2, MORE_THAN_IT_HOLDS, '/newer'));
        // Server 3 leads again, and server 1 knows nothing since the first epoch.
        drill.server(2).kill();
        drill.start(1);
      },
      begin: (drill) => drill.start(2),
      at: 3,
      strikes: {
        'its power goes': cutPower(3),
        'it dies': kill(3),
        'its links break': cutLinks(3),
      },
      finally: hasNoTail,
    });
  });
});

describe('a member that gets a history', () => {
  const behind = (drill: Drill): void => withOneBehind(drill, 4);

  it('S6: under load is counted, and its leader stays', () => {
    playStruck({
      stage: (drill) => {
        behind(drill);
        drill.load([2, 3], 1000);
      },
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: { 'its links break': cutLinks(1) },
      undisturbed: (drill) => {
        isSyncedBy(1, 'DIFF')(drill);
        assert.equal(drill.countOf(3, /Leaving LEADING/), 0);
      },
    });
  });

  it('S7: on a slow disk takes what is committed meanwhile', () => {
    playStruck({
      stage: (drill) => {
        behind(drill);
        drill.setSyncTime(1, 20);
        drill.load([2, 3], 1000);
      },
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: { 'its power goes': cutPower(1), 'its leader dies': kill(3) },
      undisturbed: isSyncedBy(1, 'DIFF'),
    });
  });

  it('S10: claims its epoch only with the history that belongs to it', () => {
    playStruck({
      stage: behind,
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: {
        'its power and that of the leader go, and it votes with the third': (drill) => {
          cutPowerOfAll(drill);
          drill.start(1, 2);
          drill.run(2000);
        },
        'its power goes': cutPower(1),
      },
    });
  });

  it('S14: passes on what it got without a hole', () => {
    playStruck({
      stage: (drill) => {
        settled(drill);
        drill.server(2).kill();
        assert.ok(drill.write(1, 4, '/first'));
        drill.start(2);
        drill.settle();
        drill.server(1).kill();
        assert.ok(drill.write(2, 4, '/second'));
        drill.server(3).kill();
      },
      begin: (drill) => drill.start(1),
      at: 2,
      strikes: { 'the other loses its power': cutPower(1), 'its links break': cutLinks(2) },
      undisturbed: (drill) => {
        isSyncedBy(1, 'DIFF')(drill);
        assert.equal(drill.leader(), 2);
      },
    });
  });
});

describe('a member that gets a history out of the log files', () => {
  const LOG_FILES = { ...SHORT_LOG, snapshotSizeFactor: 0 };
  const behind = (drill: Drill): void => withOneBehind(drill, MORE_THAN_IT_HOLDS);
  const isFromLog = (drill: Drill): void => {
    isSyncedBy(1, 'DIFF')(drill);
    assert.equal(drill.countOf(3, /Synchronising 1 at \w+: DIFF out of the log files/), 1);
    assert.equal(drill.countOf(3, /Leaving LEADING/), 0);
  };

  it('has it without a hole, whatever is written meanwhile and wherever it breaks off', () => {
    playStruck({
      plan: LOG_FILES,
      stage: (drill) => {
        behind(drill);
        drill.load([2, 3], 2000);
      },
      begin: (drill) => drill.start(1),
      at: 1,
      strikes: AT_LEARNER,
      undisturbed: isFromLog,
    });
  });

  it('has it out of many files, while snapshots are taken and old files are purged', () => {
    playStruck({
      plan: { ...LOG_FILES, snapCount: 4, autopurgeIntervalMs: 20, preAllocBytes: 4096 },
      stage: behind,
      begin: (drill) => {
        drill.start(1);
        drill.load([2, 3], 1000);
      },
      at: 3,
      strikes: { 'its power goes': cutPower(1), 'its links break': cutLinks(1) },
    });
  });

  it('gets the rest as a snapshot when the log of its leader is rotten', () => {
    const drill = new Drill(LOG_FILES);
    behind(drill);
    rot(drill, 3, '/meanwhile-4');
    drill.forget();
    drill.start(1);
    drill.settle();
    isSyncedBy(1, 'SNAP')(drill);
    assert.equal(drill.countOf(3, /Synchronising 1 at \w+: DIFF out of the log files/), 1);
    const why =
      /Closing learner 1 .*: Cannot read on in "log\.\w+": the checksum of an entry is wrong/;
    assert.equal(drill.countOf(3, why), 1);
    assert.equal(drill.read(1, '/meanwhile-11'), 'x');
  });
});

/** A bit of a word in the log of a server turns on its disk. */
function rot(drill: Drill, sid: number, word: string): void {
  const { disk } = drill.server(sid);
  for (const name of disk.durableFiles('log').keys()) {
    const file = disk.file('log', name);
    if (file === null || !name.startsWith('log.')) continue;
    const bytes = new Uint8Array(file.sizeBytes);
    file.read(0, bytes, 0, bytes.length);
    const at = Buffer.from(bytes).indexOf(word);
    if (at < 0) continue;
    file.write(at, Uint8Array.of((bytes[at] as number) ^ 1));
    return;
  }
  assert.fail(`no log has "${word}"`);
}
