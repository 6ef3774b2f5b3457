/** What each key becomes, precedence of properties over zoo.cfg, the short form of arguments. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { PeerConfig } from '../peer/peer-config.ts';
import {
  directory,
  ENSEMBLE,
  type Given,
  load,
  notes,
  STANDALONE,
  useDirectory,
} from './zoo-cfg.test-kit.ts';
import { loadSettings } from './zoo-cfg.ts';

useDirectory();

const DEFAULTS: Partial<PeerConfig> = {
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
  snapshotSizeFactor: 0.33,
  forceSync: true,
  leaderServes: true,
  localSessionsEnabled: false,
  localSessionsUpgradingEnabled: false,
  readOnlyAfterMs: -1,
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
  keeper: null,
  quorumListenOnAllIps: false,
  observerMasterPort: 0,
  observerMasterBytesMax: 33_554_432,
  electionConnectTimeoutMs: 5000,
  failureDetectionMs: 1500,
  zxidsPerEpoch: 4_294_967_294,
  clientAddress: { host: '0.0.0.0', port: 2181 },
};

const ROWS: readonly (readonly [line: string, wanted: Partial<PeerConfig>])[] = [
  [
    'observerMasterPort=2191\nobserverMaster.sizeLimit=1000',
    { observerMasterPort: 2191, observerMasterBytesMax: 1000 },
  ],
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
  ['snapshotSizeFactor=-1', { snapshotSizeFactor: -1 }],
  ['snapshotSizeFactor=0', { snapshotSizeFactor: 0 }],
  ['snapshotSizeFactor=0.5', { snapshotSizeFactor: 0.5 }],
  ['snapshotSizeFactor=1.5', { snapshotSizeFactor: 0.33 }],
  ['snapshotSizeFactor=half', { snapshotSizeFactor: 0.33 }],
  ['forceSync=no', { forceSync: false }],
  ['forceSync=false', { forceSync: true }],
  ['skipACL=yes', { skipAcl: true }],
  ['skipACL=true', { skipAcl: false }],
  ['leaderServes=no', { leaderServes: false }],
  ['localSessionsEnabled=True', { localSessionsEnabled: true }],
  ['localSessionsUpgradingEnabled=true', { localSessionsUpgradingEnabled: true }],
  ['digest.enabled=off', { digestEnabled: false }],
  ['snapshot.compression.method=gz', { snapshotCompression: 'gz' }],
  ['snapshot.compression.method=lz4', { snapshotCompression: 'none' }],
  ['autopurge.snapRetainCount=2', { autopurgeRetainCount: 3 }],
  ['autopurge.snapRetainCount=7', { autopurgeRetainCount: 7 }],
  ['autopurge.purgeInterval=24', { autopurgeIntervalMs: 86_400_000 }],
  ['globalOutstandingLimit=0x10', { globalOutstandingLimit: 16 }],
  ['jute.maxbuffer=4096', { juteMaxBufferBytes: 1_048_575 }],
  ['zabra.clientOutputBytesMax=1m', { clientOutputBytesMax: 1_048_576 }],
  ['zabra.failureDetectionMs=0', { failureDetectionMs: 0 }],
  ['zabra.failureDetectionMs=200', { failureDetectionMs: 200 }],
  ['zabra.zxidsPerEpoch=5000', { zxidsPerEpoch: 5000 }],
  ['zabra.zxidsPerEpoch=0', { zxidsPerEpoch: 4_294_967_294 }],
  ['zabra.emptyNeedsAllVoters=true', { emptyNeedsAllVoters: true }],
  ['zabra.keeperExtensions=true', { keeper: { availabilityZone: '' } }],
  ['zabra.keeperAvailabilityZone=a', { keeper: null }],
  ['DigestAuthenticationProvider.superDigest=super:abc', { superDigest: 'super:abc' }],
];

describe('loadSettings, key by key', () => {
  it("has ZooKeeper's defaults", () => {
    const { peer } = load({ lines: STANDALONE });
    for (const [name, wanted] of Object.entries(DEFAULTS)) {
      assert.deepEqual(peer[name as keyof PeerConfig], wanted, name);
    }
    assert.deepEqual([...peer.fourLetterWords], ['srvr']);
  });

  for (const [line, wanted] of ROWS) {
    it(`makes ${JSON.stringify(wanted)} of ${line}`, () => {
      const { peer } = load({ lines: [...STANDALONE, line] });
      for (const [name, value] of Object.entries(wanted)) {
        assert.deepEqual(peer[name as keyof PeerConfig], value, name);
      }
    });
  }
});

describe('loadSettings, beyond single values', () => {
  it('keeps directories absolute and apart', () => {
    const { peer, edge } = load({ lines: [...STANDALONE, 'dataLogDir=DIR/logs'] });
    assert.equal(peer.dataDir, path.join(directory(), 'version-2'));
    assert.equal(peer.dataLogDir, path.join(directory(), 'logs', 'version-2'));
    assert.deepEqual(edge.directories, { snap: peer.dataDir, log: peer.dataLogDir });
  });

  it('sees an initialize file beside the log directory only', () => {
    const lines = [...STANDALONE, 'dataLogDir=DIR/logs'];
    fs.mkdirSync(path.join(directory(), 'logs'));
    fs.writeFileSync(path.join(directory(), 'initialize'), '');
    assert.equal(load({ lines }).peer.initializeMarker, false);
    fs.writeFileSync(path.join(directory(), 'logs', 'initialize'), '');
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
  it('takes -D from SERVER_JVMFLAGS, JVMFLAGS and arguments, the later over the earlier', () => {
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

describe('loadSettings, short form', () => {
  it('reads port, directory, tick and limit', () => {
    const { peer } = loadSettings(['2191', directory(), '500', '9'], {}, '');
    assert.equal(peer.clientAddress.port, 2191);
    assert.equal(peer.dataDir, path.join(directory(), 'version-2'));
    assert.equal(peer.tickTimeMs, 500);
    assert.equal(peer.maxClientCnxns, 9);
  });

  it('has no limit of connections per address unless one is given', () => {
    assert.equal(loadSettings(['2191', directory()], {}, '').peer.maxClientCnxns, 0);
  });

  for (const args of [[], ['1', '2', '3', '4', '5']]) {
    it(`explains itself when given ${args.length} words`, () => {
      assert.throws(() => loadSettings(args, {}, ''), /^ConfigError: Usage: /);
    });
  }
});
