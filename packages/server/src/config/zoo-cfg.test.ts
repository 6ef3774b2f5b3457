/**
 * Whole configurations: what every kind of key becomes, precedence of properties, cross checks in
 * ZooKeeper's order with their exit codes, the mode rule, `myid`, dynamic files, short form.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { PeerConfig } from '../peer/peer-config.ts';
import { ConfigError } from './config-error.ts';
import type { ServerSettings } from './settings.ts';
import { type Environment, loadSettings } from './zoo-cfg.ts';

let root = '';

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-config-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

interface Given {
  /** Lines of zoo.cfg; `DIR` stands for the data directory. */
  readonly lines: readonly string[];
  readonly myid?: string;
  readonly flags?: readonly string[];
  readonly environment?: Environment;
  /** Other files, by name beside zoo.cfg. */
  readonly files?: Readonly<Record<string, string>>;
}

const STANDALONE = ['dataDir=DIR', 'clientPort=2181'];
const SERVERS = ['server.1=a:2888:3888', 'server.2=b:2888:3888', 'server.3=c:2888:3888'];
const ENSEMBLE = [...STANDALONE, 'initLimit=10', 'syncLimit=5', ...SERVERS];

function load({ lines, myid, flags = [], environment = {}, files = {} }: Given): ServerSettings {
  const file = path.join(root, 'zoo.cfg');
  fs.writeFileSync(file, lines.join('\n').replaceAll('DIR', root));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(root, name), text);
  if (myid !== undefined) fs.writeFileSync(path.join(root, 'myid'), myid);
  return loadSettings([...flags, file], environment, '3.9.5-zabra.test');
}

function refusal(given: Given): { code: number; message: string } {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return { code: error.exitCode, message: error.message };
  }
  assert.fail('wanted a refusal');
}

function notes(given: Given): string {
  return load(given)
    .notes.map(({ level, message }) => `${level} ${message}`)
    .join('\n');
}

describe('loadSettings, key by key', () => {
  const defaults: Partial<PeerConfig> = {
    sid: 1,
    ensemble: null,
    tickTimeMs: 3000,
    minSessionTimeoutMs: 6000,
    maxSessionTimeoutMs: 60_000,
    maxClientCnxns: 60,
    maxCnxns: 0,
    globalOutstandingLimit: 1000,
    juteMaxBufferBytes: 1_048_575,
    snapCount: 100_000,
    snapSizeLimitBytes: 4_294_967_296,
    preAllocBytes: 67_108_864,
    commitLogCount: 500,
    forceSync: true,
    leaderServes: true,
    skipAcl: false,
    digestEnabled: true,
    closeSessionTxnEnabled: true,
    extendedTypesEnabled: false,
    enforceQuota: false,
    autopurgeRetainCount: 3,
    autopurgeIntervalMs: 0,
    snapshotCompression: 'none',
    dbAutocreate: true,
    serializeLastProcessedZxid: true,
    emptyNeedsAllVoters: false,
    quorumListenOnAllIps: false,
    electionConnectTimeoutMs: 5000,
    clientAddress: { host: '0.0.0.0', port: 2181 },
  };

  it("has ZooKeeper's defaults", () => {
    const { peer } = load({ lines: STANDALONE });
    for (const [name, wanted] of Object.entries(defaults)) {
      assert.deepEqual(peer[name as keyof PeerConfig], wanted, name);
    }
    assert.deepEqual([...peer.fourLetterWords], ['srvr']);
  });

  const rows: readonly (readonly [line: string, wanted: Partial<PeerConfig>])[] = [
    ['tickTime=2000', { tickTimeMs: 2000, minSessionTimeoutMs: 4000, maxSessionTimeoutMs: 40_000 }],
    ['minSessionTimeout=100', { minSessionTimeoutMs: 100 }],
    ['clientPortAddress=10.0.0.7', { clientAddress: { host: '10.0.0.7', port: 2181 } }],
    ['maxClientCnxns=0', { maxClientCnxns: 0 }],
    ['maxCnxns=100', { maxCnxns: 100 }],
    ['maxCnxns=-1', { maxCnxns: 0 }],
    ['snapCount=1', { snapCount: 2 }],
    ['snapCount=lots', { snapCount: 100_000 }],
    ['snapSizeLimitInKb=-1', { snapSizeLimitBytes: -1024 }],
    ['txnLogSizeLimitInKb=2', { txnLogSizeLimitBytes: 2048 }],
    ['reconfigEnabled=true', { reconfigEnabled: true }],
    ['preAllocSize=100', { preAllocBytes: 102_400 }],
    ['commitLogCount=3', { commitLogCount: 500 }],
    ['commitLogCount=2000', { commitLogCount: 2000 }],
    ['forceSync=no', { forceSync: false }],
    ['forceSync=false', { forceSync: true }],
    ['skipACL=yes', { skipAcl: true }],
    ['skipACL=true', { skipAcl: false }],
    ['leaderServes=no', { leaderServes: false }],
    ['digest.enabled=off', { digestEnabled: false }],
    ['snapshot.compression.method=gz', { snapshotCompression: 'gz' }],
    ['snapshot.compression.method=lz4', { snapshotCompression: 'none' }],
    ['autopurge.snapRetainCount=2', { autopurgeRetainCount: 3 }],
    ['autopurge.snapRetainCount=7', { autopurgeRetainCount: 7 }],
    ['autopurge.purgeInterval=24', { autopurgeIntervalMs: 86_400_000 }],
    ['globalOutstandingLimit=0x10', { globalOutstandingLimit: 16 }],
    ['jute.maxbuffer=4096', { juteMaxBufferBytes: 1_048_575 }],
    ['zabra.clientOutputBytesMax=1m', { clientOutputBytesMax: 1_048_576 }],
    ['zabra.emptyNeedsAllVoters=true', { emptyNeedsAllVoters: true }],
    ['DigestAuthenticationProvider.superDigest=super:abc', { superDigest: 'super:abc' }],
  ];
  for (const [line, wanted] of rows) {
    it(`makes ${JSON.stringify(wanted)} of ${line}`, () => {
      const { peer } = load({ lines: [...STANDALONE, line] });
      for (const [name, value] of Object.entries(wanted)) {
        assert.deepEqual(peer[name as keyof PeerConfig], value, name);
      }
    });
  }

  it('keeps directories absolute and apart', () => {
    const { peer, edge } = load({ lines: [...STANDALONE, 'dataLogDir=DIR/logs'] });
    assert.equal(peer.dataDir, path.join(root, 'version-2'));
    assert.equal(peer.dataLogDir, path.join(root, 'logs', 'version-2'));
    assert.deepEqual(edge.directories, { snap: peer.dataDir, log: peer.dataLogDir });
  });

  it('sees an initialize file beside the log directory only', () => {
    const lines = [...STANDALONE, 'dataLogDir=DIR/logs'];
    fs.mkdirSync(path.join(root, 'logs'));
    fs.writeFileSync(path.join(root, 'initialize'), '');
    assert.equal(load({ lines }).peer.initializeMarker, false);
    fs.writeFileSync(path.join(root, 'logs', 'initialize'), '');
    assert.equal(load({ lines }).peer.initializeMarker, true);
  });

  it('collects four-letter words', () => {
    const line = '4lw.commands.whitelist=ruok, mntr ,,';
    const { peer } = load({ lines: [...STANDALONE, line], flags: ['-Dreadonlymode.enabled=true'] });
    assert.deepEqual([...peer.fourLetterWords].sort(), ['isro', 'mntr', 'ruok', 'srvr']);
  });

  it('shares the outstanding limit among the followers of an ensemble', () => {
    assert.equal(load({ lines: ENSEMBLE, myid: '1' }).peer.globalOutstandingLimit, 500);
  });

  it('has an edge of its own: health, log, memory, backlog', () => {
    const lines = [
      ...STANDALONE,
      'clientPortListenBacklog=50',
      'zabra.healthPort=3181',
      'zabra.healthAddress=127.0.0.1',
      'zabra.log=JSON',
      'zabra.logLevel=warn',
      'fsync.warningthresholdms=20',
    ];
    const { edge } = load({ lines, environment: { SERVER_JVMFLAGS: '-Xmx512m' } });
    assert.deepEqual(edge.health, { host: '127.0.0.1', port: 3181 });
    assert.equal(edge.logFormat, 'json');
    assert.equal(edge.logLevel, 'warn');
    assert.equal(edge.memoryBytes, 512 * 1024 * 1024);
    assert.equal(edge.clientBacklog, 50);
    assert.equal(edge.slowLogWriteMs, 20);
    assert.equal(load({ lines: STANDALONE }).edge.health, null);
  });
});

describe('loadSettings, properties', () => {
  it('takes -D from SERVER_JVMFLAGS, JVMFLAGS and the arguments, the later over the earlier', () => {
    const environment = { SERVER_JVMFLAGS: '-Dzookeeper.snapCount=10 -Xms1g', JVMFLAGS: '' };
    const snapCount = (given: Partial<Given>) =>
      load({ lines: STANDALONE, environment, ...given }).peer.snapCount;
    assert.equal(snapCount({}), 10);
    const both = { ...environment, JVMFLAGS: '  -Dzookeeper.snapCount=20\t-Dother=1 ' };
    assert.equal(snapCount({ environment: both }), 20);
    assert.equal(snapCount({ environment: both, flags: ['-Dzookeeper.snapCount=30'] }), 30);
  });

  it('lets a key of zoo.cfg win over the property', () => {
    const { peer } = load({
      lines: [...STANDALONE, 'snapCount=40'],
      flags: ['-Dzookeeper.snapCount=30'],
    });
    assert.equal(peer.snapCount, 40);
  });

  it('takes what has no prefix from properties alone', () => {
    const { peer } = load({ lines: STANDALONE, flags: ['-Djute.maxbuffer=4096'] });
    assert.equal(peer.juteMaxBufferBytes, 4096);
  });

  it('takes our own keys by the same name from both', () => {
    const { edge } = load({ lines: STANDALONE, flags: ['-Dzabra.healthPort=0'] });
    assert.equal(edge.health?.port, 0);
  });

  it('does not let a property set what only zoo.cfg can', () => {
    const { peer } = load({ lines: STANDALONE, flags: ['-Dzookeeper.tickTime=1'] });
    assert.equal(peer.tickTimeMs, 3000);
  });

  it('tolerates keys that nobody knows, and warns of one with our prefix', () => {
    const text = notes({ lines: [...STANDALONE, 'no.such.key=1', 'zabra.helthPort=1'] });
    assert.doesNotMatch(text, /no\.such\.key/);
    assert.match(text, /warn There is no key "zabra.helthPort"/);
  });
});

describe('loadSettings, bad values', () => {
  const rows: readonly (readonly [line: string, code: number, says: RegExp])[] = [
    ['tickTime=fast', 2, /"tickTime=fast": wanted a decimal number/],
    ['clientPort=0x10', 2, /"clientPort=0x10"/],
    ['clientPort=70000', 2, /70000, which is no port/],
    ['initLimit=5s', 2, /"initLimit=5s"/],
    ['maxClientCnxns=', 2, /"maxClientCnxns="/],
    ['autopurge.purgeInterval=1d', 2, /"autopurge.purgeInterval=1d"/],
    ['standaloneEnabled=yes', 2, /"standaloneEnabled=yes": wanted true or false/],
    ['quorumListenOnAllIPs=1', 2, /wanted true or false/],
    ['peerType=voter', 2, /wanted one of participant, observer/],
    ['electionAlg=1', 2, /only 3 exists/],
    ['cnxTimeout=soon', 1, /"cnxTimeout=soon"/],
    ['quorum.cnxn.threads.size=many', 2, /"quorum.cnxn.threads.size=many"/],
    ['reconfigEnabled=on', 2, /"reconfigEnabled=on"/],
    ['jvm.pause.monitor=2', 2, /"jvm.pause.monitor=2"/],
    ['secureClientPort=2281', 2, /TLS for clients is not supported/],
    ['secureClientPort=tls', 2, /wanted a decimal number/],
    ['sslQuorum=true', 2, /TLS between servers is not supported/],
    ['quorum.auth.enableSasl=true', 2, /SASL between servers is not supported/],
    ['enforce.auth.enabled=true', 2, /cannot be made to authenticate/],
    ['DigestAuthenticationProvider.digestAlg=SHA256', 2, /only SHA1/],
    ['zabra.log=xml', 2, /wanted one of log4j, json/],
    ['zabra.healthPort=on', 2, /wanted a decimal number/],
    ['server.1=a:2888', 2, /server.1/],
    ['server.1=a:2888:2888', 2, /same/],
    ['server.x=a:2888:3888', 2, /server id/],
    ['server.1=a:2888:3888:leader', 2, /role/],
    ['groupies=1', 2, /group/],
  ];
  for (const [line, code, says] of rows) {
    it(`refuses ${line} with exit code ${code}`, () => {
      const refused = refusal({ lines: [...STANDALONE, line] });
      assert.match(refused.message, says);
      assert.match(refused.message, /^Cannot use ".*zoo\.cfg": /);
      assert.doesNotMatch(refused.message, /\n/);
      assert.equal(refused.code, code);
    });
  }

  const tolerated: readonly string[] = [
    'sslQuorum=false',
    'secureClientPortAddress=',
    'ssl.keyStore.location=/x',
    'nio.numWorkerThreads=many',
    'reconfigEnabled=false',
    'DigestAuthenticationProvider.digestAlg=sha1',
    'authProvider.sasl=org.example.Sasl',
    'metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
    'server.realm=EXAMPLE.COM',
  ];
  for (const line of tolerated) {
    it(`starts with ${line}`, () => {
      assert.doesNotMatch(notes({ lines: [...STANDALONE, line] }), /warn/);
    });
  }

  it('warns of what it does not do', () => {
    const lines = [...STANDALONE, 'reconfigEnabled=true', 'audit.enable=TRUE', 'maxCnxns=-3'];
    const text = notes({ lines });
    assert.match(text, /warn reconfigEnabled is true, but/);
    assert.match(text, /warn There is no effect of "audit.enable=TRUE"/);
    assert.match(text, /warn Cannot use "maxCnxns=-3"/);
  });

  it('refuses a file that is not there', () => {
    assert.throws(
      () => loadSettings([path.join(root, 'absent.cfg')], {}, ''),
      (error) =>
        error instanceof ConfigError && error.exitCode === 2 && /ENOENT/.test(error.message),
    );
  });
});

describe('loadSettings, cross checks in order', () => {
  /** Each row repairs what the row before it was refused for, and breaks no earlier rule. */
  const ladder: readonly (readonly [repaired: (lines: string[]) => string[], says: RegExp])[] = [
    [(lines) => lines, /quorum.auth.learnerRequireSasl/],
    [(lines) => lines.filter((line) => !line.startsWith('quorum.auth')), /dataDir is not set/],
    [(lines) => [...lines, 'dataDir=DIR'], /clientPortAddress is set but clientPort is not/],
    [(lines) => [...lines, 'clientPort=2181'], /tickTime is 0/],
    [(lines) => [...lines, 'tickTime=2000'], /minSessionTimeout is 50000, more than/],
    [(lines) => [...lines, 'maxSessionTimeout=60000'], /server 2: .*multiAddress/],
    [(lines) => [...lines, 'server.2=b:2888:3888'], /"1 " is not a number/],
    [(lines) => lines, /at 10.0.0.1:2181 .* and at 10.0.0.2:2182/],
    [(lines) => [...lines, 'server.1=a:2888:3888;10.0.0.1:2181'], /initLimit is not set/],
    [(lines) => [...lines, 'initLimit=10'], /syncLimit is not set/],
    [(lines) => [...lines, 'syncLimit=5'], /myid" is missing/],
  ];

  it('finds the first thing wrong, whatever else is', () => {
    let lines = [
      'quorum.auth.learnerRequireSasl=true',
      'clientPortAddress=10.0.0.1',
      'tickTime=0',
      'minSessionTimeout=50000',
      'server.1=a:2888:3888;10.0.0.2:2182',
      'server.2=b:2888:3888|b2:2888:3888',
      'server.3=c:2888:3888',
    ];
    const myids = ['1 ', '1 ', '1 ', '1 ', '1 ', '1 ', '1 ', '1', '1', '1', ''];
    for (const [index, [repaired, says]] of ladder.entries()) {
      lines = repaired(lines);
      const myid = myids[index] ?? '';
      if (myid === '') fs.rmSync(path.join(root, 'myid'));
      const refused = refusal(myid === '' ? { lines } : { lines, myid });
      assert.match(refused.message, says);
      assert.equal(refused.code, 2);
    }
    assert.equal(load({ lines, myid: '1' }).peer.sid, 1);
  });
});

describe('loadSettings, mode and members', () => {
  it('runs alone without a server list, with sid 1 whatever myid says', () => {
    const { peer, edge } = load({ lines: STANDALONE, myid: '7\n' });
    assert.equal(peer.ensemble, null);
    assert.equal(peer.sid, 1);
    assert.equal(edge.myid, '');
  });

  it('runs alone with one server line, and says so', () => {
    const given = { lines: [...STANDALONE, SERVERS[0] ?? ''], myid: '1' };
    assert.equal(load(given).peer.ensemble, null);
    assert.match(notes(given), /the server line is ignored/);
  });

  it('is an ensemble of one when standaloneEnabled is false', () => {
    const lines = [
      ...ENSEMBLE.filter((line) => !/^server\.[23]/.test(line)),
      'standaloneEnabled=false',
    ];
    assert.equal(load({ lines, myid: '1' }).peer.ensemble?.members.length, 1);
  });

  it('is a member of an ensemble of three', () => {
    const { peer, edge } = load({ lines: ENSEMBLE, myid: '2\n' });
    assert.equal(peer.sid, 2);
    assert.equal(edge.myid, '2');
    assert.deepEqual(
      peer.ensemble?.members.map(({ sid }) => sid),
      [1, 2, 3],
    );
    assert.equal(peer.initLimitTicks, 10);
    assert.equal(peer.syncLimitTicks, 5);
  });

  it('takes the client address of its server line, and none where neither has one', () => {
    const lines = ENSEMBLE.filter((line) => line !== 'clientPort=2181');
    const own = [...lines, 'server.1=a:2888:3888;127.0.0.1:2191'];
    assert.deepEqual(load({ lines: own, myid: '1' }).peer.clientAddress, {
      host: '127.0.0.1',
      port: 2191,
    });
    assert.equal(load({ lines, myid: '1' }).peer.clientAddress.port, -1);
    assert.match(notes({ lines, myid: '1' }), /clientPort is not set/);
  });

  it('lets a wildcard static address agree with a concrete one of the same port', () => {
    const lines = [...ENSEMBLE, 'server.1=a:2888:3888;127.0.0.1:2181'];
    assert.equal(load({ lines, myid: '1' }).peer.clientAddress.host, '127.0.0.1');
  });

  it('warns when peerType and the server list differ', () => {
    const given = { lines: [...ENSEMBLE, 'peerType=observer'], myid: '1' };
    assert.match(notes(given), /peerType is observer, the server list says participant/);
  });

  it('reads groups and weights', () => {
    const lines = [...ENSEMBLE, 'group.1=1:2', 'group.2=3', 'weight.3=2'];
    const { peer } = load({ lines, myid: '1' });
    assert.deepEqual(
      [...(peer.ensemble?.groups ?? [])],
      [
        [1, [1, 2]],
        [2, [3]],
      ],
    );
    assert.equal(peer.ensemble?.weights.get(3), 2);
  });

  const refused: readonly (readonly [string, Given, number, RegExp])[] = [
    [
      'no participant with standaloneEnabled=false',
      { lines: [...STANDALONE, 'standaloneEnabled=false'] },
      2,
      /no participant/,
    ],
    ['observers alone', { lines: [...STANDALONE, 'server.1=a:1:2:observer'] }, 2, /observer/],
    [
      'observers with one participant',
      { lines: [...STANDALONE, 'server.1=a:1:2', 'server.2=b:1:2:observer'] },
      2,
      /observers with one participant/,
    ],
    ['an id that is not in the list', { lines: ENSEMBLE, myid: '9' }, 1, /My id 9 is not in/],
    ['a myid with a blank behind it', { lines: ENSEMBLE, myid: '1 \n' }, 2, /not a number/],
    ['an empty myid', { lines: STANDALONE, myid: '' }, 2, /not a number/],
    ['no myid', { lines: ENSEMBLE }, 2, /myid" is missing/],
    [
      'an id of 255 with extended types',
      {
        lines: [...ENSEMBLE, 'server.255=d:2888:3888', 'extendedTypesEnabled=true'],
        myid: '255',
      },
      1,
      /above 254/,
    ],
    [
      'a voter that is in no group',
      { lines: [...ENSEMBLE, 'group.1=1:2'], myid: '1' },
      2,
      /server 3 is in 0/,
    ],
  ];
  for (const [name, given, code, says] of refused) {
    it(`refuses ${name} with exit code ${code}`, () => {
      const { code: found, message } = refusal(given);
      assert.match(message, says);
      assert.equal(found, code);
    });
  }
});

describe('loadSettings, dynamic files', () => {
  const fixed = [...STANDALONE, 'initLimit=10', 'syncLimit=5', 'dynamicConfigFile=DIR/zoo.dyn.1a'];
  const dynamic = { 'zoo.dyn.1a': SERVERS.join('\n') };

  it('reads the members from the file and the version from its name', () => {
    const { peer } = load({ lines: fixed, myid: '1', files: dynamic });
    assert.equal(peer.ensemble?.members.length, 3);
    assert.equal(peer.ensemble?.version, 0x1a);
  });

  it('has version 0 where the name says none', () => {
    const lines = fixed.map((line) => line.replace('zoo.dyn.1a', 'zoo.cfg.dynamic'));
    const files = { 'zoo.cfg.dynamic': SERVERS.join('\n') };
    assert.equal(load({ lines, myid: '1', files }).peer.ensemble?.version, 0);
  });

  const refused: readonly (readonly [string, Given, RegExp])[] = [
    [
      'server lines in both files',
      { lines: [...fixed, 'server.4=d:1:2'], files: dynamic },
      /belongs into/,
    ],
    ['a file that is not there', { lines: fixed }, /Cannot read dynamicConfigFile/],
    ['a version key', { lines: fixed, files: { 'zoo.dyn.1a': 'version=1' } }, /"version"/],
    ['any other key', { lines: fixed, files: { 'zoo.dyn.1a': 'tickTime=1' } }, /"tickTime"/],
  ];
  for (const [name, given, says] of refused) {
    it(`refuses ${name}`, () => assert.match(refusal(given).message, says));
  }
});

describe('loadSettings, short form', () => {
  it('reads port, directory, tick and limit', () => {
    const { peer } = loadSettings(['2191', root, '500', '9'], {}, '');
    assert.equal(peer.clientAddress.port, 2191);
    assert.equal(peer.dataDir, path.join(root, 'version-2'));
    assert.equal(peer.tickTimeMs, 500);
    assert.equal(peer.maxClientCnxns, 9);
  });

  it('has no limit of connections per address unless one is given', () => {
    assert.equal(loadSettings(['2191', root], {}, '').peer.maxClientCnxns, 0);
  });

  for (const args of [[], ['1', '2', '3', '4', '5']]) {
    it(`explains itself when given ${args.length} words`, () => {
      assert.throws(() => loadSettings(args, {}, ''), /^ConfigError: Usage: /);
    });
  }
});
