/**
 * Storage: everything durable of one server as one machine, and the peer's only door to its disk.
 *
 * Life: `recover`, then `step` until it says `done` (calling again each turn on `more`, after the
 * next completion on `wait`). Then, when `wantsSnapshot` (an empty directory has none, and nothing
 * is promised before there is one), `startSnapshot`; `append` as transactions come, `flush` at the
 * end of each turn, `stepWork` in each turn. `onDisk` takes every completion; `failure` is looked
 * at after it and after `step`. When a role ends: `settle`, and after its token `recover` again if
 * the state in memory is to be rebuilt.
 *
 * Snapshots are started by the caller, who alone knows that a state holds nothing uncommitted. All
 * knowledge of files lies in the parts: `recovery`, `txn-log`, `snapshot-job`, `truncation`,
 * `retention`, `watermark`.
 */

import { assert, type Prng } from '@zabra/protocol';
import { openDecompressor } from './decompressors.ts';
import type { DiskReader, DiskRequest } from './disk.ts';
import { DiskPort } from './disk-port.ts';
import { encodeEpoch, type SettledEpochs } from './epoch-files.ts';
import { ACCEPTED_EPOCH_FILE, CURRENT_EPOCH_FILE } from './file-names.ts';
import { zxidFollows } from './log-format.ts';
import { type Recovered, Recovery } from './recovery.ts';
import type {
  BodyStream,
  LogEntry,
  RecoverySink,
  RecoveryStep,
  StorageFailure,
  StorageLog,
  StorageOptions,
  TreeDigest,
} from './storage-types.ts';
import { StorageWork } from './storage-work.ts';
import { TxnLog } from './txn-log.ts';
import { Watermark } from './watermark.ts';

const EXIT_DISK = 1;

export class Storage {
  /** Not null: the process must end. */
  failure: StorageFailure | null;
  readonly #options: StorageOptions;
  readonly #log: StorageLog;
  readonly #port: DiskPort;
  readonly #watermark: Watermark;
  readonly #txnLog: TxnLog;
  readonly #work: StorageWork;
  /** Where the recovery under way pours the history into; null: none is under way. */
  #sink: RecoverySink | null;
  /** Null while it waits for what still runs. */
  #recovery: Recovery | null;
  #epochs: SettledEpochs | null;
  /** Tokens to be reported when the log is synced up to a zxid, in the order of the calls. */
  readonly #syncWaiters: { readonly zxid: number; readonly onSynced: () => void }[];
  /** Promises that need a snapshot to stand on, until there is the first one. */
  #untilSnapshot: (() => void)[];
  /** Stores of an epoch that were asked for and are not complete. */
  #epochStoresPending: number;
  readonly #untilEpochs: (() => void)[];
  /** Promises kept and not yet told. */
  #keptTokens: number[];

  constructor(
    options: StorageOptions,
    reader: DiskReader,
    submit: (request: DiskRequest) => void,
    log: StorageLog,
    prng: Prng,
  ) {
    this.failure = null;
    this.#options = options;
    this.#log = log;
    this.#port = new DiskPort(reader, submit);
    this.#watermark = new Watermark(this.#port, options.forceSync);
    this.#txnLog = new TxnLog(this.#port, this.#watermark, options);
    this.#work = new StorageWork({
      port: this.#port,
      watermark: this.#watermark,
      txnLog: this.#txnLog,
      options,
      log,
      prng,
      openDecompressor: options.openDecompressor ?? openDecompressor,
      onSnapshot: () => this.#onSnapshot(),
      fail: (failure) => this.#fail(failure),
    });
    this.#sink = null;
    this.#recovery = null;
    this.#epochs = null;
    this.#syncWaiters = [];
    this.#untilSnapshot = [];
    this.#epochStoresPending = 0;
    this.#untilEpochs = [];
    this.#keptTokens = [];
  }

  /** Last zxid in the log or its snapshot base; ZXID_NONE for a member that may not vote yet. */
  get lastLoggedZxid(): number {
    return this.#txnLog.lastLoggedZxid;
  }

  /** Everything up to here is on stable storage. */
  get syncedZxid(): number {
    return this.#txnLog.syncedZxid;
  }

  /** Bytes appended and not yet synced. */
  get unsyncedBytes(): number {
    return this.#txnLog.unsyncedBytes;
  }

  /** Newest snapshot, ZXID_NONE when there is none. */
  get snapshotZxid(): number {
    return this.#work.snapshotZxid;
  }

  get acceptedEpoch(): number {
    return this.#epochs?.accepted ?? 0;
  }

  get currentEpoch(): number {
    return this.#epochs?.current ?? 0;
  }

  /** No history at all: no transaction, no epoch ever accepted (ADR 11). */
  get isEmpty(): boolean {
    return this.lastLoggedZxid <= 0 && this.acceptedEpoch === 0;
  }

  /** Log files from this zxid on were written by us (ADR 2); ZXID_MAX: none was. */
  get ownSinceZxid(): number {
    return this.#watermark.ownSinceZxid;
  }

  /** Begins recovery into a fresh state; also after TRUNC and after a role, once it is settled. */
  recover(sink: RecoverySink): void {
    this.#sink = sink;
    this.#recovery = null;
  }

  /** Goes on with recovery, reading about `bytesMax` bytes. */
  step(bytesMax: number): RecoveryStep {
    if (this.failure !== null) return 'failed';
    const recovery = this.#recovery ?? this.#openRecovery();
    // What still runs, a purge perhaps, comes to its end first.
    if (recovery === null) return this.#stepRest(bytesMax) ? 'more' : 'wait';
    this.#recovery = recovery;
    const result = recovery.step(bytesMax);
    if (result === 'failed') this.#fail(recovery.failure as StorageFailure);
    if (result === 'done') this.#onRecovered(recovery.recovered as Recovered);
    return result;
  }

  /** Whether `append` takes this zxid next: one more, or 1 of a later epoch. */
  follows(zxid: number): boolean {
    return zxidFollows(this.lastLoggedZxid, zxid);
  }

  /** Copies the transaction `buffer[start, end)` into the log. `follows(zxid)` must hold. */
  append(zxid: number, buffer: Uint8Array, start: number, end: number): LogEntry {
    assert(this.#sink === null, 'Cannot log a transaction during recovery');
    assert(!this.#work.isTruncating, 'Cannot log a transaction while the log is cut');
    const entry = this.#txnLog.append(zxid, buffer, start, end);
    this.#work.onAppended();
    return entry;
  }

  /**
   * Transactions behind a zxid out of our log files, for a learner; null when they cannot serve up
   * to `untilZxid`. Whatever changes the history, or ends the role, closes it.
   */
  openHistory(afterZxid: number, untilZxid: number): ReturnType<StorageWork['openHistory']> {
    return this.#sink === null ? this.#work.openHistory(afterZxid, untilZxid) : null;
  }

  /** End of a turn: what was appended is handed to the disk, unless a sync is in flight. */
  flush(): void {
    this.#tellKept();
    if (this.failure !== null || this.#sink !== null) return;
    this.#txnLog.flush();
    this.#watermark.flush(this.#txnLog.isBusy);
  }

  /** Returns a token; memory changes at once, the word may be spoken at `onStored(token)`. */
  storeAcceptedEpoch(epoch: number): number {
    assert(epoch >= this.acceptedEpoch, `Cannot lower acceptedEpoch to ${epoch}`);
    this.#epochs = { accepted: epoch, current: this.currentEpoch };
    return this.#promise((onStored) => {
      const onDone = this.#epochStore(onStored);
      this.#watermark.raiseEpoch(epoch, () => {
        this.#port.replace('snap', ACCEPTED_EPOCH_FILE, encodeEpoch(epoch), onDone);
      });
    });
  }

  /** Waits for the first snapshot: an epoch's history must have something to stand on. */
  storeCurrentEpoch(epoch: number): number {
    const accepted = this.acceptedEpoch;
    assert(epoch <= accepted, `Cannot store currentEpoch ${epoch} above acceptedEpoch ${accepted}`);
    assert(epoch >= this.currentEpoch, `Cannot lower currentEpoch to ${epoch}`);
    this.#epochs = { accepted, current: epoch };
    return this.#promise((onStored) => {
      const onDone = this.#epochStore(onStored);
      this.#afterSnapshot(() => {
        this.#port.replace('snap', CURRENT_EPOCH_FILE, encodeEpoch(epoch), onDone);
      });
    });
  }

  /** Returns a token: by then all that was appended or recovered is on stable storage. */
  syncBeforeLeading(): number {
    return this.#promise((onStored) => this.#afterSnapshot(() => this.#whenSynced(onStored)));
  }

  /** As `syncBeforeLeading`, when a role ends: also gives up a snapshot that is being written. */
  settle(): number {
    return this.#promise((onStored) => {
      this.#work.settle(() => {
        // A vote names the epochs of memory: what was asked for must be on disk before one is cast.
        this.#whenSynced(() => {
          this.#whenEpochsStored(() => this.#watermark.settle(onStored));
        });
      });
    });
  }

  /** TRUNC. `started`: nothing may be appended until `listener.onTruncated`. */
  truncate(zxid: number): 'started' | 'impossible' {
    assert(this.#sink === null && !this.#work.isTruncating, 'Storage truncates at rest');
    return this.#work.truncate(zxid) ? 'started' : 'impossible';
  }

  /** True when a snapshot is due and none is being written. */
  wantsSnapshot(): boolean {
    return this.#sink === null && this.#work.wantsSnapshot;
  }

  /** False when one is being written (the stream is closed then). Null digest: digests are off. */
  startSnapshot(stream: BodyStream, zxid: number, digest: TreeDigest | null): boolean {
    return this.#work.startSnapshot(stream, zxid, digest);
  }

  /**
   * After SNAP: the state of the stream becomes the whole durable history, all older snapshots and
   * log files go, in one atomic switch. Returns a token. What is appended meanwhile waits for it,
   * and it waits for what was appended before.
   */
  installSnapshot(stream: BodyStream, zxid: number, digest: TreeDigest | null): number {
    return this.#promise((onStored) => {
      this.#whenSynced(() => this.#work.install(stream, zxid, digest, onStored));
    });
  }

  /** Goes on with what runs beside, about `bytesMax` bytes; true: call again soon. */
  stepWork(bytesMax: number): boolean {
    return this.failure === null && this.#sink === null && this.#stepRest(bytesMax);
  }

  /** autopurge: keeps the `retainCount` newest snapshots and the log files they need. */
  purge(retainCount: number): void {
    if (this.#sink === null) this.#work.purge(retainCount);
  }

  /** Completion of a disk request; tokens of storage count up from 1. */
  onDisk(token: number, error: string | null): 'mine' | 'foreign' {
    const whose = this.#port.onDisk(token, error);
    if (this.#port.failure !== null) {
      this.#fail({ code: EXIT_DISK, message: this.#port.failure });
    } else if (whose === 'mine') {
      this.#tellSynced();
      this.#tellKept();
    }
    return whose;
  }

  #openRecovery(): Recovery | null {
    assert(this.#sink !== null, 'There is no recovery to go on with');
    if (!this.#txnLog.isSynced || !this.#work.isIdle) return null;
    const parts = {
      port: this.#port,
      watermark: this.#watermark,
      options: this.#options,
      log: this.#log,
      knownEpochs: this.#epochs,
    };
    return new Recovery(parts, this.#sink);
  }

  #stepRest(bytesMax: number): boolean {
    if (this.#sink !== null) this.#txnLog.flush();
    const isMoreWanted = this.#work.step(bytesMax);
    this.#tellSynced();
    this.#tellKept();
    return isMoreWanted;
  }

  #onRecovered({ lastZxid, snapshotZxid, newestSegmentZxid, epochs, hasEntries }: Recovered): void {
    this.#sink = null;
    this.#recovery = null;
    this.#epochs = epochs;
    this.#txnLog.reset(lastZxid, newestSegmentZxid);
    this.#work.onRecovered(snapshotZxid, hasEntries);
  }

  #onSnapshot(): void {
    const waiting = this.#untilSnapshot;
    this.#untilSnapshot = [];
    for (const next of waiting) next();
    this.#tellSynced();
  }

  /** Calls back at once unless the directory still lacks its first snapshot. */
  /** Counts a store that was asked for, until it is complete. */
  #epochStore(onStored: () => void): () => void {
    this.#epochStoresPending++;
    return () => {
      this.#epochStoresPending--;
      onStored();
      if (this.#epochStoresPending > 0) return;
      for (const next of this.#untilEpochs.splice(0)) next();
    };
  }

  #whenEpochsStored(next: () => void): void {
    if (this.#epochStoresPending > 0) this.#untilEpochs.push(next);
    else next();
  }

  #afterSnapshot(next: () => void): void {
    if (this.#work.lacksSnapshot) this.#untilSnapshot.push(next);
    else next();
  }

  /** The token is told no sooner than in the next call of `onDisk`, `stepWork` or `flush`. */
  #promise(begin: (onStored: () => void) => void): number {
    const token = this.#port.newToken();
    begin(() => this.#keptTokens.push(token));
    return token;
  }

  #tellKept(): void {
    for (let token = this.#keptTokens.shift(); token !== undefined; ) {
      if (this.failure !== null) return;
      this.#options.listener.onStored(token);
      token = this.#keptTokens.shift();
    }
  }

  #whenSynced(onSynced: () => void): void {
    this.#syncWaiters.push({ zxid: this.lastLoggedZxid, onSynced });
    this.#tellSynced();
  }

  #tellSynced(): void {
    for (let next = this.#syncWaiters[0]; next !== undefined; next = this.#syncWaiters[0]) {
      if (next.zxid > this.syncedZxid) return;
      this.#syncWaiters.shift();
      next.onSynced();
    }
  }

  #fail(failure: StorageFailure): void {
    if (this.failure !== null) return;
    this.failure = failure;
    this.#log('error', 'Storage', failure.message);
  }
}
