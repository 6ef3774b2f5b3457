/**
 * MultiReply: the results of a multi, one for each operation that was asked for, from those of the
 * sub-transactions that it became (client-protocol.md 9). The two go together in order; only a
 * removeRecursive has as many sub-transactions as it removed znodes, of which the last is the
 * delete of its own path.
 *
 *   reply    { MultiHeader, body }..., MultiHeader(done)
 */

import { ErrorCode, JuteReader, type JuteWriter, OpCode, STAT_BYTES } from '@zabra/protocol';
import type { ApplyResult, SubResult } from './apply-result.ts';
import type { WriteOperation } from './operation.ts';
import type { OpRequest } from './request.ts';

const HEADER_BYTES = 9;
/** What is read again was within the bounds the first time. */
const BYTES_MAX = 0x7fffffff;
/** Offset of a Stat that is not there. */
export const NO_STAT = -1;

/** Types of sub-transactions that an operation of another type may become. */
const LOGGED_AS: ReadonlyMap<number, readonly number[]> = new Map<number, readonly number[]>([
  [OpCode.create2, [OpCode.create]],
  [OpCode.createIfNotExists, [OpCode.create, OpCode.createContainer, OpCode.check]],
  [OpCode.checkNotExists, [OpCode.check]],
  [OpCode.removeRecursive, [OpCode.delete, OpCode.check]],
]);

/** Of what may stand in a multi. */
interface Lookup {
  find(type: number): WriteOperation | null;
}

export class MultiReply {
  readonly #lookup: Lookup;
  /** Over the request again. */
  readonly #reader: JuteReader;
  /** Of the operation that `#readOp` read last. */
  #type: number;
  #path: string;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
    this.#reader = new JuteReader(BYTES_MAX);
    this.#type = 0;
    this.#path = '';
  }

  /** Without the request, the results are of the types that were logged. */
  write(result: ApplyResult, w: JuteWriter, request: OpRequest | null): number {
    const start = w.position;
    const { subResults } = result;
    if (request !== null) this.#reader.reset(request.buffer, request.start, request.end);
    for (let index = 0; index < subResults.length; index++) {
      let sub = subResults[index] as SubResult;
      if (sub.code === ErrorCode.SESSIONMOVED) {
        w.reset(start);
        return sub.code;
      }
      let { type } = sub;
      if (request !== null && this.#readOp()) {
        if (this.#type === OpCode.removeRecursive) {
          index = lastPart(subResults, index, this.#path);
          sub = subResults[index] as SubResult;
        }
        if (LOGGED_AS.get(this.#type)?.includes(type) === true) type = this.#type;
      }
      writeResult(result, sub, type, w);
    }
    writeMultiHeader(w, OpCode.error, true, -1);
    return ErrorCode.OK;
  }

  /** Reads the next operation of the request; false when there is none. */
  #readOp(): boolean {
    const r = this.#reader;
    if (r.remaining() < HEADER_BYTES) return false;
    this.#type = r.int();
    r.bool();
    r.int();
    const bodyStart = r.position;
    if (this.#type === OpCode.removeRecursive) this.#path = r.string() ?? '';
    r.position = bodyStart;
    this.#lookup.find(this.#type)?.skip(r);
    return true;
  }
}

/** Of a removal that begins at `first`: its own path goes last, if anything goes at all. */
function lastPart(subs: readonly SubResult[], first: number, path: string): number {
  let last = first;
  while (last < subs.length && isDelete(subs[last]) && subs[last]?.path !== path) last++;
  return last < subs.length && isDelete(subs[last]) ? last : first;
}

function isDelete(sub: SubResult | undefined): boolean {
  return sub?.type === OpCode.delete;
}

export function hasStat(type: number): boolean {
  return type === OpCode.setData || isCreate(type);
}

function isCreate(type: number): boolean {
  if (type === OpCode.create || type === OpCode.create2) return true;
  return type === OpCode.createContainer || type === OpCode.createTTL;
}

function writeMultiHeader(w: JuteWriter, type: number, done: boolean, err: number): void {
  w.int(type);
  w.bool(done);
  w.int(err);
}

function writeResult(result: ApplyResult, sub: SubResult, type: number, w: JuteWriter): void {
  if (type === OpCode.error || sub.code !== ErrorCode.OK) {
    writeMultiHeader(w, OpCode.error, false, sub.code);
    w.int(sub.code);
    return;
  }
  // Containers and TTL znodes have no result type of their own.
  const shown = isCreate(type) && type !== OpCode.create ? OpCode.create2 : type;
  writeMultiHeader(w, shown, false, ErrorCode.OK);
  if (isCreate(type) || type === OpCode.createIfNotExists) w.string(sub.path);
  const showsStat = shown === OpCode.create2 || shown === OpCode.setData;
  if (showsStat && sub.statOffset !== NO_STAT) {
    w.raw(result.stats.buffer, sub.statOffset, sub.statOffset + STAT_BYTES);
  }
}
