/**
 * Requests that write: the create family, delete, setData, setACL, and multi with all of them.
 * The fields of an operation are a function of their own, since a multi repeats them.
 */

import { CreateMode, isSequentialMode, OpCode, type Prng } from '@zabra/protocol';
import { anyAcl } from './acls.ts';
import { anyPath, QUOTA_LIMITS, QUOTA_ROOT, QUOTA_STATS, sequentialPath } from './paths.ts';
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
const VERSIONS: readonly number[] = [-1, -1, -1, -1, 0, 0, 1, 2, 3, -2, 2_147_483_647];
const FLAGS_ODD: readonly number[] = [7, -1, 99, CreateMode.CONTAINER, CreateMode.PERSISTENT];
const MULTI_END: readonly Field[] = header(OpCode.error, true, -1);
const MULTI_COUNT_MAX = 5;

const LIMITS: readonly string[] = [
  'count=1000,bytes=100000',
  'count=-1,bytes=-1',
  'count=2,bytes=10',
  'count=5,bytes=400=;byteHardLimit=400;countHardLimit=5',
  'count=-1,bytes=-1=;byteHardLimit=50;countHardLimit=3',
];

export function createOperation(prng: Prng): Operation {
  const opcode = createOpcode(prng);
  const flags = createFlags(prng, opcode);
  const path = isSequentialMode(flags) ? sequentialPath(prng) : anyPath(prng);
  const fields: Field[] = [
    { t: 'path', v: path },
    { t: 'data', v: data(prng) },
    { t: 'acl', v: anyAcl(prng) },
    { t: 'int', v: flags },
  ];
  if (opcode === OpCode.createTTL) fields.push({ t: 'long', v: ttl(prng) });
  return { opcode, fields };
}

/** Makes and unmakes the znodes that a quota consists of. */
export function quotaOperation(prng: Prng): Operation {
  const draw = prng.below(10);
  if (draw < 2) return plainCreate(QUOTA_ROOT, '');
  if (draw < 5) {
    const path = prng.pick([`/zookeeper/quota${QUOTA_ROOT}`, '/zookeeper/quota$', QUOTA_STATS]);
    return plainCreate(path, path === QUOTA_STATS ? 'count=0,bytes=0' : '');
  }
  if (draw < 8) return plainCreate(QUOTA_LIMITS, prng.pick(LIMITS));
  if (draw < 9) return setData(QUOTA_LIMITS, prng.pick(LIMITS), -1);
  return versioned(OpCode.delete, prng.pick([QUOTA_LIMITS, QUOTA_STATS]), -1);
}

export function deleteOperation(prng: Prng): Operation {
  return versioned(OpCode.delete, anyPath(prng), prng.pick(VERSIONS));
}

export function setDataOperation(prng: Prng): Operation {
  return setData(anyPath(prng), data(prng), prng.pick(VERSIONS));
}

export function setAclOperation(prng: Prng): Operation {
  const fields: Field[] = [
    { t: 'path', v: anyPath(prng) },
    { t: 'acl', v: anyAcl(prng) },
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

export function multiOperation(prng: Prng): Operation {
  const fields: Field[] = [];
  const count = prng.chance(1, 20) ? 0 : 1 + prng.below(MULTI_COUNT_MAX);
  for (let index = 0; index < count; index++) {
    const part = multiPart(prng);
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

function multiPart(prng: Prng): Operation {
  const draw = prng.below(100);
  if (draw < 40) return createOperation(prng);
  if (draw < 60) return deleteOperation(prng);
  if (draw < 78) return setDataOperation(prng);
  if (draw < 97) return versioned(OpCode.check, anyPath(prng), prng.pick(VERSIONS));
  // What may not stand in a multi spoils all of it.
  if (draw < 98) return setAclOperation(prng);
  const fields: Field[] = [
    { t: 'path', v: anyPath(prng) },
    { t: 'bool', v: false },
  ];
  return { opcode: prng.pick([OpCode.getData, OpCode.getChildren, OpCode.exists, 99]), fields };
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
