/**
 * CRC-32 (IEEE 802.3, reflected, as in gzip), for our own side files. Slicing by eight: eight
 * tables of 256 words let eight bytes be folded per step.
 */

const POLYNOMIAL = 0xedb88320;
const TABLE_WORDS = 256;

const tables = makeTables();

/** Continues from `seed`, the result over the bytes before, or 0; the result is a uint32. */
export function crc32(bytes: Uint8Array, start: number, end: number, seed = 0): number {
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
