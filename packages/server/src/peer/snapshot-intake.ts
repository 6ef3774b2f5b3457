/**
 * SnapshotIntake: the body of a SNAP as it arrives (quorum-protocol.md 5.4): the state's own stream
 * and then the signature, cut anywhere. The state is built aside and replaces ours only when all of
 * it is there; a connection that dies half-way leaves nothing behind.
 */

import { ZXID_MAX } from '@zabra/protocol';
import type { StateLoad } from '../ops/whole-state.ts';

/** The string "BenWasHere" with its length. */
const SIGNATURE = Uint8Array.of(0, 0, 0, 10, 66, 101, 110, 87, 97, 115, 72, 101, 114, 101);

export class SnapshotIntake {
  readonly zxid: number;
  readonly #load: StateLoad;
  #signatureBytes: number;
  #error: string | null;

  constructor(load: StateLoad, zxid: number) {
    this.zxid = zxid;
    this.#load = load;
    this.#signatureBytes = 0;
    this.#error = null;
  }

  /** True when state and signature are complete. */
  get ended(): boolean {
    return this.#signatureBytes === SIGNATURE.length;
  }

  get error(): string | null {
    return this.#error ?? this.#load.error;
  }

  /** Returns the bytes that belong to the body; fewer than given once it has ended. */
  push(buffer: Uint8Array, start: number, end: number): number {
    let position = start;
    if (!this.#load.ended) position += this.#load.push(buffer, start, end);
    if (!this.#load.ended || this.error !== null) return end - start;
    while (position < end && !this.ended) {
      if (buffer[position] !== SIGNATURE[this.#signatureBytes]) {
        this.#error = 'the snapshot does not end with its signature';
        return end - start;
      }
      position++;
      this.#signatureBytes++;
    }
    return position - start;
  }

  /** Nothing of it is needed any more. */
  abandon(): void {
    this.#load.abandon();
  }

  /**
   * The state becomes ours. That of an Apache leader, which goes on working while it sends, may be
   * ahead of its zxid by all that comes up to UPTODATE.
   */
  install(isExact: boolean): void {
    this.#load.install(this.zxid, isExact ? this.zxid : ZXID_MAX);
  }
}
