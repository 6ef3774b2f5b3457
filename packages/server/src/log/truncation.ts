/**
 * Truncation: TRUNC of a leader. First it makes sure, reading only, that the history up to the zxid
 * is whole on this disk without what is to go: an older snapshot whose seals verify, and the log
 * from there on without a gap. Only then the intent is written and carried out. So nothing changes
 * unless the result is certain, and snapshots that hold what is undone go with it (scenario S2).
 */

import { counterOf, ZXID_MAX, ZXID_NONE } from '@zabra/protocol';
import type { OpenDecompressor } from './decompressor.ts';
import type { DiskPort } from './disk-port.ts';
import { isSegmentName, isSnapshotName } from './file-names.ts';
import type { Intent } from './intent.ts';
import { Replay, type ReplaySink } from './replay.ts';
import { RollForward } from './roll-forward.ts';
import { SnapshotCheck } from './snapshot-reader.ts';
import { SnapshotSource } from './snapshot-source.ts';
import { type NamedFile, type Survey, segmentsFrom, surveyDirectories } from './survey.ts';
import type { Watermark } from './watermark.ts';

export interface TruncationParts {
  readonly port: DiskPort;
  readonly watermark: Watermark;
  readonly openDecompressor: OpenDecompressor;
  readonly recordBytesMax: number;
}

/** `impossible`: nothing has changed on disk. */
export type TruncationStep = 'more' | 'wait' | 'done' | 'impossible';

const NO_SINK: ReplaySink = { applyTxn: () => undefined, txnError: null };

export class Truncation {
  readonly #parts: TruncationParts;
  readonly #zxid: number;
  readonly #survey: Survey;
  /** Snapshots not above the zxid, newest first. */
  readonly #bases: NamedFile[];
  #base: NamedFile | null;
  #check: SnapshotCheck | null;
  #replay: Replay | null;
  #isCutting: boolean;
  #isDone: boolean;

  constructor(parts: TruncationParts, zxid: number) {
    this.#parts = parts;
    this.#zxid = zxid;
    this.#survey = surveyDirectories(parts.port.reader);
    this.#bases = this.#survey.snapshots.filter((file) => file.zxid <= zxid);
    this.#base = null;
    this.#check = null;
    this.#replay = null;
    this.#isCutting = false;
    this.#isDone = false;
  }

  step(bytesMax: number): TruncationStep {
    if (this.#isDone) return 'done';
    if (this.#isCutting) return 'wait';
    if (this.#replay !== null) return this.#stepReplay(this.#replay, bytesMax);
    return this.#stepCheck(bytesMax) ? 'more' : 'impossible';
  }

  #stepCheck(bytesMax: number): boolean {
    const { port, openDecompressor } = this.#parts;
    if (this.#check === null) {
      this.#base = this.#bases.shift() ?? null;
      if (this.#base === null) return false;
      const source = new SnapshotSource(port.reader, this.#base.name, openDecompressor);
      this.#check = new SnapshotCheck(source);
    }
    const result = this.#check.step(bytesMax);
    if (result === 'bad') this.#check = null;
    else if (result === 'good') this.#startReplay(this.#base as NamedFile);
    return true;
  }

  #startReplay(base: NamedFile): void {
    const { port, recordBytesMax, watermark } = this.#parts;
    const segments = segmentsFrom(this.#survey.segments, base.zxid);
    const bounds = {
      syncedZxid: null,
      ownSinceZxid: watermark.isInForce ? watermark.fields.ownSinceZxid : ZXID_MAX,
      isFirstFree: false,
      hasOlder: false,
      zxidMax: this.#zxid,
    };
    this.#replay = new Replay(port.reader, segments, base.zxid, bounds, NO_SINK, recordBytesMax);
  }

  #stepReplay(replay: Replay, bytesMax: number): TruncationStep {
    const result = replay.step(bytesMax);
    if (result === 'more') return 'more';
    // An epoch's mark is carried by no entry: everything above it goes (trap T13).
    const isThere = replay.lastZxid === this.#zxid || counterOf(this.#zxid) === 0;
    if (result === 'refused' || !isThere) return 'impossible';
    this.#cut(replay);
    return 'wait';
  }

  #cut({ end, lastZxid }: Replay): void {
    const { port, watermark, recordBytesMax } = this.#parts;
    const intent: Intent = {
      kind: 'truncate',
      zxid: lastZxid,
      // Without an entry that stays, what goes are files that start behind the base.
      keptSegmentZxid: end?.segmentZxid ?? lastZxid + 1,
      keptBytes: end?.bytes ?? 0,
      isWatermarked: watermark.isInForce,
      segmentNames: this.#survey.logNames.filter(isSegmentName),
      snapshotNames: this.#survey.snapNames.filter(isSnapshotName),
    };
    const onDone = () => {
      this.#isDone = true;
    };
    const rollForward = new RollForward(port, watermark, intent, recordBytesMax, onDone);
    this.#isCutting = true;
    rollForward.start();
  }
}

/** Whether it is worth trying: the names alone may tell that it is not. */
export function mayTruncate(survey: Survey, zxid: number, lastZxid: number): boolean {
  if (zxid <= ZXID_NONE || zxid > lastZxid) return false;
  return survey.snapshots.some((file) => file.zxid <= zxid);
}
