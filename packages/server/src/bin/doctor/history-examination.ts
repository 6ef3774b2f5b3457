/**
 * The history on disk: the server's own recovery, rehearsed. Whatever it would refuse, cut, repair
 * or leave aside is a finding; what it comes to is the facts.
 */

import { counterOf, EPOCH_MAX, epochOf, int64Hex, ZXID_MAX, zxidToHex } from '@zabra/protocol';
import type { DataDirectories } from '../../config/data-directories.ts';
import type { DiskReader, DiskRequest } from '../../log/disk.ts';
import { compressionOfName } from '../../log/file-names.ts';
import { readIntent } from '../../log/intent.ts';
import type { StorageFailure } from '../../log/storage-types.ts';
import {
  mixedDirectories,
  type NamedFile,
  plausibleSnapshots,
  type Survey,
  surveyDirectories,
} from '../../log/survey.ts';
import { readWatermark } from '../../log/watermark.ts';
import type { ReplicatedState } from '../../ops/replicated-state.ts';
import { RehearsalDisk } from '../offline/offline-disk.ts';
import { OfflineStore, type StoreOptions } from '../offline/offline-store.ts';
import { counted, type Findings, someOf } from './findings.ts';

export interface HistoryFacts {
  readonly snapshots: number;
  readonly logs: number;
  /** Names of the files; null when there are none. */
  readonly newestSnapshot: string | null;
  readonly newestLog: string | null;
  /** Null when the server would refuse the history. */
  readonly recovered: RecoveredFacts | null;
}

export interface RecoveredFacts {
  readonly zxid: string;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Of the snapshot that the recovery stands on; null when there is none. */
  readonly baseZxid: string | null;
  readonly transactions: number;
  /** Hexadecimal; all zeros when digests are off. */
  readonly digest: string;
  readonly digestMismatches: number;
  /** Of this server's own hand since here; null when it wrote none of the log. */
  readonly ownSince: string | null;
  /** What the start would change, a line each. */
  readonly changes: readonly string[];
}

export interface ExaminedHistory {
  readonly facts: HistoryFacts;
  /** Null when nothing could be recovered. */
  readonly state: ReplicatedState | null;
}

const PLAUSIBLE_MAX = 100;
/** Three quarters of the way. */
const EPOCH_HIGH = Math.floor((EPOCH_MAX / 4) * 3);
/** The names that servers give. */
const PROPER_NAME = /^(?:log\.[0-9a-f]+|snapshot\.[0-9a-f]+(?:\.gz|\.snappy)?)$/;

/** `isLive`: a server may be writing there. */
export async function examineHistory(
  directories: DataDirectories,
  storeOptions: StoreOptions,
  isLive: boolean,
  findings: Findings,
): Promise<ExaminedHistory> {
  const disk = new RehearsalDisk(directories, isLive);
  const before = lookAround(disk.reader, isLive);
  const { survey } = before;
  const facts = factsOf(survey);
  examineNames(survey, findings);
  const isMixed = storeOptions.storage.isLogDirectorySeparate && mixedDirectories(survey);
  if (typeof isMixed === 'string') {
    findings.add('DATA-MIXED', isMixed);
    return { facts, state: null };
  }
  if (readIntent(disk.reader) !== null) {
    findings.add('CHANGE-UNFINISHED', 'There is a "zabra.intent"');
  }
  if (survey.segments.length === 0 && survey.snapshots.length === 0) {
    findings.add('HISTORY-EMPTY', `"${directories.snap}" holds no history`);
  }
  let outcome = await rehearse(disk, storeOptions);
  const { storage } = storeOptions;
  if (outcome.failure !== null && survey.snapshots.length === 0 && !storage.snapshotTrustEmpty) {
    findings.add('HISTORY-WITHOUT-SNAPSHOT', outcome.failure.message);
    const first = survey.segments[0];
    if (first !== undefined && counterOf(first.zxid) !== 1) {
      findings.add('HISTORY-INCOMPLETE', `The first log is "${first.name}"`);
    }
    // What else there is to say of it.
    outcome = await rehearse(new RehearsalDisk(directories, isLive), {
      ...storeOptions,
      storage: { ...storage, snapshotTrustEmpty: true },
    });
  }
  if (outcome.failure !== null) {
    findings.add('HISTORY-REFUSED', outcome.failure.message);
    return { facts, state: null };
  }
  const { store } = outcome;
  examineRecovery(before, outcome, findings);
  return { facts: { ...facts, recovered: recoveredFacts(outcome) }, state: store.state };
}

/** What is seen before anything is tried. */
interface FirstSight {
  readonly isLive: boolean;
  readonly survey: Survey;
  /** Snapshots that look whole. */
  readonly usable: ReadonlySet<NamedFile>;
  readonly hasWatermark: boolean;
}

function lookAround(reader: DiskReader, isLive: boolean): FirstSight {
  const survey = surveyDirectories(reader);
  const usable = new Set(plausibleSnapshots(reader, survey.snapshots, PLAUSIBLE_MAX));
  return { isLive, survey, usable, hasWatermark: readWatermark(reader) !== null };
}

interface Outcome {
  readonly store: OfflineStore;
  readonly failure: StorageFailure | null;
  readonly changes: readonly DiskRequest[];
}

async function rehearse(disk: RehearsalDisk, options: StoreOptions): Promise<Outcome> {
  const store = new OfflineStore(disk, options);
  try {
    return { store, failure: await store.recover(), changes: disk.changes };
  } catch (error) {
    // A server that runs may purge what is about to be read.
    return { store, failure: { code: 1, message: (error as Error).message }, changes: [] };
  } finally {
    await store.close();
  }
}

function factsOf({ snapshots, segments }: Survey): HistoryFacts {
  return {
    snapshots: snapshots.length,
    logs: segments.length,
    newestSnapshot: snapshots[0]?.name ?? null,
    newestLog: segments.at(-1)?.name ?? null,
    recovered: null,
  };
}

function examineNames({ snapshots, segments }: Survey, findings: Findings): void {
  const odd = [...segments, ...snapshots].map(({ name }) => name);
  const copies = odd.filter((name) => !PROPER_NAME.test(name));
  if (copies.length > 0) findings.add('DATA-NAMES', someOf(copies));
  const compressed = snapshots.filter(({ name }) => compressionOfName(name) !== 'none');
  if (compressed.length > 0) {
    findings.add('SNAPSHOTS-COMPRESSED', someOf(compressed.map(({ name }) => name)));
  }
}

function examineRecovery(
  { isLive, survey, usable, hasWatermark }: FirstSight,
  { store, changes }: Outcome,
  findings: Findings,
): void {
  const { state, storage, events } = store;
  for (const snapshot of survey.snapshots) {
    const isTried = snapshot.zxid > storage.snapshotZxid && usable.has(snapshot);
    // One that does not look whole may be on its way to disk.
    if (isTried || (!isLive && !usable.has(snapshot))) {
      findings.add('SNAPSHOT-DAMAGED', snapshot.name);
    }
  }
  for (const change of changes) {
    if (isLive || change.kind !== 'truncate' || change.directory !== 'log') continue;
    findings.add('LOG-TORN', `"${change.name}" is whole up to ${counted(change.bytes, 'byte')}`);
  }
  for (const { level, message } of events) {
    // The recovery of a history that is not refused complains of digests alone.
    if (level === 'error') findings.add('SNAPSHOT-DIGEST', message);
  }
  if (hasWatermark && storage.ownSinceZxid === ZXID_MAX) {
    findings.add('WATERMARK-VOID', 'zabra.watermark speaks of another log');
  }
  if (state.digestMismatchCount > 0) {
    const first = zxidToHex(state.digestMismatchZxid);
    const count = counted(state.digestMismatchCount, 'transaction');
    findings.add('LOG-DIGEST', `${count}, the first is 0x${first}`);
  }
  const epoch = Math.max(storage.acceptedEpoch, epochOf(storage.lastLoggedZxid));
  if (epoch > EPOCH_HIGH) findings.add('EPOCH-HIGH', `acceptedEpoch is ${epoch}`);
}

function recoveredFacts({ store, changes }: Outcome): RecoveredFacts {
  const { state, storage, replayedCount } = store;
  const { hi, lo } = state.digest();
  const { ownSinceZxid, lastLoggedZxid } = storage;
  return {
    zxid: `0x${zxidToHex(lastLoggedZxid)}`,
    acceptedEpoch: storage.acceptedEpoch,
    currentEpoch: storage.currentEpoch,
    baseZxid: storage.snapshotZxid < 0 ? null : `0x${zxidToHex(storage.snapshotZxid)}`,
    transactions: replayedCount,
    digest: `0x${int64Hex(hi | 0, lo | 0)}`,
    digestMismatches: state.digestMismatchCount,
    ownSince: ownSinceZxid > lastLoggedZxid ? null : `0x${zxidToHex(ownSinceZxid)}`,
    changes: changes.map(changeText),
  };
}

function changeText(change: DiskRequest): string {
  if (change.kind === 'remove') return `remove ${change.names.join(', ')}`;
  const what = `${change.kind} ${change.name}`;
  if (change.kind === 'truncate') return `${what} to ${change.bytes} bytes`;
  if (change.kind !== 'replace') return what;
  return `${what}: ${Buffer.from(change.bytes).toString('latin1')}`;
}
