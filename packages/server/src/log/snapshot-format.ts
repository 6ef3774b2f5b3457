/**
 * Bytes of a snapshot (storage-and-config.md 5). All integers are big-endian.
 *
 *   file    = header body seal [digest seal [zxid seal]]
 *   header  = 5A 4B 53 4E ("ZKSN"), int version 2, long dbid -1      only the magic is checked
 *   body    = sessions, ACL table, znodes, "/": opaque here, ends by itself
 *   seal    = long checksum, ustring "/"
 *   digest  = long zxid, int version, long tree digest
 *   zxid    = long last processed zxid
 *
 * A seal's checksum is the Adler-32 of every plain byte before the checksum itself. The tail does
 * not say which sections it has; the count of bytes behind the first seal does. Apache's reader
 * goes by its own flags instead, so a writer never emits the zxid section without the digest.
 */

import { adler32, DIGEST_VERSION, type JuteReader, type JuteWriter } from '@zabra/protocol';

export const SNAPSHOT_HEADER_BYTES = 16;
export const SNAPSHOT_MAGIC = 0x5a4b534e;
export const SEAL_BYTES = 13;
export const DIGEST_SECTION_BYTES = 20;
export const ZXID_SECTION_BYTES = 8;
/** Longest tail that is looked at: a digest of the oldest kind is text. */
export const TAIL_BYTES_MAX = 256;

const SNAPSHOT_VERSION = 2;
/** Bytes of the smallest file that passes the quick test. */
const QUICK_BYTES_MIN = 10;
const SEAL_END = [0, 0, 0, 1, 0x2f];
const GZIP_START = [0x1f, 0x8b];
const SNAPPY_START = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0];

/** Bytes of both ends that `isPlausible` wants to see. */
export const QUICK_TEST_BYTES = 8;

/** Apache's quick test of a snapshot: by its first bytes when compressed, else by its last ones. */
export function isPlausible(
  compression: 'none' | 'gz' | 'snappy',
  sizeBytes: number,
  first: Uint8Array,
  last: Uint8Array,
): boolean {
  if (compression === 'gz') return startsWith(first, GZIP_START);
  if (compression === 'snappy') return startsWith(first, SNAPPY_START);
  return sizeBytes >= QUICK_BYTES_MIN && startsWith(last.subarray(-SEAL_END.length), SEAL_END);
}

export function writeSnapshotHeader(w: JuteWriter): void {
  w.int(SNAPSHOT_MAGIC);
  w.int(SNAPSHOT_VERSION);
  w.long(-1, -1);
}

/** `sum` is the Adler-32 of all bytes before; returns that of all bytes up to the seal's end. */
export function writeSeal(w: JuteWriter, sum: number): number {
  const start = w.position;
  w.long(0, sum | 0);
  w.string('/');
  return adler32(w.buffer, start, w.position, sum);
}

export function writeDigestSection(w: JuteWriter, zxid: number, hi: number, lo: number): void {
  w.zxid(zxid);
  w.int(DIGEST_VERSION);
  w.long(hi, lo);
}

export interface SnapshotDigest {
  readonly zxid: number;
  readonly version: number;
  readonly hi: number;
  readonly lo: number;
}

export interface SnapshotTail {
  readonly digest: SnapshotDigest | null;
  readonly lastProcessedZxid: number | null;
}

/**
 * Reads everything behind the body. `sum` is the Adler-32 up to there. A string says what is wrong.
 */
export function readTail(r: JuteReader, sum: number): SnapshotTail | string {
  const seals = new SealReader(r, sum);
  if (!seals.next()) return 'the checksum of the body is wrong';
  let digest: SnapshotDigest | null = null;
  let lastProcessedZxid: number | null = null;
  const zxidAloneBytes = ZXID_SECTION_BYTES + SEAL_BYTES;
  if (r.remaining() > 0 && r.remaining() !== zxidAloneBytes) {
    digest = readDigestSection(r);
    if (!seals.next()) return 'the checksum of the digest section is wrong';
  }
  if (r.remaining() > 0) {
    lastProcessedZxid = r.zxid();
    if (!seals.next()) return 'the checksum of the zxid section is wrong';
  }
  return { digest, lastProcessedZxid };
}

/** Version 1, of servers that were never released, has the digest as text; nobody compares it. */
function readDigestSection(r: JuteReader): SnapshotDigest {
  const zxid = r.zxid();
  const version = r.int();
  if (version < DIGEST_VERSION) {
    r.string();
    return { zxid, version, hi: 0, lo: 0 };
  }
  r.long();
  return { zxid, version, hi: r.hi, lo: r.lo };
}

/** Carries the sum over from seal to seal. */
class SealReader {
  readonly #r: JuteReader;
  #sum: number;
  #sumPosition: number;

  constructor(r: JuteReader, sum: number) {
    this.#r = r;
    this.#sum = sum;
    this.#sumPosition = r.position;
  }

  next(): boolean {
    const r = this.#r;
    if (r.failed) return false;
    const sum = adler32(r.buffer, this.#sumPosition, r.position, this.#sum);
    const sealStart = r.position;
    r.long();
    if (r.failed || r.hi !== 0 || r.lo >>> 0 !== sum) return false;
    r.string();
    this.#sum = adler32(r.buffer, sealStart, r.position, sum);
    this.#sumPosition = r.position;
    return !r.failed;
  }
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}
