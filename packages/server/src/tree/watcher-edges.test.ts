/**
 * The edges of one watcher against a map, while others come and go.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PLAIN_PATH_HASH } from './path-hash.ts';
import { WatchRecords } from './watch-records.ts';
import { WatcherEdges } from './watcher-edges.ts';

const encoder = new TextEncoder();

test('WatcherEdges finds every edge by its path while others come and go', () => {
  const step = fc.tuple(fc.nat({ max: 120 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { maxLength: 500, size: 'max' }), (steps) => {
      const records = new WatchRecords(PLAIN_PATH_HASH);
      const paths: number[] = [];
      for (let number = 0; number <= 120; number++) {
        const bytes = encoder.encode(`/${number}`);
        const path = records.findOrAdd(bytes, 0, bytes.length);
        // Every second path has a first watcher already: this one's edges are of both kinds.
        if (number % 2 === 0) records.addEdge(path, 1, 1);
        paths.push(path);
      }
      const edges = new WatcherEdges(records, 1);
      const model = new Map<number, number>();
      for (const [number, adds] of steps) {
        const path = paths[number] as number;
        const edge = model.get(path);
        if (adds && edge === undefined) {
          const added = records.addEdge(path, 2, 1);
          edges.add(added);
          model.set(path, added);
        } else if (!adds && edge !== undefined) {
          edges.remove(edge);
          records.removeEdge(edge);
          model.delete(path);
        }
      }
      assert.equal(edges.size, model.size);
      for (const path of paths) assert.equal(edges.find(path), model.get(path) ?? 0);
      const walked: number[] = [];
      edges.forEach((edge) => walked.push(edge));
      assert.deepEqual(walked.toSorted(), [...model.values()].toSorted());
    }),
  );
});

/** Counts how often an edge is looked at. */
class CountingRecords extends WatchRecords {
  looks = 0;

  override pathOf(edge: number): number {
    this.looks++;
    return super.pathOf(edge);
  }
}

test('WatcherEdges takes paths in the order of another table without searching long', () => {
  const count = 30_000;
  const records = new CountingRecords(PLAIN_PATH_HASH);
  const first = new WatcherEdges(records, 1);
  for (let number = 0; number < count; number++) {
    const bytes = encoder.encode(`/${number}`);
    first.add(records.addEdge(records.findOrAdd(bytes, 0, bytes.length), 1, 1));
  }
  const walked: number[] = [];
  first.forEach((edge) => walked.push(records.pathOf(edge)));
  for (const [salt, paths] of [walked, walked.toReversed()].entries()) {
    const next = new WatcherEdges(records, 2 + salt);
    records.looks = 0;
    for (const path of paths) next.add(records.addEdge(path, 2 + salt, 1));
    const perPath = records.looks / count;
    assert.ok(perPath < 30, `${perPath} edges were looked at for each that was added`);
  }
});
