/**
 * The backlog of watch events: whatever is told late, in whatever pieces, each watcher hears what
 * it would have heard at once, in the same order, and its watches are used up as they would be.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventType } from '@zabra/protocol';
import fc from 'fast-check';
import { WatchMode } from '../tree/watch-mode.ts';
import { WatchTable } from '../tree/watch-table.ts';
import { WatchBacklog } from './watch-backlog.ts';

const { NODE_CREATED, NODE_DELETED, NODE_DATA_CHANGED, NODE_CHILDREN_CHANGED } = EventType;
const { DATA, CHILD, PERSISTENT, RECURSIVE } = WatchMode;

/** Two tables with the same watches: one fires at once, the other through a backlog. */
class Pair {
  readonly atOnce = new WatchTable();
  readonly late = new WatchTable();
  readonly backlog: WatchBacklog;
  /** By watcher: what it was told at once, and late. */
  readonly wanted = new Map<number, string[]>();
  readonly found = new Map<number, string[]>();
  #zxid = 0;

  constructor(costMax?: number) {
    const tell = (
      watcherId: number,
      { type, path, zxid }: { type: number; path: string; zxid: number },
    ) => this.found.get(watcherId)?.push(`${type} ${path} ${zxid}`);
    this.backlog = new WatchBacklog(this.late, tell, costMax);
  }

  join(watcherId: number): void {
    if (this.wanted.has(watcherId)) return;
    this.wanted.set(watcherId, []);
    this.found.set(watcherId, []);
    this.backlog.join(watcherId);
  }

  /** It is gone without hearing the rest. */
  leave(watcherId: number): void {
    this.wanted.delete(watcherId);
    this.found.delete(watcherId);
    this.backlog.leave(watcherId);
    this.atOnce.removeAll(watcherId);
    this.late.removeAll(watcherId);
  }

  add(watcherId: number, path: string, mode: WatchMode): void {
    this.join(watcherId);
    this.backlog.catchUp(watcherId);
    this.same(watcherId);
    this.atOnce.add(path, watcherId, mode);
    this.late.add(path, watcherId, mode);
  }

  remove(watcherId: number, path: string, type: number): void {
    this.backlog.catchUp(watcherId);
    assert.equal(
      this.late.remove(path, watcherId, type),
      this.atOnce.remove(path, watcherId, type),
    );
  }

  fire(type: number, path: string): void {
    const zxid = ++this.#zxid;
    this.atOnce.trigger(type, path, (watcherId) => {
      this.wanted.get(watcherId)?.push(`${type} ${path} ${zxid}`);
    });
    const site = this.late.site(type, path);
    if (site !== null) this.backlog.add({ type, path, zxid, acl: null, site });
  }

  /** After a catch-up: nothing is missing and nothing came too early. */
  same(watcherId: number): void {
    assert.deepEqual(this.found.get(watcherId), this.wanted.get(watcherId), `watcher ${watcherId}`);
    assert.ok(this.backlog.isCaughtUp(watcherId));
  }

  drain(): number {
    let turns = 1;
    while (this.backlog.work(0)) turns++;
    assert.ok(this.backlog.isEmpty);
    return turns;
  }

  sameTables(): void {
    const list = (table: WatchTable): string[] => {
      const watches: string[] = [];
      table.forEachWatch((path, watcherId, modes) => watches.push(`${path} ${watcherId} ${modes}`));
      return watches.sort();
    };
    assert.deepEqual(list(this.late), list(this.atOnce));
    assert.equal(this.late.dataWatchCount, this.atOnce.dataWatchCount);
    assert.equal(this.late.childWatchCount, this.atOnce.childWatchCount);
    assert.equal(this.late.pathCount, this.atOnce.pathCount);
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('WatchBacklog', () => {
  const paths = fc.constantFrom('/', '/a', '/a/b', '/a/b/c', '/ab', '/a/c', '/d', '/d/e', 'odd');
  const watchers = fc.integer({ min: 1, max: 6 });
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constant('add' as const),
        watchers,
        paths,
        fc.constantFrom<number>(DATA, CHILD, PERSISTENT, RECURSIVE),
      ),
    },
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.constant('fire' as const),
        watchers,
        paths,
        fc.constantFrom<number>(
          NODE_CREATED,
          NODE_DELETED,
          NODE_DATA_CHANGED,
          NODE_CHILDREN_CHANGED,
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constant('remove' as const),
        watchers,
        paths,
        fc.integer({ min: 1, max: 5 }),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(
        fc.constantFrom('work' as const, 'catchUp' as const, 'catchesUp' as const),
        watchers,
        paths,
        fc.constant(0),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constant('leave' as const), watchers, paths, fc.constant(0)),
    },
  );

  it('tells each watcher what it would have heard at once, in the same order', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        fc.constantFrom(1, 17, 120, 10_000),
        (steps, costMax) => {
          const pair = new Pair(costMax);
          for (const [kind, watcherId, path, number] of steps) {
            if (kind === 'add') pair.add(watcherId, path, number as WatchMode);
            else if (kind === 'fire') pair.fire(number, path);
            else if (kind === 'remove') pair.remove(watcherId, path, number);
            else if (kind === 'work') pair.backlog.work(0);
            else if (kind === 'leave') pair.leave(watcherId);
            else if (kind === 'catchesUp') {
              if (pair.backlog.catchesUp(watcherId)) pair.same(watcherId);
            } else {
              pair.backlog.catchUp(watcherId);
              pair.same(watcherId);
            }
          }
          pair.drain();
          for (const watcherId of pair.wanted.keys()) pair.same(watcherId);
          pair.sameTables();
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('tells who watches few of many changed paths of just those', () => {
    const pair = new Pair();
    for (const index of range(500)) pair.add(1, `/p${index}`, DATA);
    pair.add(2, '/p250', DATA);
    pair.add(2, '/p17', PERSISTENT);
    pair.add(3, '/', RECURSIVE);
    pair.join(4);
    for (const index of range(500)) pair.fire(NODE_DATA_CHANGED, `/p${index}`);
    for (const watcherId of [2, 3, 4]) {
      pair.backlog.catchUp(watcherId);
      pair.same(watcherId);
    }
    assert.equal(pair.found.get(2)?.length, 2);
    assert.equal(pair.found.get(3)?.length, 500);
    pair.drain();
    pair.same(1);
  });

  it('tells a watch that meets more changes than are worth collecting of each of them', () => {
    const pair = new Pair();
    pair.add(1, '/', RECURSIVE);
    pair.add(1, '/x', DATA);
    for (const index of range(10_000)) pair.fire(NODE_CREATED, `/p${index}`);
    pair.drain();
    pair.same(1);
  });

  it('keeps a turn short, and is patient for a second only', () => {
    const pair = new Pair();
    for (const watcherId of range(3000)) pair.add(watcherId, '/a', PERSISTENT);
    const told = (): number =>
      [...pair.found.values()].reduce((sum, { length }) => sum + length, 0);
    pair.fire(NODE_DATA_CHANGED, '/a');
    assert.equal(pair.backlog.work(0), true);
    const first = told();
    assert.ok(first >= 15 && first <= 100, `${first} in the first turn`);
    pair.backlog.work(900);
    const second = told() - first;
    assert.ok(second <= first + 1, `${second} in the second`);
    pair.backlog.work(2100);
    const third = told() - first - second;
    assert.ok(third > 3 * first, `${third} after two seconds`);
    pair.drain();
    for (const watcherId of range(3000)) pair.same(watcherId);
  });

  it('has as much of a turn for those who ask, all of them together', () => {
    const pair = new Pair();
    for (const watcherId of range(1000)) pair.add(watcherId, '/a', PERSISTENT);
    pair.fire(NODE_DATA_CHANGED, '/a');
    const ask = (): number => range(1000).filter((id) => pair.backlog.catchesUp(id)).length;
    const first = ask();
    assert.ok(first >= 15 && first <= 100, `${first} in the first turn`);
    assert.equal(ask(), first, 'the turn has no more');
    pair.backlog.work(0);
    const told = ask();
    assert.ok(told <= 3 * first + 1, `${told} after the second turn`);
    for (let turns = 2; ask() < 1000; turns++) {
      assert.ok(turns < 100);
      pair.backlog.work(0);
    }
    for (const watcherId of range(1000)) pair.same(watcherId);
  });

  it('does not tell a watcher of what was before it, nor by a path that was another then', () => {
    const pair = new Pair(1);
    pair.add(1, '/a', DATA);
    pair.add(2, '/b', DATA);
    pair.fire(NODE_DELETED, '/a');
    // The record of /a goes with its last watch, and its place may be taken at once.
    pair.backlog.catchUp(1);
    pair.add(3, '/c', DATA);
    pair.add(1, '/c', DATA);
    pair.drain();
    for (const watcherId of [1, 2, 3]) pair.same(watcherId);
    assert.deepEqual(pair.found.get(3), []);
    pair.sameTables();
  });
});
