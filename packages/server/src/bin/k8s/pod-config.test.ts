/** The zoo.cfg of pods: first members, joiners, observers, and lists that the ensemble has left. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeDirectory } from '../program.test-kit.ts';
import { type PodPlan, ownLine, podIdentity, podZooCfg } from './pod-config.ts';
import { preparePod, readBase } from './pod-start.ts';

const PLAN: PodPlan = {
  name: 'zk-0',
  domain: 'zk-hs.default.svc.cluster.local',
  memberSet: '',
  memberCount: 3,
  firstId: 1,
  role: 'participant',
  clientPort: 2181,
  quorumPort: 2888,
  electionPort: 3888,
};
const BASE = '# For all pods.\ndataDir=/data\ntickTime=2000\n';
const lineOf = (id: number, role = 'participant', name = `zk-${id - 1}`): string =>
  `server.${id}=${name}.zk-hs.default.svc.cluster.local:2888:3888:${role};2181\n`;
const SEEDS = lineOf(1) + lineOf(2) + lineOf(3);

describe('podZooCfg', () => {
  const listed = { file: '/conf/zoo.cfg.dynamic.100000007', text: lineOf(1) + lineOf(2) };
  const rows: readonly (readonly [string, Partial<PodPlan>, typeof listed | null, string])[] = [
    ['names the first members on each of them', { name: 'zk-2' }, null, SEEDS],
    ['names a pod above them as well', { name: 'zk-4' }, null, SEEDS + lineOf(5)],
    [
      'goes by what the ensemble left',
      { name: 'zk-1' },
      listed,
      `dynamicConfigFile=${listed.file}\n`,
    ],
    [
      'adds a pod that the ensemble has removed, to follow',
      { name: 'zk-2' },
      listed,
      lineOf(1) + lineOf(2) + lineOf(3),
    ],
    [
      'names an observer of another set beside the members',
      { name: 'zk-observer-1', memberSet: 'zk', firstId: 101, role: 'observer' },
      null,
      SEEDS + lineOf(102, 'observer', 'zk-observer-1'),
    ],
    [
      'has no plain client port when there is to be none',
      { memberCount: 1, clientPort: 0, domain: '' },
      null,
      'server.1=zk-0:2888:3888:participant\n',
    ],
  ];
  for (const [name, change, left, wanted] of rows) {
    it(name, () => {
      assert.equal(podZooCfg(BASE, { ...PLAN, ...change }, left), BASE + wanted);
    });
  }

  it('refuses members in the part of all pods', () => {
    for (const line of ['server.1=a:1:2;3', 'clientPort=2181', 'dynamicConfigFile=/x']) {
      assert.throws(() => podZooCfg(`${BASE}${line}\n`, PLAN, null), /members and the client port/);
    }
  });

  it('says who the pod is, or what is wrong with its name', () => {
    assert.deepEqual(podIdentity({ ...PLAN, name: 'my-zk-12' }), {
      set: 'my-zk',
      ordinal: 12,
      id: 13,
    });
    assert.equal(`${ownLine({ ...PLAN, name: 'zk-3' })}\n`, lineOf(4));
    for (const name of ['zk', 'zk-', 'zk-254', 'zk-x', '-1']) {
      assert.throws(() => podIdentity({ ...PLAN, name }), new RegExp(`named "${name}"`));
    }
  });
});

describe('preparePod', () => {
  let root = '';
  beforeEach(() => (root = makeDirectory()));
  afterEach(() => fs.rmSync(root, { recursive: true }));
  const at = (name: string): string => path.join(root, name);
  const prepare = (
    change: Partial<PodPlan> = {},
    environment: NodeJS.ProcessEnv = {},
    more = '',
  ): string[] => {
    fs.writeFileSync(at('base'), `dataDir=${at('data')}\n${more}`);
    fs.writeFileSync(at('password'), 'secret\n');
    const plan = { ...PLAN, ...change };
    const files = { config: at('base'), home: root, adminPasswordFile: at('password') };
    return preparePod({ plan, ...files, environment, memoryLimitBytes: 512 * 1024 ** 2 });
  };

  it('writes myid and zoo.cfg, and makes the password a digest', () => {
    const args = prepare();
    const [property, file = ''] = args;
    assert.equal(
      property,
      '-Dzookeeper.DigestAuthenticationProvider.superDigest=super:lK75jTNcA+U9vtVEw5vB51mj/w4=',
    );
    assert.equal(file, at('conf/zoo.cfg'));
    assert.equal(fs.readFileSync(at('data/myid'), 'latin1'), '1\n');
    assert.equal(fs.readFileSync(file, 'latin1'), `dataDir=${at('data')}\n${SEEDS}`);
    assert.deepEqual(fs.readdirSync(at('conf')), ['zoo.cfg'], 'nothing is left aside');
  });

  it('refuses more memory than there may be, and writes nothing', () => {
    const limit = /: the memory limit is 512M$/;
    assert.throws(() => prepare({}, { JVMFLAGS: '-Xmx1g' }), limit);
    assert.throws(() => prepare({}, { SERVER_JVMFLAGS: '-Xmx1g -Xmx513m' }), limit);
    assert.throws(() => prepare({}, {}, 'zabra.memory=1g\n'), {
      message: 'Cannot use "zabra.memory=1g": the memory limit is 512M',
    });
    assert.deepEqual(fs.readdirSync(root).toSorted(), ['base', 'password']);
    prepare({}, { SERVER_JVMFLAGS: '-Xmx512m' }, 'zabra.memory=512m\n');
  });

  it('takes a new configuration and keeps the list of the ensemble', () => {
    prepare();
    const list = at('conf/zoo.cfg.dynamic.100000007');
    fs.writeFileSync(list, lineOf(1) + lineOf(2));
    fs.writeFileSync(at('conf/zoo.cfg'), `dataDir=old\ndynamicConfigFile=${list}\n`);
    prepare();
    assert.equal(
      fs.readFileSync(at('conf/zoo.cfg'), 'latin1'),
      `dataDir=${at('data')}\ndynamicConfigFile=${list}\n`,
    );
  });

  it('puts the parts of a directory together, in the order of their names', () => {
    fs.mkdirSync(at('parts'));
    fs.mkdirSync(at('parts/..data'));
    fs.writeFileSync(at('parts/zoo.cfg'), 'dataDir=/data');
    fs.writeFileSync(at('parts/tls.cfg'), 'sslQuorum=true\n');
    fs.writeFileSync(at('parts/README'), 'not meant');
    assert.equal(readBase(at('parts')), 'sslQuorum=true\ndataDir=/data\n');
    assert.throws(() => readBase(at('parts/..data')), /has no \*\.cfg files/);
    assert.throws(() => readBase(at('none')), /Cannot read/);
  });

  it('never takes the volume of another pod', () => {
    prepare();
    assert.throws(() => prepare({ name: 'zk-1' }), /Cannot start server 2: .*of server 1\. Give/);
    assert.equal(fs.readFileSync(at('data/myid'), 'latin1'), '1\n');
  });
});
