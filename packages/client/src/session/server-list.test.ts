/**
 * ServerList when it is replaced: many clients, each with luck of its own, share the servers of the
 * new list evenly, and no more of them move than must.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@zabra/protocol';
import { ServerList } from './server-list.ts';

const CLIENTS = 6000;

const listOf = (hosts: string): { host: string; port: number }[] =>
  [...hosts].map((host) => ({ host, port: 1 }));

interface Outcome {
  /** Clients on each server of the new list. */
  readonly counts: ReadonlyMap<string, number>;
  readonly moved: number;
}

/** Clients that are spread over the servers of one list get another. */
function replaced(before: string, after: string): Outcome {
  const counts = new Map<string, number>();
  let moved = 0;
  for (let client = 0; client < CLIENTS; client++) {
    const list = new ServerList(listOf(before), new Prng(client));
    let { host } = list.next();
    list.onEstablished(false, 0);
    if (list.replace(listOf(after))) {
      moved++;
      host = list.next().host;
    }
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return { counts, moved };
}

const REPLACEMENTS: readonly [string, string, number][] = [
  // before, after, share of the clients that must move
  ['abc', 'abc', 0],
  ['abc', 'abcd', 1 / 4],
  ['abc', 'abcdef', 1 / 2],
  ['ab', 'cdefg', 1],
  ['abcd', 'abc', 1 / 4],
  ['abcde', 'ab', 3 / 5],
  ['abc', 'abd', 1 / 3],
  ['abc', 'def', 1],
  ['abcd', 'abe', 1 / 2],
];

for (const [before, after, share] of REPLACEMENTS) {
  test(`ServerList spreads clients of ${before} over ${after} and moves few`, () => {
    const { counts, moved } = replaced(before, after);
    assert.deepEqual([...counts.keys()].toSorted(), [...after]);
    const fair = CLIENTS / after.length;
    for (const [host, count] of counts) {
      assert.ok(Math.abs(count - fair) < fair * 0.12, `${host} has ${count}, fair is ${fair}`);
    }
    const least = CLIENTS * share;
    assert.ok(Math.abs(moved - least) <= CLIENTS * 0.03, `${moved} moved, ${least} have to`);
  });
}

test('ServerList walks the whole list after it was replaced, whoever stayed or moved', () => {
  for (const [before, after] of [...REPLACEMENTS, ['ab', 'aab', 0], ['ab', 'cc', 1]] as const) {
    for (let seed = 0; seed < 50; seed++) {
      const list = new ServerList(listOf(before), new Prng(seed));
      list.next();
      list.replace(listOf(after));
      assert.equal(list.length, after.length);
      const walked = [...after].map(() => list.next().host).toSorted();
      assert.deepEqual(walked, [...after].toSorted());
    }
  }
});

test('ServerList that is replaced before its first dial takes the new servers', () => {
  for (let seed = 0; seed < 50; seed++) {
    const list = new ServerList(listOf('ab'), new Prng(seed));
    list.replace(listOf('cd'));
    list.replace(listOf('cde'));
    assert.ok('cde'.includes(list.next().host));
    assert.ok('cde'.includes(list.next().host));
  }
});
