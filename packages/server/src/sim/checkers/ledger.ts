/**
 * The ledger: every transaction that was ever seen on a disk or a wire, and the order in which
 * they were committed, which is found out from what serving servers have applied. It holds the
 * properties that concern the sequence itself: one content per zxid, no gap, no transaction twice,
 * agreement of all servers by digest. It feeds the model and judges writes on the way.
 *
 * Zab.tla's Integrity, Agreement, TotalOrder, LocalPrimaryOrder and GlobalPrimaryOrder; invariants
 * I4 to I8 of quorum-protocol.md 21.
 */

import { ReconfigRequest, type Request } from '@zabra/client/session';
import {
  bytesEqual,
  counterOf,
  epochOf,
  makeZxid,
  OpCode,
  type Stat,
  zxidToHex,
} from '@zabra/protocol';
import type { LocalSessionsPlan } from '../plan.ts';
import type { Configurations } from './configurations.ts';
import type { DurableHistory } from './durable-history.ts';
import { judgeReconfig } from './reconfig-judge.ts';
import { TreeModel } from './tree-model.ts';
import { parseTxn, type Txn } from './txn.ts';
import { expectThat } from './violation.ts';
import { judgeWrite } from './write-judge.ts';

/** A request as its client made it, waiting to be met in the order of transactions. */
export interface IssuedRequest {
  readonly request: Request;
  /** The newest zxid that any client had seen when this was asked for. */
  readonly seenZxid: number;
  /** Set when its transaction is committed. */
  txn: Txn | null;
  /** The stat after each of its operations. */
  stats: readonly (Stat | null)[];
}

export type FindRequest = (session: string, cxid: number) => IssuedRequest | null;

/** Told of each committed transaction, after the model has it. */
export type OnCommitted = (txn: Txn) => void;

const CONTENT = 'A zxid stands for one transaction';
const PAST = 'An epoch has one past';
const GAPLESS = 'Committed transactions follow one another without a gap';
const AGREEMENT = 'Servers at one zxid have one state';
const ONCE = 'A request takes effect at most once';
const REAL_TIME = 'A write comes after all that its client could know of';

export class Ledger {
  readonly model: TreeModel;
  readonly configurations: Configurations;
  /** Whether a session may write that no transaction has made. */
  readonly localSessions: LocalSessionsPlan;
  readonly #known: Map<number, Txn>;
  readonly #findRequest: FindRequest;
  readonly #onCommitted: OnCommitted;
  /** Ascending zxids, and the tree's digest after each. */
  readonly #committed: number[];
  readonly #digests: number[];
  /** For the first transaction of an epoch the one before it, where a log has shown it. */
  readonly #previous: Map<number, number>;
  /** Session and cxid of every committed write. */
  readonly #met: Set<string>;
  /** By sid, the disks of servers whose last turn of service nobody has looked at. */
  readonly #lastTurns: Map<number, DurableHistory>;

  constructor(
    configurations: Configurations,
    findRequest: FindRequest,
    onCommitted: OnCommitted,
    localSessions: LocalSessionsPlan = 'none',
  ) {
    this.model = new TreeModel();
    this.configurations = configurations;
    this.localSessions = localSessions;
    this.#known = new Map();
    this.#findRequest = findRequest;
    this.#onCommitted = onCommitted;
    this.#committed = [0];
    this.#digests = [this.model.digest];
    this.#previous = new Map();
    this.#met = new Set();
    this.#lastTurns = new Map();
  }

  get lastCommittedZxid(): number {
    return this.#committed.at(-1) as number;
  }

  get committedCount(): number {
    return this.#committed.length - 1;
  }

  /** The newest committed zxid that is not above the given one. */
  committedUpTo(zxid: number): number {
    return this.#committed[this.#indexUpTo(zxid)] as number;
  }

  isCommitted(zxid: number): boolean {
    return this.committedUpTo(zxid) === zxid;
  }

  /**
   * A server serves no longer. In its last turn it may have committed more, and answered: what it
   * shows of itself after that turn no longer tells.
   */
  onServiceEnded(sid: number, history: DurableHistory): void {
    this.#lastTurns.set(sid, history);
  }

  /** Whether a reply may name that zxid: it is committed, or was in a last turn of service. */
  isShown(zxid: number): boolean {
    for (const [sid, history] of this.#lastTurns) {
      if (zxid > this.lastCommittedZxid && history.has(zxid)) this.onApplied(sid, zxid, history);
    }
    return this.isCommitted(zxid);
  }

  /** A transaction stands in a log or travels on a wire. */
  onSeen(buffer: Uint8Array, start: number, end: number): Txn {
    const zxid = readZxid(buffer, start);
    const known = this.#known.get(zxid);
    if (known === undefined) {
      const txn = parseTxn(buffer, start, end);
      this.#known.set(zxid, txn);
      this.configurations.onSeen(txn);
      return txn;
    }
    const isSame = bytesEqual(known.bytes, 0, known.bytes.length, buffer, start, end);
    expectThat(isSame, CONTENT, () => `${zxidToHex(zxid)} was seen with two contents`);
    return known;
  }

  /** A transaction stands in a log behind another one, or behind the base of a snapshot. */
  onLogged(zxid: number, previousZxid: number): void {
    // A base may be the start of an epoch, which is no transaction and says nothing.
    const isUnknown = previousZxid < 0 || (counterOf(previousZxid) === 0 && previousZxid > 0);
    if (counterOf(zxid) !== 1 || isUnknown) return;
    const known = this.#previous.get(zxid);
    if (known === undefined) this.#previous.set(zxid, previousZxid);
    const found = `${zxidToHex(zxid)} follows ${zxidToHex(previousZxid)}`;
    const wanted = `and ${zxidToHex(known ?? previousZxid)}`;
    expectThat(known === undefined || known === previousZxid, PAST, `${found} ${wanted}`);
  }

  /** A serving server has applied everything up to that zxid. */
  onApplied(sid: number, zxid: number, history: DurableHistory): void {
    if (zxid <= this.lastCommittedZxid) return;
    const epochStart = makeZxid(epochOf(zxid), 0);
    // What a new leader inherits is on its disk; what it adds follows one by one.
    if (this.lastCommittedZxid < epochStart) {
      const past = this.#pastOf(history.lastZxidBefore(epochStart));
      for (const inherited of past) this.#commit(sid, inherited);
    }
    let next = Math.max(this.lastCommittedZxid, epochStart) + 1;
    for (; next <= zxid; next++) this.#commit(sid, next);
  }

  /** Up to that zxid, what is not committed yet, ascending. */
  #pastOf(zxid: number): number[] {
    const past: number[] = [];
    // The start of an epoch is no transaction: whoever has a state of it has it from a leader
    // that was established, and then all before it is committed already.
    let next: number | undefined = counterOf(zxid) === 0 ? undefined : zxid;
    while (next !== undefined && next > this.lastCommittedZxid) {
      past.push(next);
      next = counterOf(next) > 1 ? next - 1 : this.#previous.get(next);
    }
    return past.reverse();
  }

  /** A serving server says that its state at that zxid has that digest. */
  checkDigest(sid: number, zxid: number, digest: string): void {
    const wanted = (this.#digests[this.#indexUpTo(zxid)] as number).toString(16);
    expectThat(
      wanted === digest,
      AGREEMENT,
      () => `server ${sid} at ${zxidToHex(zxid)} has digest ${digest}, wanted ${wanted}`,
    );
  }

  #commit(sid: number, zxid: number): void {
    const last = this.lastCommittedZxid;
    const isNext = zxid === last + 1 || (epochOf(zxid) > epochOf(last) && counterOf(zxid) === 1);
    const where = () => `server ${sid} applied ${zxidToHex(zxid)} after ${zxidToHex(last)}`;
    expectThat(isNext, GAPLESS, where);
    const txn = this.#known.get(zxid);
    expectThat(txn !== undefined, GAPLESS, () => `${where()}, which nobody has proposed`);
    this.#expectFirst(txn);
    const issued = this.#findRequest(txn.session, txn.header.cxid);
    if (issued !== null) this.#meet(issued, txn);
    this.configurations.onCommitted(zxid);
    const stats = this.model.apply(txn);
    if (issued !== null) issued.stats = stats;
    this.#committed.push(zxid);
    this.#digests.push(this.model.digest);
    this.#onCommitted(txn);
  }

  #expectFirst({ zxid, session, header: { type, cxid } }: Txn): void {
    // The server's own transactions have no cxid to be known by.
    if (type === OpCode.createSession || type === OpCode.closeSession) return;
    const key = `${session}/${cxid}`;
    expectThat(!this.#met.has(key), ONCE, () => `${zxidToHex(zxid)} repeats ${key}`);
    this.#met.add(key);
  }

  #meet(issued: IssuedRequest, txn: Txn): void {
    const where = () =>
      `${zxidToHex(txn.zxid)} of session ${txn.session}, asked for when ` +
      `${zxidToHex(issued.seenZxid)} was seen`;
    expectThat(txn.zxid > issued.seenZxid, REAL_TIME, where);
    issued.txn = txn;
    const { request } = issued;
    if (request instanceof ReconfigRequest) judgeReconfig(this.configurations, request, txn);
    else judgeWrite(this.model, request, txn, this.localSessions);
  }

  #indexUpTo(zxid: number): number {
    const committed = this.#committed;
    let low = 0;
    let high = committed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((committed[middle] as number) <= zxid) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function readZxid(buffer: Uint8Array, start: number): number {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return view.getUint32(start + 12) * 0x100000000 + view.getUint32(start + 16);
}
