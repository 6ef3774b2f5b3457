/**
 * Bytes of a log file (storage-and-config.md 3). All integers are big-endian.
 *
 *   file    = header entry* zero*
 *   header  = 5A 4B 4C 47 ("ZKLG"), int version 2, long dbid 0       only the magic is checked
 *   entry   = long checksum, int length, payload of that length, 42 ('B')
 *
 * The checksum is the Adler-32 of the payload, zero-extended. A length of 0 ends the file. The
 * payload is TxnHeader, body and digest: what PROPOSAL carries, byte for byte.
 */

import { assert, counterOf, epochOf, OpCode } from '@zabra/protocol';

export const LOG_HEADER_BYTES = 16;
/** Checksum and length in front of the payload. */
export const ENTRY_HEAD_BYTES = 12;
/** The head and the end marker: what an entry takes beyond its payload. */
export const ENTRY_OVERHEAD_BYTES = ENTRY_HEAD_BYTES + 1;
export const END_MARKER = 0x42;

const LOG_MAGIC = 0x5a4b4c47;
const LOG_VERSION = 2;

/** Offset of the zxid and of the type within a TxnHeader. */
export const TXN_ZXID_OFFSET = 12;
export const TXN_TYPE_OFFSET = 28;

const TXN_TYPES: ReadonlySet<number> = new Set([
  OpCode.createSession,
  OpCode.closeSession,
  OpCode.error,
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.setData,
  OpCode.reconfig,
  OpCode.setACL,
  OpCode.multi,
]);

/** Whether a header may have this type; Apache does not start on any other. */
export function isTxnType(type: number): boolean {
  return TXN_TYPES.has(type);
}

export function writeLogHeader(target: Uint8Array): void {
  assert(target.length >= LOG_HEADER_BYTES, 'A log header takes 16 bytes');
  const view = new DataView(target.buffer, target.byteOffset, LOG_HEADER_BYTES);
  view.setInt32(0, LOG_MAGIC);
  view.setInt32(4, LOG_VERSION);
  view.setInt32(8, 0);
  view.setInt32(12, 0);
}

export function isLogMagic(value: number): boolean {
  return value === LOG_MAGIC;
}

/** Whether `next` may directly follow `last` in one history: I4 of quorum-protocol.md 21. */
export function zxidFollows(last: number, next: number): boolean {
  if (epochOf(next) === epochOf(last)) return next === last + 1;
  return epochOf(next) > epochOf(last) && counterOf(next) === 1;
}
