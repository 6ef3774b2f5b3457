/**
 * FakeHistory: the log of a `FakeDisk` as a leader reads it for a learner: it takes a while until
 * it is known whether it serves, each transaction may have to be waited for, and now and then the
 * disk cannot be read.
 */

import type { Prng } from '@zabra/protocol';
import { type Durable, proposalOf, type Txn } from './fake-disk.test-kit.ts';
import type { HistoryStream } from './zab-host.ts';

/** One answer in this many is that more has to be read first, or that it cannot be. */
const WAITS_ONE_IN = 3;
const FAILS_ONE_IN = 60;

export class FakeHistory implements HistoryStream {
  readonly #durable: Durable;
  readonly #prng: Prng;
  readonly #isThere: boolean;
  #rest: readonly Txn[];
  state: HistoryStream['state'] = 'searching';
  failure = '';
  zxid = -1;
  buffer = new Uint8Array(0);
  start = 0;
  end = 0;

  constructor(durable: Durable, afterZxid: number, prng: Prng) {
    this.#durable = durable;
    this.#prng = prng;
    const { log, baseZxid } = durable;
    const at = log.findIndex(({ zxid }) => zxid === afterZxid);
    this.#isThere = at >= 0 || baseZxid === afterZxid;
    this.#rest = log.slice(at + 1);
  }

  /** The disk has answered. */
  onSearched(): void {
    if (this.state === 'searching') this.state = this.#isThere ? 'found' : 'absent';
  }

  reach(zxid: number): boolean {
    const isThere = this.#durable.log.some((txn) => txn.zxid === zxid);
    if (!isThere) return false;
    // The log has grown since.
    const first = this.#rest[0]?.zxid ?? zxid;
    this.#rest = this.#durable.log.filter((txn) => txn.zxid >= first);
    return true;
  }

  next(): boolean {
    if (this.state !== 'found' || this.#prng.chance(1, WAITS_ONE_IN)) return false;
    const [txn, ...rest] = this.#rest;
    if (txn === undefined || this.#prng.chance(1, FAILS_ONE_IN)) {
      this.state = 'failed';
      this.failure = 'The log cannot be read';
      return false;
    }
    this.#rest = rest;
    Object.assign(this, proposalOf(txn));
    return true;
  }

  close(): void {
    this.state = 'closed';
  }
}
