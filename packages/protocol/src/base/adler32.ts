/**
 * Adler-32 (RFC 1950), the checksum of transaction logs and snapshots. The two sums stay int32
 * between reductions: `BLOCK_BYTES` is the most bytes for which the second one cannot reach 2^31.
 */

import { findSimdAdler32, SIMD_BYTES_MAX } from './adler32-simd.ts';

const MODULUS = 65521;

/** n with n * 65520 + 255 * n * (n + 1) / 2 + 65520 < 2^31, rounded down to a multiple of 8. */
const BLOCK_BYTES = 3848;

/** Below this copying and calling cost more than the vectors save, bytes. */
const SIMD_BYTES_MIN = 192;

const simd = findSimdAdler32();

/** Continues from `seed`, 1 for a fresh sum; the result is a uint32. */
export function adler32(bytes: Uint8Array, start: number, end: number, seed = 1): number {
  if (simd === null || end - start < SIMD_BYTES_MIN) {
    return adler32Portable(bytes, start, end, seed);
  }
  let sum = seed;
  for (let at = start; at < end; at += SIMD_BYTES_MAX) {
    const partEnd = Math.min(at + SIMD_BYTES_MAX, end);
    simd.memory.set(bytes.subarray(at, partEnd));
    sum = simd.sum(0, partEnd - at, sum & 0xffff, sum >>> 16);
  }
  return sum >>> 0;
}

/** The same in plain JavaScript, for short ranges and for runtimes without vectors. */
export function adler32Portable(bytes: Uint8Array, start: number, end: number, seed = 1): number {
  let a = seed & 0xffff;
  let b = seed >>> 16;
  let index = start | 0;
  while (index < end) {
    const blockEnd = Math.min(index + BLOCK_BYTES, end) | 0;
    for (const unrolledEnd = (blockEnd - 7) | 0; index < unrolledEnd; index = (index + 8) | 0) {
      a = (a + (bytes[index] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 1] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 2] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 3] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 4] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 5] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 6] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[index + 7] as number)) | 0;
      b = (b + a) | 0;
    }
    for (; index < blockEnd; index = (index + 1) | 0) {
      a = (a + (bytes[index] as number)) | 0;
      b = (b + a) | 0;
    }
    a %= MODULUS;
    b %= MODULUS;
  }
  return ((b << 16) | a) >>> 0;
}
