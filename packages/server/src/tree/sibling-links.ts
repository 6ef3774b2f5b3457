/**
 * The children of a znode as a list of records, each linked to the next and the one before, in the
 * order in which they came. The first child's `prev` is the last child, so that a child joins at
 * the end and leaves from anywhere in constant time, however many siblings it has.
 */

import { FIRST_CHILD, NEXT, PARENT, PREV } from './record-layout.ts';
import type { ZnodeRecords } from './znode-records.ts';

export function linkChild(records: ZnodeRecords, parent: number, child: number): void {
  const first = records.word(parent, FIRST_CHILD);
  records.setWord(child, PARENT, parent);
  records.setWord(child, NEXT, 0);
  if (first === 0) {
    records.setWord(parent, FIRST_CHILD, child);
    records.setWord(child, PREV, child);
    return;
  }
  const last = records.word(first, PREV);
  records.setWord(last, NEXT, child);
  records.setWord(child, PREV, last);
  records.setWord(first, PREV, child);
}

/** Nothing for a record without a parent. */
export function unlinkChild(records: ZnodeRecords, child: number): void {
  const parent = records.word(child, PARENT);
  if (parent === 0) return;
  const first = records.word(parent, FIRST_CHILD);
  const prev = records.word(child, PREV);
  const next = records.word(child, NEXT);
  if (first === child) {
    records.setWord(parent, FIRST_CHILD, next);
    if (next !== 0) records.setWord(next, PREV, prev);
    return;
  }
  records.setWord(prev, NEXT, next);
  records.setWord(next === 0 ? first : next, PREV, prev);
}

/** The record that follows `ref` and all below it in a walk of parents before children, or 0. */
export function successor(records: ZnodeRecords, ref: number): number {
  for (let at = ref; at !== 0; at = records.word(at, PARENT)) {
    const next = records.word(at, NEXT);
    if (next !== 0) return next;
  }
  return 0;
}
