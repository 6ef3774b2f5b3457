/**
 * One direction of one simulated connection: bytes in the order in which they were sent, or cut
 * off somewhere; never out of order, never twice, never changed, for that is what TCP gives. It
 * takes a window of bytes at once and lets the rest wait at the sender, it may cut what was sent
 * into pieces, and while its hosts are kept apart it holds what it has. Knows nothing of what the
 * bytes mean or of who sends them.
 */

import { type Prng, assert } from '@zabra/protocol';
import type { Planned, SimClock } from './sim-clock.ts';

/** What travels: bytes, or one of the words that a transport says itself. */
export type PipeItem = Uint8Array | 'open' | 'end' | 'reset';

/** What the two ends and the network are to a pipe. */
export interface PipeEnds {
  /** Something came out. Not called for what is lost. */
  onArrival(item: PipeItem): void;
  /** Nothing waits at the sender any more. */
  onDrained(): void;
  /** The sender's transport gives up on bytes that nobody acknowledged. */
  onGiveUp(): void;
  /** Bytes that will never come out. */
  onLost(bytes: number): void;
}

/** What the pipe asks the network about the way between its hosts. */
export interface PipeWay {
  /** What arrives now does not: it is held and comes out when the way is open again. */
  isBlocked(): boolean;
  latencyUs(): number;
  readonly windowBytes: number;
  /** One chunk in this many is cut into two; 0 is never. */
  readonly splitOneIn: number;
  readonly giveUpUs: number;
}

export class Pipe {
  /** Bytes sent and not yet taken by the network. */
  waitingBytes: number;
  readonly #clock: SimClock;
  readonly #prng: Prng;
  readonly #way: PipeWay;
  readonly #ends: PipeEnds;
  #waiting: PipeItem[];
  /** Taken by the network and not yet out: what the window counts. */
  #flightBytes: number;
  /** Arrived while the way was blocked or the reader had stopped; in order. */
  #held: PipeItem[];
  #lastArrivalUs: number;
  #isReaderStopped: boolean;
  /** What is held is about to come out. */
  #isReleasing: boolean;
  /** Nothing comes out any more. */
  #isDead: boolean;
  /** Everything that comes is swallowed without a word, as behind a cable that was pulled. */
  #isDark: boolean;
  /** When something came out last, or the first unacknowledged byte went in. */
  #progressUs: number;
  #giveUp: Planned | null;

  constructor(clock: SimClock, prng: Prng, way: PipeWay, ends: PipeEnds) {
    this.waitingBytes = 0;
    this.#clock = clock;
    this.#prng = prng;
    this.#way = way;
    this.#ends = ends;
    this.#waiting = [];
    this.#flightBytes = 0;
    this.#held = [];
    this.#lastArrivalUs = 0;
    this.#isReaderStopped = false;
    this.#isReleasing = false;
    this.#isDead = false;
    this.#isDark = false;
    this.#progressUs = 0;
    this.#giveUp = null;
  }

  /** The bytes are the pipe's from now on. */
  send(item: PipeItem): void {
    if (this.#isDead) {
      this.#lose(item);
      return;
    }
    if (this.#waiting.length === 0 && this.#hasRoom(item)) {
      this.#launch(item);
    } else {
      this.#waiting.push(item);
      this.waitingBytes += itemBytes(item);
    }
    this.#expectProgress();
  }

  /** The sender goes away with a last word, and drops what the network had not taken. */
  sendLast(item: PipeItem): void {
    this.#dropWaiting();
    if (!this.#isDead) this.#launch(item);
  }

  /** The transport's answer to bytes for a connection that it does not know. */
  refuse(): void {
    this.#clock.after(this.#way.latencyUs(), () => {
      if (!this.#way.isBlocked()) this.#ends.onArrival('reset');
    });
  }

  /** Whatever is under way is lost, and so is what will be sent. */
  cut(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#loseFlight(this.#flightBytes);
    for (const item of this.#waiting) this.#lose(item);
    this.#waiting = [];
    this.waitingBytes = 0;
    this.#held = [];
    this.#clock.cancel(this.#giveUp);
    this.#giveUp = null;
  }

  /** Whatever is under way is lost; the sender notices nothing until it gives up. */
  darken(): void {
    if (this.#isDead || this.#isDark) return;
    this.#isDark = true;
    for (const item of this.#held) this.#lose(item);
    this.#held = [];
  }

  stopReading(isStopped: boolean): void {
    if (this.#isReaderStopped === isStopped) return;
    this.#isReaderStopped = isStopped;
    if (!isStopped) this.release();
  }

  /**
   * Lets out what was held, as far as the way and the reader allow, a while later; what arrives
   * before that stands behind it.
   */
  release(): void {
    if (this.#held.length === 0 || this.#isReaderStopped || this.#way.isBlocked()) return;
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    this.#clock.after(this.#way.latencyUs(), () => this.#letOut());
  }

  #letOut(): void {
    this.#isReleasing = false;
    while (!this.#isDead && !this.#isReaderStopped && !this.#way.isBlocked()) {
      const item = this.#held.shift();
      if (item === undefined) break;
      this.#comeOut(item);
    }
    this.#takeWaiting();
  }

  #hasRoom(item: PipeItem): boolean {
    if (this.#flightBytes === 0 || item === 'reset') return true;
    return this.#flightBytes + itemBytes(item) <= this.#way.windowBytes;
  }

  #launch(item: PipeItem): void {
    this.#flightBytes += itemBytes(item);
    const { splitOneIn } = this.#way;
    if (item instanceof Uint8Array && item.length > 1 && splitOneIn > 0) {
      if (this.#prng.chance(1, splitOneIn)) {
        const cut = this.#prng.below(item.length - 1) + 1;
        this.#travel(item.subarray(0, cut));
        this.#travel(item.subarray(cut));
        return;
      }
    }
    this.#travel(item);
  }

  #travel(item: PipeItem): void {
    const atUs = Math.max(this.#lastArrivalUs, this.#clock.nowUs + this.#way.latencyUs());
    this.#lastArrivalUs = atUs;
    this.#clock.at(atUs, () => this.#arrive(item));
  }

  #arrive(item: PipeItem): void {
    if (this.#isDead) return;
    if (this.#isDark) {
      this.#lose(item);
      return;
    }
    if (this.#held.length > 0 || this.#isReaderStopped || this.#way.isBlocked()) {
      this.#held.push(item);
      return;
    }
    this.#comeOut(item);
    this.#takeWaiting();
  }

  #comeOut(item: PipeItem): void {
    this.#flightBytes -= itemBytes(item);
    assert(this.#flightBytes >= 0, 'More bytes came out of a pipe than went in');
    this.#progressUs = this.#clock.nowUs;
    this.#ends.onArrival(item);
  }

  #takeWaiting(): void {
    if (this.#waiting.length === 0) return;
    let taken = 0;
    for (const item of this.#waiting) {
      if (!this.#hasRoom(item)) break;
      taken++;
      this.waitingBytes -= itemBytes(item);
      this.#launch(item);
    }
    this.#waiting.splice(0, taken);
    if (this.#waiting.length === 0) this.#ends.onDrained();
  }

  #expectProgress(): void {
    if (this.#giveUp !== null) return;
    this.#progressUs = this.#clock.nowUs;
    this.#giveUp = this.#clock.after(this.#way.giveUpUs, () => this.#checkProgress());
  }

  #checkProgress(): void {
    this.#giveUp = null;
    if (this.#isDead || this.#flightBytes === 0) return;
    // A reader that has stopped still acknowledges: its window is full, the transport lives.
    if (this.#isReaderStopped && !this.#isDark) this.#progressUs = this.#clock.nowUs;
    const restUs = this.#way.giveUpUs - (this.#clock.nowUs - this.#progressUs);
    if (restUs > 0) this.#giveUp = this.#clock.after(restUs, () => this.#checkProgress());
    else this.#ends.onGiveUp();
  }

  #dropWaiting(): void {
    for (const item of this.#waiting) this.#lose(item);
    this.#waiting = [];
    this.waitingBytes = 0;
  }

  #lose(item: PipeItem): void {
    this.#loseFlight(itemBytes(item));
  }

  #loseFlight(bytes: number): void {
    if (bytes > 0) this.#ends.onLost(bytes);
  }
}

function itemBytes(item: PipeItem): number {
  return item instanceof Uint8Array ? item.length : 0;
}
