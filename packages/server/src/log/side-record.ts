/**
 * Frame of what our side files hold (ADR 8): never torn without being noticed, and read
 * by the format before and the format after.
 *
 *   record = int magic, int version, int oldest version whose reader may use it,
 *            int length, payload of that length, int CRC-32 of all before it
 *
 * A later version may only append fields to the payload unless it raises the third field; a reader
 * takes the fields that it knows. Anything that does not verify is as if it were not there.
 */

import { crc32, JuteReader, JuteWriter } from '@zabra/protocol';

const HEAD_BYTES = 16;
const CHECKSUM_BYTES = 4;
/** Longest payload that is believed, bytes. */
const PAYLOAD_BYTES_MAX = 1 << 20;

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

/** A reader over the payload of the record that starts at `start`; null when it does not verify. */
export function readRecord(kind: RecordKind, bytes: Uint8Array, start: number): JuteReader | null {
  const r = new JuteReader().reset(bytes, start, bytes.length);
  if (r.int() !== kind.magic) return null;
  r.int();
  const oldestReader = r.int();
  const length = r.int();
  if (r.failed || oldestReader > kind.version) return null;
  if (length < 0 || length > PAYLOAD_BYTES_MAX) return null;
  const payloadEnd = start + HEAD_BYTES + length;
  if (payloadEnd + CHECKSUM_BYTES > bytes.length) return null;
  const checksum = r.reset(bytes, payloadEnd, payloadEnd + CHECKSUM_BYTES).int();
  if (checksum !== (crc32(bytes, start, payloadEnd) | 0)) return null;
  return r.reset(bytes, start + HEAD_BYTES, payloadEnd);
}
