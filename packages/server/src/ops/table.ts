/**
 * The table of operations: which number is which operation. What is not in it does not exist for
 * clients, and a transaction of a type that is not in it cannot be applied. `error` is no request,
 * and what the peer answers by itself is not found here.
 *
 * Keeper's writes are in the table of every server, since any may lead members that speak them to
 * their clients; whether this one does decides only what its own clients may ask.
 */

import { assert, isKeeperOp, type JuteReader, OpCode } from '@zabra/protocol';
import { PEER_OPERATIONS } from './peer-operations.ts';
import type { KeeperNodes } from './keeper-nodes.ts';
import { KEEPER_READ_OPERATIONS, KEEPER_WRITE_OPERATIONS } from './keeper-operations.ts';
import { looksAtOneZnode, withKeeperNodes } from './keeper-reads.ts';
import { Multi, multiOperation } from './multi.ts';
import { MultiForm } from './multi-form.ts';
import { multiReadOperation } from './multi-read.ts';
import type { OperationFacts, ReadOperation, WriteLookup, WriteOperation } from './operation.ts';
import { READ_OPERATIONS } from './read-operations.ts';
import { WATCH_OPERATIONS } from './watch-operations.ts';
import { WRITE_OPERATIONS } from './write-operations.ts';

export type { MultiForm };

/** Shifted, the numbers index an array. */
const OPCODE_MIN = OpCode.closeSession;
const OPCODE_MAX = OpCode.filteredListWithStatsAndData;

export class OperationTable implements WriteLookup {
  readonly #writes: (WriteOperation | undefined)[];
  readonly #reads: (ReadOperation | undefined)[];
  readonly #multi: Multi;
  readonly #speaksKeeper: boolean;

  /** `keeper` is null on a server that speaks none of Keeper's operations to its clients. */
  constructor(keeper: KeeperNodes | null) {
    this.#writes = emptySlots();
    this.#reads = emptySlots();
    this.#multi = new Multi(this);
    this.#speaksKeeper = keeper !== null;
    for (const op of WRITE_OPERATIONS) put(this.#writes, op);
    for (const op of KEEPER_WRITE_OPERATIONS) put(this.#writes, op);
    put(this.#writes, multiOperation(this.#multi));
    for (const op of WATCH_OPERATIONS) put(this.#reads, op);
    const reads =
      keeper === null ? READ_OPERATIONS : [...READ_OPERATIONS, ...KEEPER_READ_OPERATIONS];
    for (const op of reads) {
      const isCovered = keeper !== null && looksAtOneZnode(op.opcode);
      put(this.#reads, isCovered ? withKeeperNodes(op, keeper) : op);
    }
    put(this.#reads, multiReadOperation(this, this.#speaksKeeper));
  }

  find(opcode: number): WriteOperation | undefined {
    return isInRange(opcode) ? this.#writes[opcode - OPCODE_MIN] : undefined;
  }

  findRead(opcode: number): ReadOperation | undefined {
    return isInRange(opcode) ? this.#reads[opcode - OPCODE_MIN] : undefined;
  }

  /** All that there are, for whoever describes them; a number may be that of a read and a write. */
  facts(): readonly (ReadOperation | WriteOperation | OperationFacts)[] {
    const found = [...this.#reads, ...this.#writes].filter((op) => op !== undefined);
    return [...PEER_OPERATIONS, ...found];
  }

  /** Whether a client may send it on its own. */
  isKnown(opcode: number): boolean {
    if (this.findRead(opcode) !== undefined) return true;
    const admission = this.find(opcode)?.admission;
    return admission === 'client' || (admission === 'keeper' && this.#speaksKeeper);
  }

  isSpoken(opcode: number): boolean {
    return this.#speaksKeeper || !isKeeperOp(opcode);
  }

  /** True of what the servers send among themselves, too. */
  isWrite(opcode: number): boolean {
    const op = this.find(opcode);
    return op !== undefined && op.admission !== 'sub';
  }

  /** That of the transactions of a type: no transaction has the number of one of Keeper's. */
  findLogged(type: number): WriteOperation | undefined {
    const op = this.find(type);
    return op?.admission === 'client' || op?.admission === 'server' ? op : undefined;
  }

  /** Of the body at the reader's cursor, which may be no body at all. */
  wantsEphemeral(opcode: number, r: JuteReader): boolean {
    return this.#multi.wantsEphemeral(opcode, r);
  }

  /** Of the body at the reader's cursor, as a client of this server may send it. */
  form(opcode: number, r: JuteReader): MultiForm {
    if (opcode === OpCode.multi) return this.#multi.judge(r);
    return this.find(opcode)?.skip(r) === true ? MultiForm.SOUND : MultiForm.FREE_FAULT;
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
