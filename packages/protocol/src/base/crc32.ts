/**
 * CRC-32 (IEEE 802.3, reflected, as in gzip), for the digests of the tree and for our own side
 * files. Slicing by eight: eight tables of 256 words let eight bytes be folded per step. Where the
 * runtime has a native one, long ranges go to it.
 */

const POLYNOMIAL = 0xedb88320;
const TABLE_WORDS = 256;

const tables = makeTables();

/** Node's own, which takes whole arrays. */
type NativeCrc32 = (bytes: Uint8Array, seed: number) => number;

/** Below this the view and the call cost more than the native code saves, bytes. */
const NATIVE_BYTES_MIN = 128;

const native: NativeCrc32 | null = findNative();

/** Continues from `seed`, the result over the bytes before, or 0; the result is a uint32. */
export function crc32(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  if (native !== null && end - start >= NATIVE_BYTES_MIN) {
    return native(bytes.subarray(start, end), seed);
  }
  return crc32Portable(bytes, start, end, seed);
}

/** The whole algorithm in plain JavaScript, for short ranges and for runtimes without a native. */
export function crc32Portable(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  const t = tables;
  let crc = ~seed;
  let index = start | 0;
  for (const unrolledEnd = (end - 7) | 0; index < unrolledEnd; index = (index + 8) | 0) {
    const x = crc;
    crc =
      (t[0x700 | ((x ^ (bytes[index] as number)) & 0xff)] as number) ^
      (t[0x600 | (((x >>> 8) ^ (bytes[index + 1] as number)) & 0xff)] as number) ^
      (t[0x500 | (((x >>> 16) ^ (bytes[index + 2] as number)) & 0xff)] as number) ^
      (t[0x400 | ((x >>> 24) ^ (bytes[index + 3] as number))] as number) ^
      (t[0x300 | (bytes[index + 4] as number)] as number) ^
      (t[0x200 | (bytes[index + 5] as number)] as number) ^
      (t[0x100 | (bytes[index + 6] as number)] as number) ^
      (t[bytes[index + 7] as number] as number);
  }
  for (; index < end; index = (index + 1) | 0) {
    crc = (crc >>> 8) ^ (t[(crc ^ (bytes[index] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** Table k at k * 256: the effect of a byte that k more bytes follow. */
function makeTables(): Int32Array {
  const made = new Int32Array(8 * TABLE_WORDS);
  for (let byte = 0; byte < TABLE_WORDS; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    made[byte] = crc;
  }
  for (let index = TABLE_WORDS; index < made.length; index++) {
    const shorter = made[index - TABLE_WORDS] as number;
    made[index] = (shorter >>> 8) ^ (made[shorter & 0xff] as number);
  }
  return made;
}

/**
 * Node's zlib has the same function, five times as fast. It is looked for where the runtime shows
 * its built-in modules, because this floor may not import any; both must agree on a probe.
 */
function findNative(): NativeCrc32 | null {
  // oxlint-disable-next-line no-restricted-globals -- only to look for a faster equal of the above
  const scope = globalThis as {
    process?: { getBuiltinModule?: (id: string) => { crc32?: NativeCrc32 } | undefined };
  };
  const found = scope.process?.getBuiltinModule?.('zlib')?.crc32;
  if (found === undefined) return null;
  const probe = Uint8Array.of(1, 2, 3, 250, 251, 252);
  const split = found(probe.subarray(3), found(probe.subarray(0, 3), 0));
  return split === crc32Portable(probe, 0, probe.length) ? found : null;
}
