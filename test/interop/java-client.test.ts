/**
 * The table of docs/client.md that says what Java's methods are called here has every public method
 * of Java's client and none that Java's client does not have.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { classPathOf, ROOT } from '../process/server-process.ts';

const CLASSES = ['org.apache.zookeeper.ZooKeeper', 'org.apache.zookeeper.admin.ZooKeeperAdmin'];

/** Constructors are called like their class. */
function publicMethods(): Set<string> {
  const jars = classPathOf('apache-3.9.5');
  const args = ['-public', '-cp', jars, ...CLASSES];
  const listing = execFileSync('javap', args, { encoding: 'utf8' });
  return new Set([...listing.matchAll(/(\w+)\(/g)].map(([, name = '']) => name));
}

test("docs/client.md knows every method of Java's client", () => {
  const text = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');
  const table = /<!-- table: java -->\n([^]*?)<!-- end of table -->/.exec(text)?.[1] ?? '';
  const firstCells = table.split('\n').map((row) => /^\| ([^|]*) \|/.exec(row)?.[1] ?? '');
  const named = firstCells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, n = '']) => n));
  const methods = publicMethods();
  assert.ok(methods.size > 30, [...methods].join(' '));
  assert.deepEqual(named.toSorted(), [...methods].toSorted());
});
