/**
 * Signed 64-bit values as two int32 halves (hi, lo): session ids, ephemeral owners, digests. They
 * are compared, printed and passed on, never added, so two small integers beat a BigInt, which
 * appears here only for the public edge of the client and for tests.
 */

export interface Int64 {
  readonly hi: number;
  readonly lo: number;
}

export function int64Equal(aHi: number, aLo: number, bHi: number, bLo: number): boolean {
  return aHi === bHi && aLo === bLo;
}

/** Unsigned lower-case hex without leading zeros or prefix, as Java's `Long.toHexString`. */
export function int64Hex(hi: number, lo: number): string {
  const low = (lo >>> 0).toString(16);
  return hi === 0 ? low : (hi >>> 0).toString(16) + low.padStart(8, '0');
}

/** Reads 1 to 16 hex digits, with or without `0x`; null when malformed. */
export function int64FromHex(text: string): Int64 | null {
  const match = /^(?:0x)?([0-9a-fA-F]{1,16})$/.exec(text);
  if (match === null) return null;
  const padded = (match[1] as string).padStart(16, '0');
  return {
    hi: Number.parseInt(padded.slice(0, 8), 16) | 0,
    lo: Number.parseInt(padded.slice(8), 16) | 0,
  };
}

export function int64ToBigInt(hi: number, lo: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo >>> 0);
}

/** Keeps the low 64 bits of a bigint of any size. */
export function int64FromBigInt(value: bigint): Int64 {
  return {
    hi: Number(BigInt.asIntN(32, value >> 32n)),
    lo: Number(BigInt.asIntN(32, value)),
  };
}

/** Decimal of the signed value, for people and for text formats. */
export function int64Decimal(hi: number, lo: number): string {
  return int64ToBigInt(hi, lo).toString();
}

/**
 * A long that holds a time, a ttl or another count: exact from -2^53 + 1 to 2^53 - 1, saturating
 * beyond. Unlike a zxid, negative values keep their meaning.
 */
export function int64ToNumber(hi: number, lo: number): number {
  const value = hi * 0x100000000 + (lo >>> 0);
  if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
  return value < -Number.MAX_SAFE_INTEGER ? -Number.MAX_SAFE_INTEGER : value;
}

/** High int32 of a safe integer of either sign. */
export function numberHi(value: number): number {
  return Math.floor(value / 0x100000000) | 0;
}

/** Low int32 of a safe integer of either sign. */
export function numberLo(value: number): number {
  return value | 0;
}
