/**
 * What a failure prints: the seed, the shortest program that still fails, and what the clients of
 * both servers saw.
 */

import type { Mismatch, PerformedStep, RunResult } from './comparison.ts';
import { describeStep } from './program.ts';
import { renderEntry, type StepTranscript } from './transcript.ts';

const LINE_MAX = 400;
/** More than any shrunk program has. */
const STEPS_SHOWN_MAX = 40;

export interface Failure {
  readonly seed: number;
  readonly version: string;
  readonly episode: number;
  readonly result: RunResult;
  /** Whether the program below is the whole episode or a shrunk one. */
  readonly isShrunk: boolean;
}

export function renderFailure(failure: Failure): string {
  const { result, seed, version, episode } = failure;
  const mismatch = result.mismatch as Mismatch;
  const lines = [
    `Zabra differs from Apache ZooKeeper ${version}`,
    `seed ${seed} (ZABRA_DIFF_SEED), episode ${episode}, ` +
      (failure.isShrunk ? 'shrunk' : 'not reproduced on fresh servers, so not shrunk'),
    `slot ${mismatch.slot}`,
    `  Apache: ${clip(mismatch.real)}`,
    `  Zabra:  ${clip(mismatch.ours)}`,
    `the last of ${result.performed.length} steps and what was seen:`,
    ...result.performed.slice(-STEPS_SHOWN_MAX).map(renderStep),
  ];
  return lines.join('\n');
}

function renderStep(performed: PerformedStep): string {
  const lines = [describeStep(performed.step)];
  const real = renderTranscript(performed.real);
  const ours = renderTranscript(performed.ours);
  if (real.join('\n') === ours.join('\n')) {
    lines.push(...real.map((line) => `    both   ${line}`));
  } else {
    lines.push(...real.map((line) => `    Apache ${line}`));
    lines.push(...ours.map((line) => `    Zabra  ${line}`));
  }
  return lines.map(clip).join('\n');
}

function renderTranscript(transcript: StepTranscript): string[] {
  return transcript.flatMap((entries, slot) =>
    entries.map((entry) => `slot ${slot} ${renderEntry(entry)}`),
  );
}

function clip(line: string): string {
  return line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}...` : line;
}
