/**
 * What a client can see of every znode on one member, to be compared with the others': data and
 * stat of each path. Left out is what each member writes for itself: the time at which it put its
 * server list into `/zookeeper/config`.
 */

import assert from 'node:assert/strict';
import { CONFIG_PATH } from '@zabra/protocol';
import { connect, type ZooKeeperClient } from '@zabra/client';

export type Contents = Map<string, string>;

async function collect(zk: ZooKeeperClient, path: string, into: Contents): Promise<void> {
  const { data, stat } = await zk.getData(path);
  const { children } = await zk.getChildren(path);
  const fields = { ...stat, mtimeMs: path === CONFIG_PATH ? 0 : stat.mtimeMs };
  const shown = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  into.set(path, `${Buffer.from(data ?? []).toString('latin1')} ${shown.join(', ')}`);
  const prefix = path === '/' ? '' : path;
  await Promise.all(children.map((name) => collect(zk, `${prefix}/${name}`, into)));
}

export async function contentsOf(port: number): Promise<Contents> {
  const zk = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 10_000 });
  const into: Contents = new Map();
  try {
    await zk.sync('/');
    await collect(zk, '/', into);
  } finally {
    await zk.close();
  }
  return into;
}

/** Asserts the same znodes with the same data and stats on every member; returns how many. */
export async function assertSameContents(ports: readonly number[]): Promise<number> {
  const all: Contents[] = [];
  for (const port of ports) all.push(await contentsOf(port));
  const [first = new Map<string, string>(), ...others] = all;
  for (const [index, other] of others.entries()) {
    const paths = new Set([...first.keys(), ...other.keys()]);
    const differing = [...paths].filter((path) => first.get(path) !== other.get(path));
    const lines = differing.map((path) => `${path}\n  ${first.get(path)}\n  ${other.get(path)}`);
    const names = `${ports[0]} and ${ports[index + 1]}`;
    assert.equal(differing.length, 0, `Differences of ${names}:\n${lines.slice(0, 20).join('\n')}`);
  }
  return first.size;
}
