/**
 * WatchBacklog: what has happened and not been told yet. A change that many watch would keep the
 * server from everything else while it is told to all of them, so it is written down and told bit
 * by bit, watcher by watcher: one turn tells a few watchers all that they have missed, and each
 * gets it in one write. Nobody can see the difference: whoever is about to get a reply, or to
 * change its watches or its identities, is told first of everything it has missed (`catchUp`).
 *
 * Changes are numbered, and a watcher has a number up to which it has been told. Which of its
 * watches a change meets, and uses up, is found out when it is told, and not before.
 *
 * Invariant: since the first change that a watcher has not been told of, its watches have changed
 * by what it was told only; so the path refs of that change still mean the same for it.
 */

import type { Acl } from '@zabra/protocol';
import type { WatchSite, WatchTable } from '../tree/watch-table.ts';

/** One change of one path. */
export interface Firing {
  readonly type: number;
  readonly path: string;
  readonly zxid: number;
  /** What READ is checked against; null lets nobody through. */
  readonly acl: readonly Acl[] | null;
  readonly site: WatchSite;
}

interface Cursor {
  readonly watcherId: number;
  /** Number of the first change that it has not been told of. */
  next: number;
}

/** Costs in units of about 25 ns: a look-up, an event, the write that a told watcher causes. */
const LOOK_COST = 1;
const EVENT_COST = 16;
const WRITE_COST = 300;
/** Of one turn: about a fifth of a millisecond, and three times that in code that is cold. */
const TURN_COST = 8_000;
/** A round that takes longer gets twice as much of each turn, and so on, this many times. */
const PATIENCE_MS = 1000;
const DOUBLINGS_MAX = 6;
/** A watcher of few paths is told by its watches, unless they meet more changes than this. */
const COLLECTED_MAX = 4096;

export class WatchBacklog {
  readonly #watches: WatchTable;
  readonly #tell: (watcherId: number, firing: Firing) => void;
  readonly #costMax: number;
  /** What this turn still has for watchers that ask. */
  #costLeft: number;
  readonly #cursors: Map<number, Cursor>;
  /** Changes from number `#first` on. */
  #firings: Firing[];
  #first: number;
  /** Numbers of changes by the path refs of their sites, up to `#indexedTo`. */
  readonly #byRef: Map<number, number[]>;
  #indexedTo: number;
  /** The round under way tells everybody of what is before `#goal`. */
  #round: IterableIterator<Cursor> | null;
  #current: Cursor | null;
  #goal: number;
  #roundSinceMs: number;

  /** `costMax`: of one turn. */
  constructor(
    watches: WatchTable,
    tell: (watcherId: number, firing: Firing) => void,
    costMax = TURN_COST,
  ) {
    this.#watches = watches;
    this.#tell = tell;
    this.#costMax = costMax;
    this.#costLeft = costMax;
    this.#cursors = new Map();
    this.#firings = [];
    this.#first = 0;
    this.#byRef = new Map();
    this.#indexedTo = 0;
    this.#round = null;
    this.#current = null;
    this.#goal = 0;
    this.#roundSinceMs = 0;
  }

  get isEmpty(): boolean {
    return this.#firings.length === 0;
  }

  /** A watcher from now on: what is in the backlog does not concern it. */
  join(watcherId: number): void {
    this.#cursors.set(watcherId, { watcherId, next: this.#end });
  }

  leave(watcherId: number): void {
    this.#cursors.delete(watcherId);
    if (this.#current?.watcherId === watcherId) this.#current = null;
  }

  add(firing: Firing): void {
    this.#firings.push(firing);
  }

  isCaughtUp(watcherId: number): boolean {
    if (this.isEmpty) return true;
    const cursor = this.#cursors.get(watcherId);
    return cursor === undefined || cursor.next === this.#end;
  }

  /** Tells the watcher of all that it has missed. */
  catchUp(watcherId: number): void {
    if (this.isEmpty) return;
    const cursor = this.#cursors.get(watcherId);
    if (cursor !== undefined) this.#advance(cursor, Number.POSITIVE_INFINITY);
  }

  /** As `catchUp`, as far as this turn has room for it; false when there is more. */
  catchesUp(watcherId: number): boolean {
    if (this.isEmpty) return true;
    const cursor = this.#cursors.get(watcherId);
    if (cursor === undefined) return true;
    if (cursor.next < this.#end && this.#costLeft > 0) {
      this.#costLeft -= this.#advance(cursor, this.#costLeft);
    }
    return cursor.next === this.#end;
  }

  /** The share of one turn, which ends with this; true when more is left. */
  work(nowMs: number): boolean {
    this.#costLeft = this.#costMax;
    if (this.isEmpty) return false;
    let cost = this.#turnCost(nowMs);
    while (cost > 0) {
      const cursor = this.#current ?? this.#nextCursor(nowMs);
      if (cursor === null) {
        this.#endRound();
        return !this.isEmpty;
      }
      cost -= 1 + this.#advance(cursor, cost);
      this.#current = cursor.next < this.#goal ? cursor : null;
    }
    return true;
  }

  get #end(): number {
    return this.#first + this.#firings.length;
  }

  #turnCost(nowMs: number): number {
    if (this.#round === null) return this.#costMax;
    const doublings = Math.floor((nowMs - this.#roundSinceMs) / PATIENCE_MS);
    return this.#costMax * 2 ** Math.max(0, Math.min(doublings, DOUBLINGS_MAX));
  }

  /** Null at the end of the round. */
  #nextCursor(nowMs: number): Cursor | null {
    if (this.#round === null) {
      this.#round = this.#cursors.values();
      this.#goal = this.#end;
      this.#roundSinceMs = nowMs;
    }
    const { value, done } = this.#round.next();
    return done === true ? null : value;
  }

  /** Everybody has been told of what was there when it began. */
  #endRound(): void {
    this.#round = null;
    this.#firings.splice(0, this.#goal - this.#first);
    this.#first = this.#goal;
    this.#byRef.clear();
    this.#indexedTo = this.#first;
  }

  /** Tells the watcher of what it has missed until that has cost so much; returns what it did. */
  #advance(cursor: Cursor, costMax: number): number {
    const end = this.#end;
    const watchCount = this.#watches.watchCountOf(cursor.watcherId);
    if (watchCount === 0) {
      cursor.next = end;
      return 0;
    }
    if (watchCount < end - cursor.next) {
      const met = this.#collect(cursor);
      if (met !== null) return watchCount + this.#tellMet(cursor, met, costMax);
    }
    let cost = 0;
    let number = cursor.next;
    for (; number < end && cost < costMax; number++) cost += this.#meet(cursor, number, cost);
    cursor.next = number;
    return cost;
  }

  #tellMet(cursor: Cursor, met: readonly number[], costMax: number): number {
    let cost = 0;
    let last = -1;
    for (const number of met) {
      if (number === last) continue;
      if (cost >= costMax) {
        cursor.next = number;
        return cost;
      }
      last = number;
      cost += this.#meet(cursor, number, cost);
    }
    cursor.next = this.#end;
    return cost;
  }

  /** One change and one watcher; what came before it in this turn cost `before`. */
  #meet({ watcherId }: Cursor, number: number, before: number): number {
    const firing = this.#firings[number - this.#first] as Firing;
    if (!this.#watches.fireFor(watcherId, firing.type, firing.site)) return LOOK_COST;
    this.#tell(watcherId, firing);
    return before < EVENT_COST ? EVENT_COST + WRITE_COST : EVENT_COST;
  }

  /** Numbers of the changes that the watches of the watcher meet, in order; null for too many. */
  #collect({ watcherId, next }: Cursor): number[] | null {
    this.#index();
    const met: number[] = [];
    this.#watches.forEachPathOf(watcherId, (ref) => {
      if (met.length > COLLECTED_MAX) return;
      for (const number of this.#byRef.get(ref) ?? []) if (number >= next) met.push(number);
    });
    return met.length > COLLECTED_MAX ? null : met.sort((a, b) => a - b);
  }

  #index(): void {
    const end = this.#end;
    for (; this.#indexedTo < end; this.#indexedTo++) {
      const { ref, above } = (this.#firings[this.#indexedTo - this.#first] as Firing).site;
      if (ref !== 0) this.#indexAt(ref);
      for (const aboveRef of above) this.#indexAt(aboveRef);
    }
  }

  #indexAt(ref: number): void {
    const numbers = this.#byRef.get(ref);
    if (numbers === undefined) this.#byRef.set(ref, [this.#indexedTo]);
    else numbers.push(this.#indexedTo);
  }
}
