/**
 * Fills a message in: where its marks stand for a session and its password, those of a session that
 * fuzzed clients have got take their places.
 */

import { sessionPassword } from '@zabra/protocol';
import type { SessionId } from './frames.ts';
import { PASSWORD_MARK, SESSION_MARK } from './openings.ts';

export interface FilledIn {
  readonly bytes: Uint8Array;
  /** Which session it names; null when it names none by a mark. */
  readonly session: SessionId | null;
}

export function fillIn(bytes: Uint8Array, session: SessionId | null): FilledIn {
  const sessionAt = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(SESSION_MARK);
  if (sessionAt < 0 || session === null) return { bytes, session: null };
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setInt32(sessionAt, session.hi);
  view.setInt32(sessionAt + 4, session.lo);
  const passwordAt = Buffer.from(copy.buffer).indexOf(PASSWORD_MARK);
  if (passwordAt >= 0) copy.set(sessionPassword(session.hi, session.lo), passwordAt);
  return { bytes: copy, session };
}
