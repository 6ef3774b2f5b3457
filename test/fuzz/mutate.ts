/**
 * Mutations of a message: its lengths and counts lie, bytes flip, parts are cut out, repeated,
 * filled in or exchanged with those of another message, and the frame's length follows or stays
 * as it was.
 */

import type { Prng } from '@zabra/protocol';
import type { Draft } from './grammar.ts';
import { rubbish } from './openings.ts';

const LENGTHS: readonly number[] = [
  0, 1, 2, 3, 4, 8, 16, 255, 1000, 0xffff, 0xfffff, 0x100000, 0x7fffffff, 0x7ffffff0, 0x40000000,
  -1, -2, -3, -16, -0x80000000,
];
const INSERTED_MAX = 40;
const FRAME_LENGTH_BYTES = 4;

/** `other` gives the part that is put in by a splice. */
export function mutate(draft: Draft, other: Draft, prng: Prng): Uint8Array {
  let { bytes } = draft;
  for (let count = prng.chance(1, 4) ? 3 : 1; count > 0; count--) {
    bytes = mutateOnce(bytes, draft.lengthOffsets, other.bytes, prng);
  }
  // A frame that says its true length lets the mutation through to its decoder.
  return prng.chance(9, 10) ? withTrueLength(bytes) : bytes;
}

function mutateOnce(
  bytes: Uint8Array,
  lengthOffsets: readonly number[],
  other: Uint8Array,
  prng: Prng,
): Uint8Array {
  if (bytes.length === 0) return rubbish(prng, 1 + prng.below(INSERTED_MAX));
  const at = prng.below(bytes.length);
  const length = 1 + prng.below(Math.min(bytes.length - at, INSERTED_MAX));
  const draw = prng.below(20);
  if (draw < 6) return withInt(bytes, prng.pick(lengthOffsets), prng.pick(LENGTHS));
  if (draw < 10) return flipped(bytes, at, prng);
  if (draw < 12) return bytes.slice(0, at);
  if (draw < 14) return replaced(bytes, at, length, new Uint8Array(0));
  if (draw < 15) return replaced(bytes, at, 0, bytes.slice(at, at + length));
  if (draw < 16) return replaced(bytes, at, 0, rubbish(prng, length));
  if (draw < 17) return replaced(bytes, bytes.length, 0, rubbish(prng, length));
  if (draw < 18) return withInt(bytes, at, prng.pick(LENGTHS));
  const from = prng.below(other.length + 1);
  return replaced(bytes, at, bytes.length - at, other.slice(from));
}

function flipped(bytes: Uint8Array, at: number, prng: Prng): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ (prng.chance(1, 2) ? 1 << prng.below(8) : 1 + prng.below(255));
  return copy;
}

function withInt(bytes: Uint8Array, at: number, value: number): Uint8Array {
  if (at + 4 > bytes.length) return bytes.slice(0, at);
  const copy = bytes.slice();
  new DataView(copy.buffer).setInt32(at, value);
  return copy;
}

function withTrueLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length < FRAME_LENGTH_BYTES) return bytes;
  return withInt(bytes, 0, bytes.length - FRAME_LENGTH_BYTES);
}

function replaced(bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  const joined = new Uint8Array(bytes.length - length + by.length);
  joined.set(bytes.subarray(0, at));
  joined.set(by, at);
  joined.set(bytes.subarray(at + length), at + by.length);
  return joined;
}
