/** The table of error codes in docs/client.md is the one that the client uses. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERROR_TABLE } from '@zabra/protocol';
import { ConnectionLossError, isZooKeeperError, makeError, ZooKeeperError } from './errors.ts';

test('docs/client.md lists every code with its number, outcome and meaning', () => {
  const text = readFileSync(new URL('../../../../docs/client.md', import.meta.url), 'utf8');
  const table = /<!-- table: errors -->\n([\s\S]*?)<!-- end of table -->/.exec(text)?.[1] ?? '';
  const rows = table.trimEnd().split('\n').slice(2);
  const wanted = ERROR_TABLE.filter(({ name }) => name !== 'OK').map(
    ({ name, code, outcome, message }) => `| ${name} | ${code} | ${outcome} | ${message} |`,
  );
  assert.deepEqual(rows, wanted);
});

test('isZooKeeperError knows the errors of another copy of this package', () => {
  const brand = { [Symbol.for('zabra.ZooKeeperError')]: true, code: 'NONODE' };
  assert.ok(isZooKeeperError(brand));
  assert.ok(!isZooKeeperError(new Error('NONODE')));
  assert.ok(!isZooKeeperError(null));
});

test('makeError makes the subclass whose recovery differs', () => {
  assert.ok(makeError('x', { code: 'CONNECTIONLOSS', op: 'sync' }) instanceof ConnectionLossError);
  const plain = makeError('x', { code: 'NONODE', op: 'getData', path: '/a' });
  assert.ok(plain instanceof ZooKeeperError && !(plain instanceof ConnectionLossError));
  assert.deepEqual([plain.outcome, plain.zxid, plain.opIndex], ['not-applied', null, -1]);
});
