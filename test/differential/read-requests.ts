/**
 * Requests that change nothing in the tree: reads with and without watches, the watch operations,
 * and what asks about the connection itself.
 */

import { OpCode, type Prng } from '@zabra/protocol';
import type { PathPool } from './paths.ts';
import type { Field } from './program.ts';
import type { Operation } from './write-requests.ts';

const READS: readonly number[] = [
  OpCode.exists,
  OpCode.exists,
  OpCode.getData,
  OpCode.getData,
  OpCode.getChildren,
  OpCode.getChildren2,
];
const PATH_ONLY: readonly number[] = [OpCode.getACL, OpCode.getACL, OpCode.getAllChildrenNumber];
const EPHEMERAL_PREFIXES: readonly (string | null)[] = [
  '/',
  '$',
  '$/a',
  '$/s',
  '/a',
  '',
  ' ',
  null,
  'x',
];
const WATCHER_TYPES: readonly number[] = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 0, 6, -1];
const ADD_MODES: readonly number[] = [0, 0, 0, 1, 1, 1, 2, -1];
const LIST_MAX = 3;
/** How far behind a client's last zxid may lie. */
const ZXID_BACK_MAX = 60;

export function readOperation(prng: Prng, paths: PathPool): Operation {
  const fields: Field[] = [
    { t: 'path', v: paths.any() },
    { t: 'bool', v: prng.chance(1, 2) },
  ];
  return { opcode: prng.pick(READS), fields };
}

export function pathOperation(prng: Prng, paths: PathPool): Operation {
  return { opcode: prng.pick(PATH_ONLY), fields: [{ t: 'path', v: paths.any() }] };
}

export function syncOperation(prng: Prng, paths: PathPool): Operation {
  return { opcode: OpCode.sync, fields: [{ t: 'path', v: paths.any() }] };
}

export function connectionOperation(prng: Prng): Operation {
  const draw = prng.below(10);
  if (draw < 4) return { opcode: OpCode.whoAmI, fields: [] };
  if (draw < 7) {
    const prefix = prng.pick(EPHEMERAL_PREFIXES);
    return { opcode: OpCode.getEphemerals, fields: [{ t: 'path', v: prefix }] };
  }
  if (draw < 8) return { opcode: OpCode.sasl, fields: [{ t: 'data', v: '' }] };
  return { opcode: OpCode.ping, fields: [] };
}

export function addWatchOperation(prng: Prng, paths: PathPool): Operation {
  const fields: Field[] = [
    { t: 'path', v: paths.any() },
    { t: 'int', v: prng.pick(ADD_MODES) },
  ];
  return { opcode: OpCode.addWatch, fields };
}

export function watcherOperation(prng: Prng, paths: PathPool): Operation {
  const fields: Field[] = [
    { t: 'path', v: paths.any() },
    { t: 'int', v: prng.pick(WATCHER_TYPES) },
  ];
  return { opcode: prng.pick([OpCode.checkWatches, OpCode.removeWatches]), fields };
}

export function setWatchesOperation(prng: Prng, paths: PathPool): Operation {
  const opcode = prng.pick([OpCode.setWatches, OpCode.setWatches2]);
  const lists = opcode === OpCode.setWatches ? 3 : 5;
  const fields: Field[] = [{ t: 'zxid', v: prng.below(ZXID_BACK_MAX) }];
  for (let list = 0; list < lists; list++) fields.push({ t: 'paths', v: pathList(prng, paths) });
  return { opcode, fields };
}

function pathList(prng: Prng, paths: PathPool): readonly string[] | null {
  if (prng.chance(1, 60)) return null;
  return Array.from({ length: prng.below(LIST_MAX + 1) }, () => paths.listed());
}
