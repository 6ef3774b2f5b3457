/** Log files of a member whose learners are played by hand: they answer when the test says so. */

import { txn } from './script-host.test-kit.ts';
import type { HistoryStream } from './zab-host.ts';

export class ScriptHistory implements HistoryStream {
  state: HistoryStream['state'] = 'searching';
  failure = '';
  zxid = -1;
  buffer = new Uint8Array(0);
  start = 0;
  end = 0;
  reached = -1;
  syncedZxid = Number.POSITIVE_INFINITY;
  /** Transactions that are read. */
  readonly read: number[] = [];

  reach(zxid: number): boolean {
    this.reached = zxid;
    return zxid <= this.syncedZxid;
  }

  next(): boolean {
    const zxid = this.state === 'found' ? this.read.shift() : undefined;
    if (zxid === undefined) return false;
    Object.assign(this, txn(zxid, 'old'));
    return true;
  }

  fail(why: string): void {
    this.state = 'failed';
    this.failure = why;
  }

  close(): void {
    this.state = 'closed';
  }
}
