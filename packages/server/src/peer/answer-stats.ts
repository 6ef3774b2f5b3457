/**
 * AnswerStats: what the word `cons` tells of the answers on one connection, plain numbers that the
 * hot path writes (operations.md 1.4; ZooKeeper's `ServerCnxn.updateStatsForResponse`). `crst`
 * resets them.
 */

import { OpCode } from '@zabra/protocol';

/** Before the first answer, and behind a reset. */
const NOTHING_YET = -1;
const RESET = -2;

export class AnswerStats {
  /** Opcode of the last answer. */
  #lastOp: number;
  /** Of the client's last request of its own; -1 after a reset. */
  lastCxid: number;
  /** Of the last answer; -1 after a reset. */
  lastZxid: number;
  /** On the monotonic clock. */
  lastMs: number;
  lastLatencyMs: number;
  #minLatencyMs: number;
  maxLatencyMs: number;
  #totalLatencyMs: number;
  #count: number;

  constructor() {
    this.#lastOp = NOTHING_YET;
    this.lastCxid = 0;
    this.lastZxid = 0;
    this.lastMs = 0;
    this.lastLatencyMs = 0;
    this.#minLatencyMs = 0;
    this.maxLatencyMs = 0;
    this.#totalLatencyMs = 0;
    this.#count = 0;
  }

  get lastOpText(): string {
    if (this.#lastOp === NOTHING_YET) return 'null';
    return LAST_OPS.get(this.#lastOp) ?? 'NA';
  }

  /** Begins at 0, so it is the least of what was only after a reset, as in ZooKeeper. */
  get minLatencyMs(): number {
    return this.#minLatencyMs === Number.POSITIVE_INFINITY ? 0 : this.#minLatencyMs;
  }

  get averageLatencyMs(): number {
    return this.#count === 0 ? 0 : Math.floor(this.#totalLatencyMs / this.#count);
  }

  onAnswered(opcode: number, cxid: number, zxid: number, nowMs: number, elapsedMs: number): void {
    this.#lastOp = opcode;
    // Pings and the like have numbers below 0, and nobody looks for them.
    if (cxid >= 0) this.lastCxid = cxid;
    this.lastZxid = zxid;
    this.lastMs = nowMs;
    this.lastLatencyMs = elapsedMs;
    if (elapsedMs < this.#minLatencyMs) this.#minLatencyMs = elapsedMs;
    if (elapsedMs > this.maxLatencyMs) this.maxLatencyMs = elapsedMs;
    this.#totalLatencyMs += elapsedMs;
    this.#count++;
  }

  reset(): void {
    this.#lastOp = RESET;
    this.lastCxid = -1;
    this.lastZxid = -1;
    this.lastMs = 0;
    this.lastLatencyMs = 0;
    this.#minLatencyMs = Number.POSITIVE_INFINITY;
    this.maxLatencyMs = 0;
    this.#totalLatencyMs = 0;
    this.#count = 0;
  }
}

const LAST_OPS: ReadonlyMap<number, string> = new Map([
  [OpCode.ping, 'PING'],
  [OpCode.createSession, 'SESS'],
  [OpCode.multi, 'MULT'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createTTL, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.deleteContainer, 'DELE'],
  [OpCode.setData, 'SETD'],
  [OpCode.reconfig, 'RECO'],
  [OpCode.setACL, 'SETA'],
  [OpCode.closeSession, 'CLOS'],
  [OpCode.sync, 'SYNC'],
  [OpCode.check, 'CHEC'],
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.setWatches, 'SETW'],
  // Not a slip of ours.
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.getACL, 'GETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.whoAmI, 'HOMI'],
  [OpCode.getEphemerals, 'GETE'],
]);
