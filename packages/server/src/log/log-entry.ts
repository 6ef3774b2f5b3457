/**
 * LogEntry: whether one entry of a log file (`log-format`) is whole, and what its header says. For
 * everybody who reads log files, however the bytes came.
 */

import { adler32, EPOCH_MAX, epochOf, TXN_HEADER_BYTES, zxidFrom } from '@zabra/protocol';
import {
  END_MARKER,
  ENTRY_HEAD_BYTES,
  isTxnType,
  TXN_TYPE_OFFSET,
  TXN_ZXID_OFFSET,
} from './log-format.ts';

/**
 * What stopped a reader. The classes are those of the damage table, storage-and-config.md 8.4:
 * `cut` is what Apache takes for the end of the file, `bad` what it refuses to start on, `foreign`
 * an entry that is whole but that no server should have written.
 */
export type DamageKind = 'cut' | 'bad' | 'foreign';

export interface Damage {
  readonly kind: DamageKind;
  readonly reason: string;
}

/**
 * Of the entry that starts at `at`, all of whose bytes are there; null when it is whole. `view` is
 * of the same bytes, `length` of its payload.
 */
export function damageOf(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  length: number,
): Damage | null {
  const start = at + ENTRY_HEAD_BYTES;
  const end = start + length;
  if (bytes[end] !== END_MARKER) return { kind: 'cut', reason: 'an entry has no end marker' };
  const isIntact = view.getInt32(at) === 0;
  if (!isIntact || (adler32(bytes, start, end) | 0) !== view.getInt32(at + 4)) {
    return { kind: 'bad', reason: 'the checksum of an entry is wrong' };
  }
  const reason = foreignness(view, start, length);
  return reason === null ? null : { kind: 'foreign', reason };
}

/** `start` is that of the payload. */
export function zxidOfPayload(view: DataView, start: number): number {
  const at = start + TXN_ZXID_OFFSET;
  return zxidFrom(view.getInt32(at), view.getInt32(at + 4));
}

function foreignness(view: DataView, start: number, length: number): string | null {
  if (length < TXN_HEADER_BYTES) return `a transaction has only ${length} bytes`;
  const type = view.getInt32(start + TXN_TYPE_OFFSET);
  if (!isTxnType(type)) return `a transaction has the unknown type ${type}`;
  const hi = view.getInt32(start + TXN_ZXID_OFFSET);
  if (hi < 0 || hi > EPOCH_MAX) return `a transaction has the epoch ${hi}`;
  return epochOf(zxidOfPayload(view, start)) === hi ? null : `a transaction has the epoch ${hi}`;
}
