/**
 * acceptedEpoch and currentEpoch: reading them, and the checks at start (quorum-protocol.md 4.3,
 * storage-and-config.md 12.2). Each file is the decimal number and nothing else. What a crash
 * between two writes may leave is repaired here; what no order of writes explains is refused.
 */

import { assert, EPOCH_MAX, epochOf, utf8Decode } from '@zabra/protocol';
import type { DiskReader } from './disk.ts';
import { ACCEPTED_EPOCH_FILE, CURRENT_EPOCH_FILE } from './file-names.ts';

/** Longest file that is looked at: no epoch has more digits. */
const FILE_BYTES_MAX = 64;

export interface Epochs {
  /** Null: no such file. */
  readonly accepted: number | null;
  readonly current: number | null;
}

export interface SettledEpochs {
  readonly accepted: number;
  readonly current: number;
}

/** The two files; a string says which of them is unreadable, and why. */
export function readEpochs(reader: DiskReader): Epochs | string {
  const accepted = readEpoch(reader, ACCEPTED_EPOCH_FILE);
  if (typeof accepted === 'string') return accepted;
  const current = readEpoch(reader, CURRENT_EPOCH_FILE);
  return typeof current === 'string' ? current : { accepted, current };
}

/**
 * What the epochs are, given the last zxid of the history; the caller writes those that differ. A
 * string says why the server must not start.
 */
export function settleEpochs(
  { accepted, current }: Epochs,
  lastZxid: number,
): SettledEpochs | string {
  const lastEpoch = Math.max(0, epochOf(lastZxid));
  const knownCurrent = current ?? lastEpoch;
  const knownAccepted = accepted ?? Math.max(lastEpoch, knownCurrent);
  if (knownAccepted < knownCurrent) {
    return `The accepted epoch, ${knownAccepted} is less than the current epoch, ${knownCurrent}`;
  }
  if (knownAccepted < lastEpoch) {
    return `The last zxid has epoch ${lastEpoch}, above the accepted epoch, ${knownAccepted}`;
  }
  // A crash between the history of an epoch and the file that says so: a contiguous history with
  // one transaction of an epoch has all of that epoch's initial history.
  return { accepted: knownAccepted, current: Math.max(knownCurrent, lastEpoch) };
}

export function encodeEpoch(epoch: number): Uint8Array {
  assert(epoch >= 0 && epoch <= EPOCH_MAX, `Cannot store epoch ${epoch}`);
  return Uint8Array.from(String(epoch), (digit) => digit.charCodeAt(0));
}

function readEpoch(reader: DiskReader, name: string): number | null | string {
  const sizeBytes = reader.sizeBytes('snap', name);
  if (sizeBytes < 0) return null;
  const bytes = new Uint8Array(Math.min(sizeBytes, FILE_BYTES_MAX));
  const got = reader.read('snap', name, 0, bytes, 0, bytes.length);
  const line = utf8Decode(bytes, 0, Math.max(0, got)).split('\n')[0] as string;
  const epoch = /^\d+$/.test(line) ? Number(line) : Number.NaN;
  if (epoch <= EPOCH_MAX) return epoch;
  return `Cannot read "${name}": found "${line}", wanted a number from 0 to ${EPOCH_MAX}`;
}
