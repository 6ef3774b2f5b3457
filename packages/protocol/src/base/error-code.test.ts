/**
 * The table of result codes is whole: each code has one row, and each row one meaning.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ERROR_TABLE,
  ErrorCode,
  errorEntry,
  errorMessage,
  errorName,
  errorOutcome,
} from './error-code.ts';

test('ERROR_TABLE has exactly one row for each code, under its own name', () => {
  const codes = Object.entries(ErrorCode);
  assert.equal(ERROR_TABLE.length, codes.length);
  for (const [name, code] of codes) {
    assert.equal(errorEntry(code)?.name, name);
    assert.equal(errorName(code), name);
  }
});

test('error messages are sentence case without a full stop', () => {
  for (const { message, name } of ERROR_TABLE) assert.match(message, /^[A-Z].*[^.]$/, name);
});

test('a code that nobody assigned proves nothing and is shown as a number', () => {
  assert.equal(errorEntry(-9999), undefined);
  assert.equal(errorName(-9999), '-9999');
  assert.equal(errorMessage(-9999), 'Error -9999, which has no name');
  assert.equal(errorOutcome(-9999), 'unknown');
});

test('the outcome of the codes on which callers decide is what the protocol says', () => {
  assert.equal(errorOutcome(ErrorCode.OK), 'applied');
  assert.equal(errorOutcome(ErrorCode.NONODE), 'not-applied');
  assert.equal(errorOutcome(ErrorCode.CONNECTIONLOSS), 'unknown');
  assert.equal(errorOutcome(ErrorCode.SESSIONEXPIRED), 'session-over');
});
