/**
 * Recovery: from what the directories hold to a state in memory that equals it, in slices. The
 * order of events:
 *
 *   1 an intent that was on stable storage is carried out (`roll-forward`)
 *   2 the newest snapshot that loads whole is the base; none: an empty state, if that is believable
 *   3 the log is replayed from there (`replay`)
 *   4 the history must reach what was acknowledged and what any snapshot proves to have existed
 *   5 the disk is repaired: the torn tail cut, leftovers removed, what was read made durable, the
 *     watermark and the epoch files brought up to date
 *
 * Only when all of 5 is on stable storage may anybody hear of the history: a vote promises it.
 * From storage-and-config.md 8 and quorum-protocol.md 4.3; where Apache guesses, it refuses.
 */

import { ZXID_MAX, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import { BaseLoader } from './base-loader.ts';
import type { DiskPort } from './disk-port.ts';
import { type Epochs, readEpochs, type SettledEpochs, settleEpochs } from './epoch-files.ts';
import { isOfThisDirectory, readIntent, whyIntentUnread } from './intent.ts';
import { type RepairPlan, Repairs } from './repairs.ts';
import { Replay, type ReplayBounds } from './replay.ts';
import { RollForward } from './roll-forward.ts';
import { SegmentReader } from './segment-reader.ts';
import type {
  LogLevel,
  RecoverySink,
  RecoveryStep,
  StorageFailure,
  StorageLog,
  StorageOptions,
} from './storage-types.ts';
import {
  mixedDirectories,
  type NamedFile,
  plausibleSnapshots,
  readSignature,
  type Survey,
  segmentsFrom,
  surveyDirectories,
  whyVoid,
} from './survey.ts';
import { readWatermark, type Watermark, type WatermarkSlot } from './watermark.ts';

/** Snapshots that are tried at most, newest first; Apache's figure. */
const SNAPSHOTS_TRIED_MAX = 100;
const EXIT_RECOVERY = 1;
const EXIT_DIRECTORIES = 3;

export interface RecoveryParts {
  readonly port: DiskPort;
  readonly watermark: Watermark;
  readonly options: StorageOptions;
  readonly log: StorageLog;
  /** Null at the first recovery of a process: the files are read. */
  readonly knownEpochs: SettledEpochs | null;
}

export interface Recovered {
  readonly lastZxid: number;
  /** ZXID_NONE: there is no snapshot. */
  readonly snapshotZxid: number;
  readonly newestSegmentZxid: number;
  readonly epochs: SettledEpochs;
  readonly hasEntries: boolean;
}

type Phase = 'begin' | 'survey' | 'load' | 'replay' | 'repair' | 'done' | 'failed';

export class Recovery {
  readonly #parts: RecoveryParts;
  readonly #sink: RecoverySink;
  #phase: Phase;
  /** Requests of the present phase are on their way. */
  #isWaiting: boolean;
  #survey: Survey;
  #slot: WatermarkSlot | null;
  #epochs: Epochs;
  #newestPlausibleZxid: number;
  #loader: BaseLoader | null;
  /** Null: there is no snapshot. */
  #base: NamedFile | null;
  #replay: Replay | null;
  failure: StorageFailure | null;
  recovered: Recovered | null;

  constructor(parts: RecoveryParts, sink: RecoverySink) {
    this.#parts = parts;
    this.#sink = sink;
    this.#phase = 'begin';
    this.#isWaiting = false;
    this.#survey = { logNames: [], snapNames: [], segments: [], snapshots: [] };
    this.#slot = null;
    this.#epochs = { accepted: null, current: null };
    this.#newestPlausibleZxid = ZXID_NONE;
    this.#loader = null;
    this.#base = null;
    this.#replay = null;
    this.failure = null;
    this.recovered = null;
  }

  step(bytesMax: number): RecoveryStep {
    if (this.#isWaiting) return 'wait';
    switch (this.#phase) {
      case 'begin':
        this.#begin();
        break;
      case 'survey':
        this.#lookAround();
        break;
      case 'load':
        this.#stepLoad(bytesMax);
        break;
      case 'replay':
        this.#stepReplay(bytesMax);
        break;
      case 'repair':
        break;
      case 'done':
        return 'done';
      case 'failed':
        return 'failed';
    }
    return this.#isWaiting ? 'wait' : this.#result();
  }

  #result(): RecoveryStep {
    if (this.#phase === 'failed') return 'failed';
    return this.#phase === 'done' ? 'done' : 'more';
  }

  #begin(): void {
    const { port, options, watermark } = this.#parts;
    this.#survey = surveyDirectories(port.reader);
    const mixed = options.isLogDirectorySeparate ? mixedDirectories(this.#survey) : null;
    if (mixed !== null) {
      this.#fail(mixed, EXIT_DIRECTORIES);
      return;
    }
    const unread = whyIntentUnread(port.reader);
    if (unread !== null) {
      this.#fail(unread);
      return;
    }
    const intent = readIntent(port.reader);
    const { logNames, snapNames } = this.#survey;
    this.#phase = 'survey';
    if (intent === null || !isOfThisDirectory(intent, logNames, snapNames)) return;
    this.#log('info', `Finishing to ${intent.kind} to zxid 0x${zxidToHex(intent.zxid)}`);
    watermark.adopt(intent.isWatermarked ? readWatermark(port.reader) : null, 0);
    this.#isWaiting = true;
    const onDone = () => {
      this.#isWaiting = false;
    };
    new RollForward(port, watermark, intent, options.recordBytesMax, onDone).start();
  }

  #lookAround(): void {
    const { port, options } = this.#parts;
    this.#survey = surveyDirectories(port.reader);
    if (!this.#readEpochs()) return;
    this.#judgeWatermark();
    const { segments, snapshots } = this.#survey;
    if ([...segments, ...snapshots].some((file) => file.zxid === ZXID_MAX)) {
      this.#fail('A file name has a zxid of an epoch of 2097152 or more, which is not supported');
      return;
    }
    const plausible = plausibleSnapshots(port.reader, snapshots, SNAPSHOTS_TRIED_MAX);
    this.#newestPlausibleZxid = plausible[0]?.zxid ?? ZXID_NONE;
    if (plausible.length > 0) this.#beginLoad(plausible);
    else if (this.#hasLogEntries()) this.#beginWithoutSnapshot();
    else if (snapshots.some(({ zxid }) => zxid > 0)) {
      this.#fail('There are snapshots, none of them whole, and no log entries: history was lost');
    } else if ((this.#epochs.current ?? 0) > 0 && options.isEnsemble) {
      this.#fail(`There is no history, but currentEpoch is ${this.#epochs.current}: it was lost`);
    } else this.#beginEmpty();
  }

  #readEpochs(): boolean {
    const { port, options, knownEpochs } = this.#parts;
    const found = knownEpochs ?? readEpochs(port.reader);
    if (typeof found !== 'string') this.#epochs = found;
    else if (options.isEnsemble) {
      this.#fail(found);
      return false;
    }
    return true;
  }

  #judgeWatermark(): void {
    const { port, options, watermark } = this.#parts;
    const acceptedEpoch = this.#epochs.accepted ?? 0;
    const aside = watermark.setUnreadAside();
    if (aside !== null) this.#log('warn', aside);
    const slot = readWatermark(port.reader);
    const { segments } = this.#survey;
    const signature = readSignature(port.reader, segments, options.recordBytesMax);
    const reason = slot === null ? null : whyVoid(slot, signature, acceptedEpoch);
    this.#slot = reason === null ? slot : null;
    watermark.adopt(this.#slot, acceptedEpoch);
    if (reason !== null) {
      this.#log('warn', `The watermark speaks of another log and is ignored: ${reason}`);
    }
  }

  #hasLogEntries(): boolean {
    const { port, options } = this.#parts;
    const segment = new SegmentReader(port.reader, options.recordBytesMax);
    return this.#survey.segments.some(({ name }) => {
      segment.open(name);
      return segment.next() === 'entry';
    });
  }

  #beginWithoutSnapshot(): void {
    if (!this.#parts.options.snapshotTrustEmpty) {
      this.#fail('No snapshot found, but there are log entries. Something is broken!');
      return;
    }
    this.#log('warn', 'No snapshot found: replaying the log from an empty state, as configured');
    this.#sink.begin();
    this.#startReplay(0);
  }

  #beginEmpty(): void {
    const { dbAutocreate, initializeMarker } = this.#parts.options;
    const mayStart = dbAutocreate || initializeMarker;
    this.#log(
      'info',
      mayStart ? 'Starting without history' : 'No history and no leave to make one',
    );
    this.#sink.begin();
    this.#startReplay(mayStart ? 0 : ZXID_NONE);
  }

  #beginLoad(plausible: readonly NamedFile[]): void {
    const { port, options } = this.#parts;
    const log = (level: LogLevel, message: string) => this.#log(level, message);
    const { openDecompressor } = options;
    this.#loader = new BaseLoader(port.reader, plausible, this.#sink, openDecompressor, log);
    this.#phase = 'load';
  }

  #stepLoad(bytesMax: number): void {
    const loader = this.#loader as BaseLoader;
    const result = loader.step(bytesMax);
    if (result === 'more') return;
    this.#loader = null;
    if (result === 'none') {
      this.#fail('None of the snapshots is whole');
      return;
    }
    this.#base = loader.file;
    this.#startReplay(loader.file.zxid);
  }

  #startReplay(baseZxid: number): void {
    const { port, options } = this.#parts;
    const segments = segmentsFrom(this.#survey.segments, baseZxid);
    const bounds: ReplayBounds = {
      syncedZxid: this.#slot?.syncedZxid ?? null,
      ownSinceZxid: this.#slot?.ownSinceZxid ?? ZXID_MAX,
      isFirstFree: this.#base === null,
      hasOlder: segments.length < this.#survey.segments.length,
      zxidMax: ZXID_MAX,
    };
    const { recordBytesMax } = options;
    this.#replay = new Replay(port.reader, segments, baseZxid, bounds, this.#sink, recordBytesMax);
    this.#phase = 'replay';
  }

  #stepReplay(bytesMax: number): void {
    const replay = this.#replay as Replay;
    const result = replay.step(bytesMax);
    if (result === 'more') return;
    if (result === 'refused') {
      this.#fail(replay.refusal as string);
      return;
    }
    const missing = this.#whatIsMissing(replay.lastZxid);
    if (missing === null) this.#settleEpochs(replay);
    else this.#fail(missing);
  }

  #whatIsMissing(lastZxid: number): string | null {
    const found = `The history ends at zxid 0x${zxidToHex(lastZxid)}`;
    const syncedZxid = this.#slot?.syncedZxid ?? ZXID_NONE;
    if (lastZxid < syncedZxid) return `${found}, but 0x${zxidToHex(syncedZxid)} was acknowledged`;
    const newest = this.#newestPlausibleZxid;
    if (lastZxid < newest) return `${found}, but there is a snapshot of 0x${zxidToHex(newest)}`;
    return null;
  }

  #settleEpochs(replay: Replay): void {
    const { isEnsemble } = this.#parts.options;
    const none = { accepted: 0, current: 0 };
    const settled = isEnsemble ? settleEpochs(this.#epochs, replay.lastZxid) : none;
    if (typeof settled === 'string') this.#fail(settled);
    else this.#repair(replay, settled);
  }

  #repair(replay: Replay, epochs: SettledEpochs): void {
    const { port, watermark, options } = this.#parts;
    const { cut, lastZxid } = replay;
    if (cut !== null && cut.reason !== null) {
      this.#log('warn', `Cutting "${cut.name}" to ${cut.bytes} bytes: ${cut.reason}`);
    }
    const plan: RepairPlan = {
      cut,
      lastZxid,
      // Without syncs a file may end anywhere, and nobody would see that it did not always.
      isWhole: replay.isJoined && options.forceSync,
      snapshotName: this.#base?.name ?? null,
      segments: this.#survey.segments,
      hasEmptySegments: this.#base === null && replay.appliedCount === 0,
      epochs,
      epochsOnDisk: options.isEnsemble ? this.#epochs : epochs,
      recordBytesMax: options.recordBytesMax,
    };
    this.#phase = 'repair';
    this.#isWaiting = true;
    const repairs = new Repairs(port, watermark, plan, () => {
      this.#isWaiting = false;
      this.#phase = 'done';
      this.recovered = {
        lastZxid,
        snapshotZxid: this.#base?.zxid ?? ZXID_NONE,
        newestSegmentZxid: repairs.newestSegmentZxid,
        epochs,
        hasEntries: replay.appliedCount > 0,
      };
      this.#tell(replay);
    });
    repairs.start();
  }

  #tell({ lastZxid, appliedCount }: Replay): void {
    const base = this.#base === null ? 'no snapshot' : `"${this.#base.name}"`;
    const end = `zxid 0x${zxidToHex(lastZxid)}`;
    this.#log('info', `Recovered from ${base} and ${appliedCount} transactions to ${end}`);
  }

  #fail(message: string, code = EXIT_RECOVERY): void {
    this.failure = { code, message };
    this.#phase = 'failed';
  }

  #log(level: LogLevel, message: string): void {
    this.#parts.log(level, 'Recovery', message);
  }
}
