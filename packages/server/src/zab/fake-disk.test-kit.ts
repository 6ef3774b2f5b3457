/**
 * FakeDisk: the disk of one member of the small ensembles that this room's tests run, and the
 * `ZabStorage` over it. What was asked for completes later: log and epoch files each in order, and
 * independent of each other; a crash keeps a prefix of what was still under way in each. History
 * is a base (the snapshot) and a log of opaque transactions.
 */

import assert from 'node:assert/strict';
import { bytesToHex, counterOf, epochOf, type Prng, utf8Encode } from '@zabra/protocol';
import { follows } from './committed-log.ts';
import type { Proposal, ZabStorage } from './zab-host.ts';

/** One transaction, its bytes as hex so that it compares by value. */
export interface Txn {
  readonly zxid: number;
  readonly content: string;
}

export interface Durable {
  acceptedEpoch: number;
  currentEpoch: number;
  baseZxid: number;
  base: readonly Txn[];
  log: Txn[];
}

export type DiskOp =
  | { readonly kind: 'append'; readonly txn: Txn }
  | { readonly kind: 'accepted' | 'current'; readonly epoch: number }
  | { readonly kind: 'barrier' }
  | { readonly kind: 'truncate'; readonly zxid: number }
  | { readonly kind: 'install'; readonly zxid: number; readonly base: readonly Txn[] };

interface PendingOp {
  readonly op: DiskOp;
  /** 0 for appends, whose completion is `onSynced`. */
  readonly token: number;
}

export function lastOf(durable: Durable): number {
  return durable.log.at(-1)?.zxid ?? durable.baseZxid;
}

export function historyOf(durable: Durable): readonly Txn[] {
  return [...durable.base, ...durable.log];
}

export function txnOf(proposal: Proposal): Txn {
  const { zxid, buffer, start, end } = proposal;
  return { zxid, content: bytesToHex(buffer, start, end) };
}

export function proposalOf(txn: Txn): Proposal {
  const buffer = new Uint8Array(txn.content.length / 2);
  for (let i = 0; i < buffer.length; i++) {
    buffer[i] = Number.parseInt(txn.content.slice(2 * i, 2 * i + 2), 16);
  }
  return { zxid: txn.zxid, buffer, start: 0, end: buffer.length };
}

export function textTxn(zxid: number, text: string): Txn {
  const bytes = utf8Encode(text);
  return { zxid, content: bytesToHex(bytes, 0, bytes.length) };
}

export class FakeDisk {
  readonly durable: Durable;
  /** The log with its snapshot base, and the epoch files. */
  log: PendingOp[];
  epochs: PendingOp[];
  /** Called after each change of what is durable. */
  onChanged: (op: DiskOp, before: readonly Txn[]) => void;

  constructor() {
    this.durable = { acceptedEpoch: 0, currentEpoch: 0, baseZxid: 0, base: [], log: [] };
    this.log = [];
    this.epochs = [];
    this.onChanged = () => {};
  }

  get isBusy(): boolean {
    return this.log.length + this.epochs.length > 0;
  }

  submit(op: DiskOp, token: number): void {
    const isEpoch = op.kind === 'accepted' || op.kind === 'current';
    (isEpoch ? this.epochs : this.log).push({ op, token });
  }

  /** Carries out the oldest request of a channel: its token, and the zxid if it was an append. */
  completeOne(channel: PendingOp[]): { token: number; syncedZxid: number } {
    const pending = channel.shift();
    if (pending === undefined) return { token: 0, syncedZxid: -1 };
    const { op, token } = pending;
    const before = op.kind === 'append' ? [] : historyOf(this.durable);
    this.#apply(op);
    this.onChanged(op, before);
    return { token, syncedZxid: op.kind === 'append' ? op.txn.zxid : -1 };
  }

  /** Power loss: some prefix of what was under way reached the platter. */
  crash(prng: Prng): void {
    for (const channel of [this.log, this.epochs]) {
      for (let count = prng.below(channel.length + 1); count > 0; count--)
        this.completeOne(channel);
      channel.length = 0;
    }
  }

  #apply(op: DiskOp): void {
    const { durable } = this;
    switch (op.kind) {
      case 'append':
        assert.ok(follows(lastOf(durable), op.txn.zxid), `${op.txn.zxid} after ${lastOf(durable)}`);
        durable.log.push(op.txn);
        return;
      case 'accepted':
        durable.acceptedEpoch = op.epoch;
        return;
      case 'current':
        durable.currentEpoch = op.epoch;
        return;
      case 'truncate':
        durable.log = durable.log.filter((txn) => txn.zxid <= op.zxid);
        return;
      case 'install':
        durable.baseZxid = op.zxid;
        durable.base = op.base;
        durable.log = [];
        return;
      default:
    }
  }
}

export class FakeStorage implements ZabStorage {
  readonly disk: FakeDisk;
  acceptedEpoch: number;
  currentEpoch: number;
  lastLoggedZxid: number;
  syncedZxid: number;
  /** What is in the log and, in the peer, not applied yet. */
  readonly tail: Proposal[];
  #lastToken: number;

  /** As after recovery: memory knows what is durable. */
  constructor(disk: FakeDisk) {
    this.disk = disk;
    this.acceptedEpoch = disk.durable.acceptedEpoch;
    this.currentEpoch = disk.durable.currentEpoch;
    this.lastLoggedZxid = lastOf(disk.durable);
    this.syncedZxid = this.lastLoggedZxid;
    this.tail = [];
    this.#lastToken = 0;
  }

  storeAcceptedEpoch(epoch: number): number {
    assert.ok(epoch > this.acceptedEpoch, `accepted epoch ${epoch} after ${this.acceptedEpoch}`);
    this.acceptedEpoch = epoch;
    return this.submit({ kind: 'accepted', epoch });
  }

  storeCurrentEpoch(epoch: number): number {
    assert.ok(epoch >= this.currentEpoch && epoch <= this.acceptedEpoch);
    this.currentEpoch = epoch;
    return this.submit({ kind: 'current', epoch });
  }

  syncBeforeLeading(): number {
    return this.submit({ kind: 'barrier' });
  }

  append(zxid: number, buffer: Uint8Array, start: number, end: number): Proposal {
    assert.ok(follows(this.lastLoggedZxid, zxid), `logged ${zxid} after ${this.lastLoggedZxid}`);
    const proposal = { zxid, buffer: buffer.slice(start, end), start: 0, end: end - start };
    this.lastLoggedZxid = zxid;
    this.tail.push(proposal);
    this.disk.submit({ kind: 'append', txn: txnOf(proposal) }, 0);
    return proposal;
  }

  /** A token, or 0 when the zxid is no point of the history. */
  truncate(zxid: number): number {
    const { baseZxid, log } = this.#whole();
    const isMark = counterOf(zxid) === 0;
    if (zxid < baseZxid) return 0;
    if (!isMark && zxid !== baseZxid && !log.some((txn) => txn.zxid === zxid)) return 0;
    this.lastLoggedZxid = log.filter((txn) => txn.zxid <= zxid).at(-1)?.zxid ?? baseZxid;
    this.syncedZxid = Math.min(this.syncedZxid, this.lastLoggedZxid);
    this.tail.length = 0;
    return this.submit({ kind: 'truncate', zxid });
  }

  install(zxid: number, base: readonly Txn[]): number {
    this.lastLoggedZxid = zxid;
    this.syncedZxid = zxid;
    this.tail.length = 0;
    return this.submit({ kind: 'install', zxid, base });
  }

  submit(op: DiskOp): number {
    this.#lastToken += 1;
    this.disk.submit(op, this.#lastToken);
    return this.#lastToken;
  }

  /** What will be durable once all that is pending is. */
  #whole(): Durable {
    const whole = new FakeDisk();
    Object.assign(whole.durable, this.disk.durable, { log: [...this.disk.durable.log] });
    whole.log = [...this.disk.log];
    while (whole.log.length > 0) whole.completeOne(whole.log);
    return whole.durable;
  }
}

/** I4: strictly increasing, neighbours consecutive, or the epoch grows and the counter restarts. */
export function assertContiguous(baseZxid: number, log: readonly Txn[]): void {
  let last = baseZxid;
  for (const { zxid } of log) {
    assert.ok(follows(last, zxid), `${zxid} follows ${last} in epoch ${epochOf(last)}`);
    last = zxid;
  }
}
