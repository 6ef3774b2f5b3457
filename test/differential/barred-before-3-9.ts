/**
 * Barred inputs for servers before 3.9: what they answer by rules that 3.9 gave up, in ways that
 * every later reply would show. Our server follows 3.9.
 */

import { CreateMode, OpCode, WatcherType } from '@zabra/protocol';
import type { BarredInput } from './barred.ts';
import type { Request } from './program.ts';
import {
  aclEntriesOf,
  aclOf,
  flagsOf,
  hasNullPath,
  isCreate,
  isWrite,
  partsOf,
} from './request-parts.ts';

/** The kind of watch that each connection may set: before 3.9 the last kind on a path wins. */
const KIND_OF_SLOT = ['standard', 'persistent', 'recursive', 'standard'] as const;

export const BARRED_BEFORE_3_9: readonly BarredInput[] = [
  {
    name: 'undecodable-write',
    reason: '3.8 gives a zxid to a write that it cannot decode',
    bars: ({ opcode, cut }) => cut > 0 && isWrite(opcode),
  },
  {
    name: 'kinds-of-create-in-multi',
    reason: '3.8 takes the kind from the flags alone, and judges flags and ACL later',
    bars: (request) => request.opcode === OpCode.multi && partsOf(request).some(isOddCreate),
  },
  {
    name: 'null-path-in-multi',
    reason: '3.8 gives no zxid to a multi that stumbles over a null path',
    bars: (request) => request.opcode === OpCode.multi && hasNullPath(request),
  },
  {
    name: 'check-outside-multi',
    reason: '3.8 takes operation 13 outside a multi for a write; 3.9 does not know it there',
    bars: ({ opcode }) => opcode === OpCode.check,
  },
  {
    name: 'ipv6-acl',
    reason: '3.8 accepts no IPv6 address in an ACL',
    bars: (request) =>
      aclEntriesOf(request).some(({ scheme, id }) => scheme === 'ip' && id?.includes(':') === true),
  },
  {
    name: 'kinds-of-watch-on-one-path',
    reason: '3.8 has one kind of watch for a connection and a path: the last one set',
    bars: (request, slot) => {
      const kinds = watchKinds(request);
      return kinds.some((kind) => kind !== KIND_OF_SLOT[slot]);
    },
  },
  {
    name: 'check-watches',
    reason: '3.8 says yes when any connection has a watch there',
    bars: ({ opcode }) => opcode === OpCode.checkWatches,
  },
  {
    name: 'watcher-types-of-persistent-watches',
    reason: '3.8 knows the types 1 to 3 only, and removes watches of every kind by them',
    bars: ({ opcode, fields }, slot) => {
      const type = fields[1];
      if (opcode !== OpCode.removeWatches || type?.t !== 'int') return false;
      return KIND_OF_SLOT[slot] !== 'standard' || type.v >= WatcherType.PERSISTENT;
    },
  },
];

function isOddCreate(part: Parameters<typeof flagsOf>[0]): boolean {
  if (!isCreate(part.opcode)) return false;
  if (part.opcode === OpCode.create2 || aclOf(part) === null) return true;
  const flags = flagsOf(part);
  if (part.opcode === OpCode.createTTL) return flags < CreateMode.PERSISTENT_WITH_TTL;
  if (part.opcode === OpCode.createContainer) return flags !== CreateMode.CONTAINER;
  return flags < CreateMode.PERSISTENT || flags > CreateMode.EPHEMERAL_SEQUENTIAL;
}

function watchKinds({ opcode, fields }: Request): readonly string[] {
  if (opcode === OpCode.addWatch) {
    const mode = fields[1];
    return mode?.t === 'int' && mode.v === 1 ? ['recursive'] : ['persistent'];
  }
  if (opcode === OpCode.setWatches) return ['standard'];
  if (opcode === OpCode.setWatches2) return ['standard', 'persistent', 'recursive'];
  if (opcode === OpCode.multiRead) return [];
  const isSet = fields[0]?.t === 'path' && fields[1]?.t === 'bool' && fields[1].v;
  return isSet ? ['standard'] : [];
}
