/**
 * RollForward: carries out an intent, step by step, each on stable storage before the next. Every
 * step may be repeated, so that a crash between any two is followed by doing all of them again.
 *
 *   truncate   snapshots above the zxid go, log files behind the cut go, the cut is made
 *   install    all log files go, the received snapshot gets its name, all other snapshots go
 *
 * Then the watermark says what the log is now, and the intent goes.
 */

import { ZXID_MAX, ZXID_NONE } from '@zabra/protocol';
import type { DiskPort } from './disk-port.ts';
import { INTENT_FILE, RECEIVED_SNAPSHOT, segmentName, snapshotName } from './file-names.ts';
import { encodeIntent, type Intent, keepsSegment, keepsSnapshot } from './intent.ts';
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

  /**
   * Also at start, when the intent was found on disk: after a kill it, or its name, may have been
   * read from the page cache only, and so may what is to take the place of the history. Nothing is
   * removed on their word before they are on stable storage.
   */
  start(): void {
    this.#syncReplacement(() => {
      this.#port.replace('snap', INTENT_FILE, encodeIntent(this.#intent), () => {
        if (this.#intent.kind === 'truncate') this.#truncate();
        else this.#install();
      });
    });
  }

  #syncReplacement(next: () => void): void {
    const { kind, zxid } = this.#intent;
    const candidates = kind === 'install' ? [RECEIVED_SNAPSHOT, snapshotName(zxid)] : [];
    const name = candidates.find((found) => this.#port.reader.sizeBytes('snap', found) >= 0);
    if (name === undefined) next();
    else this.#port.sync('snap', name, next);
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

  /**
   * All names are those of the intent, whether the files are still there or not: after a kill they
   * may be gone for everybody who looks, and be back once the power has gone.
   */
  #removeSnapshots(next: () => void): void {
    const { snapshotNames } = this.#intent;
    const unwanted = snapshotNames.filter((name) => !keepsSnapshot(this.#intent, name));
    this.#port.remove('snap', unwanted, next);
  }

  #removeSegments(next: () => void): void {
    const { segmentNames } = this.#intent;
    const unwanted = segmentNames.filter((name) => !keepsSegment(this.#intent, name));
    this.#port.remove('log', unwanted, next);
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
    const { syncedZxid, wholeSinceZxid: known } = this.#watermark.fields;
    const isInstall = this.#intent.kind === 'install';
    const zxid = isInstall ? this.#intent.zxid : Math.min(syncedZxid, this.#intent.zxid);
    const wholeSinceZxid = isInstall ? ZXID_MAX : known;
    this.#watermark.rewrite({ ...signature, syncedZxid: zxid, wholeSinceZxid }, next);
  }

  #end(): void {
    this.#port.remove('snap', [INTENT_FILE], this.#onDone);
  }
}
