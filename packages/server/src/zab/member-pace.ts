/**
 * MemberPace: how evenly this process runs, as its peers must expect: how late turns come and how
 * long syncs of the log take. Fast failure detection rests on it: nobody is taken for dead for a
 * silence that its own pauses, or ours, explain. It belongs to the process and outlives roles.
 *
 * Every tenth of a second counts once, with the longest pause in it, so that a pause is not lost
 * among thousands of quick turns. The measure covers the last two to three minutes.
 */

/** What a turn may come after the last one without being late, ms. */
const TURN_MS = 25;
const SLOT_MS = 100;
/** Slots of one generation; the measure covers the present one and the one before. */
const GENERATION_SLOTS = 1024;

/** Upper bounds of the buckets, ms: 0, 1, 2, 3, 4, 6, 8, 12, ... */
const BOUNDS: readonly number[] = boundsUpTo(1 << 20);

function boundsUpTo(most: number): number[] {
  const bounds = [0, 1, 2];
  for (let power = 2; power < most; power *= 2) bounds.push(power + power / 2, power * 2);
  return bounds;
}

export class MemberPace {
  /** A silent member of our own kind is noticed within this, ms; 0: in Java's time only. */
  readonly detectionMs: number;
  /** How late the present turn is, ms. */
  lagMs: number;
  /** Twice the pause that is exceeded once in a thousand slots, ms. */
  floorMs: number;
  /** Connections that were closed because of a silence that Java would have borne. */
  silenceCount: number;
  #slotEndMs: number;
  #slotPauseMs: number;
  #present: number[];
  #presentCount: number;
  #before: number[];
  #beforeCount: number;

  constructor(detectionMs: number) {
    this.detectionMs = detectionMs;
    this.lagMs = 0;
    this.floorMs = 0;
    this.silenceCount = 0;
    this.#slotEndMs = 0;
    this.#slotPauseMs = 0;
    this.#present = emptyBuckets();
    this.#presentCount = 0;
    this.#before = emptyBuckets();
    this.#beforeCount = 0;
  }

  /** Time between two PINGs to a learner of our own kind, ms: several are lost before it counts. */
  get pingMs(): number {
    return Math.max(Math.floor(this.detectionMs / 6), 1);
  }

  /** A turn begins, so long after the last one. */
  onTurn(sinceMs: number, nowMs: number): void {
    this.lagMs = Math.max(0, sinceMs - TURN_MS);
    this.#onPause(this.lagMs);
    if (nowMs < this.#slotEndMs) return;
    this.#slotEndMs = nowMs + SLOT_MS;
    this.#closeSlot();
  }

  /** A sync of the log took so long. */
  onSync(elapsedMs: number): void {
    this.#onPause(elapsedMs);
  }

  #onPause(ms: number): void {
    if (ms > this.#slotPauseMs) this.#slotPauseMs = ms;
  }

  #closeSlot(): void {
    const index = bucketOf(this.#slotPauseMs);
    this.#slotPauseMs = 0;
    this.#present[index] = (this.#present[index] ?? 0) + 1;
    this.#presentCount++;
    this.floorMs = 2 * this.#rareMs();
    if (this.#presentCount < GENERATION_SLOTS) return;
    this.#before = this.#present;
    this.#beforeCount = this.#presentCount;
    this.#present = emptyBuckets();
    this.#presentCount = 0;
  }

  /** What at most one slot in a thousand exceeds. */
  #rareMs(): number {
    let left = Math.floor((this.#presentCount + this.#beforeCount) / 1000);
    for (let index = BOUNDS.length - 1; index > 0; index--) {
      left -= (this.#present[index] ?? 0) + (this.#before[index] ?? 0);
      if (left < 0) return BOUNDS[index] ?? 0;
    }
    return 0;
  }
}

function emptyBuckets(): number[] {
  return BOUNDS.map(() => 0);
}

function bucketOf(ms: number): number {
  const index = BOUNDS.findIndex((bound) => ms <= bound);
  return index < 0 ? BOUNDS.length - 1 : index;
}
