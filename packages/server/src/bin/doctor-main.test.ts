/** `zabra doctor` as a program: its page, its JSON, its exit codes. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Patient } from './doctor/doctor.test-kit.ts';
import { runZabra } from './program.test-kit.ts';

let patient: Patient;
beforeEach(() => {
  patient = new Patient('standalone');
});
afterEach(() => patient.dispose());

async function doctor(...args: readonly string[]): Promise<{ code: number | null; out: string }> {
  const program = runZabra('doctor', ...args);
  const { code } = await program.ended;
  return { code, out: program.out + program.err };
}

describe('zabra doctor', () => {
  it('is content with a directory of Apache, and says what it found there', async () => {
    patient.configure('clientPort=0');
    const { code, out } = await doctor(patient.configFile);
    assert.equal(code, 0, out);
    assert.match(out, /^history +zxid 0x4e, from the snapshot of 0x4b and 3 transactions$/m);
    assert.match(out, /^digest +0xb76fae9ab, 0 mismatches$/m);
    assert.match(out, /^Ready: 0 blockers, 0 warnings, 0 notes$/m);
  });

  it('ends with 1 for warnings and 2 for blockers, the worst first', async () => {
    patient.configure('clientPort=0', 'foo=bar');
    const warned = await doctor(patient.configFile);
    assert.equal(warned.code, 1);
    assert.match(warned.out, /^warning {2}KEY-UNKNOWN\n {4}"foo"\n {4}-> correct its spelling/m);
    patient.configure('clientPort=0', 'foo=bar', 'tickTime=fast');
    const blocked = await doctor(patient.configFile);
    assert.equal(blocked.code, 2);
    assert.match(blocked.out, /^blocker {2}KEY-BAD[^]*^warning {2}KEY-UNKNOWN/m);
    assert.match(blocked.out, /^Not ready: 1 blocker, 1 warning, 0 notes$/m);
  });

  it('takes the flags of a JVM, and says it all in JSON', async () => {
    patient.configure('clientPort=0');
    const flags = ['-Xmx2g', '-Dzookeeper.snapCount=5'];
    const { code, out } = await doctor('--json', '--stopped', ...flags, patient.configFile);
    assert.equal(code, 0, out);
    const report = JSON.parse(out) as Record<string, unknown>;
    assert.equal(report['schema'], 1);
    assert.equal(report['verdict'], 'ready');
    assert.deepEqual(report['findings'], []);
    const { budgetBytes } = report['memory'] as { budgetBytes: number };
    assert.equal(budgetBytes, 2 * 2 ** 30);
    const { recovered } = report['history'] as { recovered: { zxid: string } };
    assert.equal(recovered.zxid, '0x4e');
    const keys = report['keys'] as { name: string; verdict: string }[];
    assert.deepEqual(
      keys.map(({ name, verdict }) => `${name} ${verdict}`),
      [
        'dataDir honoured',
        'clientPort honoured',
        'zabra.memory honoured',
        'zookeeper.snapCount honoured',
      ],
    );
  });

  it('never shows a secret', async () => {
    patient.configure(
      'clientPort=0',
      'secureClientPort=0',
      'ssl.keyStore.location=/nowhere.jks',
      'ssl.keyStore.password=hunter2',
      'DigestAuthenticationProvider.superDigest=super:hunter2',
      'SASLAuthenticationProvider.superPassword=hunter2',
    );
    for (const form of [['--json'], []]) {
      const { code, out } = await doctor(...form, patient.configFile);
      assert.equal(code, 2);
      assert.doesNotMatch(out, /hunter2/);
    }
  });

  it('wants one configuration', async () => {
    const { code, out } = await doctor('one.cfg', 'two.cfg');
    assert.equal(code, 2);
    assert.match(out, /^Usage: zabra doctor/);
  });
});
