/**
 * Requests that write: the create family, delete, setData, setACL, and multi with all of them.
 * The fields of an operation are a function of their own, since a multi repeats them.
 */

import { CreateMode, isSequentialMode, OpCode, type Prng } from '@zabra/protocol';
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
const BIG_DATA_BYTES = 20_000;
/** Long after the end of any run. */
const TTL_MS = 1_000_000_000;
const TTLS_ODD: readonly number[] = [0, -1, 2 ** 40 - 1, 2 ** 40, -(2 ** 50)];
const VERSIONS: readonly number[] = [-1, -1, -1, -1, -1, -1, 0, 0, 1, 2, -2, 2_147_483_647];
const FLAGS_ODD: readonly number[] = [7, -1, 99, CreateMode.CONTAINER, CreateMode.PERSISTENT];
const MULTI_END: readonly Field[] = header(OpCode.error, true, -1);
const MULTI_COUNT_MAX = 4;

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

/** Changes one znode of a quota. */
export function quotaOperation(prng: Prng): Operation {
  const draw = prng.below(10);
  if (draw < 3) return setData(QUOTA_LIMITS, prng.pick(LIMITS), -1);
  if (draw < 6) return plainCreate(QUOTA_LIMITS, prng.pick(LIMITS));
  if (draw < 8) return plainCreate(QUOTA_STATS, 'count=0,bytes=0');
  return versioned(OpCode.delete, prng.pick([QUOTA_LIMITS, QUOTA_STATS]), -1);
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

export function multiOperation(prng: Prng, paths: PathPool): Operation {
  const fields: Field[] = [];
  const count = prng.chance(1, 20) ? 0 : 1 + prng.below(MULTI_COUNT_MAX);
  for (let index = 0; index < count; index++) {
    const part = multiPart(prng, paths);
    fields.push(...header(part.opcode, false, -1), ...part.fields);
  }
  // Now and then the end is missing, or says something else behind its `done`.
  if (prng.chance(1, 60)) return { opcode: OpCode.multi, fields };
  const end = prng.chance(1, 30) ? header(OpCode.create, true, 5) : MULTI_END;
  return { opcode: OpCode.multi, fields: [...fields, ...end] };
}

export function header(opcode: number, done: boolean, err: number): readonly Field[] {
  return [
    { t: 'int', v: opcode },
    { t: 'bool', v: done },
    { t: 'int', v: err },
  ];
}

export function endOfMulti(): readonly Field[] {
  return MULTI_END;
}

function multiPart(prng: Prng, paths: PathPool): Operation {
  const draw = prng.below(100);
  if (draw < 40) return createOperation(prng, paths);
  if (draw < 60) return deleteOperation(prng, paths);
  if (draw < 78) return setDataOperation(prng, paths);
  if (draw < 97) return versioned(OpCode.check, paths.any(), prng.pick(VERSIONS));
  // What may not stand in a multi spoils all of it.
  if (draw < 98) return setAclOperation(prng, paths);
  const fields: Field[] = [
    { t: 'path', v: paths.any() },
    { t: 'bool', v: false },
  ];
  return { opcode: prng.pick([OpCode.getData, OpCode.getChildren, OpCode.exists, 99]), fields };
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

function plainCreate(path: string, text: string): Operation {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'data', v: text },
    { t: 'acl', v: [{ perms: 31, scheme: 'world', id: 'anyone' }] },
    { t: 'int', v: 0 },
  ];
  return { opcode: OpCode.create, fields };
}

function setData(path: string | null, content: string | number | null, version: number): Operation {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'data', v: content },
    { t: 'int', v: version },
  ];
  return { opcode: OpCode.setData, fields };
}

function versioned(opcode: number, path: string | null, version: number): Operation {
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'int', v: version },
  ];
  return { opcode, fields };
}
