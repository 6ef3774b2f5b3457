/**
 * What a run must have met to be worth something: every kind of message in every state that its
 * servers have, and every operation of clients carried out at least once.
 */

import { OpCode, opName } from '@zabra/protocol';
import type { Cells } from './cells.ts';
import { ROWS } from './program.ts';
import { CLIENT_OPCODES } from './schema.ts';
import type { ServerKind } from './servers.ts';
import { statesOf } from './states.ts';

/** So many inputs cannot miss a state. */
const EVERY_STATE_INPUTS = 20_000;
/** So many cannot miss to have an operation carried out. */
const EVERY_OPERATION_INPUTS = 80_000;
/** So many cannot miss an operation in a state. */
const EVERY_CELL_INPUTS = 400_000;
/** Refused by every server that is fuzzed. */
const NEVER_DONE: ReadonlySet<number> = new Set([OpCode.reconfig]);

/** What was expected and never met, in words. */
export function missing(cells: Cells, kinds: readonly ServerKind[]): readonly string[] {
  const inputs = cells.total();
  const states = [...new Set(kinds.flatMap(statesOf).map(({ name }) => name))];
  const found: string[] = [];
  if (inputs >= EVERY_STATE_INPUTS) {
    for (const state of states) {
      if (ROWS.every((what) => cells.of(what, state) === 0))
        found.push(`nothing came while ${state}`);
    }
  }
  if (inputs >= EVERY_OPERATION_INPUTS) {
    for (const opcode of CLIENT_OPCODES) {
      const what = opName(opcode);
      const isDone = states.some((state) => cells.of(what, state, 'answered') > 0);
      if (!isDone && !NEVER_DONE.has(opcode)) found.push(`no ${what} was ever answered`);
    }
  }
  if (inputs >= EVERY_CELL_INPUTS) {
    for (const what of ROWS) {
      for (const state of states) {
        if (cells.of(what, state) === 0) found.push(`no ${what} came while ${state}`);
      }
    }
  }
  return found;
}
