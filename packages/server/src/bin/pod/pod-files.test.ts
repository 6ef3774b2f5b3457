/** The files of a pod against the tutorial's listings: for its flags, and for each flag alone. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { javaEnv, log4jProperties, zooCfg } from './pod-files.ts';
import { parsePodFlags, podUsage } from './pod-flags.ts';
import { podIdentity } from './pod-identity.ts';
import { TUTORIAL_FLAGS } from './tutorial-flags.test-kit.ts';
import { POD_OPTIONS, type PodSettings, readOptions } from './pod-options.ts';

const GOLDEN = new URL('../../../../../test/golden/kubernetes/', import.meta.url);
const HOST = { short: 'zk-1', domain: 'zk-hs.default.svc.cluster.local' };

function settingsOf(flags: readonly string[]): PodSettings {
  const texts = parsePodFlags(flags);
  assert.ok(texts !== null);
  return readOptions(texts, ({ flag }) => `--${flag}`).settings;
}

/** All three files, as one text. */
function written(flags: readonly string[]): string {
  const settings = settingsOf(flags);
  const cfg = zooCfg(settings, podIdentity(HOST, settings.servers));
  return cfg + javaEnv(settings, settings.heap) + log4jProperties(settings);
}

/** Lines of `after` that are not in `before`, then those that went. */
function difference(before: string, after: string): readonly string[] {
  const old = before.split('\n');
  const now = after.split('\n');
  const gone = old.filter((line) => !now.includes(line)).map((line) => `-${line}`);
  return [...now.filter((line) => !old.includes(line)), ...gone];
}

/** Each flag, alone, and what it changes in the files of a single server with no flags. */
const FLAGS: readonly [flag: string, changes: readonly string[]][] = [
  [
    '--servers=2',
    [
      'server.1=zk-0.zk-hs.default.svc.cluster.local:2888:3888',
      'server.2=zk-1.zk-hs.default.svc.cluster.local:2888:3888',
    ],
  ],
  ['--data_dir=/d', ['dataDir=/d', '-dataDir=/var/lib/zookeeper/data']],
  ['--data_log_dir=/l', ['dataLogDir=/l', '-dataLogDir=/var/lib/zookeeper/log']],
  ['--log_dir=/o', ['ZOO_LOG_DIR=/o', '-ZOO_LOG_DIR=/var/log/zookeeper']],
  ['--conf_dir=/c', []],
  ['--client_port=2182', ['clientPort=2182', '-clientPort=2181']],
  ['--election_port=3889', []],
  ['--server_port=2889', []],
  [
    '--tick_time=1000',
    [
      'tickTime=1000',
      'minSessionTimeout=2000',
      'maxSessionTimeout=20000',
      '-tickTime=2000',
      '-minSessionTimeout=4000',
      '-maxSessionTimeout=40000',
    ],
  ],
  ['--init_limit=20', ['initLimit=20', '-initLimit=10']],
  ['--sync_limit=9', ['syncLimit=9', '-syncLimit=5']],
  ['--heap=1G', ['JVMFLAGS="-Xmx1G -Xms1G"', '-JVMFLAGS="-Xmx2G -Xms2G"']],
  ['--max_client_cnxns=0', ['maxClientCnxns=0', '-maxClientCnxns=60']],
  ['--snap_retain_count=7', ['autopurge.snapRetainCount=7', '-autopurge.snapRetainCount=3']],
  ['--purge_interval=12', ['autopurge.purgeInterval=12', '-autopurge.purgeInterval=0']],
  ['--max_session_timeout=50000', ['maxSessionTimeout=50000', '-maxSessionTimeout=40000']],
  ['--min_session_timeout=5000', ['minSessionTimeout=5000', '-minSessionTimeout=4000']],
  ['--log_level=warn', ['zookeeper.console.threshold=WARN', '-zookeeper.console.threshold=INFO']],
  ['--log_format=json', []],
];

describe('the files of a pod', () => {
  it("are the tutorial's, byte by byte, for the tutorial's flags", () => {
    const settings = settingsOf(TUTORIAL_FLAGS);
    const golden = (name: string) => readFileSync(fileURLToPath(new URL(name, GOLDEN)), 'utf8');
    assert.equal(zooCfg(settings, podIdentity(HOST, 3)), golden('zoo.cfg'));
    assert.equal(javaEnv(settings, settings.heap), golden('java.env'));
    assert.equal(log4jProperties(settings), golden('log4j.properties'));
  });

  for (const [flag, changes] of FLAGS) {
    it(`change with ${flag} in ${changes.length} lines`, () => {
      assert.deepEqual(difference(written([]), written([flag])), changes);
    });
  }

  it('name the ports between servers in their lines', () => {
    const lines = written(['--servers=2', '--server_port=1', '--election_port=2']);
    assert.match(lines, /^server\.2=zk-1\.zk-hs\.default\.svc\.cluster\.local:1:2$/m);
  });

  it('are tried with every flag there is', () => {
    const flags = Object.values(POD_OPTIONS).map(({ flag }) => flag);
    const tried = FLAGS.map(([flag]) => flag.slice(2).split('=', 1)[0]);
    assert.deepEqual(tried.toSorted(), flags.toSorted());
    for (const flag of flags) assert.ok(podUsage().includes(`    --${flag}=`));
  });
});

const REFUSALS: readonly [flags: string, message: RegExp][] = [
  ['--replicas=3', /^Unknown option --replicas=3: see start-zookeeper -h$/],
  ['-x', /^Unknown option -x: see/],
  ['--servers', /^Cannot read "--servers": wanted --servers=VALUE$/],
  ['servers=3', /^Unknown argument servers=3: see/],
  ['--servers=0', /^Cannot read "--servers=0": wanted a number from 1 to 255$/],
  ['--servers=', /"--servers=": wanted a number/],
  ['--client_port=65536', /wanted a number from 1 to 65535$/],
  ['--tick_time=2s', /"--tick_time=2s": wanted a number/],
  ['--heap=lots', /^Cannot read "--heap=lots": wanted bytes, like 512M or 2G$/],
  ['--heap=0M', /wanted bytes/],
  ['--log_level=LOUD', /wanted one of FATAL, ERROR, WARN, INFO, DEBUG, TRACE$/],
  ['--log_format=xml', /wanted log4j or json$/],
  ['--data_dir=data', /"--data_dir=data": wanted an absolute path/],
  ['--data_dir=/a\ndataDir=/b', /wanted an absolute path/],
  ['--log_dir=/$(reboot)', /wanted an absolute path/],
  ['--client_port=2888', /^Cannot use ports 2888, 2888 and 3888 .* two are the same$/],
  ['--min_session_timeout=50000', /^Cannot use session timeouts from 50000 to 40000 ms/],
];

describe('parsePodFlags and readOptions', () => {
  for (const [flag, message] of REFUSALS) {
    it(`refuse ${JSON.stringify(flag)} with one line`, () => {
      assert.throws(() => settingsOf([flag]), { message, exitCode: 1 });
    });
  }

  it('take the last of equal flags, and the usage before anything else', () => {
    assert.equal(settingsOf(['--servers=3', '--servers=5']).servers, 5);
    assert.equal(parsePodFlags(['--servers=3', '-h']), null);
  });
});
