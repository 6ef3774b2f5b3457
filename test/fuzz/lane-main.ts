/**
 * A lane as a process of its own: the child's side. Its order comes by message; a finding is shrunk
 * here before it is reported.
 */

import { openSync, writeSync } from 'node:fs';
import { expectThat, Finding } from './finding.ts';
import type { Batch } from './input.ts';
import { batchSeeds, type LaneResult, runLane } from './lane.ts';
import type { LaneMessage, LaneOrder } from './lane-process.ts';
import { RISE_BYTES_MAX, trendOf } from './memory.ts';
import { drawBatch } from './program.ts';
import { failureLines, laneLines } from './report.ts';
import { type ServerKind, serverKind } from './servers.ts';
import { shrinkBatches, type Shrunk } from './shrink-batch.ts';

const SAMPLES = 24;
/** Long enough that a line covers the one before. */
const LINE = 80;
const SHRINK_MS = 60_000;
/** How far back the cause of a failure is looked for. */
const BATCHES_TRIED = 63;
/** Of the process, with the disks in memory and the collector behind. */
const RSS_BYTES_MAX = 1 << 30;

process.once('message', (order: LaneOrder) => void carryOut(order));

async function carryOut(order: LaneOrder): Promise<void> {
  const { server, seed, count, until, progressFile } = order;
  const kind = serverKind(server);
  const progress = openSync(progressFile, 'w');
  const result = runLane({
    kind,
    seed,
    count,
    until,
    sampleCount: SAMPLES,
    onBatch: (index, batchSeed) => {
      writeSync(progress, `in batch ${index}, whose own seed is ${batchSeed}`.padEnd(LINE), 0);
    },
  });
  const lines = [...laneLines(kind, result)];
  let isGood = result.failure === null;
  if (result.failure !== null) {
    lines.push(...failureLines(kind, seed, result, await shrink(kind, seed, result)));
  } else {
    try {
      expectWithinLimits(result);
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      isGood = false;
      lines.push(`FAILED on the server "${server}" with seed ${seed}: ${error.message}`);
    }
  }
  const message: LaneMessage = { lines, isGood, cells: result.cells.toRows() };
  process.send?.(message, () => process.disconnect());
}

function expectWithinLimits({ samples, rssBytesMax }: LaneResult): void {
  const trend = trendOf(samples);
  const rise = trend === null ? 0 : trend.afterBytes - trend.beforeBytes;
  expectThat(
    rise <= RISE_BYTES_MAX,
    () => `Memory at rest rises by ${rise} bytes, wanted at most ${RISE_BYTES_MAX}`,
  );
  expectThat(
    rssBytesMax <= RSS_BYTES_MAX,
    () => `The process grew to ${rssBytesMax} bytes, wanted at most ${RSS_BYTES_MAX}`,
  );
}

async function shrink(
  kind: ServerKind,
  seed: number,
  { failure }: LaneResult,
): Promise<Shrunk | null> {
  if (failure === null) return null;
  const batches: Batch[] = [];
  let index = 0;
  for (const batchSeed of batchSeeds(seed)) {
    if (index >= failure.batchIndex - BATCHES_TRIED) batches.push(drawBatch(batchSeed, kind));
    if (index === failure.batchIndex) break;
    index++;
  }
  return await shrinkBatches(kind, batches, failure.message, SHRINK_MS);
}
