/**
 * multi (14): several operations as one transaction, all or nothing (client-protocol.md 9). Each is
 * judged against what those before it will leave behind; the first refusal undoes them all. A
 * refused multi is a complete transaction too: the bodies before the refusal, then error entries
 * with its code and -2 (storage-and-config.md 3.5).
 *
 *   request  { MultiHeader, request }..., MultiHeader(done)
 *   txn      vector of { type, body as buffer }
 *   reply    { MultiHeader, body }..., MultiHeader(done)
 *
 * A create2 is logged as create, since old Java servers drop a multi that has the other number, so
 * the types of the results are taken from the request.
 */

import { ErrorCode, JuteReader, type JuteWriter, OpCode } from '@zabra/protocol';
import { STAT_BYTES } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { ApplyResult, SubResult } from './apply-result.ts';
import { judgeMulti, MultiForm } from './multi-form.ts';
import type { WriteLookup, WriteOperation } from './operation.ts';
import type { Preparation } from './preparation.ts';
import { writeStatOf } from './reply.ts';
import type { OpRequest } from './request.ts';
import type { StateCore } from './state-core.ts';

const HEADER_BYTES = 9;
/** Of a sub-transaction: type and length of the body. */
const SUB_HEAD_BYTES = 8;
const NO_STAT = -1;
/** What is read again was within the bounds the first time. */
const BYTES_MAX = 0x7fffffff;

export function multiOperation(lookup: WriteLookup): WriteOperation {
  const multi = new Multi(lookup);
  return {
    opcode: OpCode.multi,
    admission: 'client',
    inMulti: false,
    skip: (r) => multi.skip(r),
    prepare: (p) => multi.prepare(p),
    apply: (a) => multi.apply(a),
    reply: (core, result, w, request) => multi.reply(core, result, w, request),
  };
}

class Multi {
  readonly #lookup: WriteLookup;
  /** Over the request again, when the reply is written. */
  readonly #reader: JuteReader;
  readonly #findBound: (type: number) => WriteOperation | null;
  /** Of the header that `#next` read last. */
  #type: number;
  #done: boolean;

  constructor(lookup: WriteLookup) {
    this.#lookup = lookup;
    this.#reader = new JuteReader(BYTES_MAX);
    this.#findBound = (type) => this.#find(type);
    this.#type = 0;
    this.#done = false;
  }

  /** True also of what cannot be decoded and is refused by a transaction of its own. */
  skip(r: JuteReader): boolean {
    return judgeMulti(r, this.#findBound) !== MultiForm.FREE_FAULT;
  }

  prepare(p: Preparation): number {
    const { reader: r, entry: w } = p;
    if (!this.#isDecodable(r)) return ErrorCode.MARSHALLINGERROR;
    const bodyStart = w.position;
    const countOffset = w.reserve(4);
    let count = 0;
    let refusal: number = ErrorCode.OK;
    p.pending.beginMulti();
    p.inMulti = true;
    while (this.#next(r) && !this.#done) {
      count++;
      const op = this.#find(this.#type);
      if (op === null) continue;
      if (refusal === ErrorCode.OK) {
        const opStart = r.position;
        refusal = prepareSub(p, op);
        if (refusal === ErrorCode.OK) continue;
        writeError(w, refusal);
        r.position = opStart;
      } else {
        writeError(w, ErrorCode.RUNTIMEINCONSISTENCY);
      }
      op.skip(r);
    }
    p.inMulti = false;
    p.txnType = OpCode.multi;
    w.patchInt(countOffset, count);
    if (refusal === ErrorCode.OK) {
      p.pending.keep();
      return ErrorCode.OK;
    }
    p.pending.rollBack();
    p.refusal = refusal;
    // What no operation can make sense of spoils the whole, and is no result of one of them.
    if (refusal !== ErrorCode.MARSHALLINGERROR && p.fits()) return ErrorCode.OK;
    w.reset(bodyStart);
    return ErrorCode.MARSHALLINGERROR;
  }

  apply(a: Application): number {
    const r = a.reader;
    const count = r.count(SUB_HEAD_BYTES);
    const bodyStart = r.position;
    let refusal: number = ErrorCode.OK;
    for (let index = 0; index < count && !r.failed; index++) {
      const type = r.int();
      r.range();
      if (type === OpCode.error && refusal === ErrorCode.OK) refusal = errorAt(r);
    }
    if (r.failed) return ErrorCode.MARSHALLINGERROR;
    const { end } = r;
    r.position = bodyStart;
    for (let index = 0; index < count; index++) {
      const type = r.int();
      r.range();
      const next = r.rangeEnd;
      if (refusal !== ErrorCode.OK) this.#recordRefused(a, type);
      else this.#applySub(a, type);
      r.reset(r.buffer, next, end);
    }
    a.path = '';
    return refusal;
  }

  reply(core: StateCore, result: ApplyResult, w: JuteWriter, request: OpRequest | null): number {
    const start = w.position;
    const requested = request === null ? null : this.#reader;
    if (request !== null) this.#reader.reset(request.buffer, request.start, request.end);
    for (const sub of result.subResults) {
      if (sub.code === ErrorCode.SESSIONMOVED) {
        w.reset(start);
        return sub.code;
      }
      const type = requested === null ? sub.type : this.#resultType(requested, sub.type);
      writeResult(result, sub, type, w);
    }
    writeMultiHeader(w, OpCode.error, true, -1);
    return ErrorCode.OK;
  }

  /** Whether the whole request is well-formed; the cursor stays. */
  #isDecodable(r: JuteReader): boolean {
    const start = r.position;
    if (judgeMulti(r, this.#findBound) !== MultiForm.SOUND) return false;
    r.position = start;
    return true;
  }

  /** Reads a MultiHeader; false when there is none. */
  #next(r: JuteReader): boolean {
    if (r.remaining() < HEADER_BYTES) return false;
    this.#type = r.int();
    this.#done = r.bool();
    r.int();
    return true;
  }

  #find(type: number): WriteOperation | null {
    const op = this.#lookup.find(type);
    return op?.inMulti === true ? op : null;
  }

  #recordRefused(a: Application, type: number): void {
    if (!a.firesEvents) return;
    const code = type === OpCode.error ? errorAt(a.reader) : ErrorCode.OK;
    a.result.subResults.push({ type: OpCode.error, code, path: '', statOffset: NO_STAT });
  }

  /** The cursor has just read the body's range. */
  #applySub(a: Application, type: number): void {
    const r = a.reader;
    const op = type === OpCode.deleteContainer ? this.#lookup.find(type) : this.#find(type);
    r.reset(r.buffer, r.rangeStart, r.rangeEnd);
    a.path = '';
    const code = op?.apply(a) ?? ErrorCode.MARSHALLINGERROR;
    if (!a.firesEvents) return;
    const { subResults, stats } = a.result;
    let statOffset = NO_STAT;
    if (code === ErrorCode.OK && hasStat(type)) {
      statOffset = stats.position;
      writeStatOf(a.core, a.path, stats);
    }
    subResults.push({ type, code, path: a.path, statOffset });
  }

  /** The type of the next operation's result, as the client asked for it. */
  #resultType(r: JuteReader, logged: number): number {
    if (!this.#next(r)) return logged;
    const requested = this.#type;
    this.#find(requested)?.skip(r);
    return requested === OpCode.create2 && logged === OpCode.create ? requested : logged;
  }
}

/** Appends one sub-transaction, or nothing when it is refused. */
function prepareSub(p: Preparation, op: WriteOperation): number {
  const w = p.entry;
  const start = w.position;
  w.reserve(SUB_HEAD_BYTES);
  p.txnType = op.opcode;
  const code = op.prepare(p);
  if (code !== ErrorCode.OK) {
    w.reset(start);
    return code;
  }
  w.patchInt(start, p.txnType === OpCode.create2 ? OpCode.create : p.txnType);
  w.patchInt(start + 4, w.position - start - SUB_HEAD_BYTES);
  return ErrorCode.OK;
}

function writeError(w: JuteWriter, code: number): void {
  w.int(OpCode.error);
  w.int(4);
  w.int(code);
}

/** The code in the body of an error entry whose range was just read. */
function errorAt(r: JuteReader): number {
  if (r.rangeEnd - r.rangeStart < 4) return ErrorCode.RUNTIMEINCONSISTENCY;
  return r.view.getInt32(r.rangeStart);
}

function hasStat(type: number): boolean {
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
  if (isCreate(type)) w.string(sub.path);
  if (shown !== OpCode.create && sub.statOffset !== NO_STAT) {
    w.raw(result.stats.buffer, sub.statOffset, sub.statOffset + STAT_BYTES);
  }
}
