/**
 * A campaign: so many operations against one version, in episodes of a few hundred, each in a
 * subtree and with sessions of its own. The first mismatch ends it and is shrunk on fresh servers.
 */

import { Prng } from '@zabra/protocol';
import type { PeerVersion } from './barred.ts';
import { compareRun, type RunResult } from './comparison.ts';
import { Generator } from './generator.ts';
import { operationCount, type Program } from './program.ts';
import { type Failure, renderFailure } from './report.ts';
import { ServerPair } from './server-pair.ts';
import { shrinkProgram } from './shrink.ts';

const EPISODE_OPERATIONS = 1000;
const SHRINK_MS = 120_000;

export interface CampaignResult {
  readonly operations: number;
  readonly failure: string | null;
}

export async function runCampaign(
  version: PeerVersion,
  seed: number,
  operations: number,
): Promise<CampaignResult> {
  const prng = new Prng(seed);
  const pair = await ServerPair.start(version);
  let done = 0;
  let failed = true;
  try {
    for (let episode = 0; done < operations; episode++) {
      const program = new Generator(prng.fork(), version).program(EPISODE_OPERATIONS);
      const result = await compareRun(program, `/diff-${episode}-`, pair.ports, version);
      for (const { step } of result.performed) done += operationCount(step);
      if (result.mismatch === null) continue;
      const whole = { seed, version, episode, result, isShrunk: false };
      return { operations: done, failure: renderFailure(await shrink(whole, version)) };
    }
    failed = false;
    return { operations: done, failure: null };
  } finally {
    await pair.end(failed);
  }
}

/** The same mismatch with fewer steps; the failure itself when it does not show again. */
async function shrink(whole: Failure, version: PeerVersion): Promise<Failure> {
  const program = whole.result.performed.map(({ step }) => step);
  const trials = new Trials(version);
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
  readonly #version: PeerVersion;
  #pair: ServerPair | null;
  #count: number;
  #shortest: RunResult | null;

  constructor(version: PeerVersion) {
    this.#version = version;
    this.#pair = null;
    this.#count = 0;
    this.#shortest = null;
  }

  get shortest(): RunResult | null {
    return this.#shortest;
  }

  async fails(program: Program): Promise<boolean> {
    this.#pair ??= await ServerPair.start(this.#version);
    const root = `/trial-${this.#count++}-`;
    const result = await compareRun(program, root, this.#pair.ports, this.#version);
    if (!result.isInStep) await this.end();
    if (result.mismatch === null) return false;
    const { length } = result.performed;
    if (this.#shortest === null || length <= this.#shortest.performed.length) {
      this.#shortest = result;
    }
    return true;
  }

  async end(): Promise<void> {
    await this.#pair?.end(false);
    this.#pair = null;
  }
}
