/**
 * SubTransactions: the body of a multi's transaction while it is written: a count, then type,
 * length and body of each part (storage-and-config.md 3.5). One operation may leave several parts.
 */

import { JuteWriter, OpCode } from '@zabra/protocol';

/** Type and length of the body. */
export const SUB_HEAD_BYTES = 8;

export class SubTransactions {
  #w: JuteWriter;
  #countOffset: number;
  #headOffset: number;
  /** Parts that are closed. */
  count: number;

  constructor() {
    this.#w = new JuteWriter(8);
    this.#countOffset = 0;
    this.#headOffset = 0;
    this.count = 0;
  }

  begin(w: JuteWriter): void {
    this.#w = w;
    this.#countOffset = w.reserve(4);
    this.count = 0;
  }

  /** The body of the next part follows in the writer. */
  open(): void {
    this.#headOffset = this.#w.reserve(SUB_HEAD_BYTES);
  }

  close(type: number): void {
    const w = this.#w;
    // Old Java servers drop a multi that has the other number.
    w.patchInt(this.#headOffset, type === OpCode.create2 ? OpCode.create : type);
    w.patchInt(this.#headOffset + 4, w.position - this.#headOffset - SUB_HEAD_BYTES);
    this.count++;
  }

  error(code: number): void {
    this.open();
    this.#w.int(code);
    this.close(OpCode.error);
  }

  /** Takes parts back, the one that is open among them. */
  reset(position: number, count: number): void {
    this.#w.reset(position);
    this.count = count;
  }

  /** Takes all parts back. */
  clear(): void {
    this.reset(this.#countOffset + 4, 0);
  }

  end(): void {
    this.#w.patchInt(this.#countOffset, this.count);
  }
}
