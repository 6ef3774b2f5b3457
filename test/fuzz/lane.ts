/**
 * A lane: one server of one kind that lives through many batches. Its batches follow from its seed,
 * so that it repeats itself to the byte; the first finding ends it. From time to time its memory is
 * looked at.
 */

import { Prng } from '@zabra/protocol';
import type { Cells } from './cells.ts';
import type { Batch } from './input.ts';
import { type Sample, usedBytes } from './memory.ts';
import { drawBatch, warmUpBatch } from './program.ts';
import { ServerUnderTest } from './run-batch.ts';
import type { ServerKind } from './servers.ts';

const KILO = 1024;
/** A longer turn keeps everybody waiting for something that one client sent. */
const TURN_MS_MAX = 1000;
/** How often a long turn is tried again. */
const SLOW_TRIES = 3;
/** So many long turns are too many, even if none comes again. */
const SLOW_MAX = 3;
/** Batches that are tried again together. */
const RECENT_BATCHES = 4;
const EVENTS_SHOWN = 12;

export interface LaneOptions {
  readonly kind: ServerKind;
  readonly seed: number;
  readonly count: number;
  /** The last batch, by its place; -1: as many as there are inputs for. */
  readonly until: number;
  /** How often memory is looked at; 0 is never. */
  readonly sampleCount: number;
  readonly onBatch: (index: number, seed: number) => void;
}

export interface LaneFailure {
  readonly message: string;
  /** Batches before it that the lane has run. */
  readonly batchIndex: number;
  readonly batchSeed: number;
  /** The newest lines of the server's log. */
  readonly events: readonly string[];
}

export interface LaneResult {
  readonly cells: Cells;
  readonly inputs: number;
  readonly mutated: number;
  readonly connections: number;
  readonly transactions: number;
  /** Transactions that record a refusal. */
  readonly refusals: number;
  /** Answers that the healthy sessions got, each of them as it had to be. */
  readonly healthyAnswers: number;
  readonly batches: number;
  readonly longestTurnMs: number;
  /** Of the whole process, the most that it ever had. */
  readonly rssBytesMax: number;
  readonly samples: readonly Sample[];
  readonly failure: LaneFailure | null;
}

/** The seeds of a lane's batches, one after another. */
export function* batchSeeds(seed: number): Generator<number> {
  const prng = new Prng(seed);
  for (;;) yield prng.uint32();
}

export function runLane(options: LaneOptions): LaneResult {
  const { kind, seed, count, until, sampleCount, onBatch } = options;
  const server = new ServerUnderTest(kind);
  const slowness = new Slowness(kind);
  const samples: Sample[] = [];
  const everyInputs = sampleCount === 0 ? Number.POSITIVE_INFINITY : count / sampleCount;
  let failure: LaneFailure | null = null;
  let batches = 0;
  if (sampleCount > 0) server.run(warmUpBatch(kind));
  for (const batchSeed of batchSeeds(seed)) {
    if (until < 0 ? server.connections.inputCount >= count : batches > until) break;
    onBatch(batches, batchSeed);
    const batch = drawBatch(batchSeed, kind);
    const message = attempt(server, batch) ?? slowness.judge(batch, server.longestTurnMs);
    if (message !== null) {
      const events = server.bed.events.slice(-EVENTS_SHOWN).map((event) => event.message);
      failure = { message, batchIndex: batches, batchSeed, events };
      break;
    }
    batches++;
    if (server.connections.inputCount >= everyInputs * (samples.length + 1)) {
      const bytes = usedBytes(server.bed.diskBytes);
      samples.push({ inputs: server.connections.inputCount, bytes });
    }
  }
  return {
    cells: server.connections.cells,
    inputs: server.connections.inputCount,
    mutated: server.mutatedCount,
    connections: server.connections.connectionCount,
    transactions: server.audit.ledger.txnCount,
    refusals: server.audit.ledger.errorCount,
    healthyAnswers: server.healthy.answeredCount,
    batches,
    longestTurnMs: slowness.longestTurnMs,
    rssBytesMax: process.resourceUsage().maxRSS * KILO,
    samples,
    failure,
  };
}

/** Why a fresh server fails these batches; null when it does not. */
export function failureOf(kind: ServerKind, batches: readonly Batch[]): string | null {
  let longestTurnMs = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < SLOW_TRIES && longestTurnMs > TURN_MS_MAX; tries++) {
    const server = new ServerUnderTest(kind);
    let turnMs = 0;
    for (const batch of batches) {
      const message = attempt(server, batch);
      if (message !== null) return message;
      turnMs = Math.max(turnMs, server.longestTurnMs);
    }
    longestTurnMs = Math.min(longestTurnMs, turnMs);
  }
  if (longestTurnMs <= TURN_MS_MAX) return null;
  return `A turn takes ${longestTurnMs} ms, wanted at most ${TURN_MS_MAX}`;
}

/** Null when all is well. */
function attempt(server: ServerUnderTest, batch: Batch): string | null {
  try {
    server.run(batch);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/**
 * Turns that take long. One that does so again on a new server is a finding; one that does not may
 * be the machine's, or follow from what the server has been through, and so may not come often.
 */
class Slowness {
  longestTurnMs: number;
  readonly #kind: ServerKind;
  #recent: readonly Batch[];
  #count: number;

  constructor(kind: ServerKind) {
    this.longestTurnMs = 0;
    this.#kind = kind;
    this.#recent = [];
    this.#count = 0;
  }

  judge(batch: Batch, turnMs: number): string | null {
    this.#recent = [...this.#recent.slice(1 - RECENT_BATCHES), batch];
    this.longestTurnMs = Math.max(this.longestTurnMs, turnMs);
    if (turnMs <= TURN_MS_MAX) return null;
    const again = failureOf(this.#kind, this.#recent);
    if (again !== null) return again;
    this.#count++;
    if (this.#count < SLOW_MAX) return null;
    return `${this.#count} turns took more than ${TURN_MS_MAX} ms, the last one ${turnMs}`;
  }
}
