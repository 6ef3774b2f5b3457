/** Delta debugging: what is left fails, and nothing more can be left out. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode, Prng } from '@zabra/protocol';
import { Generator } from './generator.ts';
import { type Program, type Request, type Step } from './program.ts';
import { shrinkList, shrinkProgram } from './shrink.ts';

const never = (): boolean => false;

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('shrinkList', () => {
  const rows: readonly (readonly number[])[] = [
    [0],
    [99],
    [50],
    [3, 97],
    [10, 11, 12],
    numbers(100),
  ];
  for (const needed of rows) {
    it(`keeps ${needed.length} that are needed, from ${needed[0]} on`, async () => {
      const fails = async (items: readonly number[]): Promise<boolean> =>
        needed.every((item) => items.includes(item));
      assert.deepEqual(await shrinkList(numbers(100), fails, never), needed);
    });
  }

  it('leaves a list alone when every part of it is needed for the order', async () => {
    const fails = async (items: readonly number[]): Promise<boolean> => items.length === 5;
    assert.deepEqual(await shrinkList(numbers(5), fails, never), numbers(5));
  });

  it('returns the best so far when time is over', async () => {
    let asked = 0;
    const fails = async (items: readonly number[]): Promise<boolean> => items.includes(0);
    const result = await shrinkList(numbers(64), fails, () => asked++ > 2);
    assert.ok(result.includes(0) && result.length < 64 && result.length > 1, `${result.length}`);
  });
});

function requestsOf(program: Program): readonly Request[] {
  return program.flatMap((step) =>
    step.kind === 'batch' ? step.parts.flatMap(({ requests }) => requests) : [],
  );
}

describe('shrinkProgram', () => {
  it('leaves out single requests of a step, and empty parts and steps', async () => {
    const program = new Generator(new Prng(5), '3.9.5').program(600);
    const creates = requestsOf(program).filter(({ opcode }) => opcode === OpCode.create);
    const wanted = [creates[3], creates[20]] as const;
    const fails = async (steps: readonly Step[]): Promise<boolean> =>
      wanted.every((request) => request !== undefined && requestsOf(steps).includes(request));
    const shrunk = await shrinkProgram(program, fails, never);
    assert.deepEqual(requestsOf(shrunk), wanted);
    assert.ok(shrunk.length <= wanted.length);
    for (const step of shrunk) {
      assert.ok(step.kind === 'batch' && step.parts.every(({ requests }) => requests.length > 0));
    }
  });
});
