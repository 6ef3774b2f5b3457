/**
 * Inflate: DEFLATE (RFC 1951) as a machine that takes compressed bytes cut anywhere and gives plain
 * bytes as they are asked for. A step that runs out of input is undone and taken again when there
 * is more, so that no state lies between two symbols. Knows nothing of gzip around it.
 */

import { CODE_BITS_MAX, HuffmanTable } from './huffman-table.ts';

/** A power of two, twice the farthest a copy may reach back. */
const WINDOW_BYTES = 1 << 16;
const WINDOW_MASK = WINDOW_BYTES - 1;
/** Plain bytes made ahead of what was taken; the rest of the window is history. */
const AHEAD_BYTES_MAX = 1 << 15;
const MATCH_BYTES_MAX = 258;
const END_OF_BLOCK = 256;

const LENGTH_BASES = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** Order in which the lengths of the code of the code lengths come. */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const FIXED_LITERALS = fixedTable(288, (symbol) => {
  if (symbol < 144) return 8;
  if (symbol < 256) return 9;
  return symbol < 280 ? 7 : 8;
});
/** The last two stand for no distance and only make the code complete. */
const FIXED_DISTANCES = fixedTable(32, () => 5);

type State = 'block' | 'stored' | 'codes' | 'ended';

export class Inflate {
  #input: Uint8Array;
  #position: number;
  #bits: number;
  #bitCount: number;
  readonly #window: Uint8Array;
  /** Plain bytes made and taken since the start. */
  #made: number;
  #taken: number;
  #state: State;
  #isLastBlock: boolean;
  #storedBytes: number;
  #literals: HuffmanTable;
  #distances: HuffmanTable;
  /** A step ran out of input. */
  #isStarved: boolean;
  error: string | null;

  constructor() {
    this.#input = new Uint8Array(0);
    this.#position = 0;
    this.#bits = 0;
    this.#bitCount = 0;
    this.#window = new Uint8Array(WINDOW_BYTES);
    this.#made = 0;
    this.#taken = 0;
    this.#state = 'block';
    this.#isLastBlock = false;
    this.#storedBytes = 0;
    this.#literals = FIXED_LITERALS;
    this.#distances = FIXED_DISTANCES;
    this.#isStarved = false;
    this.error = null;
  }

  /** Every plain byte was taken. */
  get ended(): boolean {
    return this.#state === 'ended' && this.#made === this.#taken;
  }

  /** The bytes of the input that lie behind the stream, once it has ended. */
  rest(): Uint8Array {
    const unused = this.#bitCount >>> 3;
    return this.#input.subarray(this.#position - unused);
  }

  push(buffer: Uint8Array, start: number, end: number): void {
    const held = this.#input.length - this.#position;
    const input = new Uint8Array(held + end - start);
    input.set(this.#input.subarray(this.#position));
    input.set(buffer.subarray(start, end), held);
    this.#input = input;
    this.#position = 0;
  }

  /** Up to `length` plain bytes; 0: no more without more input, or never. */
  read(target: Uint8Array, offset: number, length: number): number {
    let done = 0;
    for (;;) {
      done += this.#take(target, offset + done, length - done);
      if (done === length || this.error !== null || this.#state === 'ended') return done;
      const before = this.#made;
      this.#run();
      if (this.#made === before && this.#isStarved) return done;
    }
  }

  #take(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.#made - this.#taken);
    for (let index = 0; index < count; index++) {
      target[offset + index] = this.#window[(this.#taken + index) & WINDOW_MASK] as number;
    }
    this.#taken += count;
    return count;
  }

  /** Makes plain bytes until the window is full or the input is used up. */
  #run(): void {
    this.#isStarved = false;
    while (!this.#isStarved && this.error === null && this.#state !== 'ended') {
      if (this.#made - this.#taken > AHEAD_BYTES_MAX - MATCH_BYTES_MAX) return;
      this.#step();
    }
  }

  #step(): void {
    const position = this.#position;
    const bits = this.#bits;
    const bitCount = this.#bitCount;
    if (this.#state === 'block') this.#openBlock();
    else if (this.#state === 'stored') this.#copyStored();
    else this.#decodeSymbol();
    if (!this.#isStarved) return;
    this.#position = position;
    this.#bits = bits;
    this.#bitCount = bitCount;
  }

  #openBlock(): void {
    const isLast = this.#nextBits(1) === 1;
    const kind = this.#nextBits(2);
    if (this.#isStarved) return;
    if (kind === 0) this.#openStored();
    else if (kind === 1) this.#openCodes(FIXED_LITERALS, FIXED_DISTANCES);
    else if (kind === 2) this.#openDynamic();
    else this.error = 'a block of an unknown kind';
    if (!this.#isStarved) this.#isLastBlock = isLast;
  }

  #openStored(): void {
    this.#nextBits(this.#bitCount & 7);
    const length = this.#nextBits(16);
    const complement = this.#nextBits(16);
    if (this.#isStarved) return;
    if ((length ^ complement) !== 0xffff) this.error = 'a stored block with a wrong length';
    this.#storedBytes = length;
    this.#state = 'stored';
  }

  #copyStored(): void {
    if (this.#storedBytes === 0) {
      this.#endBlock();
      return;
    }
    const byte = this.#nextBits(8);
    if (this.#isStarved) return;
    this.#put(byte);
    this.#storedBytes--;
  }

  #openCodes(literals: HuffmanTable, distances: HuffmanTable): void {
    this.#literals = literals;
    this.#distances = distances;
    this.#state = 'codes';
  }

  #openDynamic(): void {
    const literalCount = this.#nextBits(5) + 257;
    const distanceCount = this.#nextBits(5) + 1;
    const orderCount = this.#nextBits(4) + 4;
    const orderLengths = new Uint8Array(LENGTH_ORDER.length);
    for (let index = 0; index < orderCount; index++) {
      orderLengths[LENGTH_ORDER[index] as number] = this.#nextBits(3);
    }
    const code = this.#isStarved ? null : HuffmanTable.from(orderLengths);
    const lengths = new Uint8Array(literalCount + distanceCount);
    if (code !== null) this.#readLengths(code, lengths);
    if (this.#isStarved || this.error !== null) return;
    const literals = HuffmanTable.from(lengths.subarray(0, literalCount));
    const distances = HuffmanTable.from(lengths.subarray(literalCount));
    if (code === null || literals === null || distances === null) this.error = 'a bad set of codes';
    else this.#openCodes(literals, distances);
  }

  #readLengths(code: HuffmanTable, lengths: Uint8Array): void {
    let index = 0;
    while (index < lengths.length && !this.#isStarved && this.error === null) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths[index++] = symbol;
        continue;
      }
      const value = symbol === 16 && index > 0 ? (lengths[index - 1] as number) : 0;
      let count = symbol === 18 ? this.#nextBits(7) + 11 : 0;
      if (symbol === 16) count = this.#nextBits(2) + 3;
      if (symbol === 17) count = this.#nextBits(3) + 3;
      if (index + count > lengths.length) this.error ??= 'too many code lengths';
      lengths.fill(value, index, index + count);
      index += count;
    }
  }

  #decodeSymbol(): void {
    const symbol = this.#symbol(this.#literals);
    if (this.#isStarved || this.error !== null) return;
    if (symbol < END_OF_BLOCK) this.#put(symbol);
    else if (symbol === END_OF_BLOCK) this.#endBlock();
    else this.#copyMatch(symbol - END_OF_BLOCK - 1);
  }

  #copyMatch(lengthSymbol: number): void {
    const length =
      (LENGTH_BASES[lengthSymbol] ?? 0) + this.#nextBits(LENGTH_BITS[lengthSymbol] ?? 0);
    const symbol = this.#symbol(this.#distances);
    const distance = (DISTANCE_BASES[symbol] ?? 0) + this.#nextBits(DISTANCE_BITS[symbol] ?? 0);
    if (this.#isStarved || this.error !== null) return;
    if (length < 3 || distance === 0 || distance > this.#made) {
      this.error = 'a copy from before the start';
      return;
    }
    for (let index = 0; index < length; index++) {
      this.#put(this.#window[(this.#made - distance) & WINDOW_MASK] as number);
    }
  }

  #endBlock(): void {
    this.#state = this.#isLastBlock ? 'ended' : 'block';
  }

  #put(byte: number): void {
    this.#window[this.#made & WINDOW_MASK] = byte;
    this.#made++;
  }

  /** The next `count` bits, at most 16; 0 when starved. */
  #nextBits(count: number): number {
    this.#refill();
    if (this.#bitCount < count) {
      this.#isStarved = true;
      return 0;
    }
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol(table: HuffmanTable): number {
    this.#refill();
    const entry = table.entries[this.#bits & ((1 << table.bits) - 1)] as number;
    const length = entry & 15;
    if (length > this.#bitCount || (entry === 0 && this.#bitCount < CODE_BITS_MAX)) {
      this.#isStarved = true;
      return 0;
    }
    if (entry === 0) {
      this.error ??= 'a code that means nothing';
      return 0;
    }
    this.#bits >>>= length;
    this.#bitCount -= length;
    return entry >>> 4;
  }

  #refill(): void {
    while (this.#bitCount <= 24 && this.#position < this.#input.length) {
      const byte = this.#input[this.#position++] as number;
      this.#bits = (this.#bits | (byte << this.#bitCount)) >>> 0;
      this.#bitCount += 8;
    }
  }
}

function fixedTable(count: number, lengthOf: (symbol: number) => number): HuffmanTable {
  const lengths = Uint8Array.from({ length: count }, (_, symbol) => lengthOf(symbol));
  return HuffmanTable.from(lengths) as HuffmanTable;
}
