/** The plan of a recovery: who goes on, in which epoch, and what cannot be wished for. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EPOCH_MAX, makeZxid } from '@zabra/protocol';
import { parseEnsembleText } from '../../zab/ensemble-text.ts';
import { makePlan, type RecoveryPlan, type Wish } from './plan.ts';
import type { Survivor } from './survivor.ts';

const ALONE: Wish = { keep: null, add: [], epoch: null };

function survivor(change: Partial<Survivor> = {}): Survivor {
  const lines = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:1:2:participant;h${sid}:3`);
  const { config } = parseEnsembleText([...lines, 'server.7=h7:1:2:observer;h7:3'].join('\n'));
  return {
    sid: 2,
    ensemble: config ?? assert.fail(),
    lastZxid: makeZxid(5, 17),
    acceptedEpoch: 6,
    currentEpoch: 5,
    znodes: 5,
    sessions: 0,
    digest: { hi: 0, lo: 0 },
    syncedZxid: null,
    ...change,
  };
}

function plan(wish: Partial<Wish>, change: Partial<Survivor> = {}): RecoveryPlan {
  const made = makePlan(survivor(change), { ...ALONE, ...wish });
  return typeof made === 'string' ? assert.fail(made) : made;
}

describe('makePlan', () => {
  it('lets the survivor go on alone, in an epoch far above all that it knows', () => {
    const made = plan({});
    assert.equal(made.epoch, 6 + 1024);
    assert.equal(made.zxid, makeZxid(6 + 1024, 0));
    assert.deepEqual(made.lost, [1, 3, 7]);
    assert.equal(made.confirmation, '2@0x500000011');
    const { members, version } = made.ensemble;
    assert.deepEqual(
      members.map(({ sid }) => sid),
      [2],
    );
    assert.equal(version, made.zxid);
  });

  it('keeps members and adds others, in the order of their ids', () => {
    const made = plan({
      keep: [2, 1],
      add: ['server.9=h9:1:2;h9:3', 'server.4 = h4:1:2:observer'],
    });
    assert.deepEqual(
      made.ensemble.members.map(({ sid, role }) => `${sid} ${role}`),
      ['1 participant', '2 participant', '4 observer', '9 participant'],
    );
    assert.deepEqual(made.lost, [3, 7]);
    assert.equal(made.confirmation, '1,2,4,9@0x500000011');
  });

  it('makes a voter of an observer that is all that is left', () => {
    const [member] = plan({}, { sid: 7 }).ensemble.members;
    assert.deepEqual([member?.sid, member?.role], [7, 'participant']);
  });

  it('takes the epoch that it is given', () => {
    assert.equal(plan({ epoch: 7 }).zxid, makeZxid(7, 0));
  });

  const refused: readonly (readonly [Partial<Wish>, RegExp])[] = [
    [{ keep: [1, 3] }, /--keep must name this server, 2/],
    [{ keep: [2, 4] }, /--keep names 4, which is not in the server list/],
    [{ add: ['server.2=h9:1:2;h9:3'] }, /Cannot add server 2: it is given twice/],
    [{ add: ['server.4=h9'] }, /Cannot read "server\.4=h9"/],
    [{ add: ['weight.4=1'] }, /Cannot add "weight\.4=1": wanted server/],
    [{ epoch: 6 }, /--epoch is 6, wanted more than 6/],
    [{ epoch: EPOCH_MAX + 1 }, /There is no epoch 2097152/],
  ];
  for (const [wish, reason] of refused) {
    it(`refuses ${JSON.stringify(wish)}`, () => {
      assert.match(String(makePlan(survivor(), { ...ALONE, ...wish })), reason);
    });
  }

  it('knows the highest epoch, wherever it stands', () => {
    assert.equal(plan({}, { acceptedEpoch: 9, currentEpoch: 9 }).epoch, 9 + 1024);
    assert.equal(plan({}, { lastZxid: makeZxid(11, 1) }).epoch, 11 + 1024);
  });
});
