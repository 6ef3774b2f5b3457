/**
 * Runs a program on two servers in lockstep and compares what their clients saw, step by step. The
 * first step that differs ends the run, because everything behind it may differ for its sake.
 */

import type { PeerVersion } from './peer-version.ts';
import { forgive } from './differences.ts';
import { HiddenPaths } from './hidden-paths.ts';
import type { Program, Step } from './program.ts';
import { ServerRun } from './server-run.ts';
import { renderEntry, type StepTranscript } from './transcript.ts';

export interface PerformedStep {
  readonly step: Step;
  readonly real: StepTranscript;
  readonly ours: StepTranscript;
}

export interface Mismatch {
  readonly slot: number;
  /** The first lines that differ; empty where one side has no more. */
  readonly real: string;
  readonly ours: string;
}

export interface RunResult {
  readonly performed: readonly PerformedStep[];
  /** Of the last step performed. */
  readonly mismatch: Mismatch | null;
  /** The servers have used up the same number of zxids, so that another run can follow. */
  readonly isInStep: boolean;
}

export interface Ports {
  readonly real: number;
  readonly ours: number;
}

export async function compareRun(
  program: Program,
  root: string,
  ports: Ports,
  version: PeerVersion,
): Promise<RunResult> {
  const [real, ours] = await Promise.all([
    ServerRun.begin(ports.real, root),
    ServerRun.begin(ports.ours, root),
  ]);
  const performed: PerformedStep[] = [];
  let mismatch: Mismatch | null = null;
  const hidden = new HiddenPaths();
  for (const step of program) {
    hidden.learn(step);
    const [seenReal, seenOurs] = await Promise.all([real.perform(step), ours.perform(step)]);
    const done = { step, real: seenReal, ours: seenOurs };
    performed.push(done);
    mismatch = compareStep(done, hidden, version);
    if (mismatch !== null) break;
  }
  await Promise.all([real.end(), ours.end()]);
  return { performed, mismatch, isInStep: real.lastZxid === ours.lastZxid };
}

export function compareStep(
  done: PerformedStep,
  hidden: HiddenPaths,
  version: PeerVersion,
): Mismatch | null {
  const { step } = done;
  for (let slot = 0; slot < done.real.length; slot++) {
    const pair = { step, slot, real: done.real[slot] ?? [], ours: done.ours[slot] ?? [], hidden };
    const forgiven = forgive(pair, version);
    const length = Math.max(forgiven.real.length, forgiven.ours.length);
    for (let index = 0; index < length; index++) {
      const entryReal = forgiven.real[index];
      const entryOurs = forgiven.ours[index];
      const real = entryReal === undefined ? '' : renderEntry(entryReal);
      const ours = entryOurs === undefined ? '' : renderEntry(entryOurs);
      if (real !== ours) return { slot, real, ours };
    }
  }
  return null;
}
