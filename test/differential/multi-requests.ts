/**
 * multi and multiRead: of parts drawn like any other operation, most of which fail in some part,
 * and stories whose parts build on each other and mostly succeed.
 */

import { OpCode, type Prng } from '@zabra/protocol';
import type { PathPool } from './paths.ts';
import type { Field } from './program.ts';
import {
  createOperation,
  deleteOperation,
  type Operation,
  plainCreate,
  setAclOperation,
  setData,
  setDataOperation,
  versioned,
  VERSIONS,
} from './write-requests.ts';

const PART_COUNT_MAX = 4;
const READ_COUNT_MAX = 4;
const END: readonly Field[] = header(OpCode.error, true, -1);
const CREATE_OPCODES = [OpCode.create, OpCode.create2, OpCode.createContainer] as const;

export function multiOperation(prng: Prng, paths: PathPool): Operation {
  const parts = prng.chance(1, 2) ? story(prng, paths) : mixture(prng, paths);
  const fields = parts.flatMap((part) => [...header(part.opcode, false, -1), ...part.fields]);
  // Now and then the end is missing, or says something else behind its `done`.
  if (prng.chance(1, 60)) return { opcode: OpCode.multi, fields };
  const end = prng.chance(1, 30) ? header(OpCode.create, true, 5) : END;
  return { opcode: OpCode.multi, fields: [...fields, ...end] };
}

export function multiReadOperation(prng: Prng, paths: PathPool): Operation {
  const fields: Field[] = [];
  const count = prng.below(READ_COUNT_MAX);
  for (let index = 0; index < count; index++) {
    const opcode = prng.pick([OpCode.getData, OpCode.getChildren]);
    fields.push(...header(opcode, false, -1));
    fields.push({ t: 'path', v: paths.any() }, { t: 'bool', v: prng.chance(1, 2) });
  }
  if (prng.chance(1, 20)) {
    fields.push(...header(OpCode.delete, false, -1));
    fields.push({ t: 'path', v: paths.any() }, { t: 'int', v: -1 });
  }
  return { opcode: OpCode.multiRead, fields: [...fields, ...END] };
}

/** The life of a znode and its child, from anywhere to anywhere, each step where it is wanted. */
function story(prng: Prng, paths: PathPool): readonly Operation[] {
  const path = (prng.chance(1, 4) ? paths.fresh() : null) ?? paths.unused();
  const other = paths.ordinary();
  const steps: Operation[] = [
    versioned(OpCode.check, other, -1),
    { ...plainCreate(path, 'first'), opcode: prng.pick(CREATE_OPCODES) },
    versioned(OpCode.check, path, 0),
    plainCreate(`${path}/k`, '', prng.below(4)),
    setData(path, 'second', 0),
    plainCreate(`${path}/s-`, 'x', 2 + prng.below(2)),
    versioned(OpCode.check, path, 1),
    versioned(OpCode.delete, `${path}/k`, -1),
    setData(other, 'by a multi', -1),
    versioned(OpCode.delete, path, 1),
  ];
  const first = prng.below(3);
  const length = 1 + prng.below(steps.length - first);
  return steps.slice(first, first + length).filter(() => prng.chance(12, 13));
}

function mixture(prng: Prng, paths: PathPool): readonly Operation[] {
  const count = prng.below(PART_COUNT_MAX + 1);
  return Array.from({ length: count }, () => mixedPart(prng, paths));
}

function mixedPart(prng: Prng, paths: PathPool): Operation {
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

function header(opcode: number, done: boolean, err: number): readonly Field[] {
  return [
    { t: 'int', v: opcode },
    { t: 'bool', v: done },
    { t: 'int', v: err },
  ];
}
