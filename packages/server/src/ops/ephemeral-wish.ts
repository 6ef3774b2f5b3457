/**
 * Whether a write asks for an ephemeral, so that its session must be known to the whole ensemble
 * (quorum-protocol.md 11.4, ZooKeeper's `checkUpgradeSession`). It looks at what is asked for, not
 * at whether that can succeed: a create that will fail counts as well.
 */

import { isEphemeralMode, type JuteReader, OpCode } from '@zabra/protocol';
import { skipAcl } from './acl-memo.ts';
import type { WriteOperation } from './operation.ts';

/** The body is at the reader's cursor; `find` gives the operations that may stand in a multi. */
export function wantsEphemeral(
  opcode: number,
  r: JuteReader,
  find: (type: number) => WriteOperation | null,
): boolean {
  return opcode === OpCode.multi ? hasEphemeralPart(r, find) : isEphemeralCreate(opcode, r);
}

function hasEphemeralPart(r: JuteReader, find: (type: number) => WriteOperation | null): boolean {
  for (;;) {
    const type = r.int();
    const done = r.bool();
    r.int();
    const op = done || r.failed ? null : find(type);
    if (op === null) return false;
    const start = r.position;
    if (isEphemeralCreate(type, r)) return true;
    r.position = start;
    if (!op.skip(r)) return false;
  }
}

function isEphemeralCreate(opcode: number, r: JuteReader): boolean {
  switch (opcode) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createIfNotExists: {
      r.range();
      r.range();
      skipAcl(r);
      const flags = r.int();
      return !r.failed && isEphemeralMode(flags);
    }
    default:
      return false;
  }
}
