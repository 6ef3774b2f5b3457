/**
 * getACL (6): allowed with READ or ADMIN. Who lacks ADMIN sees digest ids without their hashes
 * (client-protocol.md 10).
 *
 *   request  path
 *   reply    acl, Stat
 */

import { type Acl, ErrorCode, type JuteWriter, OpCode, Perms } from '@zabra/protocol';
import { DIGEST_SCHEME } from './digest-provider.ts';
import type { Permission, ReadOperation } from './operation.ts';
import type { ReadContext } from './read-context.ts';

const PERMISSION: Permission = { perms: Perms.READ | Perms.ADMIN, on: 'znode' };

function read(c: ReadContext, w: JuteWriter): number {
  c.readPath();
  const code = c.locate(PERMISSION.perms);
  if (code !== ErrorCode.OK) return code;
  const { core, ref } = c;
  const acl = core.aclOf(ref) ?? [];
  const isAdmin = core.permits(acl, Perms.ADMIN, c.request.identities);
  w.int(acl.length);
  for (const entry of acl) {
    w.int(entry.perms);
    w.string(entry.scheme);
    w.string(isAdmin ? (entry.id ?? '') : masked(entry));
  }
  core.tree.nodes.writeStat(ref, w, core.options.extendedTypes);
  return ErrorCode.OK;
}

function masked({ scheme, id }: Acl): string {
  if (id === null) return '';
  const colon = scheme === DIGEST_SCHEME ? id.indexOf(':') : -1;
  return colon < 0 ? id : `${id.slice(0, colon)}:x`;
}

export const getACL: ReadOperation = {
  opcode: OpCode.getACL,
  permission: PERMISSION,
  errors: [ErrorCode.NONODE, ErrorCode.NOAUTH],
  read,
};
