/** What is on disks for good, and the promises that are made on the strength of it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adler32, JuteWriter, makeZxid, OpCode, Prng, utf8Encode } from '@zabra/protocol';
import type { DiskRequest } from '../../log/disk.ts';
import { HEALTHY_DISK } from '../plan.ts';
import { SimClock } from '../sim-clock.ts';
import { SimDisk } from '../sim-disk.ts';
import { votersOf } from './configurations.test-kit.ts';
import { Durability } from './durability.ts';
import { Ledger } from './ledger.ts';
import { txnBytes } from './txn.test-kit.ts';

function logEntry(zxid: number): Uint8Array {
  const payload = txnBytes({ zxid, type: OpCode.createSession, session: zxid % 1000 });
  const w = new JuteWriter();
  w.long(0, adler32(payload, 0, payload.length) | 0);
  w.range(payload, 0, payload.length);
  w.byte(0x42);
  return w.toBytes();
}

/** Servers 1 to 3 vote, 4 observes. */
class Bench {
  readonly clock = new SimClock();
  readonly ledger = new Ledger(
    votersOf(1, 2, 3),
    () => null,
    ({ zxid }) => this.durability.onCommitted(zxid),
  );
  readonly durability: Durability = new Durability(this.ledger);
  readonly disks = new Map<number, SimDisk>();
  #token = 0;

  constructor() {
    for (let sid = 1; sid <= 4; sid++) {
      const disk = new SimDisk(this.clock, new Prng(sid), HEALTHY_DISK);
      disk.open((request) => this.durability.onStored(sid, request));
      this.disks.set(sid, disk);
      this.durability.addServer(sid, disk);
    }
  }

  submit(sid: number, request: DiskRequest): void {
    this.disks.get(sid)?.submit({ ...request, token: ++this.#token });
    this.clock.runUntil(this.clock.nowUs + 1_000_000);
  }

  /** A log file of those transactions. */
  log(sid: number, ...zxids: readonly number[]): void {
    const w = new JuteWriter();
    w.raw(new Uint8Array(16), 0, 16);
    for (const zxid of zxids) w.raw(logEntry(zxid), 0, logEntry(zxid).length);
    const name = `log.${(zxids[0] ?? 0).toString(16)}`;
    const create = { kind: 'create', directory: 'log', token: 0, preallocateBytes: 4096 } as const;
    this.submit(sid, { ...create, name, bytes: w.toBytes() });
  }

  epoch(sid: number, epoch: number): void {
    for (const name of ['acceptedEpoch', 'currentEpoch']) {
      const replace = { kind: 'replace', directory: 'snap', token: 0, name } as const;
      this.submit(sid, { ...replace, bytes: utf8Encode(String(epoch)) });
    }
  }
}

const ONE = makeZxid(1, 1);
const TWO = makeZxid(1, 2);

describe('Durability', () => {
  it('reads logs, epochs and snapshots from the durable bytes alone', () => {
    const bench = new Bench();
    bench.log(1, ONE, TWO);
    bench.epoch(1, 3);
    const history = bench.durability.history(1);
    assert.deepEqual([history.lastZxid, history.currentEpoch, history.has(ONE)], [TWO, 3, true]);
    const cut = { kind: 'truncate', directory: 'log', token: 0, name: `log.${ONE.toString(16)}` };
    const bytes = 16 + logEntry(ONE).length;
    bench.submit(1, { ...cut, kind: 'truncate', directory: 'log', bytes });
    assert.deepEqual([history.lastZxid, history.has(TWO)], [ONE, false]);
    const create = { kind: 'create', directory: 'snap', preallocateBytes: 0, token: 0 } as const;
    bench.submit(1, { ...create, name: `snapshot.${TWO.toString(16)}`, bytes: new Uint8Array(1) });
    assert.deepEqual([history.lastZxid, history.has(TWO)], [TWO, true]);
  });

  it('does not count what a power cut would still lose', () => {
    const bench = new Bench();
    bench.log(1, ONE);
    const name = `log.${ONE.toString(16)}`;
    const position = 16 + logEntry(ONE).length;
    const write = { kind: 'write', directory: 'log', token: 0, growToBytes: 0 } as const;
    bench.submit(1, { ...write, name, position, pieces: [logEntry(TWO)], sync: false });
    assert.equal(bench.durability.history(1).has(TWO), false);
    bench.submit(1, { kind: 'sync', directory: 'log', token: 0, name });
    assert.equal(bench.durability.history(1).has(TWO), true);
  });

  it('wants a committed transaction on the disks of a quorum of voters', () => {
    const bench = new Bench();
    for (const sid of [1, 4]) bench.log(sid, ONE);
    const apply = () => bench.ledger.onApplied(1, ONE, bench.durability.history(1));
    assert.throws(apply, /is on the disks of 1,4$/);
    const other = new Bench();
    for (const sid of [1, 2]) other.log(sid, ONE);
    other.ledger.onApplied(1, ONE, other.durability.history(1));
    assert.equal(other.ledger.lastCommittedZxid, ONE);
  });

  it('wants the epoch and history of an established leader on the disks of a quorum', () => {
    const bench = new Bench();
    for (const sid of [1, 2]) bench.log(sid, ONE);
    bench.epoch(1, 2);
    bench.ledger.onApplied(1, makeZxid(2, 0), bench.durability.history(1));
    assert.throws(() => bench.durability.onLeading(1, 1, 2), /held by 1$/);
    const other = new Bench();
    for (const sid of [1, 2]) other.log(sid, ONE);
    for (const sid of [1, 2]) other.epoch(sid, 2);
    other.ledger.onApplied(1, makeZxid(2, 0), other.durability.history(1));
    other.durability.onLeading(1, 1, 2);
    other.durability.onLeading(1, 1, 2);
    assert.throws(() => other.durability.onLeading(2, 1, 2), /One server leads an epoch/);
    assert.throws(() => other.durability.onLeading(1, 2, 2), /One server leads an epoch/);
  });

  it('notices when a disk loses what it held of committed history, or an epoch falls', () => {
    const bench = new Bench();
    for (const sid of [1, 2]) bench.log(sid, ONE);
    bench.ledger.onApplied(1, ONE, bench.durability.history(1));
    bench.epoch(1, 2);
    const names = [`log.${ONE.toString(16)}`];
    const remove = { kind: 'remove', directory: 'log', token: 0, names } as const;
    assert.throws(() => bench.submit(1, remove), /A disk keeps/);
    assert.throws(() => bench.epoch(1, 1), /Epochs on disk never decrease/);
  });
});

describe('Ledger', () => {
  it('knows one content and one past per zxid, no gap, and one state', () => {
    const bench = new Bench();
    for (const sid of [1, 2]) bench.log(sid, ONE);
    const other = txnBytes({ zxid: ONE, type: OpCode.createSession, session: 77 });
    assert.throws(() => bench.ledger.onSeen(other, 0, other.length), /two contents/);
    assert.throws(() => bench.ledger.onLogged(ONE, makeZxid(0, 4)), /An epoch has one past/);
    const history = bench.durability.history(1);
    assert.throws(() => bench.ledger.onApplied(1, TWO, history), /which nobody has proposed/);
    const { digest } = bench.ledger.model;
    bench.ledger.checkDigest(1, ONE, digest.toString(16));
    assert.throws(() => bench.ledger.checkDigest(1, ONE, 'f'), /have one state/);
  });
});
