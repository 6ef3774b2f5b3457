/**
 * Coverage: what a campaign has met, so that a generator that no longer reaches something is
 * noticed: operations with the codes that they were answered by, and events.
 */

import { errorName, OpCode, opName } from '@zabra/protocol';
import type { StepTranscript } from './transcript.ts';

export class Coverage {
  readonly #counts: Map<string, number>;

  constructor() {
    this.#counts = new Map();
  }

  add(transcript: StepTranscript): void {
    for (const entry of transcript.flat()) {
      if (entry.kind === 'event') this.#count(`event ${entry.body.split(' ')[1]}`);
      if (entry.kind !== 'reply' || entry.request < 0) continue;
      this.#count(`${opName(entry.opcode)} ${errorName(entry.err)}`);
      if (entry.opcode === OpCode.multi) this.#countResults(entry.body);
    }
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  lines(): string[] {
    return [...this.#counts].toSorted().map(([what, count]) => `${what} ${count}`);
  }

  /** Of the operations inside a multi; the end is none. */
  #countResults(body: string): void {
    for (const [, type, code] of body.matchAll(
      /[[,] ?(create|create2|delete|setData|check|error) (-?\d+)/g,
    )) {
      this.#count(`multi: ${type} ${errorName(Number(code))}`);
    }
  }

  #count(what: string): void {
    this.#counts.set(what, this.of(what) + 1);
  }
}
