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
 * A create2 is logged as create, since old Java servers drop a multi that has the other number, and
 * Keeper's operations are logged as Apache's, so what the results are is taken from the request.
 */

import { ErrorCode, type JuteReader, OpCode } from '@zabra/protocol';
import type { Application } from './application.ts';
import { wantsEphemeral } from './ephemeral-wish.ts';
import { judgeMulti, MultiForm } from './multi-form.ts';
import { hasStat, MultiReply, NO_STAT } from './multi-reply.ts';
import type { WriteLookup, WriteOperation } from './operation.ts';
import type { Preparation } from './preparation.ts';
import { writeStatOf } from './reply.ts';
import { SUB_HEAD_BYTES } from './sub-transactions.ts';

const HEADER_BYTES = 9;

export function multiOperation(multi: Multi): WriteOperation {
  const reply = new MultiReply(multi);
  return {
    opcode: OpCode.multi,
    permission: 'parts',
    errors: [],
    admission: 'client',
    inMulti: false,
    skip: (r) => multi.judge(r) === MultiForm.SOUND,
    prepare: (p) => multi.prepare(p),
    apply: (a) => multi.apply(a),
    reply: (_core, result, w, request) => reply.write(result, w, request),
  };
}

export class Multi {
  readonly #lookup: WriteLookup;
  readonly #findAny: (type: number) => WriteOperation | null;
  readonly #findSpoken: (type: number) => WriteOperation | null;
  /** Of the header that `#next` read last. */
  #type: number;
  #done: boolean;

  constructor(lookup: WriteLookup) {
    this.#lookup = lookup;
    this.#findAny = (type) => this.find(type);
    this.#findSpoken = (type) => (lookup.isSpoken(type) ? this.find(type) : null);
    this.#type = 0;
    this.#done = false;
  }

  /** As a client of this server may send it. */
  judge(r: JuteReader): MultiForm {
    return judgeMulti(r, this.#findSpoken);
  }

  /** Whether a multi, or a write that might be part of one, asks for an ephemeral. */
  wantsEphemeral(opcode: number, r: JuteReader): boolean {
    return wantsEphemeral(opcode, r, this.#findAny);
  }

  /** Of what may stand in a multi. */
  find(type: number): WriteOperation | null {
    const op = this.#lookup.find(type);
    return op?.inMulti === true ? op : null;
  }

  prepare(p: Preparation): number {
    const { reader: r, entry: w, subs } = p;
    if (!this.#isDecodable(r)) return ErrorCode.MARSHALLINGERROR;
    const bodyStart = w.position;
    subs.begin(w);
    let count = 0;
    let refusal: number = ErrorCode.OK;
    p.pending.beginMulti();
    p.inMulti = true;
    while (this.#next(r) && !this.#done) {
      count++;
      const op = this.find(this.#type);
      if (op === null) continue;
      if (refusal === ErrorCode.OK) {
        const opStart = r.position;
        refusal = prepareSub(p, op);
        if (refusal === ErrorCode.OK) continue;
        // One part for each operation, which those before have left if each left one.
        if (subs.count !== count - 1) replaceParts(p, count - 1);
        subs.error(refusal);
        r.position = opStart;
      } else {
        subs.error(ErrorCode.RUNTIMEINCONSISTENCY);
      }
      op.skip(r);
    }
    p.inMulti = false;
    p.txnType = OpCode.multi;
    subs.end();
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

  /** Whether the whole request is well-formed; the cursor stays. */
  #isDecodable(r: JuteReader): boolean {
    const start = r.position;
    if (judgeMulti(r, this.#findAny) !== MultiForm.SOUND) return false;
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

  #recordRefused(a: Application, type: number): void {
    if (!a.firesEvents) return;
    const code = type === OpCode.error ? errorAt(a.reader) : ErrorCode.OK;
    a.result.subResults.push({ type: OpCode.error, code, path: '', statOffset: NO_STAT });
  }

  /** The cursor has just read the body's range. */
  #applySub(a: Application, type: number): void {
    const r = a.reader;
    const op = type === OpCode.deleteContainer ? this.#lookup.find(type) : this.find(type);
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
}

/** Appends the sub-transactions of one operation, or nothing when it is refused. */
function prepareSub(p: Preparation, op: WriteOperation): number {
  const { entry: w, subs } = p;
  const start = w.position;
  const { count } = subs;
  subs.open();
  p.txnType = op.opcode;
  const code = op.prepare(p);
  if (code === ErrorCode.OK) subs.close(p.txnType);
  else subs.reset(start, count);
  return code;
}

/** Nothing of them will be applied: that is all that their results say. */
function replaceParts(p: Preparation, count: number): void {
  p.subs.clear();
  for (let index = 0; index < count; index++) p.subs.error(ErrorCode.OK);
}

/** The code in the body of an error entry whose range was just read. */
function errorAt(r: JuteReader): number {
  if (r.rangeEnd - r.rangeStart < 4) return ErrorCode.RUNTIMEINCONSISTENCY;
  return r.view.getInt32(r.rangeStart);
}
