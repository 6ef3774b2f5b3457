/**
 * StorageWork: what runs beside the log, one at a time: a snapshot, the installation of a received
 * one, a truncation; and the purge, which may run beside a snapshot. It decides when a snapshot is
 * due and what the log has to wait for, and it ends all of this when a role ends.
 */

import { type Prng, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import type { OpenDecompressor } from './decompressor.ts';
import type { DiskPort } from './disk-port.ts';
import { LogHistory } from './log-history.ts';
import { planPurge } from './retention.ts';
import { SnapshotJob } from './snapshot-job.ts';
import { SnapshotTrigger } from './snapshot-trigger.ts';
import type {
  BodyStream,
  StorageFailure,
  StorageLog,
  StorageOptions,
  TreeDigest,
} from './storage-types.ts';
import { surveyDirectories } from './survey.ts';
import { mayTruncate, Truncation } from './truncation.ts';
import type { LogPosition, TxnLog } from './txn-log.ts';
import type { Watermark } from './watermark.ts';

const EXIT_SNAPSHOT = 10;

export interface StorageWorkParts {
  readonly port: DiskPort;
  readonly watermark: Watermark;
  readonly txnLog: TxnLog;
  readonly options: StorageOptions;
  readonly log: StorageLog;
  readonly prng: Prng;
  readonly openDecompressor: OpenDecompressor;
  /** The directory has a snapshot now, if it had none. */
  readonly onSnapshot: () => void;
  readonly fail: (failure: StorageFailure) => void;
}

/** An installation that waits or is under way. */
interface Installation {
  readonly stream: BodyStream;
  readonly zxid: number;
  readonly digest: TreeDigest | null;
  readonly onStored: () => void;
  /** Where the log stood, for an installation that is given up. */
  readonly before: LogPosition;
  isStarted: boolean;
}

export class StorageWork {
  readonly #parts: StorageWorkParts;
  readonly #trigger: SnapshotTrigger;
  readonly #history: LogHistory;
  #job: SnapshotJob | null;
  #installation: Installation | null;
  /** TRUNC that waits for what runs to end; null: none. */
  #truncateZxid: number | null;
  #truncation: Truncation | null;
  #purgesPending: number;
  #isSnapshotDue: boolean;
  /** No snapshot and no entries: nothing may be promised before the first snapshot. */
  lacksSnapshot: boolean;
  snapshotZxid: number;
  /** A role has ended: whatever is given up now was not wanted any more. */
  #isSettling: boolean;
  #settled: (() => void)[];
  /** A role has ended: until the next recovery or entry, no snapshot is wanted that could wait. */
  #isQuiet: boolean;

  constructor(parts: StorageWorkParts) {
    const { snapCount, snapSizeLimitBytes } = parts.options;
    this.#parts = parts;
    this.#trigger = new SnapshotTrigger(snapCount, snapSizeLimitBytes, parts.prng);
    this.#history = new LogHistory(parts);
    this.#job = null;
    this.#installation = null;
    this.#truncateZxid = null;
    this.#truncation = null;
    this.#purgesPending = 0;
    this.#isSnapshotDue = false;
    this.lacksSnapshot = false;
    this.snapshotZxid = ZXID_NONE;
    this.#isSettling = false;
    this.#settled = [];
    this.#isQuiet = false;
  }

  /** See `Storage.openHistory`. */
  openHistory(afterZxid: number, untilZxid: number): ReturnType<LogHistory['open']> {
    const isRemoving = this.#purgesPending > 0 || this.#installation !== null;
    if (isRemoving || this.isTruncating) return null;
    return this.#history.open(afterZxid, untilZxid);
  }

  /** Nothing runs. */
  get isIdle(): boolean {
    const isWriting = this.#job !== null || this.#installation !== null;
    return !isWriting && !this.isTruncating && this.#purgesPending === 0;
  }

  get isTruncating(): boolean {
    return this.#truncateZxid !== null || this.#truncation !== null;
  }

  get wantsSnapshot(): boolean {
    const isDue = this.#isSnapshotDue && !this.#isQuiet;
    return (isDue || this.lacksSnapshot) && this.#maySnapshot;
  }

  get #maySnapshot(): boolean {
    return this.#job === null && this.#installation === null && !this.isTruncating;
  }

  onRecovered(snapshotZxid: number, hasEntries: boolean): void {
    const { txnLog } = this.#parts;
    const hasHistory = snapshotZxid !== ZXID_NONE || hasEntries;
    this.snapshotZxid = snapshotZxid;
    this.lacksSnapshot = !hasHistory && txnLog.lastLoggedZxid !== ZXID_NONE;
    this.#isSnapshotDue = snapshotZxid === ZXID_NONE && hasEntries;
    this.#isQuiet = false;
    this.#trigger.reset();
    txnLog.hold(this.lacksSnapshot);
  }

  onAppended(): void {
    const { txnLog, options, log } = this.#parts;
    this.#isQuiet = false;
    if (this.#trigger.onAppend(txnLog.fileBytes)) {
      txnLog.roll();
      txnLog.restartCount();
      this.#trigger.reset();
      if (this.#job === null) this.#isSnapshotDue = true;
      else log('warn', 'Storage', 'Too busy to snap, skipping');
    } else if (options.txnLogSizeLimitBytes > 0) {
      if (txnLog.openFileBytes > options.txnLogSizeLimitBytes) txnLog.roll();
    }
  }

  startSnapshot(stream: BodyStream, zxid: number, digest: TreeDigest | null): boolean {
    if (!this.#maySnapshot) {
      stream.close();
      return false;
    }
    this.#isSnapshotDue = false;
    this.#job = this.#newJob(stream, zxid, digest, 'regular');
    return true;
  }

  install(stream: BodyStream, zxid: number, digest: TreeDigest | null, onStored: () => void): void {
    // A regular snapshot under way is of the history that is about to go.
    this.#job?.abort();
    this.#history.closeAll();
    const before = this.#parts.txnLog.standAside(zxid);
    this.#installation = { stream, zxid, digest, onStored, before, isStarted: false };
    this.#goOn();
  }

  /** False when the names alone tell that it is impossible. */
  truncate(zxid: number): boolean {
    const { port, txnLog, log } = this.#parts;
    const survey = surveyDirectories(port.reader);
    if (!mayTruncate(survey, zxid, txnLog.lastLoggedZxid)) return false;
    log('warn', 'Storage', `Truncating the history to zxid 0x${zxidToHex(zxid)}`);
    this.#job?.abort();
    this.#history.closeAll();
    this.#truncateZxid = zxid;
    return true;
  }

  purge(retainCount: number): void {
    const { port, log } = this.#parts;
    if (this.#purgesPending > 0 || this.isTruncating || this.#installation !== null) return;
    const { snapshotNames, segmentNames } = planPurge(
      port.reader,
      retainCount,
      this.#history.heldZxid,
    );
    for (const name of [...snapshotNames, ...segmentNames])
      log('info', 'Purge', `Removing ${name}`);
    this.#purgesPending = 1;
    port.remove('snap', snapshotNames, () => {
      port.remove('log', segmentNames, () => {
        this.#purgesPending = 0;
        this.#goOn();
      });
    });
  }

  /** Calls back when nothing runs any more; what can be given up is given up. */
  settle(onSettled: () => void): void {
    this.#isSettling = true;
    this.#isQuiet = true;
    this.#history.closeAll();
    // The first snapshot is always finished: the log waits for it.
    if (!this.lacksSnapshot) this.#job?.abort();
    const installation = this.#installation;
    if (installation !== null && !installation.isStarted) {
      installation.stream.close();
      this.#stepBack(installation);
    }
    this.#settled.push(onSettled);
    this.#goOn();
  }

  /** True: call again soon. */
  step(bytesMax: number): boolean {
    if (this.#job !== null) return this.#stepJob(this.#job, bytesMax);
    if (this.#truncateZxid !== null) this.#beginTruncation(this.#truncateZxid);
    return this.#truncation !== null && this.#stepTruncation(this.#truncation, bytesMax);
  }

  #stepJob(job: SnapshotJob, bytesMax: number): boolean {
    const result = job.step(bytesMax);
    if (result === 'done') this.#onJobDone(job);
    else if (result === 'given-up') this.#onJobGivenUp(job);
    return result === 'more';
  }

  #beginTruncation(zxid: number): void {
    const { port, watermark, txnLog, openDecompressor, options } = this.#parts;
    if (this.#purgesPending > 0 || !txnLog.isSynced) return;
    const { recordBytesMax } = options;
    this.#truncation = new Truncation({ port, watermark, openDecompressor, recordBytesMax }, zxid);
    this.#truncateZxid = null;
  }

  #stepTruncation(truncation: Truncation, bytesMax: number): boolean {
    const result = truncation.step(bytesMax);
    if (result === 'more' || result === 'wait') return result === 'more';
    this.#truncation = null;
    this.#goOn();
    this.#parts.options.listener.onTruncated(result === 'done');
    return false;
  }

  #onJobDone(job: SnapshotJob): void {
    const { log, txnLog, onSnapshot } = this.#parts;
    this.#job = null;
    this.snapshotZxid = job.kind === 'install' ? job.zxid : Math.max(this.snapshotZxid, job.zxid);
    log('info', 'Storage', `Wrote a ${job.title}, ${job.sizeBytes} bytes`);
    // A regular snapshot that could not be given up any more leaves a waiting installation alone.
    const installation = job.kind === 'install' ? this.#installation : null;
    if (installation !== null) {
      this.#installation = null;
      txnLog.takePlace(job.zxid);
    }
    if (this.lacksSnapshot) {
      this.lacksSnapshot = false;
      txnLog.hold(false);
    }
    onSnapshot();
    installation?.onStored();
    this.#goOn();
  }

  #onJobGivenUp(job: SnapshotJob): void {
    const { log, fail } = this.#parts;
    this.#job = null;
    log('warn', 'Storage', `Gave up a ${job.title}`);
    if (job.kind === 'install') {
      if (this.#isSettling) this.#stepBack(this.#installation as Installation);
      else fail({ code: EXIT_SNAPSHOT, message: `Cannot install the ${job.title}: it was lost` });
    } else if (this.#isSettling) {
      this.#isSnapshotDue = true;
    }
    this.#goOn();
  }

  #stepBack(installation: Installation): void {
    this.#parts.txnLog.stepBack(installation.before);
    this.#installation = null;
  }

  #newJob(
    stream: BodyStream,
    zxid: number,
    digest: TreeDigest | null,
    kind: 'regular' | 'install',
  ): SnapshotJob {
    const { port, watermark, options } = this.#parts;
    const { recordBytesMax, serializeLastProcessedZxid: withZxid } = options;
    return new SnapshotJob({
      port,
      watermark,
      stream,
      zxid,
      digest,
      withZxid,
      recordBytesMax,
      kind,
    });
  }

  /** Starts what waited for the end of something else, and tells who waited for the end of all. */
  #goOn(): void {
    const installation = this.#installation;
    if (this.#job === null && installation !== null && !installation.isStarted) {
      const { stream, zxid, digest } = installation;
      installation.isStarted = true;
      this.#job = this.#newJob(stream, zxid, digest, 'install');
    }
    if (!this.#isSettling || !this.isIdle) return;
    this.#isSettling = false;
    const settled = this.#settled;
    this.#settled = [];
    for (const next of settled) next();
  }
}
