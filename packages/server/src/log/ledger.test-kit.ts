/**
 * Ledger: the smallest state that tells whether a history came back whole: the list of transactions
 * applied, each by zxid and checksum. Its snapshot body is that list. With it a `Host`, which does
 * with a `Storage` what a peer does: turns, appends, snapshots, completions.
 */

import assert from 'node:assert/strict';
import {
  crc32,
  JuteReader,
  JuteWriter,
  makeZxid,
  OpCode,
  Prng,
  writeTxnHeader,
} from '@zabra/protocol';
import type { MemoryDisk } from './memory-disk.test-kit.ts';
import { Storage } from './storage.ts';
import type { BodyStream, RecoverySink, StorageListener, StorageOptions } from './storage-types.ts';

export class Ledger implements RecoverySink {
  entries: string[] = [];
  bodyEnded = false;
  bodyError: string | null = null;
  txnError: string | null = null;
  readonly digest = { hi: 0, lo: 0 };
  baseZxid = -1;
  /** How often a fresh state was wanted. */
  beginCount = 0;
  #body = new Uint8Array(0);

  begin(): void {
    this.beginCount++;
    this.entries = [];
    this.bodyEnded = false;
    this.bodyError = null;
    this.#body = new Uint8Array(0);
  }

  pushBody(buffer: Uint8Array, start: number, end: number): number {
    const before = this.#body.length;
    const joined = new Uint8Array(before + end - start);
    joined.set(this.#body);
    joined.set(buffer.subarray(start, end), before);
    this.#body = joined;
    const wanted = joined.length < 4 ? 4 : 4 + new DataView(joined.buffer).getInt32(0);
    if (joined.length < 4 || joined.length < wanted) return end - start;
    this.bodyEnded = true;
    return wanted - before;
  }

  installBody(zxid: number): void {
    const r = new JuteReader().reset(this.#body, 4, this.#body.length);
    this.baseZxid = zxid;
    const count = r.int();
    for (let index = 0; index < count; index++) this.entries.push(r.string() as string);
    assert.equal(r.failed, false);
  }

  applyTxn(buffer: Uint8Array, start: number, end: number): void {
    this.entries.push(entryOf(buffer, start, end));
  }

  stream(): BodyStream {
    return new LedgerStream(this.entries);
  }
}

export function entryOf(buffer: Uint8Array, start: number, end: number): string {
  const zxid = new JuteReader().reset(buffer, start + 12, end).zxid();
  return `${zxid}:${crc32(buffer, start, end)}`;
}

/** Hands out its body a few bytes at a time. */
class LedgerStream implements BodyStream {
  readonly #bytes: Uint8Array;
  #position = 0;
  failed = false;
  isClosed = false;

  constructor(entries: readonly string[]) {
    const w = new JuteWriter();
    w.int(0);
    w.int(entries.length);
    for (const entry of entries) w.string(entry);
    w.patchInt(0, w.position - 4);
    this.#bytes = w.toBytes();
  }

  next(w: JuteWriter, bytesMax: number): boolean {
    const end = Math.min(this.#bytes.length, this.#position + bytesMax);
    w.raw(this.#bytes, this.#position, end);
    this.#position = end;
    return end < this.#bytes.length;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** A transaction that any log takes: an error with some bytes behind it. */
export function makeTxn(zxid: number, extraBytes: number, seed = 0): Uint8Array {
  const w = new JuteWriter();
  const type = OpCode.error;
  writeTxnHeader(w, { clientHi: 0, clientLo: seed, cxid: 7, zxid, timeMs: 1700000000000, type });
  w.int(-101);
  for (let index = 0; index < extraBytes; index++) w.byte(1 + ((zxid + index + seed) % 255));
  return w.toBytes();
}

export const OPTIONS: Omit<StorageOptions, 'listener'> = {
  isEnsemble: true,
  isLogDirectorySeparate: true,
  preAllocBytes: 8192,
  snapCount: 100_000,
  snapSizeLimitBytes: -1,
  txnLogSizeLimitBytes: -1,
  forceSync: true,
  recordBytesMax: 1 << 21,
  snapshotSizeFactor: 0,
  snapshotTrustEmpty: false,
  dbAutocreate: true,
  initializeMarker: false,
  serializeLastProcessedZxid: true,
  openDecompressor: null,
};

export interface HostOptions extends Partial<Omit<StorageOptions, 'listener'>> {
  readonly seed?: number;
}

/** Thrown out of a scenario when the request it was to crash at is under way. */
export class Crashed extends Error {}

export class Host implements StorageListener {
  readonly disk: MemoryDisk;
  readonly storage: Storage;
  readonly prng: Prng;
  ledger = new Ledger();
  /** Every transaction ever appended by this host, as entries. */
  appended: string[] = [];
  readonly stored = new Set<number>();
  readonly truncations: boolean[] = [];
  readonly messages: string[] = [];
  /** Requests after whose submission the scenario stops; 0: never. */
  crashAtRequest = 0;
  /** Entries whose sync was reported. */
  ackedCount = 0;
  #baseCount = 0;

  constructor(disk: MemoryDisk, options: HostOptions = {}) {
    const { seed = 1, ...rest } = options;
    this.disk = disk;
    this.prng = new Prng(seed);
    this.storage = new Storage(
      { ...OPTIONS, ...rest, listener: this },
      disk,
      (request) => {
        disk.submit(request);
        if (disk.submittedCount === this.crashAtRequest) throw new Crashed();
      },
      (level, source, message) => this.messages.push(`${level} ${source} ${message}`),
      new Prng(seed + 1),
    );
  }

  onStored(token: number): void {
    this.stored.add(token);
  }

  onTruncated(done: boolean): void {
    this.truncations.push(done);
  }

  /** Recovers to the end, in slices; returns the failure's message or null. */
  recover(bytesMax = 700): string | null {
    this.ledger = new Ledger();
    this.storage.recover(this.ledger);
    for (;;) {
      const step = this.storage.step(bytesMax);
      if (step === 'done') break;
      if (step === 'failed') return this.storage.failure?.message ?? 'no message';
      if (step === 'wait') assert.ok(this.completeOne(), 'recovery waits for nothing');
    }
    this.appended = [...this.ledger.entries];
    this.ackedCount = this.appended.length;
    this.#baseCount = this.appended.length;
    return null;
  }

  completeOne(): boolean {
    const token = this.disk.completeOne(this.prng);
    if (token === 0) return false;
    assert.equal(this.storage.onDisk(token, null), 'mine');
    this.#acknowledge();
    return true;
  }

  append(extraBytes: number, zxid = this.storage.lastLoggedZxid + 1): void {
    const txn = makeTxn(zxid, extraBytes, this.prng.below(1000));
    const entry = this.storage.append(zxid, txn, 0, txn.length);
    const text = entryOf(entry.buffer, entry.start, entry.end);
    assert.equal(text, entryOf(txn, 0, txn.length));
    this.appended.push(text);
  }

  /** One turn; true: another one is wanted at once. */
  turn(): boolean {
    if (this.storage.wantsSnapshot()) this.snapshot();
    const isMoreWanted = this.storage.stepWork(100);
    this.storage.flush();
    return isMoreWanted;
  }

  snapshot(): boolean {
    // Only what is synced is committed here, and only that may be in a snapshot.
    const { syncedZxid } = this.storage;
    const committed = this.ledger.entries.length + this.#countAfterBase(syncedZxid);
    const ledger = new Ledger();
    ledger.entries = this.appended.slice(0, committed);
    return this.storage.startSnapshot(ledger.stream(), Math.max(0, syncedZxid), { hi: 0, lo: 1 });
  }

  /** Turns and completions until nothing is left to do. */
  settle(): void {
    for (let idle = 0; idle < 3; ) {
      const isMoreWanted = this.turn();
      if (this.completeOne() || isMoreWanted) idle = 0;
      else idle++;
    }
  }

  /** Runs until the token is reported. */
  await(token: number): void {
    for (let turns = 0; !this.stored.has(token); turns++) {
      assert.ok(turns < 10_000, 'the token never comes');
      this.turn();
      this.completeOne();
    }
  }

  #countAfterBase(zxid: number): number {
    const zxids = this.appended.slice(this.#baseCount).map((entry) => Number.parseInt(entry, 10));
    return zxids.filter((other) => other <= zxid).length;
  }

  #acknowledge(): void {
    const acked = this.#baseCount + this.#countAfterBase(this.storage.syncedZxid);
    this.ackedCount = Math.max(this.ackedCount, acked);
  }
}

/** A host that has recovered and may log in the first epoch. */
export function started(disk: MemoryDisk, options: HostOptions = {}): Host {
  const host = new Host(disk, options);
  assert.equal(host.recover(), null, host.messages.join('\n'));
  host.await(host.storage.storeAcceptedEpoch(Math.max(1, host.storage.acceptedEpoch)));
  host.await(host.storage.storeCurrentEpoch(Math.max(1, host.storage.currentEpoch)));
  return host;
}

export function appendMany(host: Host, count: number, extraBytes = 20): void {
  for (let index = 0; index < count; index++) {
    const isFirst = host.storage.lastLoggedZxid === 0;
    host.append(extraBytes, isFirst ? makeZxid(1, 1) : undefined);
  }
}

export function restarted(disk: MemoryDisk, options: HostOptions = {}): Host {
  const host = new Host(disk, options);
  assert.equal(host.recover(), null, host.messages.join('\n'));
  return host;
}
