/**
 * The commonest form of a request: a path and one number behind it, a version mostly. Whether a
 * body has it is asked before a write gets a zxid.
 */

import type { JuteReader } from '@zabra/protocol';

export function skipPathAndInt(r: JuteReader): boolean {
  r.range();
  r.int();
  return !r.failed;
}
