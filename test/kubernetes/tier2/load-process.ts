/**
 * What writes while the tutorial takes servers away: a client that makes twenty znodes a second and
 * remembers which were acknowledged, and another one that only lives, with an ephemeral. Both have
 * sessions of ten seconds. A process of its own, because it resolves names as pods do; it answers
 * the one who started it, `load.ts`.
 */

import assert from 'node:assert/strict';
import process from 'node:process';
import { Ephemeral, LastingClient } from '../../process/drill-parts.ts';
import { waitFor } from '../../process/wait-for.ts';
import { Writer } from '../../process/writer.ts';
import type { LoadReport } from './load.ts';

const ROOT = '/load';
const PER_SECOND = 20;
/** Reads on their way at once. */
const READS_MAX = 200;

const [, , servers = ''] = process.argv;
const writing = await LastingClient.open(servers, 'the writer');
const living = await LastingClient.open(servers, 'the session');
await writing.zk.create(ROOT);
const ephemeral = new Ephemeral(living, '/living');
await ephemeral.begin();
const writer = new Writer(writing.zk, ROOT);
writer.start(PER_SECOND);

async function judgeSessions(): Promise<void> {
  await ephemeral.judge();
  writing.judge();
  living.judge();
}

async function readBack(numbers: readonly number[]): Promise<number> {
  let found = 0;
  for (let from = 0; from < numbers.length; from += READS_MAX) {
    const some = numbers.slice(from, from + READS_MAX);
    await Promise.all(
      some.map(async (number) => {
        const read = () => writing.zk.getData(`${ROOT}/n-${number}`);
        const { data } = await writing.insist(read);
        assert.equal(Buffer.from(data ?? []).toString(), `data ${number}`);
        found++;
      }),
    );
  }
  return found;
}

/** The epoch is that of the last write that was acknowledged. */
async function report(readBackCount: number): Promise<LoadReport> {
  const last = writer.acknowledged.at(-1) ?? 0;
  const stat = await living.insist(() => living.zk.exists(`${ROOT}/n-${last}`));
  return {
    acknowledged: writer.acknowledged.length,
    readBack: readBackCount,
    epoch: Number((stat?.czxid ?? 0n) >> 32n),
    connections: writing.connections + living.connections,
  };
}

process.on('message', async (message: string) => {
  if (message === 'end') {
    await writer.stop();
    await writing.insist(() => writing.zk.sync(ROOT));
    const found = await readBack(writer.acknowledged);
    await judgeSessions();
    process.send?.(await report(found));
    await Promise.all([writing.zk.close(), living.zk.close()]);
    process.disconnect();
  } else {
    await judgeSessions();
    process.send?.(await report(0));
  }
});
await waitFor('the first write', 30_000, () => writer.acknowledged.length > 0);
process.send?.(await report(0));
