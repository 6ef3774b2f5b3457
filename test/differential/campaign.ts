/**
 * A campaign: so many operations against one version, in episodes of a few hundred, each in a
 * subtree and with sessions of its own. The first mismatch ends it and is shrunk on fresh servers.
 */

import { Prng } from '@zabra/protocol';
import { compareRun, type RunResult } from './comparison.ts';
import { Coverage } from './coverage.ts';
import { Generator } from './generator.ts';
import { operationCount, type Program } from './program.ts';
import type { Failure } from './report.ts';
import { type PairOptions, ServerPair } from './server-pair.ts';
import { shrinkProgram } from './shrink.ts';

const EPISODE_OPERATIONS = 1000;
const SHRINK_MS = 120_000;

export interface CampaignResult {
  readonly operations: number;
  readonly coverage: Coverage;
  readonly failure: Failure | null;
}

export async function runCampaign(
  options: PairOptions,
  seed: number,
  operations: number,
): Promise<CampaignResult> {
  const { version } = options;
  const prng = new Prng(seed);
  const coverage = new Coverage();
  let done = 0;
  let failure: Failure | null = null;
  const pair = await ServerPair.start(options);
  try {
    for (let episode = 0; done < operations && failure === null; episode++) {
      const program = new Generator(prng.fork(), version).program(EPISODE_OPERATIONS);
      const result = await compareRun(program, `/diff-${episode}-`, pair.ports, version);
      for (const { step, ours } of result.performed) {
        done += operationCount(step);
        coverage.add(ours);
      }
      if (result.mismatch !== null) {
        failure = { seed, version, episode, result, isShrunk: false };
      }
    }
  } finally {
    await pair.end();
  }
  if (failure !== null) failure = await shrink(failure, options);
  return { operations: done, coverage, failure };
}

/** The same mismatch with fewer steps; the failure itself when it does not show again. */
async function shrink(whole: Failure, options: PairOptions): Promise<Failure> {
  const program = whole.result.performed.map(({ step }) => step);
  const trials = new Trials(options);
  try {
    if (!(await trials.fails(program))) return whole;
    const endMs = performance.now() + SHRINK_MS;
    const isOver = (): boolean => performance.now() > endMs;
    await shrinkProgram(program, (steps) => trials.fails(steps), isOver);
    const { shortest } = trials;
    return shortest === null ? whole : { ...whole, result: shortest, isShrunk: true };
  } finally {
    await trials.end();
  }
}

/** Runs programs on a pair of servers, which is replaced once it no longer agrees on the zxid. */
class Trials {
  readonly #options: PairOptions;
  #pair: ServerPair | null;
  #count: number;
  #shortest: RunResult | null;

  constructor(options: PairOptions) {
    this.#options = options;
    this.#pair = null;
    this.#count = 0;
    this.#shortest = null;
  }

  get shortest(): RunResult | null {
    return this.#shortest;
  }

  async fails(program: Program): Promise<boolean> {
    this.#pair ??= await ServerPair.start(this.#options);
    const root = `/trial-${this.#count++}-`;
    const result = await compareRun(program, root, this.#pair.ports, this.#options.version);
    if (!result.isInStep) await this.end();
    if (result.mismatch === null) return false;
    if (this.#shortest === null || sizeOf(result) <= sizeOf(this.#shortest)) {
      this.#shortest = result;
    }
    return true;
  }

  async end(): Promise<void> {
    await this.#pair?.end();
    this.#pair = null;
  }
}

function sizeOf({ performed }: RunResult): number {
  return performed.reduce((sum, { step }) => sum + 1 + operationCount(step), 0);
}
