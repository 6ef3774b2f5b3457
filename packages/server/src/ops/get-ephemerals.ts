/**
 * getEphemerals (103): the ephemerals of the asking session whose paths begin with a text, which
 * need not end at a name. No permission is needed (client-protocol.md 10).
 *
 *   request  prefixPath
 *   reply    paths
 */

import { ErrorCode, type JuteWriter, OpCode, ROOT_PATH } from '@zabra/protocol';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

function read(c: ReadContext, w: JuteWriter): number {
  const prefix = c.reader.string() ?? '';
  if (c.reader.failed) return ErrorCode.MARSHALLINGERROR;
  const bare = prefix.trim();
  const wantsAll = bare === '' || bare === ROOT_PATH;
  const countOffset = w.reserve(4);
  let count = 0;
  c.core.tree.forEachEphemeral(c.request.sessionHi, c.request.sessionLo, (path) => {
    if (!wantsAll && !path.startsWith(prefix)) return;
    w.string(path);
    count++;
  });
  w.patchInt(countOffset, count);
  return ErrorCode.OK;
}

export const getEphemerals: ReadOperation = {
  opcode: OpCode.getEphemerals,
  permission: null,
  errors: [],
  read,
};
