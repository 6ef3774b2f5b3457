/**
 * How members of our own kind know each other: trailing bytes behind what FOLLOWERINFO,
 * OBSERVERINFO, LEADERINFO and each notification of an election carry. Apache's members read their
 * record and ignore the rest, so who does not declare itself is treated as Java, with all its
 * known faults.
 *
 *   declaration = int magic "ZABR", int version
 *
 * Who declares a version understands all that came with it and before it, so two members speak as
 * the older one of them can: nobody is sent what came with a version above its own (ADR 19). Bytes
 * behind the declaration belong to later versions and are passed over.
 *
 *   1  the declaration itself; TRUNC is taken; what a leader says of a state is exact
 *   2  the packets of hand-over (`own-packets`), pauses in PINGs (`heartbeat`), the declaration in
 *      notifications
 */

import type { JuteReader, JuteWriter } from '@zabra/protocol';

/** "ZABR" */
const MAGIC = 0x5a414252;

/** Raised when Zabra members agree on something new. */
export const ZABRA_VERSION = 2;

/** The version from which on a member has it. */
export const Since = { DECLARATION: 1, HAND_OVER: 2, FAST_DETECTION: 2 } as const;

const DECLARATION_BYTES = 8;

/** Nothing is written for version 0: so an Apache member is. */
export function declare(w: JuteWriter, version: number = ZABRA_VERSION): void {
  if (version < Since.DECLARATION) return;
  w.int(MAGIC);
  w.int(version);
}

/**
 * The version that the bytes behind a record declare, also one above ours; 0 for an Apache member.
 * A negative one is nobody's.
 */
export function readDeclaration(r: JuteReader): number {
  const isOurs = r.remaining() >= DECLARATION_BYTES && r.int() === MAGIC;
  return isOurs ? Math.max(0, r.int()) : 0;
}
