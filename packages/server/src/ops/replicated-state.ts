/**
 * ReplicatedState: the tree, the sessions and the watches of one server, as the peer sees them. A
 * write goes through two doors: `prepare` judges it against everything that is already on its way
 * and writes its transaction; `apply` changes the state when the ensemble has agreed, and fires the
 * watches before it returns, so that events go out before the reply. It knows neither who agreed
 * nor what is on disk. From client-protocol.md 6 and storage-and-config.md 3 to 9; upstream the
 * same work is done by PrepRequestProcessor, FinalRequestProcessor and ZKDatabase.
 */

import {
  assert,
  DIGEST_VERSION,
  ErrorCode,
  type Id,
  isKeeperOp,
  type JuteReader,
  type JuteWriter,
  OpCode,
  ZXID_MAX,
  ZXID_NONE,
} from '@zabra/protocol';
import { Application } from './application.ts';
import { ApplyResult } from './apply-result.ts';
import type { AuthOutcome } from './auth.ts';
import { Preparation } from './preparation.ts';
import { ReadContext } from './read-context.ts';
import type { OpRequest } from './request.ts';
import { StateCore } from './state-core.ts';
import type { Hashes, StateOptions } from './state-options.ts';
import { type MultiForm, OperationTable } from './table.ts';
import type { Watcher } from './watcher.ts';
import { type LoadOwner, StateBody, StateLoad } from './whole-state.ts';

/** Encoded length of a TxnDigest, bytes. */
const DIGEST_BYTES = 12;
/** Of the type, which ends a TxnHeader. */
const TYPE_OFFSET = 28;

export interface StateDigest {
  readonly hi: number;
  readonly lo: number;
  /** After which transaction. */
  readonly zxid: number;
}

export class ReplicatedState implements LoadOwner {
  readonly core: StateCore;
  /** Of the last transaction applied; a new leader moves it to the start of its epoch. */
  lastProcessedZxid: number;
  /** Transactions after which the tree was not what their proposer had computed. */
  digestMismatchCount: number;
  /** Of the first of those; ZXID_NONE while there is none. */
  digestMismatchZxid: number;
  readonly #table: OperationTable;
  readonly #preparation: Preparation;
  readonly #application: Application;
  readonly #result: ApplyResult;
  readonly #reading: ReadContext;
  /** Up to here a loaded snapshot may be ahead of its zxid; ZXID_MAX: nobody knows. */
  #fuzzyUntilZxid: number;

  constructor(options: StateOptions, hashes: Hashes) {
    this.core = new StateCore(options, hashes);
    this.lastProcessedZxid = 0;
    this.digestMismatchCount = 0;
    this.digestMismatchZxid = ZXID_NONE;
    this.#table = new OperationTable(this.core.keeper);
    this.#preparation = new Preparation(this.core);
    this.#result = new ApplyResult();
    this.#application = new Application(this.core, this.#result, this.#preparation.pending);
    this.#reading = new ReadContext(this.core);
    this.#fuzzyUntilZxid = ZXID_NONE;
  }

  isRead(opcode: number): boolean {
    return this.#table.findRead(opcode) !== undefined;
  }

  /** True of what the servers send among themselves, too. */
  isWrite(opcode: number): boolean {
    return this.#table.isWrite(opcode);
  }

  /** Whether a client may send it; any other is answered with UNIMPLEMENTED and a close. */
  isKnown(opcode: number): boolean {
    return this.#table.isKnown(opcode);
  }

  /** False of a write that the present leader would not know: it must not reach it. */
  isOrderable(opcode: number): boolean {
    return !isKeeperOp(opcode) || this.core.keeper?.takesWrites === true;
  }

  /** A role begins, whose leader orders Keeper's writes or does not. */
  onLeader(takesKeeperWrites: boolean): void {
    if (this.core.keeper !== null) this.core.keeper.takesWrites = takesKeeperWrites;
  }

  /**
   * Whether the body of a write, as a client of this server may send it, can be decoded. A fault is
   * refused, a multi's with a zxid and any other without one.
   */
  form(request: OpRequest): MultiForm {
    const { reader } = this.#preparation;
    const { opcode, buffer, start, end } = request;
    return this.#table.form(opcode, reader.reset(buffer, start, end));
  }

  /** Whether a write asks for an ephemeral: its session must be known to the whole ensemble. */
  wantsEphemeral({ opcode, buffer, start, end }: OpRequest): boolean {
    return this.#table.wantsEphemeral(opcode, this.#preparation.reader.reset(buffer, start, end));
  }

  /**
   * Judges a write and appends its transaction to `entry`: header, body and, where there is one,
   * the digest of the tree after it. A refused write becomes an error transaction, a refused multi
   * a multi of errors; either way exactly one is written. `sessionError` is OK, SESSIONEXPIRED or
   * SESSIONMOVED, from the session tracker; `ephemeralError` is what it says of a session that is
   * to own an ephemeral. Returns OK or the refusal.
   */
  prepare(
    request: OpRequest,
    sessionError: number,
    zxid: number,
    timeMs: number,
    entry: JuteWriter,
    ephemeralError = sessionError,
  ): number {
    const p = this.#preparation;
    const start = entry.position;
    entry.long(request.sessionHi, request.sessionLo);
    entry.int(request.cxid);
    entry.zxid(zxid);
    entry.number(timeMs);
    entry.int(request.opcode);
    const bodyStart = entry.position;
    p.begin(request, zxid, timeMs, entry);
    p.sessionError = sessionError;
    p.ephemeralError = ephemeralError;
    const code = this.#table.find(request.opcode)?.prepare(p) ?? ErrorCode.UNIMPLEMENTED;
    if (code !== ErrorCode.OK) {
      entry.reset(bodyStart);
      entry.patchInt(start + TYPE_OFFSET, OpCode.error);
      entry.int(code);
      return code;
    }
    entry.patchInt(start + TYPE_OFFSET, p.txnType);
    if (this.core.options.digestEnabled) {
      entry.int(DIGEST_VERSION);
      entry.long(p.pending.digestHi, p.pending.digestLo);
    }
    return p.refusal;
  }

  /** The role has ended: nothing of what was prepared will be applied. */
  discardPending(): void {
    this.#preparation.pending.clear();
  }

  /** True while a prepared transaction that is not applied yet touches the znode at `path`. */
  isChanging(path: string): boolean {
    return this.#preparation.pending.holds(path);
  }

  /** Paths that prepared transactions are about to change. */
  get pendingCount(): number {
    return this.#preparation.pending.size;
  }

  /**
   * Applies one committed transaction, buffer[start, end), and fires its watches: events are
   * written now or, where many watch, by `deliverEvents` and `catchUp`. The result is one object,
   * good until the next call.
   */
  apply(buffer: Uint8Array, start: number, end: number): ApplyResult {
    return this.#run(buffer, start, end, true);
  }

  /** As `apply`, without events and without what only a reply needs: recovery. */
  replay(buffer: Uint8Array, start: number, end: number): ApplyResult {
    return this.#run(buffer, start, end, false);
  }

  /**
   * Appends the body of the reply to a write and returns the error code of its header; the body is
   * empty unless that is OK. `opcode` is the request's; the request itself is needed for multi.
   */
  reply(result: ApplyResult, opcode: number, request: OpRequest | null, w: JuteWriter): number {
    const isMulti = result.type === OpCode.multi;
    if (result.code !== ErrorCode.OK && !isMulti) return result.code;
    const op = this.#table.find(opcode);
    assert(op !== undefined, 'Cannot reply to an operation that is no write');
    return op.reply(this.core, result, w, request);
  }

  /**
   * Runs a read, appends its body to `w` and returns its code; nothing is appended unless that is
   * OK. Watches are set for `watcher`. A setWatches calls `watcher.onWatchEvent` before this
   * returns, so `w` must not be the half-written reply in the connection's own output.
   */
  read(request: OpRequest, watcher: Watcher | null, w: JuteWriter): number {
    const op = this.#table.findRead(request.opcode);
    if (op === undefined) return ErrorCode.UNIMPLEMENTED;
    // Its events could not get before the reply any more, nor before its watches change.
    assert(watcher === null || this.core.events.isCaughtUp(watcher), 'Cannot read before events');
    const start = w.position;
    this.#reading.begin(request, watcher, start);
    const code = op.read(this.#reading, w);
    if (code !== ErrorCode.OK) w.reset(start);
    return code;
  }

  authenticate(
    scheme: string | null,
    data: Uint8Array | null,
    identities: readonly Id[],
  ): AuthOutcome {
    return this.core.providers.authenticate(scheme, data, identities);
  }

  /** An identity that a connection has proved by other means than `auth`, and what it brings. */
  earned(identity: Id): readonly Id[] {
    return this.core.providers.earned(identity);
  }

  /** From here on its watches deliver. */
  addWatcher(watcher: Watcher): void {
    this.core.events.add(watcher);
  }

  /**
   * Writes every event that the watcher has not got yet. Must precede each reply to it, each of its
   * requests and each change of its identities.
   */
  catchUp(watcher: Watcher): void {
    this.core.events.catchUp(watcher);
  }

  /** As `catchUp`, as far as this turn has room for it; false when there is more. */
  catchesUp(watcher: Watcher): boolean {
    return this.core.events.catchesUp(watcher);
  }

  /** Once a turn: events that were too many for the turn of their transaction. True for more. */
  deliverEvents(nowMs: number): boolean {
    return this.core.events.work(nowMs);
  }

  /** The connection is gone, and all its watches with it. */
  removeWatcher(watcher: Watcher): void {
    this.core.events.remove(watcher);
  }

  /** The state as it is now, to be read while it changes. */
  openStream(): StateBody {
    return new StateBody(this.core, this.lastProcessedZxid);
  }

  /** Another state, built aside; the present one stays until `install`. */
  beginLoad(): StateLoad {
    return new StateLoad(this, this.core);
  }

  onInstalled(zxid: number, digestZxid: number): void {
    this.discardPending();
    this.lastProcessedZxid = zxid;
    this.core.digests.clear();
    this.#fuzzyUntilZxid = digestZxid;
  }

  /** All that the loaded state may have been ahead by was applied; if nobody knew how much. */
  assumeExact(): void {
    if (this.#fuzzyUntilZxid === ZXID_MAX) this.#fuzzyUntilZxid = this.lastProcessedZxid;
  }

  /** An empty tree, no sessions, zxid 0; watchers stay. */
  reset(): void {
    this.core.clear();
    this.onInstalled(0, ZXID_NONE);
  }

  digest(): StateDigest {
    const { digestHi, digestLo } = this.core.tree;
    return { hi: digestHi, lo: digestLo, zxid: this.lastProcessedZxid };
  }

  /** Owners of ephemerals that are no sessions: leftovers of a damaged or foreign snapshot. */
  forEachDeadOwner(visit: (hi: number, lo: number) => void): void {
    const { tree, sessions } = this.core;
    tree.forEachEphemeralOwner((hi, lo) => {
      if (!sessions.has(hi, lo)) visit(hi, lo);
    });
  }

  #run(buffer: Uint8Array, start: number, end: number, firesEvents: boolean): ApplyResult {
    const a = this.#application;
    const result = this.#result;
    const r = a.reader.reset(buffer, start, end);
    result.reset();
    this.#readHeader(r);
    a.firesEvents = firesEvents;
    a.path = '';
    const code = this.#change(a, result.type);
    if (r.failed || result.isMalformed) {
      result.isMalformed = true;
      result.code = ErrorCode.MARSHALLINGERROR;
      return result;
    }
    result.code = code;
    result.path = a.path;
    this.lastProcessedZxid = result.zxid;
    this.#preparation.pending.drop(result.zxid);
    if (this.core.options.digestEnabled && result.zxid > this.#fuzzyUntilZxid) {
      const { digestHi, digestLo } = this.core.tree;
      this.core.digests.onApplied(result.zxid, digestHi, digestLo);
      this.#compareDigest(r);
    }
    return result;
  }

  #readHeader(r: JuteReader): void {
    const a = this.#application;
    const result = this.#result;
    r.long();
    result.sessionHi = r.hi;
    result.sessionLo = r.lo;
    result.cxid = r.int();
    result.zxid = r.zxid();
    result.timeMs = r.number();
    result.type = r.int();
    a.sessionHi = result.sessionHi;
    a.sessionLo = result.sessionLo;
    a.zxid = result.zxid;
    a.timeMs = result.timeMs;
  }

  #change(a: Application, type: number): number {
    if (a.reader.failed) return ErrorCode.MARSHALLINGERROR;
    if (type === OpCode.error) return a.reader.int();
    const op = this.#table.findLogged(type);
    if (op !== undefined) return op.apply(a);
    this.#result.isMalformed = true;
    return ErrorCode.MARSHALLINGERROR;
  }

  /** The proposer said what the tree would be; a difference is counted and nothing else. */
  #compareDigest(r: JuteReader): void {
    const { zxid } = this.#result;
    if (r.remaining() < DIGEST_BYTES) return;
    if (r.int() !== DIGEST_VERSION) return;
    r.long();
    const { digestHi, digestLo } = this.core.tree;
    if (r.hi >>> 0 === digestHi && r.lo >>> 0 === digestLo) return;
    if (this.digestMismatchCount === 0) this.digestMismatchZxid = zxid;
    this.digestMismatchCount++;
  }
}
