/** What a leader remembers of sessions that have ended. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClosedSessions } from './closed-sessions.ts';

test('it knows each of the last sessions, whatever the sign of their halves', () => {
  const closed = new ClosedSessions(2);
  closed.add(-1, 0x80000000);
  closed.add(0x69b76da, 3);
  assert.equal(closed.has(0xffffffff, -0x80000000), true);
  assert.equal(closed.has(0x69b76da, 3), true);
  assert.equal(closed.has(3, 0x69b76da), false);
  closed.add(1, 1);
  assert.equal(closed.has(-1, 0x80000000), false, 'the oldest is forgotten');
  assert.equal(closed.has(0x69b76da, 3), true);
});
