/** Assignments of a shell, read without a shell; what needs one is told of. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAssignments } from './shell-assignments.ts';

const WANTED = new Set(['JVMFLAGS']);

function read(text: string, known: readonly [string, string][] = []): string | undefined {
  const { variables, unreadable } = readAssignments(text, WANTED, new Map(known));
  return unreadable.length > 0 ? `unreadable: ${unreadable.join('; ')}` : variables.get('JVMFLAGS');
}

describe('readAssignments', () => {
  const rows: readonly (readonly [text: string, value: string | undefined])[] = [
    ['JVMFLAGS=-Xmx1g', '-Xmx1g'],
    ['export JVMFLAGS="-Xmx1g -Da=b"', '-Xmx1g -Da=b'],
    ["  JVMFLAGS='-Da=$x'  # why", '-Da=$x'],
    ['JVMFLAGS="-Da=\\"b\\""', '-Da="b"'],
    ['A=1\nJVMFLAGS="-Da=$A -Db=${A} -Dc=${B:-2} -Dd=${A:-3}"', '-Da=1 -Db=1 -Dc=2 -Dd=1'],
    ['JVMFLAGS=-Da=1\nJVMFLAGS="$JVMFLAGS -Db=2"', '-Da=1 -Db=2'],
    ['JVMFLAGS="-Da=1 \\\n -Db=2"', '-Da=1   -Db=2'],
    ['JVMFLAGS=a"b"\'c\'', 'abc'],
    ['# JVMFLAGS=-Da=1\nMYJVMFLAGS=x', undefined],
    ['JVMFLAGS="-Da=$(hostname)"', 'unreadable: JVMFLAGS="-Da=$(hostname)"'],
    ['JVMFLAGS=`cat x`', 'unreadable: JVMFLAGS=`cat x`'],
    ['JVMFLAGS="-Da=${X%%.*}"', 'unreadable: JVMFLAGS="-Da=${X%%.*}"'],
    ['JVMFLAGS=-Da java -version', 'unreadable: JVMFLAGS=-Da java -version'],
    ['if x; then JVMFLAGS=1; fi', 'unreadable: if x; then JVMFLAGS=1; fi'],
    ['OTHER=$(hostname)', undefined],
  ];
  for (const [text, value] of rows) {
    it(`reads ${JSON.stringify(text)}`, () => {
      assert.equal(read(text), value);
    });
  }

  it('goes on from what is known', () => {
    assert.equal(read('JVMFLAGS="$JVMFLAGS b"', [['JVMFLAGS', 'a']]), 'a b');
  });
});
