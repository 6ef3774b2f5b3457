/**
 * `zabra recover` as a program: it changes nothing unless it is confirmed, refuses what it must not
 * touch, and can begin again wherever it was interrupted.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { examine } from './doctor/doctor.ts';
import { writeHistory } from './offline/history.test-kit.ts';
import { makeDirectory, runZabra } from './program.test-kit.ts';

const LAST = '0x300000002';
const SERVERS = [1, 2, 3].map((sid) => {
  return `server.${sid}=127.0.0.1:${61_000 + sid}:${61_100 + sid};127.0.0.1:${61_200 + sid}`;
});
const RULES = ['tickTime=2000', 'initLimit=10', 'syncLimit=5'];

let root = '';
let config = '';
beforeEach(async () => {
  root = makeDirectory();
  config = path.join(root, 'zoo.cfg');
  const history = [
    { zxid: 0x3_0000_0001, path: '/a', data: 'x' },
    { zxid: 0x3_0000_0002, path: '/b' },
  ];
  const options = { isEnsemble: true, acceptedEpoch: 3 };
  await writeHistory(path.join(root, 'data/version-2'), history, options);
  fs.writeFileSync(path.join(root, 'data/myid'), '1\n');
  configure('# of ours', ...RULES, ...SERVERS);
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function configure(...lines: readonly string[]): void {
  fs.writeFileSync(config, `dataDir=${root}/data\n${lines.join('\n')}\n`);
}

async function recover(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const program = runZabra('recover', ...args, config);
  const { code } = await program.ended;
  return { code, text: program.out + program.err };
}

/** Of every file, its name and its contents. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const name of fs.readdirSync(root, { recursive: true }).map(String).sort()) {
    const file = path.join(root, name);
    hash.update(name);
    if (fs.statSync(file).isFile()) hash.update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

async function zxidNow(): Promise<string | undefined> {
  const report = await examine(config, { flags: [], environment: {}, isStopped: true });
  return report.history?.recovered?.zxid;
}

describe('zabra recover', () => {
  it('shows the plan and changes nothing without a confirmation, or with a wrong one', async () => {
    const before = fingerprint();
    const shown = await recover();
    assert.equal(shown.code, 0, shown.text);
    assert.match(shown.text, /^history +zxid 0x300000002, 6 znodes, 0 sessions, digest 0x\w+$/m);
    assert.match(shown.text, /^acknowledged +at least up to 0x300000002$/m);
    assert.match(shown.text, /^new epoch +1027; the history goes on from zxid 0x40300000000$/m);
    assert.match(shown.text, /Nothing was changed\. To do it, add: --yes 1@0x300000002$/m);
    const wrong = await recover('--yes', '1@0x300000001');
    assert.equal(wrong.code, 1);
    assert.match(wrong.text, /wanted "1@0x300000002"; nothing was changed/);
    assert.equal(fingerprint(), before);
  });

  it('writes history, epochs, configuration, copy and record when it is confirmed', async () => {
    const add = ['--add', 'server.4=127.0.0.1:61004:61104;127.0.0.1:61204'];
    const done = await recover(...add, '--yes', `1,4@${LAST}`);
    assert.equal(done.code, 0, done.text);
    assert.equal(await zxidNow(), '0x40300000000');
    const data = path.join(root, 'data');
    for (const name of ['acceptedEpoch', 'currentEpoch']) {
      assert.equal(fs.readFileSync(path.join(data, 'version-2', name), 'utf8'), '1027');
    }
    const dynamic = `${config}.dynamic.40300000000`;
    const text = `# of ours\n${RULES.join('\n')}\ndynamicConfigFile=${dynamic}\n`;
    assert.equal(fs.readFileSync(config, 'utf8'), `dataDir=${root}/data\n${text}`);
    assert.deepEqual(fs.readFileSync(dynamic, 'utf8').split('\n'), [
      'server.1=127.0.0.1:61001:61101:participant;127.0.0.1:61201',
      'server.4=127.0.0.1:61004:61104:participant;127.0.0.1:61204',
    ]);
    const copy = path.join(data, 'before-recovery-40300000000');
    assert.ok(fs.readdirSync(path.join(copy, 'version-2')).includes('log.300000001'));
    assert.match(fs.readFileSync(path.join(copy, 'zoo.cfg'), 'utf8'), /^server\.3=/m);
    const record = fs.readFileSync(path.join(data, 'recovery-40300000000.json'), 'utf8');
    const { before, after, givenUp } = JSON.parse(record) as Record<string, { zxid: string }>;
    assert.deepEqual([before?.zxid, after?.zxid, givenUp], [LAST, '0x40300000000', [2, 3]]);
  });

  it('begins again wherever it was interrupted', async () => {
    const version = path.join(root, 'data/version-2');
    // After the epochs, before the history.
    fs.writeFileSync(path.join(version, 'acceptedEpoch'), '1027');
    fs.writeFileSync(path.join(version, 'currentEpoch'), '1027');
    assert.equal(await zxidNow(), LAST);
    // After the record, before the configuration.
    const dynamic = `${config}.dynamic.80300000000.tmp`;
    fs.mkdirSync(dynamic);
    const failed = await recover('--yes', `1@${LAST}`);
    assert.equal(failed.code, 1);
    assert.match(failed.text, /Cannot store the committed configuration/);
    assert.equal(await zxidNow(), '0x80300000000');
    const done = await recover('--yes', '1@0x80300000000');
    assert.equal(done.code, 0, done.text);
    assert.equal(await zxidNow(), '0xc0300000000');
    assert.match(fs.readFileSync(config, 'utf8'), /^dynamicConfigFile=.*\.c0300000000$/m);
  });
});

describe('zabra recover, on what it must not touch', () => {
  it('keeps its hands off when the copy cannot be made', async () => {
    const backup = path.join(root, 'copy');
    fs.mkdirSync(backup);
    const before = fingerprint();
    const { code, text } = await recover('--backup', backup, '--yes', `1@${LAST}`);
    assert.equal(code, 1);
    assert.match(text, /it exists; name another --backup/);
    assert.equal(fingerprint(), before);
  });

  const refused: readonly (readonly [string, number, RegExp, () => void])[] = [
    [
      'a server that stands alone',
      1,
      /no member of an ensemble/,
      () => configure('clientPort=0', ...RULES),
    ],
    [
      'a member without a data directory',
      1,
      /version-2" does not exist/,
      () => fs.rmSync(path.join(root, 'data/version-2'), { recursive: true }),
    ],
    [
      'a member without history',
      1,
      /has no history/,
      () => {
        fs.rmSync(path.join(root, 'data/version-2'), { recursive: true });
        fs.mkdirSync(path.join(root, 'data/version-2'));
      },
    ],
    [
      'a history that a server would refuse',
      1,
      /less than the current epoch/,
      () => fs.writeFileSync(path.join(root, 'data/version-2/acceptedEpoch'), '1'),
    ],
    ['a configuration that is none', 2, /tickTime/, () => configure('tickTime=fast', ...SERVERS)],
  ];
  for (const [name, wanted, reason, spoil] of refused) {
    it(`refuses ${name}`, async () => {
      spoil();
      const before = fingerprint();
      const { code, text } = await recover('--yes', `1@${LAST}`);
      assert.equal(code, wanted, text);
      assert.match(text, reason);
      assert.equal(fingerprint(), before);
    });
  }

  it('wants numbers where numbers are wanted, and one configuration', async () => {
    for (const args of [['--keep', 'one'], ['--epoch', 'x'], ['other.cfg']]) {
      const { code, text } = await recover(...args);
      assert.equal(code, 2);
      assert.match(text, /^Usage: zabra recover/);
    }
  });
});
