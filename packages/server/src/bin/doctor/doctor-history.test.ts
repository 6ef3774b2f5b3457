/** What the doctor finds in histories that no client can make, written for it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Acl, Perms } from '@zabra/protocol';
import { encodeIntent } from '../../log/intent.ts';
import { writeHistory } from '../offline/history.test-kit.ts';
import { codesOf, Patient, sentenceOf } from './doctor.test-kit.ts';

const MEMBER = [
  'clientPort=0',
  'initLimit=10',
  'syncLimit=5',
  'standaloneEnabled=false',
  'server.1=127.0.0.1:1:2',
];

let patient: Patient;
beforeEach(() => {
  patient = new Patient(null);
});
afterEach(() => patient.dispose());

describe('the doctor and a history that no client can make', () => {
  it('finds schemes without a provider, and ephemerals without a session', async () => {
    const acl: Acl[] = [{ perms: Perms.ALL, scheme: 'our-own', id: 'bob' }];
    await writeHistory(patient.versionDir, [
      { zxid: 1, path: '/a', acl },
      { zxid: 2, path: '/b', session: 77, data: 'x'.repeat(100) },
    ]);
    patient.configure('clientPort=0', 'zabra.clientOutputBytesMax=1');
    const report = await patient.examine({ flags: ['-Djute.maxbuffer=50'] });
    const wanted = ['ACL-SCHEME', 'CHILDREN-MANY', 'EPHEMERALS-WITHOUT-SESSION', 'ZNODE-LARGE'];
    assert.deepEqual(codesOf(report), wanted);
    assert.equal(sentenceOf(report, 'ACL-SCHEME'), '"our-own"');
    assert.equal(report.tree?.znodes, 6);
    assert.equal(report.history?.recovered?.zxid, '0x2');
    assert.equal(report.history?.recovered?.ownSince, '0x1');
  });

  it('finds a snapshot that is not what its writer had', async () => {
    const snapshotDigest = { hi: 1, lo: 2 };
    const history = [{ zxid: 1, path: '/a' }];
    await writeHistory(patient.versionDir, history, { takesSnapshot: true, snapshotDigest });
    patient.configure('clientPort=0');
    const report = await patient.examine();
    assert.deepEqual(codesOf(report), ['SNAPSHOT-DIGEST']);
  });

  it('finds that another server has written since, and a change that was interrupted', async () => {
    const history = [{ zxid: 0x3_0000_0001, path: '/a' }];
    await writeHistory(patient.versionDir, history, { isEnsemble: true, acceptedEpoch: 3 });
    patient.configure(...MEMBER);
    patient.write('data/myid', '1\n');
    // Whether ports below 1024 can be had depends on who asks.
    const codes = codesOf(await patient.examine()).filter((code) => code !== 'PORT-REFUSED');
    assert.deepEqual(codes, ['CONFIG-WARNING']);
    fs.writeFileSync(path.join(patient.versionDir, 'acceptedEpoch'), '4');
    const intent = encodeIntent({
      kind: 'truncate',
      zxid: 0,
      keptSegmentZxid: -1,
      keptBytes: 0,
      isWatermarked: true,
      segmentNames: ['log.300000001'],
      snapshotNames: ['snapshot.0'],
    });
    fs.writeFileSync(path.join(patient.versionDir, 'zabra.intent'), intent);
    const before = patient.fingerprint();
    const report = await patient.examine();
    assert.equal(patient.fingerprint(), before);
    assert.ok(codesOf(report).includes('CHANGE-UNFINISHED'));
    assert.ok(report.history?.recovered?.changes.some((line) => line.includes('log.300000001')));
    assert.equal(report.history?.recovered?.zxid, '0x0');
    fs.rmSync(path.join(patient.versionDir, 'zabra.intent'));
    assert.ok(codesOf(await patient.examine()).includes('WATERMARK-VOID'));
  });
});
