/** Sessions live, move and expire as client-protocol.md 12 says. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@zabra/protocol';
import { SessionTracker } from './session-tracker.ts';

const TICK_MS = 2000;
const HI = 0x01000000;

function expired(tracker: SessionTracker, nowMs: number): number[] {
  const found: number[] = [];
  tracker.expire(nowMs, (_hi, lo) => found.push(lo));
  return found;
}

describe('SessionTracker', () => {
  it('expires a session between its timeout and one tick later', () => {
    for (let start = 0; start < TICK_MS; start += 250) {
      const tracker = new SessionTracker(TICK_MS, start);
      tracker.track(HI, 1, 4000, start);
      let diedMs = -1;
      for (let now = start; diedMs < 0 && now < start + 20_000; now += 50) {
        if (expired(tracker, now).length > 0) diedMs = now;
      }
      assert.ok(diedMs >= start + 4000, `died ${diedMs - start} ms after its start`);
      assert.ok(diedMs <= start + 4000 + TICK_MS + 50, `died ${diedMs - start} ms after its start`);
    }
  });

  it('gives a touched session its whole time again', () => {
    const tracker = new SessionTracker(TICK_MS, 0);
    tracker.track(HI, 1, 4000, 0);
    for (let now = 0; now <= 60_000; now += 1000) {
      assert.equal(tracker.touch(HI, 1, 4000, now), true);
      assert.deepEqual(expired(tracker, now), []);
    }
    assert.deepEqual(expired(tracker, 67_000), [1]);
  });

  it('names an expired session once and takes no touch for it any more', () => {
    const tracker = new SessionTracker(TICK_MS, 0);
    tracker.track(HI, 1, 4000, 0);
    assert.deepEqual(expired(tracker, 10_000), [1]);
    assert.deepEqual(expired(tracker, 20_000), []);
    assert.equal(tracker.touch(HI, 1, 4000, 20_000), false);
    assert.equal(tracker.isAlive(HI, 1), false);
    assert.equal(tracker.check(HI, 1, tracker), ErrorCode.SESSIONEXPIRED);
    tracker.remove(HI, 1);
    assert.equal(tracker.count, 0);
  });

  it('never shortens a deadline by a touch with a smaller timeout', () => {
    const tracker = new SessionTracker(TICK_MS, 0);
    tracker.track(HI, 1, 30_000, 0);
    tracker.touch(HI, 1, 4000, 1000);
    assert.deepEqual(expired(tracker, 29_999), []);
    assert.deepEqual(expired(tracker, 33_000), [1]);
  });
});

describe('the owner of a session', () => {
  it('serves the owner only, and whoever claims the session last', () => {
    const tracker = new SessionTracker(TICK_MS, 0);
    const first = {};
    const second = {};
    tracker.track(HI, 1, 4000, 0);
    assert.equal(tracker.check(HI, 1, first), ErrorCode.OK);
    assert.equal(tracker.check(HI, 1, second), ErrorCode.SESSIONMOVED);
    tracker.setOwner(HI, 1, second);
    assert.equal(tracker.check(HI, 1, second), ErrorCode.OK);
    assert.equal(tracker.check(HI, 1, first), ErrorCode.SESSIONMOVED);
    assert.equal(tracker.check(HI, 2, first), ErrorCode.SESSIONEXPIRED);
  });

  it('does not expire what was closed by its client', () => {
    const tracker = new SessionTracker(TICK_MS, 0);
    tracker.track(HI, 1, 4000, 0);
    tracker.close(HI, 1);
    assert.deepEqual(expired(tracker, 30_000), []);
  });
});
