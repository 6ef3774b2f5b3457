/**
 * Requests and transactions of damaged bytes: whatever comes, there is a code for it, nothing is
 * thrown, and what was there before is still in order.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type JuteWriter,
  type MultiOp,
  OpCode,
  writeListWithDataRequest,
  writeMultiRequest,
} from '@zabra/protocol';
import {
  ALICE,
  type Body,
  createBody,
  pathBody,
  pathVersionBody,
  pathWatchBody,
  setAclBody,
  setDataBody,
  StateBed,
  TestWatcher,
  worldAcl,
} from './state-bed.test-kit.ts';

const RUNS = 2000;

const OPS: readonly MultiOp[] = [
  { type: OpCode.create, request: { path: '/m', data: null, acl: worldAcl(31), flags: 0 } },
  { type: OpCode.setData, request: { path: '/m', data: new Uint8Array(3), version: 0 } },
  { type: OpCode.check, request: { path: '/n', version: 0 } },
  { type: OpCode.delete, request: { path: '/m', version: -1 } },
  { type: OpCode.removeRecursive, request: { path: '/n', nodesMax: 9 } },
];

const WRITES: readonly [number, Body][] = [
  [OpCode.create, createBody('/n/c', { data: 'data', flags: 3 })],
  [OpCode.createTTL, createBody('/t', { opcode: OpCode.createTTL, flags: 5, ttlMs: 9 })],
  [OpCode.setData, setDataBody('/n', 'data')],
  [OpCode.setACL, setAclBody('/n', [...worldAcl(1), { perms: 1, scheme: 'ip', id: '1.2.3.4' }])],
  [OpCode.delete, pathVersionBody('/n', 0)],
  [OpCode.multi, (w) => writeMultiRequest(w, OPS)],
  [OpCode.createSession, (w) => w.int(1000)],
  [OpCode.closeSession, pathBody('')],
  [OpCode.deleteContainer, pathBody('/n')],
  [OpCode.createIfNotExists, createBody('/n')],
  [OpCode.removeRecursive, pathVersionBody('/n', 9)],
];

const READS: readonly [number, Body][] = [
  [OpCode.getData, pathWatchBody('/n', true)],
  [OpCode.exists, pathWatchBody('/n', true)],
  [OpCode.getChildren2, pathWatchBody('/n', true)],
  [OpCode.getACL, pathBody('/n')],
  [OpCode.addWatch, pathVersionBody('/n', 1)],
  [OpCode.removeWatches, pathVersionBody('/n', 3)],
  [OpCode.setWatches2, setWatchesBody],
  [OpCode.multiRead, multiReadBody],
  [OpCode.filteredListWithStatsAndData, listBody],
  [OpCode.checkNotExists, pathVersionBody('/n', -1)],
];

function setWatchesBody(w: JuteWriter): void {
  w.zxid(1);
  for (let list = 0; list < 5; list++) {
    w.int(1);
    w.string('/n');
  }
}

function multiReadBody(w: JuteWriter): void {
  const request = { path: '/n', watch: true };
  writeMultiRequest(w, [
    { type: OpCode.getData, request },
    { type: OpCode.filteredList, request: { ...request, listType: 1 } },
  ]);
}

function listBody(w: JuteWriter): void {
  const request = { path: '/', watch: true, listType: 0, withStat: true, withData: true };
  writeListWithDataRequest(w, request);
}

/** Bytes changed at some places, then cut or lengthened. */
const damage = fc.record({
  changes: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
  cut: fc.option(fc.nat(60), { nil: 0 }),
});

function damaged(bytes: Uint8Array, from: number, { changes, cut }: Damage): Uint8Array {
  const copy = bytes.slice(0, Math.max(from, bytes.length - cut));
  for (const [at, value] of changes) {
    if (copy.length > from) copy[from + (at % (copy.length - from))] = value;
  }
  return copy;
}

interface Damage {
  readonly changes: readonly (readonly [number, number])[];
  readonly cut: number;
}

function newBed(): { bed: StateBed; watcher: TestWatcher } {
  const bed = new StateBed({ extendedTypes: true, keeper: { availabilityZone: 'z' } });
  const watcher = new TestWatcher(1);
  bed.state.addWatcher(watcher);
  bed.create('/n');
  bed.create('/e', { flags: 1 });
  return { bed, watcher };
}

function damagedBody(bed: StateBed, opcode: number, body: Body, how: Damage): Body {
  const { buffer, start, end } = bed.request(opcode, body);
  const bytes = damaged(buffer.slice(start, end), 0, how);
  return (w) => w.raw(bytes, 0, bytes.length);
}

test('damaged requests get a reply', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), damage), { maxLength: 12 }), (rows) => {
      const { bed, watcher } = newBed();
      for (const [choice, how] of rows) {
        const [read, readBody] = READS[choice % READS.length] ?? [0, pathBody('')];
        const [write, writeBody] = WRITES[choice % WRITES.length] ?? [0, pathBody('')];
        bed.read(read, damagedBody(bed, read, readBody, how), ALICE, watcher);
        bed.write(write, damagedBody(bed, write, writeBody, how));
      }
      assert.equal(bed.state.pendingCount, 0);
      assert.equal(bed.state.core.tree.nodes.count, bed.dump().length);
    }),
    { numRuns: RUNS },
  );
});

test('damaged transactions are applied or reported', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), damage), { maxLength: 12 }), (rows) => {
      const { bed } = newBed();
      for (const [choice, how] of rows) {
        const [opcode, body] = WRITES[choice % WRITES.length] ?? [0, pathBody('')];
        const { entry } = bed.prepare(opcode, body);
        bed.state.discardPending();
        bed.apply({ entry: damaged(entry, 28, how) });
      }
      assert.equal(bed.state.core.tree.nodes.count, bed.dump().length);
    }),
    { numRuns: RUNS },
  );
});
