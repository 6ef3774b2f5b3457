/**
 * Frame of what our side files hold (ADR 8): never torn without being noticed, and read
 * by the format before and the format after.
 *
 *   record = int magic, int version, int oldest version whose reader may use it,
 *            int length, payload of that length, int CRC-32 of all before it
 *
 * A later version may only append fields to the payload unless it raises the third field; a reader
 * takes the fields that it knows. What cannot be read is never guessed at: `whyUnread` says whether
 * it is damaged or of a later version, and who needs it decides (ADR 19).
 */

import { crc32, JuteReader, JuteWriter } from '@zabra/protocol';

const HEAD_BYTES = 16;
const CHECKSUM_BYTES = 4;
/** Longest payload that is believed, bytes. */
const PAYLOAD_BYTES_MAX = 1 << 20;

/** Why a record cannot be read that is no record, or not whole. */
export const DAMAGED = 'it is damaged';

export interface RecordKind {
  /** Four letters as an int32. */
  readonly magic: number;
  readonly version: number;
  readonly oldestReader: number;
}

export function writeRecord(kind: RecordKind, writePayload: (w: JuteWriter) => void): Uint8Array {
  const w = new JuteWriter(256);
  w.int(kind.magic);
  w.int(kind.version);
  w.int(kind.oldestReader);
  w.int(0);
  writePayload(w);
  w.patchInt(HEAD_BYTES - 4, w.position - HEAD_BYTES);
  w.int(crc32(w.buffer, 0, w.position) | 0);
  return w.toBytes();
}

/** A reader over the payload of the record that starts at `start`; null when it cannot be read. */
export function readRecord(kind: RecordKind, bytes: Uint8Array, start: number): JuteReader | null {
  if (whyUnread(kind, bytes, start) !== null) return null;
  const payloadEnd = payloadEndOf(kind.magic, bytes, start);
  return new JuteReader().reset(bytes, start + HEAD_BYTES, payloadEnd);
}

/** Why the record that starts at `start` cannot be read; null when it can. */
export function whyUnread(kind: RecordKind, bytes: Uint8Array, start: number): string | null {
  if (payloadEndOf(kind.magic, bytes, start) < 0) return DAMAGED;
  const r = new JuteReader().reset(bytes, start + 4, bytes.length);
  const version = r.int();
  const oldestReader = r.int();
  if (oldestReader <= kind.version) return null;
  return (
    `it has format ${version}, which wants a reader of format ${oldestReader} at least, ` +
    `and this version reads format ${kind.version}`
  );
}

/** -1 when there is no whole record of that kind. */
function payloadEndOf(magic: number, bytes: Uint8Array, start: number): number {
  const r = new JuteReader().reset(bytes, start, bytes.length);
  const isOfKind = r.int() === magic;
  r.int();
  r.int();
  const length = r.int();
  if (r.failed || !isOfKind || length < 0 || length > PAYLOAD_BYTES_MAX) return -1;
  const payloadEnd = start + HEAD_BYTES + length;
  if (payloadEnd + CHECKSUM_BYTES > bytes.length) return -1;
  const checksum = r.reset(bytes, payloadEnd, payloadEnd + CHECKSUM_BYTES).int();
  return checksum === (crc32(bytes, start, payloadEnd) | 0) ? payloadEnd : -1;
}
