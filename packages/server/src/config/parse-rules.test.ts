/** What each rule makes of good and bad values (storage-and-config.md 14). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from './config-error.ts';
import {
  byteSize,
  lenientBool,
  lenientInt,
  literal,
  oneOf,
  type Rule,
  strictBool,
  strictInt,
  anyText,
  warnedInt,
  warnedRatio,
} from './parse-rules.ts';

const FAILS = Symbol('fails');

interface Row {
  readonly rule: string;
  readonly of: Rule<unknown>;
  /** Text to value, or FAILS. */
  readonly cases: readonly (readonly [string, unknown])[];
  /** Texts that cost a warning. */
  readonly warns?: readonly string[];
}

const rows: readonly Row[] = [
  {
    rule: 'strictInt',
    of: strictInt(7),
    cases: [
      ['0', 0],
      ['2000', 2000],
      ['-1', -1],
      ['+5', 5],
      ['010', 10],
      ['2147483647', 2147483647],
      ['2147483648', FAILS],
      ['-2147483649', FAILS],
      ['0x10', FAILS],
      ['1h', FAILS],
      ['1.5', FAILS],
      ['', FAILS],
      ['ten', FAILS],
    ],
  },
  {
    rule: 'strictBool',
    of: strictBool(true),
    cases: [
      ['true', true],
      ['TRUE', true],
      ['False', false],
      ['yes', FAILS],
      ['1', FAILS],
      ['', FAILS],
    ],
  },
  {
    rule: 'lenientInt',
    of: lenientInt(7),
    cases: [
      ['100', 100],
      ['-5', -5],
      ['0x10', 16],
      ['#ff', 255],
      ['010', 8],
      ['0', 0],
      ['08', 7],
      ['many', 7],
      ['1.5', 7],
      ['', 7],
    ],
  },
  {
    rule: 'lenientBool',
    of: lenientBool(true),
    cases: [
      ['true', true],
      ['True', true],
      ['false', false],
      ['no', false],
      ['1', false],
      ['', false],
    ],
  },
  {
    rule: 'warnedInt',
    of: warnedInt(500, 500),
    cases: [
      ['501', 501],
      ['0x1000', 4096],
      ['499', 500],
      ['few', 500],
    ],
    warns: ['499', 'few'],
  },
  {
    rule: 'warnedRatio',
    of: warnedRatio(0.33, 1),
    cases: [
      ['0.5', 0.5],
      ['-1', -1],
      ['0', 0],
      ['1', 1],
      ['1.01', 0.33],
      ['a third', 0.33],
    ],
    warns: ['1.01', 'a third'],
  },
  {
    rule: 'literal',
    of: literal('no'),
    cases: [
      ['no', true],
      ['No', false],
      ['false', false],
      ['', false],
    ],
  },
  { rule: 'anyText', of: anyText('x'), cases: [['anything at all', 'anything at all']] },
  {
    rule: 'oneOf',
    of: oneOf(['participant', 'observer'], 'participant'),
    cases: [
      ['observer', 'observer'],
      ['OBSERVER', 'observer'],
      ['voter', FAILS],
      ['', FAILS],
    ],
  },
  {
    rule: 'byteSize',
    of: byteSize(0),
    cases: [
      ['1024', 1024],
      ['512m', 536870912],
      ['2G', 2147483648],
      ['8k', 8192],
      ['lots', FAILS],
      ['1.5g', FAILS],
    ],
  },
];

for (const { rule, of, cases, warns = [] } of rows) {
  describe(rule, () => {
    for (const [given, wanted] of cases) {
      const says = wanted === FAILS ? 'refuses' : `makes ${String(wanted)} of`;
      it(`${says} "${given}"`, () => {
        const warnings: string[] = [];
        const read = () => of.read(given, 'someKey', (message) => warnings.push(message));
        if (wanted === FAILS) {
          assert.throws(
            read,
            (error) => error instanceof ConfigError && /"someKey=/.test(error.message),
          );
          return;
        }
        assert.equal(read(), wanted);
        assert.equal(warnings.length, warns.includes(given) ? 1 : 0);
      });
    }
  });
}
