/**
 * The watch table against two naive tables after any history, and row by row what fires, what is
 * used up, and what is removed (client-protocol.md 11).
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventType, WatcherType } from '@zabra/protocol';
import fc from 'fast-check';
import { WatchMode } from './watch-mode.ts';
import { WatchTable } from './watch-table.ts';

const { NODE_CREATED, NODE_DELETED, NODE_DATA_CHANGED, NODE_CHILDREN_CHANGED } = EventType;
const { DATA, CHILD, PERSISTENT, RECURSIVE } = WatchMode;

function fired(table: WatchTable, type: number, path: string): number[] {
  const told: number[] = [];
  table.trigger(type, path, (watcherId) => told.push(watcherId));
  return told.toSorted((a, b) => a - b);
}

test('WatchTable fires each mode for the events of its tables, and standard ones once', () => {
  const rows: [string, WatchMode, number, boolean, boolean][] = [
    ['data', DATA, NODE_CREATED, true, false],
    ['data', DATA, NODE_DATA_CHANGED, true, false],
    ['data', DATA, NODE_DELETED, true, false],
    ['data', DATA, NODE_CHILDREN_CHANGED, false, false],
    ['child', CHILD, NODE_CREATED, false, false],
    ['child', CHILD, NODE_DATA_CHANGED, false, false],
    ['child', CHILD, NODE_DELETED, true, false],
    ['child', CHILD, NODE_CHILDREN_CHANGED, true, false],
    ['persistent', PERSISTENT, NODE_CREATED, true, true],
    ['persistent', PERSISTENT, NODE_DELETED, true, true],
    ['persistent', PERSISTENT, NODE_CHILDREN_CHANGED, true, true],
    ['recursive', RECURSIVE, NODE_DATA_CHANGED, true, true],
    ['recursive', RECURSIVE, NODE_DELETED, true, true],
    ['recursive', RECURSIVE, NODE_CHILDREN_CHANGED, false, false],
  ];
  for (const [name, mode, type, fires, firesAgain] of rows) {
    const table = new WatchTable();
    table.add('/a', 7, mode);
    assert.deepEqual(fired(table, type, '/a'), fires ? [7] : [], `${name} ${type}`);
    assert.deepEqual(fired(table, type, '/a'), firesAgain ? [7] : [], `${name} ${type} again`);
  }
});

test('WatchTable tells a watcher of a deletion once, and uses up both of its watches', () => {
  const table = new WatchTable();
  table.add('/a', 7, DATA);
  table.add('/a', 7, CHILD);
  table.add('/a', 8, CHILD);
  table.add('/a', 9, PERSISTENT);
  const told: number[] = [];
  table.trigger(NODE_DELETED, '/a', (watcherId) => told.push(watcherId));
  assert.deepEqual(told.toSorted(), [7, 8, 9]);
  assert.deepEqual(fired(table, NODE_DELETED, '/a'), [9]);
  assert.deepEqual([table.dataWatchCount, table.childWatchCount], [1, 1]);
});

test('WatchTable fires recursive watches by component, and each watcher once', () => {
  const table = new WatchTable();
  table.add('/', 1, RECURSIVE);
  table.add('/a', 2, RECURSIVE);
  table.add('/a/b', 2, DATA);
  table.add('/a', 3, PERSISTENT);
  table.add('/a/bc', 4, RECURSIVE);
  table.add('', 5, RECURSIVE);
  table.add('a', 6, RECURSIVE);
  assert.deepEqual(fired(table, NODE_CREATED, '/a/b'), [1, 2]);
  assert.deepEqual(fired(table, NODE_DATA_CHANGED, '/a/b'), [1, 2]);
  assert.deepEqual(fired(table, NODE_CHILDREN_CHANGED, '/a'), [3]);
  assert.deepEqual(fired(table, NODE_DATA_CHANGED, '/ab'), [1]);
  assert.deepEqual(fired(table, NODE_DATA_CHANGED, '/'), [1]);
  assert.deepEqual(fired(table, NODE_DELETED, '/a/bc/d'), [1, 2, 4]);
});

test('WatchTable keeps the empty path and the root apart', () => {
  const table = new WatchTable();
  table.add('', 1, DATA);
  table.add('/', 2, DATA);
  assert.deepEqual(fired(table, NODE_DATA_CHANGED, '/'), [2]);
  assert.equal(table.has('', 1, WatcherType.DATA), true);
  assert.equal(table.has('/', 1, WatcherType.DATA), false);
});

test('WatchTable checks and removes by type as ZooKeeper does', () => {
  const { CHILDREN, ANY } = WatcherType;
  const types = [CHILDREN, WatcherType.DATA, WatcherType.PERSISTENT];
  const rows: [WatchMode, number][] = [
    [CHILD, CHILDREN],
    [DATA, WatcherType.DATA],
    [PERSISTENT, WatcherType.PERSISTENT],
    [RECURSIVE, WatcherType.PERSISTENT_RECURSIVE],
  ];
  for (const [mode, type] of rows) {
    const table = new WatchTable();
    table.add('/a', 1, mode);
    for (const other of [...types, WatcherType.PERSISTENT_RECURSIVE, 0, 6]) {
      assert.equal(table.has('/a', 1, other), other === type, `${mode} ${other}`);
      if (other !== type) assert.equal(table.remove('/a', 1, other), false);
    }
    assert.equal(table.has('/a', 1, ANY), true);
    assert.equal(table.has('/a', 2, ANY), false);
    assert.equal(table.has('/b', 1, ANY), false);
    assert.equal(table.remove('/a', 2, ANY), false);
    assert.equal(table.remove('/a', 1, type), true);
    assert.equal(table.remove('/a', 1, type), false);
    assert.deepEqual([table.pathCount, table.watcherCount], [0, 0]);
  }
  const table = new WatchTable();
  for (const [mode] of rows) table.add('/a', 1, mode);
  assert.equal(table.remove('/a', 1, CHILDREN), true);
  assert.equal(table.has('/a', 1, WatcherType.PERSISTENT), true);
  assert.equal(table.remove('/a', 1, ANY), true);
  assert.equal(table.has('/a', 1, ANY), false);
});

test('WatchTable lets the visitor watch again, for the next time', () => {
  const table = new WatchTable();
  table.add('/a', 1, DATA);
  let count = 0;
  const visit = (watcherId: number) => {
    count++;
    table.add('/a', watcherId, DATA);
    table.trigger(NODE_CHILDREN_CHANGED, '/a', visit);
  };
  table.trigger(NODE_DATA_CHANGED, '/a', visit);
  table.trigger(NODE_DATA_CHANGED, '/a', visit);
  assert.equal(count, 2);
});

test('WatchTable has paths of any length and forgets them', () => {
  const table = new WatchTable();
  const paths = ['/é', `/${'x'.repeat(1023)}`, `/${'x'.repeat(1024)}`, `/${'é'.repeat(90_000)}`];
  for (const path of paths) table.add(path, 1, PERSISTENT);
  const found: string[] = [];
  table.forEachWatch((path, watcherId, modes) => {
    assert.deepEqual([watcherId, modes], [1, PERSISTENT]);
    found.push(path);
  });
  assert.deepEqual(found.toSorted(), paths.toSorted());
  for (const path of paths) {
    assert.deepEqual(fired(table, NODE_DELETED, path), [1]);
    assert.equal(table.remove(path, 1, WatcherType.ANY), true);
  }
  assert.equal(table.pathCount, 0);
});

test('WatchTable costs at most 40 bytes beside the path for a watch', () => {
  const table = new WatchTable();
  // So many that the slabs are nearly full, and with ten watchers again.
  const count = 28_600;
  const pathOf = (number: number) =>
    `/services/${'n'.repeat(number % 16)}${String(number).padStart(13, '0')}`;
  let pathBytes = 0;
  const watchAll = (watcherId: number) => {
    pathBytes = 0;
    for (let number = 0; number < count; number++) {
      const path = pathOf(number);
      pathBytes += path.length;
      table.add(path, watcherId, DATA);
    }
  };
  const empty = table.bytes;
  watchAll(1);
  const alone = (table.bytes - empty - pathBytes) / count;
  assert.ok(alone <= 40, `${alone}`);
  const single = table.bytes;
  for (let watcherId = 2; watcherId <= 10; watcherId++) watchAll(watcherId);
  const shared = (table.bytes - single) / count / 9;
  assert.ok(shared <= 40, `${shared}`);
  for (let watcherId = 1; watcherId <= 10; watcherId++) table.removeAll(watcherId);
  assert.deepEqual([table.pathCount, table.dataWatchCount], [0, 0]);
});

/** The two tables of ZooKeeper as plain maps from path to watcher to modes. */
class NaiveWatches {
  readonly data = new Map<string, Map<number, number>>();
  readonly child = new Map<string, Map<number, number>>();

  add(path: string, watcherId: number, mode: WatchMode): void {
    if (mode !== CHILD) this.#addTo(this.data, path, watcherId, mode);
    if (mode === CHILD || mode === PERSISTENT) this.#addTo(this.child, path, watcherId, mode);
  }

  trigger(type: number, path: string): number[] {
    const told = new Set<number>();
    if (type !== NODE_CHILDREN_CHANGED) this.#fire(this.data, path, DATA, told);
    if (type === NODE_CHILDREN_CHANGED || type === NODE_DELETED) {
      this.#fire(this.child, path, CHILD, told);
    }
    return [...told].toSorted((a, b) => a - b);
  }

  modes(path: string, watcherId: number): number {
    const find = (table: Map<string, Map<number, number>>) => table.get(path)?.get(watcherId) ?? 0;
    return find(this.data) | find(this.child);
  }

  clear(path: string, watcherId: number, modes: number): void {
    for (const table of [this.data, this.child]) {
      const watchers = table.get(path);
      const left = (watchers?.get(watcherId) ?? 0) & ~modes;
      if (left === 0) watchers?.delete(watcherId);
      else watchers?.set(watcherId, left);
    }
  }

  size(table: Map<string, Map<number, number>>): number {
    let size = 0;
    for (const watchers of table.values()) size += watchers.size;
    return size;
  }

  #addTo(
    table: Map<string, Map<number, number>>,
    path: string,
    watcherId: number,
    mode: number,
  ): void {
    const watchers = table.get(path) ?? new Map<number, number>();
    watchers.set(watcherId, (watchers.get(watcherId) ?? 0) | mode);
    table.set(path, watchers);
  }

  #fire(
    table: Map<string, Map<number, number>>,
    path: string,
    standard: number,
    told: Set<number>,
  ): void {
    for (const [watcherId, modes] of table.get(path) ?? []) {
      told.add(watcherId);
      if (modes === standard) table.get(path)?.delete(watcherId);
      else table.get(path)?.set(watcherId, modes & ~standard);
    }
    for (const [above, watchers] of table) {
      if (above === path || !path.startsWith(above === '/' ? '/' : `${above}/`)) continue;
      if (above === '') continue;
      for (const [watcherId, modes] of watchers) {
        if ((modes & RECURSIVE) !== 0) told.add(watcherId);
      }
    }
  }
}

const paths = fc.constantFrom('/', '', '/a', '/a/b', '/a/b/c', '/ab', '/a/c', '/d', 'odd');
const watchers = fc.integer({ min: 100, max: 112 });
const modes = fc.constantFrom(DATA, CHILD, PERSISTENT, RECURSIVE);
const MODES_OF_TYPE: readonly number[] = [0, CHILD, DATA, 15, PERSISTENT, RECURSIVE];

test('WatchTable is the two naive tables after any history', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('add'), paths, watchers, modes) },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.constant('fire'), paths, watchers, fc.integer({ min: 1, max: 4 })),
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant('drop'), paths, watchers, fc.nat({ max: 5 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('gone'), paths, watchers, fc.constant(0)) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const table = new WatchTable();
      const naive = new NaiveWatches();
      const seen = new Set<string>();
      for (const [kind, path, watcherId, number] of steps) {
        seen.add(path);
        if (kind === 'add') {
          table.add(path, watcherId, number as WatchMode);
          naive.add(path, watcherId, number as WatchMode);
        } else if (kind === 'fire') {
          assert.deepEqual(fired(table, number, path), naive.trigger(number, path));
        } else if (kind === 'drop') {
          const wanted = MODES_OF_TYPE[number] as number;
          const had = (naive.modes(path, watcherId) & wanted) !== 0;
          assert.equal(table.has(path, watcherId, number), had);
          assert.equal(table.remove(path, watcherId, number), had);
          naive.clear(path, watcherId, wanted);
        } else {
          table.removeAll(watcherId);
          for (const other of seen) naive.clear(other, watcherId, 15);
        }
        assert.equal(table.dataWatchCount, naive.size(naive.data));
        assert.equal(table.childWatchCount, naive.size(naive.child));
      }
      let count = 0;
      const watched = new Set<string>();
      table.forEachWatch((path, watcherId, found) => {
        assert.equal(found, naive.modes(path, watcherId));
        watched.add(path);
        count++;
      });
      let wanted = 0;
      for (const path of seen) {
        for (let id = 100; id <= 112; id++) if (naive.modes(path, id) !== 0) wanted++;
      }
      assert.equal(count, wanted);
      assert.equal(table.pathCount, watched.size);
    }),
    { numRuns: 500 },
  );
});
