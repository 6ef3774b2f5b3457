/**
 * The go-zookeeper client's own tests on our server, started by our `zkServer.sh`, beside the same
 * tests on Apache's server. `install-peers.sh` made one program of them.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CACHE } from '../interop/with-ensemble.ts';
import { classPathOf, ROOT } from '../process/server-process.ts';
import { runSideBySide, type Side, type Suite } from './side-by-side.ts';
import { type Exceptions, readGoTest, type SuiteResult } from './suite-result.ts';
import { runSuite } from './suite-run.ts';

const SUITE_TIMEOUT_MS = 8 * 60_000;
const EXCEPTIONS: Exceptions = {};

function logFileOf(side: Side, name: string): string {
  return join(CACHE, 'logs', `go-zookeeper-${side}-${name}.log`);
}

/** A subtest cannot run without the test around it. */
function patternOf(only: readonly string[] | null): string {
  if (only === null) return '.';
  return `^(${[...new Set(only.map((name) => name.split('/', 1)[0]))].join('|')})$`;
}

async function run(side: Side, name: string, only: readonly string[] | null): Promise<SuiteResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'zabra-go-'));
  const timeout = `-test.timeout=${SUITE_TIMEOUT_MS}ms`;
  const servers = side === 'zabra' ? 'bin' : 'test/third-party/apache-bin';
  try {
    const output = await runSuite({
      command: join(CACHE, 'go-zk-v1.0.4/zk.test'),
      args: ['-test.v', timeout, '-test.run', patternOf(only)],
      cwd: scratch,
      env: {
        TMPDIR: scratch,
        // Without it the tests of reconfiguration leave themselves out.
        ZK_VERSION: '3.9.5',
        ZOOKEEPER_BIN_PATH: join(ROOT, servers),
        ZABRA_CLASS_PATH: classPathOf('apache-3.9.5'),
      },
      logFile: logFileOf(side, name),
      timeoutMs: SUITE_TIMEOUT_MS,
    });
    return readGoTest(output);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const suite: Suite = {
  name: 'go-zookeeper v1.0.4',
  // The harness takes its ports by chance, without a look whether they are free.
  together: false,
  exceptions: EXCEPTIONS,
  passedMin: 78,
  run,
  report: (side, name) => readFileSync(logFileOf(side, name), 'utf8').slice(-20_000),
};

describe("the Go client's own tests", () => {
  it('pass on our server where they pass on Apache', async () => {
    await runSideBySide(suite);
  });
});
