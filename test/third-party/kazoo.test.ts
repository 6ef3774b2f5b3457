/**
 * kazoo's own published tests, unchanged, with the launcher `zabra-as-java` in the place of `java`,
 * beside the same tests on Apache's server. The harness starts three servers for each class of
 * tests; the tests of its gevent and eventlet handlers run, too.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, it } from 'node:test';
import { CACHE } from '../interop/with-ensemble.ts';
import { freePortsInARow } from '../process/free-ports.ts';
import { classPathOf, ROOT } from '../process/server-process.ts';
import { runSideBySide, type Side, type Suite } from './side-by-side.ts';
import { type Exceptions, readPytest, type SuiteResult } from './suite-result.ts';
import { runSuite } from './suite-run.ts';

const SUITE = join(CACHE, 'kazoo-suite-2.10.0');
const HERE = join(ROOT, 'test/third-party');
const SUITE_TIMEOUT_MS = 20 * 60_000;
/** For one test, in which a cluster may have to be started first. */
const TEST_TIMEOUT_SECONDS = 120;
/** The harness gives each of three servers ten ports, of which it uses five. */
const PORTS = 30;
const firstPort = freePortsInARow(2 * PORTS);
/** A JVM that lives for seconds only is better off without its second compiler. */
const SHORT_LIVED_JVM = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m';

const EXCEPTIONS: Exceptions = {};

function logFileOf(side: Side, name: string): string {
  return join(CACHE, 'logs', `kazoo-${side}-${name}.log`);
}

async function run(side: Side, name: string, only: readonly string[] | null): Promise<SuiteResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'zabra-kazoo-'));
  const options = ['-p', 'kazoo_results', '-p', 'no:cacheprovider', '-o', 'log_cli=false'];
  const tests = only ?? ['kazoo/tests'];
  try {
    const output = await runSuite({
      command: 'python3',
      args: ['-m', 'pytest', ...options, '-q', `--timeout=${TEST_TIMEOUT_SECONDS}`, ...tests],
      cwd: SUITE,
      env: {
        PYTHONPATH: [SUITE, join(SUITE, 'site'), HERE].join(delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
        TMPDIR: scratch,
        // With it the tests believe ZOOKEEPER_VERSION and do not ask the server.
        CI: undefined,
        ZOOKEEPER_VERSION: '3.9.5',
        ZOOKEEPER_PORT_OFFSET: String((await firstPort) + (side === 'zabra' ? PORTS : 0)),
        ZOOKEEPER_CLASSPATH: classPathOf('apache-3.9.5'),
        ...(side === 'zabra'
          ? { PATH: `${join(HERE, 'zabra-as-java')}${delimiter}${process.env['PATH'] ?? ''}` }
          : { JAVA_TOOL_OPTIONS: SHORT_LIVED_JVM }),
      },
      logFile: logFileOf(side, name),
      timeoutMs: SUITE_TIMEOUT_MS,
    });
    return readPytest(output);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const suite: Suite = {
  name: 'kazoo 2.10.0',
  together: true,
  exceptions: EXCEPTIONS,
  passedMin: 484,
  run,
  report: (side, name) => readFileSync(logFileOf(side, name), 'utf8').slice(-20_000),
};

describe("kazoo's own tests", () => {
  it('pass on our server where they pass on Apache', async () => {
    await runSideBySide(suite);
  });
});
