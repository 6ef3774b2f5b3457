/**
 * RollForward: carries out an intent, step by step, each on stable storage before the next. Every
 * step may be repeated, so that a crash between any two is followed by doing all of them again.
 *
 *   truncate   snapshots above the zxid go, log files behind the cut go, the cut is made
 *   install    all log files go, the received snapshot gets its name, all other snapshots go
 *
 * Then the watermark says what the log is now, and the intent goes.
 */

import { ZXID_NONE } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import {
  INTENT_FILE,
  isSegmentName,
  isSnapshotName,
  RECEIVED_SNAPSHOT,
  segmentName,
  snapshotName,
} from './file-names.ts';
import { type Intent, keepsSegment, keepsSnapshot } from './intent.ts';
import { readSignature, surveyDirectories } from './survey.ts';
import type { Watermark } from './watermark.ts';

export class RollForward {
  readonly #port: DiskPort;
  readonly #watermark: Watermark;
  readonly #intent: Intent;
  readonly #recordBytesMax: number;
  readonly #onDone: () => void;

  constructor(
    port: DiskPort,
    watermark: Watermark,
    intent: Intent,
    recordBytesMax: number,
    onDone: () => void,
  ) {
    this.#port = port;
    this.#watermark = watermark;
    this.#intent = intent;
    this.#recordBytesMax = recordBytesMax;
    this.#onDone = onDone;
  }

  start(): void {
    this.#makeGroundDurable(() => {
      if (this.#intent.kind === 'truncate') this.#truncate();
      else this.#install();
    });
  }

  /**
   * After a kill the intent, and what it is about to put in place of the history, may have been
   * read from the page cache only: nothing is removed on their word before they are on disk.
   */
  #makeGroundDurable(next: () => void): void {
    const { reader } = this.#port;
    const { kind, zxid } = this.#intent;
    const candidates = kind === 'install' ? [RECEIVED_SNAPSHOT, snapshotName(zxid)] : [];
    const found = candidates.find((name) => reader.sizeBytes('snap', name) >= 0);
    this.#port.sync('snap', INTENT_FILE, () => {
      if (found === undefined) next();
      else this.#port.sync('snap', found, next);
    });
  }

  #truncate(): void {
    this.#removeSnapshots(() =>
      this.#removeSegments(() => this.#cut(() => this.#rewriteWatermark(() => this.#end()))),
    );
  }

  #install(): void {
    this.#removeSegments(() =>
      this.#nameReceived(() =>
        this.#removeSnapshots(() => this.#rewriteWatermark(() => this.#end())),
      ),
    );
  }

  #removeSnapshots(next: () => void): void {
    const names = this.#port.reader.list('snap').filter(isSnapshotName);
    const unwanted = names.filter((name) => !keepsSnapshot(this.#intent, name));
    this.#port.remove('snap', unwanted.sort(), next);
  }

  #removeSegments(next: () => void): void {
    const names = this.#port.reader.list('log').filter(isSegmentName);
    const unwanted = names.filter((name) => !keepsSegment(this.#intent, name));
    this.#port.remove('log', unwanted.sort(), next);
  }

  #cut(next: () => void): void {
    const { keptSegmentZxid, keptBytes } = this.#intent;
    const name = segmentName(keptSegmentZxid);
    const isThere = keptSegmentZxid !== ZXID_NONE && this.#port.reader.sizeBytes('log', name) > 0;
    if (isThere) this.#port.truncate('log', name, keptBytes, next);
    else next();
  }

  #nameReceived(next: () => void): void {
    const isThere = this.#port.reader.sizeBytes('snap', RECEIVED_SNAPSHOT) >= 0;
    const to = snapshotName(this.#intent.zxid);
    if (isThere) this.#port.finish('snap', RECEIVED_SNAPSHOT, to, next);
    else next();
  }

  #rewriteWatermark(next: () => void): void {
    if (!this.#intent.isWatermarked) {
      next();
      return;
    }
    const { segments } = surveyDirectories(this.#port.reader);
    const signature = readSignature(this.#port.reader, segments, this.#recordBytesMax);
    const { syncedZxid } = this.#watermark.fields;
    const isInstall = this.#intent.kind === 'install';
    const zxid = isInstall ? this.#intent.zxid : Math.min(syncedZxid, this.#intent.zxid);
    this.#watermark.rewrite({ ...signature, syncedZxid: zxid }, next);
  }

  #end(): void {
    this.#port.remove('snap', [INTENT_FILE], this.#onDone);
  }
}
