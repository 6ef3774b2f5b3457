/**
 * What the operations say of themselves, for the tests that hold them to it: every reply that a bed
 * gets is checked here. It has no tests itself.
 */

import assert from 'node:assert/strict';
import {
  type BodyName,
  ErrorCode,
  errorName,
  type JuteReader,
  OPERATION_TABLE,
  type OpName,
  opName,
  RECORD_TABLE,
  type RecordName,
  recordFields,
} from '@zabra/protocol';
import { KeeperNodes } from './keeper-nodes.ts';
import type { OperationFacts } from './operation.ts';
import { OperationTable } from './table.ts';

/** Of every operation that any server has. */
export const FACTS: readonly OperationFacts[] = new OperationTable(
  new KeeperNodes({ availabilityZone: '' }),
).facts();

/** What any request may be answered: undecodable, or of a session that is over. */
export const OF_ANY_REQUEST: readonly number[] = [
  ErrorCode.MARSHALLINGERROR,
  ErrorCode.SESSIONEXPIRED,
  ErrorCode.SESSIONMOVED,
];

const errorsByOpcode: ReadonlyMap<number, ReadonlySet<number>> = new Map(
  FACTS.map(({ opcode }) => {
    const same = FACTS.filter((other) => other.opcode === opcode);
    return [opcode, new Set([...OF_ANY_REQUEST, ...same.flatMap(({ errors }) => errors)])];
  }),
);

/** Fails when the operation does not say that it may answer by that code. */
export function checkAnswer(opcode: number, code: number): void {
  if (code === ErrorCode.OK) return;
  const errors = errorsByOpcode.get(opcode);
  const isKnown = errors?.has(code) ?? code === ErrorCode.UNIMPLEMENTED;
  assert.ok(isKnown, `${opName(opcode)} does not say that it refuses with ${errorName(code)}`);
}

/** Fails unless the bytes are exactly the record that the table names for a request or a reply. */
export function checkBody(opcode: number, part: 'request' | 'reply', r: JuteReader): void {
  const name = opName(opcode) as OpName;
  const body: BodyName = OPERATION_TABLE[name][part];
  // Lists of operations have tests of their own.
  if (body === 'multi') return;
  if (body !== 'none') skipRecord(r, body);
  const what = `the ${part} of ${name} is not what the table of operations says: ${body}`;
  assert.deepEqual([r.failed, r.remaining()], [false, 0], what);
}

function skipRecord(r: JuteReader, name: RecordName): void {
  for (const { type } of recordFields(name)) skipValue(r, type);
}

function skipValue(r: JuteReader, type: string): void {
  const element = /^vector<(.+)>$/.exec(type)?.[1];
  if (element !== undefined) {
    const count = r.int();
    for (let index = 0; index < count && !r.failed; index++) skipValue(r, element);
  } else if (Object.hasOwn(RECORD_TABLE, type)) {
    skipRecord(r, type as RecordName);
  } else if (type === 'ustring' || type === 'buffer') {
    r.range();
  } else {
    r.skip(type === 'long' ? 8 : type === 'int' ? 4 : 1);
  }
}
