/**
 * What a published test suite said, test by test, and the judgement over two runs of it: whatever
 * passes on Apache's server must pass on ours, save for named exceptions, each with its reason. An
 * exception that holds no longer is a failure as well, so the list cannot outlive its reasons.
 */

export type Outcome = 'passed' | 'failed' | 'skipped';

/** By the name of the test; a test that ran twice has its last outcome. */
export type SuiteResult = ReadonlyMap<string, Outcome>;

/** The reason for each test that our server may fail, by the name of the test. */
export type Exceptions = Readonly<Record<string, string>>;

export interface Expectation {
  readonly exceptions: Exceptions;
  /** Fewer on either server and something else is broken: the suite did not run. */
  readonly passedMin: number;
}

export function countOf(result: SuiteResult, outcome: Outcome): number {
  return [...result.values()].filter((found) => found === outcome).length;
}

/** Tests that Apache passes and ours does not, without the named exceptions. */
export function shortfalls(apache: SuiteResult, ours: SuiteResult, named: Exceptions): string[] {
  return [...apache.keys()].filter(
    (name) =>
      apache.get(name) === 'passed' && ours.get(name) !== 'passed' && !Object.hasOwn(named, name),
  );
}

/** All that is wrong, one sentence each. */
export function judge(apache: SuiteResult, ours: SuiteResult, wanted: Expectation): string[] {
  const { exceptions, passedMin } = wanted;
  const problems = shortfalls(apache, ours, exceptions).map(
    (name) => `${name} passes on Apache's server; on ours it is ${ours.get(name) ?? 'missing'}`,
  );
  for (const name of Object.keys(exceptions)) {
    if (!apache.has(name)) problems.push(`${name} is an exception, but no test of the suite`);
    if (ours.get(name) === 'passed') problems.push(`${name} is an exception, but passes on ours`);
  }
  for (const [server, result] of [
    ['Apache', apache],
    ['ours', ours],
  ] as const) {
    const passed = countOf(result, 'passed');
    if (passed < passedMin) problems.push(`${passed} passed on ${server}, wanted ${passedMin}`);
  }
  return problems;
}

/** Lines of `kazoo_results.py`: `result OUTCOME SECONDS NAME`. */
export function readPytest(output: string): SuiteResult {
  const result = new Map<string, Outcome>();
  for (const [, outcome, name = ''] of output.matchAll(
    /^result (passed|failed|skipped) [\d.]+ (\S+)$/gm,
  )) {
    result.set(name, outcome as Outcome);
  }
  return result;
}

const GO_OUTCOMES: Readonly<Record<string, Outcome>> = {
  PASS: 'passed',
  FAIL: 'failed',
  SKIP: 'skipped',
};

/** Lines of `go test -v`, subtests included; what began and has no end has failed. */
export function readGoTest(output: string): SuiteResult {
  const result = new Map<string, Outcome>();
  for (const [, name = ''] of output.matchAll(/^=== RUN +(\S+)$/gm)) result.set(name, 'failed');
  for (const [, word = '', name = ''] of output.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+) \(\d/gm)) {
    result.set(name, GO_OUTCOMES[word] ?? 'failed');
  }
  return result;
}
