/**
 * Requests that write: the create family, delete, setData and setACL, what a quota consists of, and
 * reconfig. An operation is its number and its fields, since a multi repeats them.
 */

import {
  CreateMode,
  isSequentialMode,
  JUTE_MAXBUFFER_DEFAULT,
  OpCode,
  type Prng,
} from '@zabra/protocol';
import { anyAcl } from './acls.ts';
import { isLocked, type PathPool, QUOTA_LIMITS, QUOTA_ROOT, QUOTA_STATS } from './paths.ts';
import type { Field } from './program.ts';

/** An operation without its header. */
export interface Operation {
  readonly opcode: number;
  readonly fields: readonly Field[];
}

const TEXTS = ['', 'x', 'hello', '0', 'caf\u00e9'] as const;
const DATA_BYTES_MAX = 300;
const MEDIUM_FRAME_BYTES = 70_000;
const BIG_DATA_BYTES = 20_000;
/** Long after the end of any run. */
const TTL_MS = 1_000_000_000;
const TTLS_ODD: readonly number[] = [0, -1, 2 ** 40 - 1, 2 ** 40, -(2 ** 50)];
export const VERSIONS: readonly number[] = [-1, -1, -1, -1, -1, -1, 0, 0, 1, 2, -2, 2_147_483_647];
const FLAGS_ODD: readonly number[] = [7, -1, 99, CreateMode.CONTAINER, CreateMode.PERSISTENT];

const QUOTA_CHILDREN = ['a', 'b', 'c'] as const;
/** About what some of the limits allow. */
const QUOTA_TEXT_MAX = 24;
const LIMITS: readonly string[] = [
  'count=1000,bytes=100000',
  'count=-1,bytes=-1',
  'count=2,bytes=10',
  'count=5,bytes=400=;byteHardLimit=400;countHardLimit=5',
  'count=-1,bytes=-1=;byteHardLimit=50;countHardLimit=3',
];

export function createOperation(prng: Prng, paths: PathPool): Operation {
  const opcode = createOpcode(prng);
  const flags = createFlags(prng, opcode);
  const path = choosePath(prng, paths, flags);
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'data', v: data(prng) },
    { t: 'acl', v: anyAcl(prng, isLocked(path)) },
    { t: 'int', v: flags },
  ];
  if (opcode === OpCode.createTTL) fields.push({ t: 'long', v: ttl(prng) });
  return { opcode, fields };
}

/** A small tree to begin with. */
export function firstOperations(): readonly Operation[] {
  const paths = ['$/a', '$/b', '$/c', '$/a/a', '$/a/b', '$/b/a', '$/a/a/a'];
  return paths.map((path) => plainCreate(path, 'x'));
}

/** Everything that a quota consists of, one after the other. */
export function quotaSetup(prng: Prng): readonly Operation[] {
  return [
    plainCreate(QUOTA_ROOT, 'four'),
    plainCreate(`${QUOTA_ROOT}/a`, 'four'),
    plainCreate('/zookeeper/quota$', ''),
    plainCreate(`/zookeeper/quota${QUOTA_ROOT}`, ''),
    plainCreate(QUOTA_LIMITS, prng.pick(LIMITS)),
    plainCreate(QUOTA_STATS, 'count=0,bytes=0'),
  ];
}

/** Changes one znode of a quota, or something small below one. */
export function quotaOperation(prng: Prng): Operation {
  const draw = prng.below(20);
  if (draw < 2) return setData(QUOTA_LIMITS, prng.pick(LIMITS), -1);
  if (draw < 3) return plainCreate(QUOTA_LIMITS, prng.pick(LIMITS));
  if (draw < 4) return plainCreate(QUOTA_STATS, 'count=0,bytes=0');
  if (draw < 5) return versioned(OpCode.delete, prng.pick([QUOTA_LIMITS, QUOTA_STATS]), -1);
  const child = `${QUOTA_ROOT}/${prng.pick(QUOTA_CHILDREN)}`;
  const text = 'x'.repeat(prng.below(QUOTA_TEXT_MAX));
  if (draw < 10) return plainCreate(child, text);
  if (draw < 17) return setData(prng.pick([child, QUOTA_ROOT]), text, prng.pick(VERSIONS));
  return versioned(OpCode.delete, child, -1);
}

export function deleteOperation(prng: Prng, paths: PathPool): Operation {
  return versioned(OpCode.delete, paths.any(), prng.pick(VERSIONS));
}

export function setDataOperation(prng: Prng, paths: PathPool): Operation {
  return setData(paths.any(), data(prng), prng.pick(VERSIONS));
}

export function setAclOperation(prng: Prng, paths: PathPool): Operation {
  const path = paths.any();
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'acl', v: anyAcl(prng, isLocked(path)) },
    { t: 'int', v: prng.pick(VERSIONS) },
  ];
  return { opcode: OpCode.setACL, fields };
}

/** Now and then as big as a request may be; too big for a multi, and for a neighbour. */
export function bigOperation(prng: Prng, paths: PathPool): Operation {
  const path: Field = { t: 'path', v: paths.ordinary() };
  const version: Field = { t: 'int', v: -1 };
  const size = prng.chance(1, 4) ? JUTE_MAXBUFFER_DEFAULT - prng.below(2) : MEDIUM_FRAME_BYTES;
  return { opcode: OpCode.setData, fields: [path, { t: 'fill', v: size }, version] };
}

/** Refused by a server that stands alone, but not without a zxid. */
export function reconfigOperation(prng: Prng): Operation {
  const fields: Field[] = [
    { t: 'text', v: prng.pick([null, 'server.2=127.0.0.1:1:2;3']) },
    { t: 'text', v: prng.pick([null, '2', 'x']) },
    { t: 'text', v: null },
    { t: 'long', v: -1 },
  ];
  return { opcode: OpCode.reconfig, fields };
}

function choosePath(prng: Prng, paths: PathPool, flags: number): string | null {
  if (!isSequentialMode(flags)) return paths.fresh();
  return prng.chance(1, 12) ? paths.any() : paths.sequential();
}

function createOpcode(prng: Prng): number {
  const draw = prng.below(20);
  if (draw < 9) return OpCode.create;
  if (draw < 15) return OpCode.create2;
  return draw < 17 ? OpCode.createContainer : OpCode.createTTL;
}

function createFlags(prng: Prng, opcode: number): number {
  if (prng.chance(1, 25)) return prng.pick(FLAGS_ODD);
  if (opcode === OpCode.createContainer) return prng.chance(3, 4) ? 4 : prng.below(5);
  if (opcode === OpCode.createTTL) return 5 + prng.below(2);
  return prng.chance(1, 30) ? 4 + prng.below(3) : prng.below(4);
}

function ttl(prng: Prng): number {
  return prng.chance(1, 5) ? prng.pick(TTLS_ODD) : TTL_MS;
}

function data(prng: Prng): string | number | null {
  const draw = prng.below(100);
  if (draw < 60) return prng.pick(TEXTS);
  if (draw < 68) return null;
  return draw < 98 ? prng.below(DATA_BYTES_MAX) : BIG_DATA_BYTES;
}

export function plainCreate(path: string, text: string, flags = 0): Operation {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'data', v: text },
    { t: 'acl', v: [{ perms: 31, scheme: 'world', id: 'anyone' }] },
    { t: 'int', v: flags },
  ];
  return { opcode: OpCode.create, fields };
}

export function setData(
  path: string | null,
  content: string | number | null,
  version: number,
): Operation {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'data', v: content },
    { t: 'int', v: version },
  ];
  return { opcode: OpCode.setData, fields };
}

export function versioned(opcode: number, path: string | null, version: number): Operation {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'int', v: version },
  ];
  return { opcode, fields };
}
