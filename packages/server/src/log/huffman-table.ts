/**
 * HuffmanTable: canonical codes of DEFLATE (RFC 1951, 3.2.2) as one direct table: the next bits of
 * the stream, as many as the longest code has, give symbol and code length at once.
 */

/** Longest code of DEFLATE, bits. */
export const CODE_BITS_MAX = 15;

export class HuffmanTable {
  /** Bits that index the table. */
  readonly bits: number;
  /** `symbol << 4 | length`; 0 where no code leads. */
  readonly entries: Uint16Array;

  /** Null when the lengths are no code: over-subscribed, or incomplete with more than one code. */
  static from(lengths: Uint8Array): HuffmanTable | null {
    const counts = new Uint16Array(CODE_BITS_MAX + 1);
    for (const length of lengths) counts[length] = (counts[length] as number) + 1;
    counts[0] = 0;
    let free = 1;
    let used = 0;
    for (let length = 1; length <= CODE_BITS_MAX; length++) {
      const count = counts[length] as number;
      free = free * 2 - count;
      used += count;
      if (free < 0) return null;
    }
    return free > 0 && used > 1 ? null : new HuffmanTable(lengths, counts);
  }

  private constructor(lengths: Uint8Array, counts: Uint16Array) {
    let bits = CODE_BITS_MAX;
    while (bits > 1 && counts[bits] === 0) bits--;
    this.bits = bits;
    this.entries = new Uint16Array(1 << bits);
    const nextCodes = firstCodes(counts);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] as number;
      if (length === 0) continue;
      const code = nextCodes[length] as number;
      nextCodes[length] = code + 1;
      this.#fill(reversed(code, length), length, symbol);
    }
  }

  /** The first bit of a code is the lowest: every index that ends in the code leads here. */
  #fill(code: number, length: number, symbol: number): void {
    const entry = (symbol << 4) | length;
    for (let index = code; index < this.entries.length; index += 1 << length) {
      this.entries[index] = entry;
    }
  }
}

function firstCodes(counts: Uint16Array): Uint16Array {
  const codes = new Uint16Array(CODE_BITS_MAX + 1);
  let code = 0;
  for (let length = 1; length <= CODE_BITS_MAX; length++) {
    code = (code + (counts[length - 1] as number)) << 1;
    codes[length] = code;
  }
  return codes;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let bit = 0; bit < length; bit++) result = (result << 1) | ((code >>> bit) & 1);
  return result;
}
