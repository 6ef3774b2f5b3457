/** The level of the log from a log4j.properties. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { log4jLevel } from './log4j-file.ts';
import { directory, load, notes, STANDALONE, useDirectory } from './zoo-cfg.test-kit.ts';

useDirectory();

const INDIRECT = `zookeeper.root.logger=INFO, CONSOLE
zookeeper.console.threshold=WARN
log4j.rootLogger=\${zookeeper.root.logger}
log4j.appender.CONSOLE.Threshold=\${zookeeper.console.threshold}
`;

const ROWS: readonly [text: string, level: string | null][] = [
  [INDIRECT, 'warn'],
  [INDIRECT.replace('INFO, CONSOLE', 'CONSOLE'), 'warn'],
  [INDIRECT.replace('INFO, CONSOLE', 'ERROR, CONSOLE'), 'error'],
  ['log4j.rootLogger=DEBUG, CONSOLE', 'debug'],
  ['log4j.appender.CONSOLE.Threshold = fatal', 'error'],
  ['log4j.rootLogger=TRACE,CONSOLE\nlog4j.appender.CONSOLE.Threshold=INFO', 'info'],
  ['log4j.rootLogger=${log4j.rootLogger}', null],
  ['', null],
];

describe('log4jLevel', () => {
  for (const [text, level] of ROWS) {
    it(`makes ${level} of ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.equal(
        log4jLevel(text, () => undefined),
        level,
      );
    });
  }

  it('lets system properties win over the file', () => {
    const property = (name: string) =>
      name === 'zookeeper.console.threshold' ? 'DEBUG' : undefined;
    assert.equal(log4jLevel(INDIRECT, property), 'info');
  });
});

describe('loadSettings', () => {
  const given = (...flags: string[]) => ({
    lines: STANDALONE,
    files: { 'log4j.properties': INDIRECT },
    flags: [`-Dlog4j.configuration=file:${directory()}/log4j.properties`, ...flags],
  });

  it('takes the level from there, unless it is told one', () => {
    assert.equal(load(given()).edge.logLevel, 'warn');
    assert.equal(load(given('-Dzabra.logLevel=debug')).edge.logLevel, 'debug');
  });

  it('tells of a file that is not there', () => {
    const flags = ['-Dlog4j.configuration=file:///nowhere/log4j.properties'];
    assert.match(notes({ lines: STANDALONE, flags }), /^warn Cannot read the log's level: ENOENT/m);
  });

  it("reads the tutorial's misspelt key of the purge interval, and says so", () => {
    const lines = [...STANDALONE, 'autopurge.purgeInteval=12'];
    assert.equal(load({ lines }).peer.autopurgeIntervalMs, 12 * 3_600_000);
    assert.match(notes({ lines }), /"autopurge\.purgeInteval", it is read as "autopurge\.purgeInt/);
    const both = [...lines, 'autopurge.purgeInterval=1'];
    assert.equal(load({ lines: both }).peer.autopurgeIntervalMs, 3_600_000);
  });
});
