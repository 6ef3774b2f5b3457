/**
 * What a fuzz run prints: what each server bore, which messages met which states and what became
 * of them, and of a failure what repeats it.
 */

import { type Cells, OUTCOMES } from './cells.ts';
import { type Batch, inputCount, regressionText } from './input.ts';
import type { LaneResult } from './lane.ts';
import { trendOf } from './memory.ts';
import type { SocketResult } from './socket-run.ts';
import type { Shrunk } from './shrink-batch.ts';
import type { ServerKind } from './servers.ts';

const COLUMNS = 100;
const BYTES_SHOWN = 200;
const KILO = 1024;

export function laneLines(kind: ServerKind, result: LaneResult): readonly string[] {
  const { inputs, mutated, connections, transactions, refusals, healthyAnswers } = result;
  const lines = [
    `${kind.name}: ${inputs} inputs, ${mutated} of them mutated, on ${connections} connections`,
    `  ${transactions} transactions (${refusals} refusals) explained, ` +
      `${healthyAnswers} healthy answers`,
    `  longest turn ${result.longestTurnMs.toFixed(0)} ms, ` +
      `most memory ${(result.rssBytesMax / KILO / KILO).toFixed(0)} MiB`,
  ];
  const trend = trendOf(result.samples);
  if (trend !== null) {
    const { beforeBytes, afterBytes } = trend;
    const bytes = `${kib(beforeBytes)} KiB in the third quarter, ${kib(afterBytes)} in the last`;
    lines.push(`  memory at rest ${bytes}`);
  }
  return lines;
}

export function socketLines(result: SocketResult): readonly string[] {
  const { cells, inputs, connections, changes, slowestMs, rssBytes } = result;
  const mib = rssBytes.map((bytes) => (bytes / KILO / KILO).toFixed(0));
  const counts = OUTCOMES.map((outcome) => `${cells.total(outcome)} ${outcome}`);
  return [
    `over sockets: ${inputs} inputs on ${connections} connections: ${counts.join(', ')}`,
    `  ${changes} changes by the healthy pair, the slowest took ${slowestMs.toFixed(0)} ms`,
    `  memory of the process ${mib.join(' ')} MiB`,
  ];
}

/** For each message the states it met: how often, and answered, refused, closed, and silent. */
export function matrixLines(cells: Cells): readonly string[] {
  const lines = ['messages by state: inputs = answered + refused + closed + without an answer'];
  for (const what of cells.rows.toSorted()) {
    const parts = cells.states
      .filter((state) => cells.of(what, state) > 0)
      .toSorted()
      .map((state) => {
        const counts = OUTCOMES.map((outcome) => cells.of(what, state, outcome));
        return `${state} ${cells.of(what, state)} = ${counts.join(' + ')}`;
      });
    lines.push(what, ...wrapped(parts));
  }
  return lines;
}

export function failureLines(
  kind: ServerKind,
  seed: number,
  result: LaneResult,
  shrunk: Shrunk | null,
): readonly string[] {
  const { failure } = result;
  if (failure === null) return [];
  const lines = [
    `FAILED on the server "${kind.name}": ${failure.message}`,
    ...failure.events.map((event) => `  log: ${event.slice(0, COLUMNS * 2)}`),
    `seed ${seed}, batch ${failure.batchIndex}, whose own seed is ${failure.batchSeed}; again:`,
    `  npm run test:fuzz -- --server ${kind.name} --seed ${seed} --until ${failure.batchIndex}`,
  ];
  if (shrunk === null) return [...lines, 'it does not come again on a new server'];
  const count = shrunk.batches.reduce((sum, batch) => sum + inputCount(batch), 0);
  lines.push(`shrunk to ${count} inputs: ${shrunk.message.split('\n')[0]}`);
  lines.push(...shrunk.batches.flatMap(batchLines));
  const fault = 'a sentence that says what was wrong';
  lines.push('as a file of test/fuzz/regressions:');
  return [
    ...lines,
    regressionText({ server: kind.name, fault, times: 1, batches: shrunk.batches }),
  ];
}

function batchLines(batch: Batch): readonly string[] {
  return batch.flatMap(({ state, inputs }) => [
    `  while ${state}:`,
    ...inputs.map(({ what, bytes }) => {
      const hex = Buffer.from(bytes.subarray(0, BYTES_SHOWN)).toString('hex');
      return `    ${what}, ${bytes.length} bytes: ${hex}`;
    }),
  ]);
}

function wrapped(parts: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = ' ';
  for (const part of parts) {
    if (line.length + part.length + 2 > COLUMNS) {
      lines.push(line);
      line = ' ';
    }
    line += `${line === ' ' ? '' : ';'} ${part}`;
  }
  return [...lines, line];
}

function kib(bytes: number): string {
  return (bytes / KILO).toFixed(0);
}
