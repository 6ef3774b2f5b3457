/**
 * What happened, as a running hash and, when somebody listens, as lines. The hash covers every
 * event whether or not lines are wanted, so that two runs of one seed can be compared without
 * keeping either; it mixes integers and the characters of words and is not meant to resist anybody.
 */

export interface TraceListener {
  onLine(atUs: number, where: string, what: string): void;
}

export class Trace {
  readonly #clock: { readonly nowUs: number };
  readonly #listener: TraceListener | null;
  #a: number;
  #b: number;

  constructor(clock: { readonly nowUs: number }, listener: TraceListener | null) {
    this.#clock = clock;
    this.#listener = listener;
    this.#a = 0x2545f491;
    this.#b = 0x1b873593;
  }

  /** A word and up to three integers. */
  note(where: string, what: string, x = 0, y = 0, z = 0): void {
    this.#mix(this.#clock.nowUs | 0);
    this.#text(where);
    this.#text(what);
    this.#number(x);
    this.#number(y);
    this.#number(z);
    if (this.#listener !== null) {
      this.#listener.onLine(this.#clock.nowUs, where, `${what} ${x} ${y} ${z}`);
    }
  }

  /** Bytes that were sent, received or stored. */
  bytes(where: string, what: string, buffer: Uint8Array, start: number, end: number): void {
    this.#mix(this.#clock.nowUs | 0);
    this.#text(where);
    this.#text(what);
    for (let index = start; index < end; index++) this.#mix(buffer[index] as number);
    this.#mix(end - start);
    if (this.#listener !== null) {
      this.#listener.onLine(this.#clock.nowUs, where, `${what} ${end - start} bytes`);
    }
  }

  /** Words that are for people; they are hashed as well, for a difference shows soonest here. */
  line(where: string, what: string): void {
    this.#mix(this.#clock.nowUs | 0);
    this.#text(where);
    this.#text(what);
    if (this.#listener !== null) this.#listener.onLine(this.#clock.nowUs, where, what);
  }

  /** Sixteen hex digits of all so far. */
  hash(): string {
    const a = finish(this.#a ^ this.#b);
    const b = finish(this.#b + this.#a);
    return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
  }

  #number(value: number): void {
    this.#mix(value | 0);
    this.#mix(Math.floor(value / 0x100000000) | 0);
  }

  #text(text: string): void {
    for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index));
    this.#mix(text.length);
  }

  #mix(value: number): void {
    this.#a = Math.imul(this.#a ^ value, 0x85ebca6b);
    this.#a = (this.#a << 13) | (this.#a >>> 19);
    this.#b = Math.imul((this.#b + value) ^ this.#a, 0xc2b2ae35);
  }
}

function finish(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
