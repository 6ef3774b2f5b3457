/**
 * The password of a session, derived from its id and stored nowhere, so that every server of an
 * ensemble, Java's included, computes the same one. Knows sixteen bytes of ZooKeeper's convention:
 * the outputs of `java.util.Random` seeded with the id. From client-protocol.md 2.2. Only 48 bits
 * of the id count, and nothing about it is secret: it guards against mistakes, not against attack.
 */

import { PASSWORD_BYTES } from './limits.ts';

/** XORed into the low half of the id before it becomes the seed. */
const SECRET = 0xb3415c00;

/** The generator's multiplier 0x5deece66d, 16 bits per limb, and its increment. */
const MULTIPLIER_HIGH = 0x5;
const MULTIPLIER_MIDDLE = 0xdeec;
const MULTIPLIER_LOW = 0xe66d;
const INCREMENT = 0xb;

const LIMB_SPAN = 0x10000;
const WORD_BYTES = 4;

/** Takes the halves of the session id as int32; returns 16 fresh bytes. */
export function sessionPassword(hi: number, lo: number): Uint8Array {
  const password = new Uint8Array(PASSWORD_BYTES);
  const scrambledLow = lo ^ SECRET ^ ((MULTIPLIER_MIDDLE << 16) | MULTIPLIER_LOW);
  let low = scrambledLow & 0xffff;
  let middle = scrambledLow >>> 16;
  let high = (hi ^ MULTIPLIER_HIGH) & 0xffff;
  for (let offset = 0; offset < PASSWORD_BYTES; offset += WORD_BYTES) {
    // Limbs of 16 bits keep every sum far below 2^53, where doubles are exact.
    const lowSum = low * MULTIPLIER_LOW + INCREMENT;
    const middleSum =
      middle * MULTIPLIER_LOW + low * MULTIPLIER_MIDDLE + Math.floor(lowSum / LIMB_SPAN);
    const highSum =
      high * MULTIPLIER_LOW +
      middle * MULTIPLIER_MIDDLE +
      low * MULTIPLIER_HIGH +
      Math.floor(middleSum / LIMB_SPAN);
    low = lowSum % LIMB_SPAN;
    middle = middleSum % LIMB_SPAN;
    high = highSum % LIMB_SPAN;
    password[offset] = middle & 0xff;
    password[offset + 1] = middle >>> 8;
    password[offset + 2] = high & 0xff;
    password[offset + 3] = high >>> 8;
  }
  return password;
}
