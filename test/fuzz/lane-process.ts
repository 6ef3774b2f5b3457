/**
 * A lane as a process of its own: the parent's side. The child writes to a file in which batch it
 * is, and says by a message what has come out; one that ends without that has been killed by an
 * input, and is a finding as well.
 */

import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cells, type CellRows } from './cells.ts';

/** Heap of a lane, MiB: far above what it needs, far below what a runaway takes. */
const HEAP_MIB_MAX = 512;

export interface LaneOrder {
  readonly server: string;
  readonly seed: number;
  readonly count: number;
  /** The last batch, by its place; -1: as many as there are inputs for. */
  readonly until: number;
  /** Where the child writes down what it is doing. */
  readonly progressFile: string;
}

export interface LaneReport {
  readonly lines: readonly string[];
  readonly isGood: boolean;
  /** Null when the process died. */
  readonly cells: Cells | null;
}

/** From the child, its only one. */
export interface LaneMessage {
  readonly lines: readonly string[];
  readonly isGood: boolean;
  readonly cells: CellRows;
}

export function runLaneProcess(order: Omit<LaneOrder, 'progressFile'>): Promise<LaneReport> {
  const { server, seed, count } = order;
  const folder = mkdtempSync(join(tmpdir(), 'zabra-fuzz-'));
  const progressFile = join(folder, 'progress');
  const child = fork(fileURLToPath(new URL('lane-main.js', import.meta.url)), [], {
    execArgv: [`--max-old-space-size=${HEAP_MIB_MAX}`],
  });
  let report: LaneReport | null = null;
  return new Promise((resolve) => {
    child.on('message', ({ lines, isGood, cells }: LaneMessage) => {
      report = { lines, isGood, cells: Cells.fromRows(cells) };
    });
    child.on('close', (code, signal) => {
      const lines = [
        `FAILED: the server "${server}" died with exit code ${code} and signal ${signal}`,
        `${readFileSync(progressFile, 'utf8')}; again:`,
        `  npm run test:fuzz -- --server ${server} --seed ${seed} --count ${count}`,
      ];
      rmSync(folder, { recursive: true });
      resolve(report ?? { lines, isGood: false, cells: null });
    });
    child.send({ ...order, progressFile });
  });
}
