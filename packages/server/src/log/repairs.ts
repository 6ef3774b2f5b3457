/**
 * Repairs: what recovery does to the disk once it knows the history: it cuts the torn tail, removes
 * leftovers, and makes durable what it has only read, names too, since a process that died may have
 * left its last writes in the page cache. After it the log ends where the state in memory does, for
 * good.
 */

import { ZXID_MAX, ZXID_NONE } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import { encodeEpoch, type Epochs, type SettledEpochs } from './epoch-files.ts';
import {
  ACCEPTED_EPOCH_FILE,
  CURRENT_EPOCH_FILE,
  INTENT_FILE,
  RECEIVED_SNAPSHOT,
  SNAPSHOT_TEMPORARY,
  WATERMARK_FILE,
} from './file-names.ts';
import type { Cut } from './replay.ts';
import { type NamedFile, readSignature } from './survey.ts';
import type { Watermark } from './watermark.ts';

/** Newest log files that may hold entries never synced; a roll of Apache's leaves two. */
const UNSYNCED_SEGMENTS_MAX = 2;
const LEFTOVERS = [SNAPSHOT_TEMPORARY, RECEIVED_SNAPSHOT, INTENT_FILE];

export interface RepairPlan {
  readonly cut: Cut | null;
  readonly lastZxid: number;
  /** What older log files hold and what comes from now on is one history without a hole. */
  readonly isWhole: boolean;
  /** The base; null without one. */
  readonly snapshotName: string | null;
  readonly segments: readonly NamedFile[];
  /** There is no history, so whatever log files there are hold none and go. */
  readonly hasEmptySegments: boolean;
  readonly epochs: SettledEpochs;
  readonly epochsOnDisk: Epochs;
  readonly recordBytesMax: number;
}

export class Repairs {
  readonly #port: DiskPort;
  readonly #watermark: Watermark;
  readonly #plan: RepairPlan;
  readonly #onDone: () => void;
  /** Log files that remain, oldest first. */
  readonly #segments: readonly NamedFile[];
  #pendingCount: number;

  constructor(port: DiskPort, watermark: Watermark, plan: RepairPlan, onDone: () => void) {
    this.#port = port;
    this.#watermark = watermark;
    this.#plan = plan;
    this.#onDone = onDone;
    const { cut, segments, hasEmptySegments } = plan;
    const gone = cut !== null && cut.bytes === 0 ? cut.name : null;
    this.#segments = hasEmptySegments ? [] : segments.filter(({ name }) => name !== gone);
    this.#pendingCount = 0;
  }

  get newestSegmentZxid(): number {
    return this.#segments.at(-1)?.zxid ?? ZXID_NONE;
  }

  start(): void {
    // One more than there are requests, so that nothing is over before all of them are sent.
    this.#pendingCount = 1;
    this.#repairLog();
    this.#repairSnapshots();
    this.#onePendingLess();
  }

  #repairLog(): void {
    const { cut, segments } = this.#plan;
    const kept = new Set(this.#segments);
    const gone = segments.filter((file) => !kept.has(file)).map(({ name }) => name);
    this.#port.remove('log', gone, this.#expect());
    this.#port.syncNames('log', this.#expect());
    if (cut !== null && cut.bytes > 0) {
      this.#port.truncate('log', cut.name, cut.bytes, this.#expect());
    }
    for (const { name } of this.#segments.slice(-UNSYNCED_SEGMENTS_MAX)) {
      this.#port.sync('log', name, this.#expect());
    }
    if (this.#watermark.isInForce) this.#repairWatermark();
  }

  /** The slot that was read may not be on stable storage yet, and the next write spares it. */
  #repairWatermark(): void {
    const { lastZxid, isWhole, recordBytesMax } = this.#plan;
    this.#port.sync('log', WATERMARK_FILE, this.#expect());
    const signature = readSignature(this.#port.reader, this.#segments, recordBytesMax);
    const known = this.#watermark.fields.wholeSinceZxid;
    const wholeSinceZxid = isWhole ? known : ZXID_MAX;
    const change = { ...signature, syncedZxid: lastZxid, wholeSinceZxid };
    this.#watermark.rewrite(change, this.#expect());
  }

  #repairSnapshots(): void {
    const { snapshotName } = this.#plan;
    this.#port.remove('snap', LEFTOVERS, this.#expect());
    if (snapshotName !== null) this.#port.sync('snap', snapshotName, this.#expect());
    this.#repairEpochs();
  }

  #repairEpochs(): void {
    const { epochs, epochsOnDisk } = this.#plan;
    const finished = this.#expect();
    const storeCurrent = () => {
      if (epochs.current === epochsOnDisk.current) finished();
      else this.#port.replace('snap', CURRENT_EPOCH_FILE, encodeEpoch(epochs.current), finished);
    };
    this.#watermark.raiseEpoch(epochs.accepted, () => {
      if (epochs.accepted === epochsOnDisk.accepted) storeCurrent();
      else {
        const bytes = encodeEpoch(epochs.accepted);
        this.#port.replace('snap', ACCEPTED_EPOCH_FILE, bytes, storeCurrent);
      }
    });
  }

  #expect(): () => void {
    this.#pendingCount++;
    return () => this.#onePendingLess();
  }

  #onePendingLess(): void {
    this.#pendingCount--;
    if (this.#pendingCount === 0) this.#onDone();
  }
}
