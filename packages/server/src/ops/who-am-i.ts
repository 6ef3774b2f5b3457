/**
 * whoAmI (107): the identities of the connection, as their providers show them; an identity whose
 * scheme has no provider, such as `super`, has an empty user (client-protocol.md 10).
 *
 *   reply    vector of { authScheme, user }
 */

import { ErrorCode, type JuteWriter, OpCode } from '@zabra/protocol';
import type { ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

function read(c: ReadContext, w: JuteWriter): number {
  const { identities } = c.request;
  w.int(identities.length);
  for (const identity of identities) {
    w.string(identity.scheme);
    w.string(c.core.providers.userName(identity));
  }
  return ErrorCode.OK;
}

export const whoAmI: ReadOperation = {
  opcode: OpCode.whoAmI,
  permission: null,
  errors: [],
  read,
};
