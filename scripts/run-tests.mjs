/**
 * Runs the compiled tests of one folder of sources with node:test:
 *
 *   run-tests.mjs SOURCE-FOLDER COMPILED-FOLDER [FILES-AT-ONCE [MINUTES-A-FILE]]
 *
 * Every `x.test.ts` must have its `x.test.js`; a compiled test without a source is a leftover and
 * is not run. Prints failures and slow tests only, then `N passed, N failed`. A test that is
 * skipped, marked as to do or cancelled counts as failed: nothing is left out in silence.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { run } from 'node:test';

/** Longer than this and a test is named, ms. */
const SLOW_MS = 5000;
/** The runner's own summary, which ours replaces. */
const SUMMARY = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

const [, , sources, compiled, concurrency = '2', minutes = '5'] = process.argv;
if (sources === undefined || compiled === undefined) {
  console.error('Cannot run tests: wanted a folder of sources and one of compiled files');
  process.exit(2);
}

// A runner started by another runner would write that one's protocol instead of our report.
delete process.env.NODE_TEST_CONTEXT;

const tests = readdirSync(sources, { recursive: true })
  .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
  .toSorted();
const files = tests.map((name) => join(compiled, name.replace(/\.ts$/, '.js')));
const missing = files.filter((file) => !existsSync(file));

let passed = 0;
let failed = missing.length;
for (const file of missing) console.log(`not ok ${file}: it was not compiled`);

const stream = run({
  files: files.filter((file) => existsSync(file)).map((file) => join(process.cwd(), file)),
  concurrency: Number(concurrency),
  timeout: Number(minutes) * 60_000,
});
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite') return;
  if (event.skip !== undefined || event.todo !== undefined) return fail(event, 'it was left out');
  passed++;
  if (event.details.duration_ms > SLOW_MS) {
    console.log(`slow: ${(event.details.duration_ms / 1000).toFixed(1)} s  ${event.name}`);
  }
});
stream.on('test:fail', (event) => {
  const error = event.details.error;
  // The test around a failed one fails for that reason alone and is not counted again.
  if (error?.failureType === 'subtestsFailed') return;
  fail(event, error?.cause?.stack ?? error?.cause ?? error);
});
stream.on('test:diagnostic', (event) => {
  if (!SUMMARY.test(event.message)) console.log(event.message);
});
stream.on('test:stderr', (event) => process.stderr.write(event.message));
stream.on('test:stdout', (event) => process.stdout.write(event.message));
stream.on('end', () => {
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
});
stream.resume();

function fail(event, reason) {
  failed++;
  const place = event.file === undefined ? '' : relative(process.cwd(), event.file);
  console.log(`not ok ${event.name} (${place}:${event.line ?? 0})\n${reason}\n`);
}
