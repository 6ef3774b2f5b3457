/**
 * The form of a multi's body: whether it decodes, and if not, whether its failure takes a place in
 * the log. The reference gives a zxid to nearly every multi that it cannot decode, unlike to any
 * other write; only a create without an ACL vector, when it is the first fault, gets none. From
 * observation of 3.9.5; the operations themselves are client-protocol.md 9.
 */

import { isCreateMode, isTtlMode, type JuteReader, OpCode } from '@zabra/protocol';
import { skipAcl } from './acl-memo.ts';
import type { WriteOperation } from './operation.ts';

export const MultiForm = {
  SOUND: 0,
  /** Refused by a transaction of its own. */
  LOGGED_FAULT: 1,
  /** Refused without a zxid. */
  FREE_FAULT: 2,
} as const;

export type MultiForm = (typeof MultiForm)[keyof typeof MultiForm];

/** Encoded length of a MultiHeader. */
const HEADER_BYTES = 9;

/** Length of a null string. */
const NULL_LENGTH = -1;

/** `find` gives the operations that may stand in a multi. */
export function judgeMulti(
  r: JuteReader,
  find: (type: number) => WriteOperation | null,
): MultiForm {
  let hasReads = false;
  let hasWrites = false;
  let lacksPath = false;
  for (;;) {
    if (r.remaining() < HEADER_BYTES) return MultiForm.LOGGED_FAULT;
    const type = r.int();
    const done = r.bool();
    r.int();
    // Reads alone and null paths decode, and fail when they are to be prepared.
    if (done) return hasReads || lacksPath ? MultiForm.LOGGED_FAULT : MultiForm.SOUND;
    lacksPath ||= r.remaining() >= 4 && r.view.getInt32(r.position) === NULL_LENGTH;
    if (type === OpCode.getData || type === OpCode.getChildren) {
      r.range();
      r.bool();
      hasReads = true;
    } else {
      const form = judgeWrite(r, type, find(type));
      if (form !== MultiForm.SOUND) return form;
      hasWrites = true;
    }
    if (r.failed || (hasReads && hasWrites)) return MultiForm.LOGGED_FAULT;
  }
}

function judgeWrite(r: JuteReader, type: number, op: WriteOperation | null): MultiForm {
  if (op === null) return MultiForm.LOGGED_FAULT;
  if (type === OpCode.create || type === OpCode.create2 || type === OpCode.createContainer) {
    return judgeCreate(r);
  }
  return op.skip(r) ? MultiForm.SOUND : MultiForm.LOGGED_FAULT;
}

/** A create without ttl: its mode must be one that needs none. */
function judgeCreate(r: JuteReader): MultiForm {
  r.range();
  r.range();
  const aclCount = skipAcl(r);
  const flags = r.int();
  if (r.failed || !isCreateMode(flags)) return MultiForm.LOGGED_FAULT;
  if (aclCount < 0) return MultiForm.FREE_FAULT;
  return isTtlMode(flags) ? MultiForm.LOGGED_FAULT : MultiForm.SOUND;
}
