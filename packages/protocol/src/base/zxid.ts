/**
 * A zxid as one double: `epoch * 2^32 + counter`, exact while the epoch stays below 2^21, so that
 * plain `<` compares and `+ 1` advances. Two values of the wire have no such number and get names:
 * all ones ("no zxid", -1) and the smallest signed long (placeholder of voters without a vote).
 * Any other value outside 0..2^53-1 saturates; a caller that must refuse those compares the two
 * halves itself. From quorum-protocol.md 1.2; the layout is that of ZooKeeper's `ZxidUtils`.
 */

/** Largest epoch that a zxid can carry exactly. */
export const EPOCH_MAX = 2 ** 21 - 1;
/** Largest counter within an epoch; a leader steps down before it would propose this one. */
export const COUNTER_MAX = 0xffffffff;
/** "No zxid": ffffffffffffffff on the wire. */
export const ZXID_NONE = -1;
/** Stands for the smallest signed long, 8000000000000000 on the wire; below every other zxid. */
export const ZXID_MIN = -2;
/** Largest exact zxid; bigger wire values saturate here. */
export const ZXID_MAX = Number.MAX_SAFE_INTEGER;

const COUNTER_SPAN = 0x100000000;
const EPOCH_BITS_END = 0x200000;

export function makeZxid(epoch: number, counter: number): number {
  return epoch * COUNTER_SPAN + counter;
}

/** The high half as a signed number, as Java sees it: -1 for ZXID_NONE. */
export function epochOf(zxid: number): number {
  return zxid >= 0 ? Math.floor(zxid / COUNTER_SPAN) : zxidHi(zxid);
}

/** The low half as an unsigned number. */
export function counterOf(zxid: number): number {
  return zxid === ZXID_MIN ? 0 : zxid >>> 0;
}

/** The high 32 bits of the wire form as an int32. */
export function zxidHi(zxid: number): number {
  if (zxid >= 0) return (zxid / COUNTER_SPAN) | 0;
  return zxid === ZXID_MIN ? -0x80000000 : -1;
}

/** The low 32 bits of the wire form as an int32. */
export function zxidLo(zxid: number): number {
  return zxid === ZXID_MIN ? 0 : zxid | 0;
}

/** From the two int32 halves of the wire form; saturates as the head of this file says. */
export function zxidFrom(hi: number, lo: number): number {
  if (hi >= 0) return hi < EPOCH_BITS_END ? hi * COUNTER_SPAN + (lo >>> 0) : ZXID_MAX;
  return hi === -1 && lo === -1 ? ZXID_NONE : ZXID_MIN;
}

/** Lower-case hex of the unsigned 64-bit form, without prefix or leading zeros. */
export function zxidToHex(zxid: number): string {
  if (zxid >= 0) return zxid.toString(16);
  return zxid === ZXID_MIN ? '8000000000000000' : 'ffffffffffffffff';
}

/** Reads 1 to 16 hex digits of either case (leading zeros allowed); NaN for anything else. */
export function zxidFromHex(text: string): number {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) return Number.NaN;
  const padded = text.padStart(16, '0');
  return zxidFrom(
    Number.parseInt(padded.slice(0, 8), 16) | 0,
    Number.parseInt(padded.slice(8), 16) | 0,
  );
}
