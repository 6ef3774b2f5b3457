/** The judgement over two runs of a suite, and the reading of their output. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge, type Outcome, readGoTest, readPytest, shortfalls } from './suite-result.ts';

const result = (text: string): Map<string, Outcome> =>
  new Map(
    text.split(' ').map((pair) => {
      const [name = '', outcome = ''] = pair.split('=');
      return [name, outcome as Outcome];
    }),
  );

describe('judge', () => {
  const rows: readonly [
    name: string,
    apache: string,
    ours: string,
    exceptions: Readonly<Record<string, string>>,
    problems: readonly RegExp[],
  ][] = [
    ['is content with the same', 'a=passed b=failed', 'a=passed b=failed', {}, []],
    ['is content with more', 'a=passed b=failed', 'a=passed b=passed', {}, []],
    ['wants what Apache passes', 'a=passed b=passed', 'a=passed b=failed', {}, [/^b passes/]],
    ['takes a skipped test as lost', 'a=passed b=passed', 'a=passed b=skipped', {}, [/skipped$/]],
    ['takes a test that did not run as lost', 'a=passed b=passed', 'a=passed', {}, [/missing$/]],
    ['lets exceptions fail', 'a=passed b=passed', 'a=passed b=failed', { b: 'why' }, []],
    [
      'ends exceptions that hold no more',
      'a=passed',
      'a=passed',
      { a: 'why' },
      [/passes on ours$/],
    ],
    ['ends exceptions of no test', 'a=passed', 'a=passed', { c: 'why' }, [/no test of the suite$/]],
    [
      'counts what passes',
      'b=failed',
      'b=failed',
      {},
      [/^0 passed on Apache/, /^0 passed on ours/],
    ],
  ];
  for (const [name, apache, ours, exceptions, problems] of rows) {
    it(name, () => {
      const found = judge(result(apache), result(ours), { exceptions, passedMin: 1 });
      assert.equal(found.length, problems.length, found.join('\n'));
      for (const [index, pattern] of problems.entries()) assert.match(found[index] ?? '', pattern);
    });
  }
});

describe('shortfalls', () => {
  it('names what may be tried once more', () => {
    const apache = result('a=passed b=passed c=passed d=skipped');
    assert.deepEqual(shortfalls(apache, result('a=passed b=failed'), { c: 'why' }), ['b']);
  });
});

describe('readPytest', () => {
  it('reads the lines of the plugin wherever they stand', () => {
    const output =
      '.noise\nresult passed 0.1 t.py::A::x\nF\nresult failed 12.0 t.py::A::y\n' +
      'result skipped 0.0 t.py::z\nresult of something else\n';
    assert.deepEqual(
      [...readPytest(output)],
      [
        ['t.py::A::x', 'passed'],
        ['t.py::A::y', 'failed'],
        ['t.py::z', 'skipped'],
      ],
    );
  });
});

describe('readGoTest', () => {
  it('reads subtests, and takes for failed what never came to an end', () => {
    const output =
      '=== RUN   TestA\n=== RUN   TestA/first\n--- PASS: TestA (1.00s)\n' +
      '    --- PASS: TestA/first (0.50s)\n=== RUN   TestB\n    x.go:1: --- PASS: TestB says so\n' +
      '--- SKIP: TestC (0.00s)\n=== RUN   TestD\npanic: no\n';
    assert.deepEqual(
      [...readGoTest(output)],
      [
        ['TestA', 'passed'],
        ['TestA/first', 'passed'],
        ['TestB', 'failed'],
        ['TestD', 'failed'],
        ['TestC', 'skipped'],
      ],
    );
  });
});
