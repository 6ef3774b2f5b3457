/** What a configuration is refused for, with which exit code, and in which order. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { ConfigError } from './config-error.ts';
import { directory, load, notes, refusal, STANDALONE, useDirectory } from './zoo-cfg.test-kit.ts';
import { loadSettings } from './zoo-cfg.ts';

useDirectory();

const REFUSED: readonly (readonly [line: string, code: number, says: RegExp])[] = [
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
  ['secureClientPort=2281', 2, /ssl.keyStore.location is not set/],
  ['secureClientPort=tls', 2, /wanted a decimal number/],
  ['sslQuorum=yes', 2, /"sslQuorum=yes": wanted true or false/],
  ['quorum.auth.learnerRequireSasl=true', 2, /enableSasl is not true/],
  ['quorum.auth.serverRequireSasl=true', 2, /enableSasl is not true/],
  ['enforce.auth.enabled=true', 2, /enforce.auth.schemes is empty/],
  ['DigestAuthenticationProvider.digestAlg=MD2', 2, /digestAlg=MD2": wanted MD5, SHA-1, SHA-224/],
  ['zabra.failureDetectionMs=199', 2, /wanted 0 or a number from 200 on/],
  ['zabra.zxidsPerEpoch=999', 2, /wanted 0 or a number from 1000 on/],
  ['zabra.failureDetectionMs=1s', 2, /wanted 0 or a number from 200 on/],
  ['zabra.log=xml', 2, /wanted one of log4j, json/],
  ['zabra.healthPort=on', 2, /wanted a decimal number/],
  ['server.1=a:2888', 2, /server.1/],
  ['server.1=a:2888:2888', 2, /same/],
  ['server.x=a:2888:3888', 2, /server id/],
  ['server.1=a:2888:3888:leader', 2, /role/],
  ['groupies=1', 2, /group/],
];

const TOLERATED: readonly string[] = [
  'sslQuorum=false',
  'secureClientPortAddress=',
  'ssl.keyStore.location=/x',
  'nio.numWorkerThreads=many',
  'reconfigEnabled=false',
  'DigestAuthenticationProvider.digestAlg=sha1',
  'authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
  'metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
  'server.realm=EXAMPLE.COM',
];

describe('loadSettings, bad values', () => {
  for (const [line, code, says] of REFUSED) {
    it(`refuses ${line} with exit code ${code}`, () => {
      const refused = refusal({ lines: [...STANDALONE, line] });
      assert.match(refused.message, says);
      assert.match(refused.message, /^Cannot use ".*zoo\.cfg": /);
      assert.doesNotMatch(refused.message, /\n/);
      assert.equal(refused.code, code);
    });
  }

  for (const line of TOLERATED) {
    it(`starts with ${line}`, () => {
      assert.doesNotMatch(notes({ lines: [...STANDALONE, line] }), /warn/);
    });
  }

  it('warns of what it does not do', () => {
    const lines = [...STANDALONE, 'audit.enable=TRUE', 'maxCnxns=-3'];
    const text = notes({ lines });
    assert.match(text, /warn There is no effect of "audit.enable=TRUE"/);
    assert.match(text, /warn Cannot use "maxCnxns=-3"/);
  });

  it('refuses a file that is not there', () => {
    assert.throws(
      () => loadSettings([path.join(directory(), 'absent.cfg')], {}, ''),
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
      if (myid === '') fs.rmSync(path.join(directory(), 'myid'));
      const refused = refusal(myid === '' ? { lines } : { lines, myid });
      assert.match(refused.message, says);
      assert.equal(refused.code, 2);
    }
    assert.equal(load({ lines, myid: '1' }).peer.sid, 1);
  });
});
