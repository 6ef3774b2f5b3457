/**
 * SessionIds: ids for new sessions: the server's id in the high byte, 40 bits of a millisecond
 * clock, then a counter of 16 bits that carries (client-protocol.md 2.1). The clock is the wall
 * clock, so that ids do not repeat after a reboot.
 */

const CLOCK_SPAN = 2 ** 40;
const LOW_CLOCK_SPAN = 2 ** 16;

export class SessionIds {
  hi: number;
  lo: number;

  constructor(sid: number, wallMs: number) {
    const clock = Math.floor(wallMs) % CLOCK_SPAN;
    this.hi = ((sid & 0xff) << 24) | Math.floor(clock / LOW_CLOCK_SPAN);
    this.lo = ((clock % LOW_CLOCK_SPAN) << 16) | 0;
  }

  /** Leaves the next id in `hi` and `lo`. */
  next(): void {
    this.lo = (this.lo + 1) | 0;
    if (this.lo === 0) this.hi = (this.hi + 1) | 0;
  }
}
