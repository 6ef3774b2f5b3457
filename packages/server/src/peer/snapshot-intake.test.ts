/** The body of a SNAP, cut anywhere, and what becomes of one that is not whole. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ReplicatedState } from '../ops/replicated-state.ts';
import { History } from './ensemble-script.test-kit.ts';
import { stateOptions } from './options.ts';
import { configOf, HASHES } from './bed-config.test-kit.ts';
import { SnapshotIntake } from './snapshot-intake.ts';

const SIGNATURE_BYTES = 14;

function history(): History {
  const made = new History(1);
  for (let index = 0; index < 40; index++) made.create(`/node-${index}`);
  return made;
}

const HISTORY = history();
const BODY = HISTORY.snapshot();

function newState(): ReplicatedState {
  return new ReplicatedState(stateOptions(configOf(), 1), HASHES);
}

/** Pushes pieces of these sizes, over and over; returns the bytes that were taken. */
function pushAll(intake: SnapshotIntake, bytes: Uint8Array, sizes: readonly number[]): number {
  let at = 0;
  for (let round = 0; at < bytes.length && !intake.ended && intake.error === null; round++) {
    const size = Math.min(sizes[round % sizes.length] as number, bytes.length - at);
    const chunk = new Uint8Array(size + 2).fill(0xee);
    chunk.set(bytes.subarray(at, at + size), 1);
    at += intake.push(chunk, 1, 1 + size);
  }
  return at;
}

describe('SnapshotIntake', () => {
  it('takes a body and its signature however they are cut, and not a byte more', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.uint8Array({ maxLength: 40 }), (cuts, behind) => {
        const state = newState();
        const intake = new SnapshotIntake(state.beginLoad(), HISTORY.zxid);
        const taken = pushAll(intake, Uint8Array.from([...BODY, ...behind]), cuts);
        assert.equal(intake.error, null);
        assert.equal(intake.ended, true);
        assert.equal(taken, BODY.length);
        intake.install(true);
        assert.equal(state.lastProcessedZxid, HISTORY.zxid);
        const { hi, lo } = HISTORY.state.digest();
        assert.deepEqual([state.digest().hi, state.digest().lo], [hi, lo]);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a body without its signature, at any letter of it', () => {
    for (let letter = 0; letter < SIGNATURE_BYTES; letter++) {
      const bytes = BODY.slice();
      const at = BODY.length - SIGNATURE_BYTES + letter;
      bytes[at] = (bytes[at] as number) ^ 1;
      for (const size of [1, 7, bytes.length]) {
        const intake = new SnapshotIntake(newState().beginLoad(), 1);
        pushAll(intake, bytes, [size]);
        assert.match(intake.error ?? '', /signature/);
        assert.equal(intake.ended, false);
      }
    }
  });

  it('says what is wrong with a body that is none', () => {
    const intake = new SnapshotIntake(newState().beginLoad(), 1);
    const bytes = new Uint8Array(64).fill(0xff);
    assert.equal(intake.push(bytes, 0, 64), 64, 'nothing of it is a packet');
    assert.notEqual(intake.error, null);
  });

  it('leaves the present state alone until it is installed', () => {
    const state = newState();
    const before = state.digest();
    const intake = new SnapshotIntake(state.beginLoad(), HISTORY.zxid);
    pushAll(intake, BODY, [BODY.length]);
    assert.deepEqual(state.digest(), before);
    intake.abandon();
    assert.deepEqual(state.digest(), before);
  });

  it('compares digests from the zxid of an exact state on, and later for an Apache leader', () => {
    for (const [isExact, mismatches] of [
      [true, 2],
      [false, 0],
    ] as const) {
      const leader = new History(1);
      for (const path of ['/a', '/b']) leader.create(path);
      const { zxid } = leader;
      const behind = ['/c', '/d', '/e'].map((path) => leader.create(path));
      // Sent under the zxid at which the leader began, with what it did meanwhile.
      const state = newState();
      const intake = new SnapshotIntake(state.beginLoad(), zxid);
      const body = leader.snapshot();
      pushAll(intake, body, [body.length]);
      intake.install(isExact);
      for (const txn of behind) state.apply(txn, 0, txn.length);
      assert.equal(state.digestMismatchCount, mismatches);
      state.assumeExact();
      const next = leader.create('/f');
      next[next.length - 1] = (next[next.length - 1] as number) ^ 1;
      state.apply(next, 0, next.length);
      assert.equal(state.digestMismatchCount, mismatches + 1);
    }
  });
});
