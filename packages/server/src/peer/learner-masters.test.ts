/**
 * Whom observers attach to, and to whose connection the sessions belong that a follower forwards
 * for them (quorum-protocol.md 13).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import type { LearnerHandler } from '../zab/learner-handler.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { LearnerMasters } from './learner-masters.ts';
import { Membership } from './membership.ts';
import { ObserverSessions } from './observer-sessions.ts';

const LINES = [1, 2, 3, 4, 5].map((sid) => `server.${sid}=h${sid}:2888:3888:participant`);

function configOf(lines: readonly string[], version = 0): EnsembleConfig {
  const { config } = parseEnsembleText([...lines, `version=${version}`].join('\n'));
  assert.ok(config !== null);
  return config;
}

const WITH_OBSERVER = [...LINES, 'server.9=h9:2888:3888:observer'];

function mastersOf(membership: Membership, port: number, seed = 1): LearnerMasters {
  return new LearnerMasters(membership, port, new Prng(seed));
}

/** What a test compares. */
function nextOf(masters: LearnerMasters, leaderSid: number) {
  const { sid, addresses } = masters.next(leaderSid);
  return { sid, addresses };
}

describe('the master of a learner', () => {
  it('is the leader without a port, and for a follower', () => {
    const config = configOf(WITH_OBSERVER);
    for (const [sid, port] of [
      [9, 0],
      [1, 2191],
    ] as const) {
      const masters = mastersOf(new Membership(sid, config, null), port);
      assert.deepEqual(nextOf(masters, 3), { sid: 3, addresses: [{ host: 'h3', port: 2888 }] });
    }
  });

  it('is each voter but the leader in turn, in an order that is drawn', () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const masters = mastersOf(new Membership(9, configOf(WITH_OBSERVER), null), 2191, seed);
      const drawn = Array.from({ length: 8 }, () => masters.next(3));
      const sids = drawn.map(({ sid }) => sid);
      assert.deepEqual(sids.slice(4), sids.slice(0, 4));
      assert.deepEqual(sids.slice(0, 4).sort(), [1, 2, 4, 5]);
      for (const { sid, addresses } of drawn) {
        assert.deepEqual(addresses, [{ host: `h${sid}`, port: 2191 }]);
      }
      orders.add(sids.slice(0, 4).join());
    }
    assert.ok(orders.size > 5, `${orders.size} orders`);
  });

  it('is once more who has served, unless that one leads now', () => {
    const masters = mastersOf(new Membership(9, configOf(WITH_OBSERVER), null), 2191);
    const first = masters.next(3);
    first.onServing();
    assert.equal(masters.next(3).sid, first.sid);
    const second = masters.next(3);
    assert.notEqual(second.sid, first.sid);
    second.onServing();
    assert.notEqual(masters.next(second.sid).sid, second.sid);
  });

  it('is the leader where nobody else votes', () => {
    const config = configOf([...LINES.slice(2, 3), 'server.9=h9:2888:3888:observer']);
    const masters = mastersOf(new Membership(9, config, null), 2191);
    assert.equal(masters.next(3).sid, 3);
    assert.deepEqual(masters.next(3).addresses, [{ host: 'h3', port: 2888 }]);
  });

  it('is of the present configuration', () => {
    const membership = new Membership(9, configOf(WITH_OBSERVER), null);
    const masters = mastersOf(membership, 2191);
    masters.next(3);
    membership.commit(configOf([...LINES.slice(1, 3), 'server.9=h9:2888:3888:observer'], 7));
    assert.deepEqual([masters.next(3).sid, masters.next(3).sid], [2, 2]);
  });
});

describe('sessions of observers', () => {
  const [one, other] = [{}, {}] as unknown as [LearnerHandler, LearnerHandler];

  it('belong to who claimed them last, or to us', () => {
    const sessions = new ObserverSessions();
    assert.equal(sessions.mayAsk(one, 1, 2), true);
    sessions.claim(one, 1, 2);
    assert.deepEqual([sessions.mayAsk(one, 1, 2), sessions.mayAsk(other, 1, 2)], [true, false]);
    sessions.claim(other, 1, 2);
    assert.deepEqual([sessions.mayAsk(one, 1, 2), sessions.mayAsk(other, 1, 2)], [false, true]);
    sessions.take(1, 2);
    assert.deepEqual([sessions.mayAsk(one, 1, 2), sessions.mayAsk(other, 1, 2)], [false, false]);
  });

  it('are forgotten with their end and with their observer', () => {
    const sessions = new ObserverSessions();
    for (const lo of [1, 2, 3]) sessions.claim(lo === 3 ? other : one, 0, lo);
    sessions.take(0, 9);
    assert.equal(sessions.count, 3);
    sessions.remove(0, 3);
    sessions.forget(one);
    assert.equal(sessions.count, 0);
  });
});
