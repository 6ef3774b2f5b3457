/** Refusals of reconfig, in ZooKeeper's order, and what one that is fit leads to. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, JuteReader, OpCode, readStat } from '@zabra/protocol';
import { ALICE, type Body, EXPIRED, StateBed, type Who } from './state-bed.test-kit.ts';
import type { ReconfigJudge, ReconfigRequest } from './state-options.ts';

const TEXT = 'server.9=h:1:2:participant\nversion=1';
const BODY: Body = (w) => {
  w.string('server.9=h:1:2');
  w.string(null);
  w.string('');
  w.number(-1);
};
const SUPER: Who = { ...ALICE, identities: [{ scheme: 'super', id: '' }] };
const FIT: ReconfigJudge = () => ({ code: ErrorCode.OK, text: TEXT });
const UNFIT: ReconfigJudge = () => ({ code: ErrorCode.NEWCONFIGNOQUORUM, text: '' });

function bedOf(judge: ReconfigJudge | null, reconfigEnabled = true): StateBed {
  const bed = new StateBed({ reconfigEnabled });
  bed.state.core.reconfigJudge = judge;
  return bed;
}

describe('reconfig', () => {
  const rows: readonly [name: string, bed: StateBed, who: Who, err: string][] = [
    ['is disabled before all else', bedOf(UNFIT, false), EXPIRED, 'RECONFIGDISABLED'],
    ['needs a session', bedOf(UNFIT), EXPIRED, 'SESSIONEXPIRED'],
    ['needs an ensemble', bedOf(null), SUPER, 'UNIMPLEMENTED'],
    ['needs members that can be, permitted or not', bedOf(UNFIT), ALICE, 'NEWCONFIGNOQUORUM'],
    ['needs the permission', bedOf(FIT), ALICE, 'NOAUTH'],
  ];
  for (const [name, bed, who, err] of rows) {
    it(name, () => {
      const before = bed.mustStat('/zookeeper/config');
      assert.equal(bed.write(OpCode.reconfig, BODY, who).err, err);
      assert.deepEqual(bed.mustStat('/zookeeper/config'), before);
    });
  }

  it('changes the znode of the configuration, and answers with it', () => {
    const bed = bedOf(FIT);
    const before = bed.mustStat('/zookeeper/config');
    const { err, body } = bed.write(OpCode.reconfig, BODY, SUPER);
    assert.equal(err, 'OK');
    const r = new JuteReader().reset(body, 0, body.length);
    assert.equal(r.string(), TEXT);
    const { mtimeMs } = bed.mustStat('/zookeeper/config');
    const after = { ...before, version: -1, mzxid: 1, mtimeMs, dataLength: TEXT.length };
    assert.deepEqual(readStat(r), after);
    assert.equal(bed.state.digestMismatchCount, 0);
  });

  it('is judged by what it asks for and under its own zxid', () => {
    const asked: [ReconfigRequest, number][] = [];
    const bed = bedOf((request, zxid) => {
      asked.push([request, zxid]);
      return { code: ErrorCode.BADVERSION, text: '' };
    });
    bed.create('/before');
    assert.equal(bed.write(OpCode.reconfig, BODY, ALICE).err, 'BADVERSION');
    const request = { joining: 'server.9=h:1:2', leaving: null, newMembers: '', fromVersion: -1 };
    assert.deepEqual(asked, [[request, 2]]);
  });
});
