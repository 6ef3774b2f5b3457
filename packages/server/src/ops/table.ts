/**
 * The table of operations: which number is which operation. What is not in it does not exist for
 * clients, and a transaction of a type that is not in it cannot be applied. `auth` is answered at
 * the connection and `error` is no request, so neither is an operation.
 */

import { assert, OpCode } from '@zabra/protocol';
import { multiOperation } from './multi.ts';
import type { ReadOperation, WriteLookup, WriteOperation } from './operation.ts';
import { READ_OPERATIONS } from './read-operations.ts';
import { WATCH_OPERATIONS } from './watch-operations.ts';
import { WRITE_OPERATIONS } from './write-operations.ts';

/** Numbers run from closeSession, -11, to whoAmI, 107: shifted, they index an array. */
const OPCODE_MIN = -11;
const OPCODE_MAX = 107;

export class OperationTable implements WriteLookup {
  readonly #writes: (WriteOperation | undefined)[];
  readonly #reads: (ReadOperation | undefined)[];

  constructor() {
    this.#writes = emptySlots();
    this.#reads = emptySlots();
    for (const op of WRITE_OPERATIONS) put(this.#writes, op);
    put(this.#writes, multiOperation(this));
    for (const op of READ_OPERATIONS) put(this.#reads, op);
    for (const op of WATCH_OPERATIONS) put(this.#reads, op);
  }

  find(opcode: number): WriteOperation | undefined {
    return isInRange(opcode) ? this.#writes[opcode - OPCODE_MIN] : undefined;
  }

  findRead(opcode: number): ReadOperation | undefined {
    return isInRange(opcode) ? this.#reads[opcode - OPCODE_MIN] : undefined;
  }

  /** Whether a client may send it on its own. */
  isKnown(opcode: number): boolean {
    if (opcode === OpCode.auth || this.findRead(opcode) !== undefined) return true;
    return this.find(opcode)?.admission === 'client';
  }
}

function isInRange(opcode: number): boolean {
  return opcode >= OPCODE_MIN && opcode <= OPCODE_MAX;
}

function emptySlots<T>(): (T | undefined)[] {
  return Array.from({ length: OPCODE_MAX - OPCODE_MIN + 1 }, () => undefined);
}

function put<T extends { readonly opcode: number }>(slots: (T | undefined)[], op: T): void {
  const slot = op.opcode - OPCODE_MIN;
  assert(slots[slot] === undefined, `Two operations have the number ${op.opcode}`);
  slots[slot] = op;
}
