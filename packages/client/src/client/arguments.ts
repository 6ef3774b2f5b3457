/**
 * Judging what a program gives, before anything is sent: paths, ACLs, create modes, data. The
 * server would refuse the same, later and with less to say. From client-protocol.md 7.2, 8.1, 18.
 */

import {
  type Acl,
  CreateMode as Flags,
  OPEN_ACL_UNSAFE,
  OpCode,
  utf8Encode,
  validatePath,
} from '@zabra/protocol';
import type { CreateMode, Data, TextList } from './client-options.ts';
import { refusal } from './errors.ts';

/** Longest time to live, ms: 40 bits of it are stored. */
export const TTL_MAX_MS = 2 ** 40 - 1;

export type CreateOp =
  | typeof OpCode.create
  | typeof OpCode.create2
  | typeof OpCode.createContainer
  | typeof OpCode.createTTL;

/** How a mode is said to the server. */
export interface CreateFlags {
  readonly op: CreateOp;
  readonly flags: number;
  /** -1 for none. */
  readonly ttlMs: number;
}

export function checkPath(op: string, path: string): void {
  const fault = validatePath(path);
  if (fault !== null) throw refusal('BADARGUMENTS', op, path, fault);
}

/** The path of a create: that of a sequential znode may end where its number begins. */
export function checkNewPath(op: string, path: string, mode: CreateMode): void {
  const fault = validatePath(mode.sequential === true ? `${path}1` : path);
  if (fault !== null) throw refusal('BADARGUMENTS', op, path, fault);
}

export function checkAcl(op: string, path: string, acl: readonly Acl[]): void {
  if (acl.length === 0) throw refusal('INVALIDACL', op, path, 'the ACL is empty');
}

export function aclOrOpen(acl: readonly Acl[] | undefined): readonly Acl[] {
  return acl ?? OPEN_ACL_UNSAFE;
}

export function dataBytes(data: Data): Uint8Array | null {
  return typeof data === 'string' ? utf8Encode(data) : data;
}

/** Null for a list that was not given, which differs from an empty one. */
export function listText(list: TextList | undefined): string | null {
  if (list === undefined) return null;
  return typeof list === 'string' ? list : list.join(',');
}

/** `plainOp` serves for the modes that need no operation of their own. */
export function createFlags(path: string, mode: CreateMode, plainOp: CreateOp): CreateFlags {
  const { ephemeral = false, sequential = false, container = false, ttlMs } = mode;
  if (container) {
    if (ephemeral || sequential || ttlMs !== undefined) {
      const reason = 'a container cannot be ephemeral or sequential or have a time to live';
      throw refusal('BADARGUMENTS', 'create', path, reason);
    }
    return { op: OpCode.createContainer, flags: Flags.CONTAINER, ttlMs: -1 };
  }
  if (ttlMs !== undefined) {
    if (ephemeral) {
      throw refusal('BADARGUMENTS', 'create', path, 'an ephemeral has no time to live');
    }
    if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > TTL_MAX_MS) {
      const reason = `the time to live is ${ttlMs} ms, wanted 1 to ${TTL_MAX_MS}`;
      throw refusal('BADARGUMENTS', 'create', path, reason);
    }
    const flags = sequential ? Flags.PERSISTENT_SEQUENTIAL_WITH_TTL : Flags.PERSISTENT_WITH_TTL;
    return { op: OpCode.createTTL, flags, ttlMs };
  }
  const plain = sequential ? Flags.PERSISTENT_SEQUENTIAL : Flags.PERSISTENT;
  return { op: plainOp, flags: ephemeral ? plain | Flags.EPHEMERAL : plain, ttlMs: -1 };
}
