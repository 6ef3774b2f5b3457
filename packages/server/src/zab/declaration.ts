/**
 * How members of our own kind know each other: trailing bytes behind what FOLLOWERINFO,
 * OBSERVERINFO, LEADERINFO and each notification of an election carry. Apache's members read their
 * record and ignore the rest, so who does not declare itself is treated as Java, with all its
 * known faults.
 *
 *   declaration = int magic "ZABR", int version
 */

import type { JuteReader, JuteWriter } from '@zabra/protocol';

/** "ZABR" */
const MAGIC = 0x5a414252;

/** Raised when Zabra members agree on something new. */
export const ZABRA_VERSION = 1;

const DECLARATION_BYTES = 8;

export function declare(w: JuteWriter): void {
  w.int(MAGIC);
  w.int(ZABRA_VERSION);
}

/** The version that the bytes behind a record declare; 0 for an Apache member. */
export function readDeclaration(r: JuteReader): number {
  return r.remaining() >= DECLARATION_BYTES && r.int() === MAGIC ? r.int() : 0;
}
