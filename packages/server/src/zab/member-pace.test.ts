/** How a process measures its own pauses, and what it makes of them. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { MemberPace } from './member-pace.ts';

/** Lets time pass in turns of 20 ms. */
function even(pace: MemberPace, fromMs: number, ms: number): number {
  for (let at = fromMs; at < fromMs + ms; at += 20) pace.onTurn(20, at);
  return fromMs + ms;
}

test('a process that runs evenly has no pauses', () => {
  const pace = new MemberPace(1500);
  even(pace, 0, 10_000);
  assert.deepEqual([pace.lagMs, pace.floorMs, pace.pingMs], [0, 0, 250]);
});

test('a turn that comes late says by how much, and twice the pause is the floor', () => {
  const pace = new MemberPace(1500);
  const now = even(pace, 0, 1000);
  pace.onTurn(325, now + 325);
  assert.equal(pace.lagMs, 300);
  assert.ok(pace.floorMs >= 600 && pace.floorMs <= 800, `${pace.floorMs}`);
  pace.onTurn(20, now + 345);
  assert.equal(pace.lagMs, 0);
});

test('a slow sync of the log counts like a late turn', () => {
  const pace = new MemberPace(1500);
  let now = even(pace, 0, 1000);
  pace.onSync(1000);
  now = even(pace, now, 200);
  assert.ok(pace.floorMs >= 2000 && pace.floorMs <= 2700, `${pace.floorMs}`);
});

test('one pause in a thousand slots is the exception, two are the rule', () => {
  const pace = new MemberPace(1500);
  let now = even(pace, 0, 101_000);
  now += 200;
  pace.onTurn(200, now);
  now = even(pace, now, 1000);
  assert.equal(pace.floorMs, 0);
  now += 200;
  pace.onTurn(200, now);
  even(pace, now, 200);
  assert.ok(pace.floorMs >= 350, `${pace.floorMs}`);
});

test('a pause is forgotten after a few minutes, not before', () => {
  const pace = new MemberPace(1500);
  let now = even(pace, 0, 1000);
  for (const ms of [400, 400]) {
    now += ms;
    pace.onTurn(ms, now);
  }
  now = even(pace, now, 90_000);
  assert.ok(pace.floorMs >= 700, `${pace.floorMs}`);
  even(pace, now, 150_000);
  assert.equal(pace.floorMs, 0);
});
