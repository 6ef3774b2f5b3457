/**
 * Copying, comparing and hex of byte ranges. Every range is (buffer, start, end) with absolute
 * offsets, so that the hot path makes no views. Knows nothing of what the bytes mean.
 */

/** Below this a loop beats the set-up of `subarray` and `set`, bytes. */
const LOOP_BYTES_MAX = 32;

export const EMPTY_BYTES = new Uint8Array(0);

/** A copy with memory of its own, always a plain Uint8Array, even out of a Node Buffer. */
export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array {
  if (end === start) return EMPTY_BYTES;
  const copy = new Uint8Array(end - start);
  copyInto(copy, 0, source, start, end);
  return copy;
}

/** Writes source[start, end) at `position` of the target, which must have the room. */
export function copyInto(
  target: Uint8Array,
  position: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start > LOOP_BYTES_MAX) {
    target.set(source.subarray(start, end), position);
    return;
  }
  for (let index = start; index < end; index++) {
    target[position + index - start] = source[index] as number;
  }
}

export function bytesEqual(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  if (aEnd - aStart !== bEnd - bStart) return false;
  for (let index = aStart; index < aEnd; index++) {
    if (a[index] !== b[bStart + index - aStart]) return false;
  }
  return true;
}

export function bytesToHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let index = start; index < end; index++) {
    text += (bytes[index] as number).toString(16).padStart(2, '0');
  }
  return text;
}

/** Null when the text is not pairs of hex digits. */
export function bytesFromHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  }
  return bytes;
}
