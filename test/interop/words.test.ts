/**
 * Four-letter words of Apache's server and of ours: the same client does the same to a fresh server
 * of each kind, alone and as a member, and each word says the same, but for times, ports, ids and
 * what has no order.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { TestEnsemble } from '../process/ensemble.ts';
import { askWord } from '../process/four-letter-word.ts';
import type { ServerKind } from '../process/server-process.ts';

const APACHE = 'apache-3.9.5';
const WORDS = ['cons', 'dump', 'wchs', 'wchc', 'wchp', 'hash', 'gtmk', 'crst', 'isro', 'ruok'];

/** What no two runs have in common. */
const NORMAL: readonly (readonly [RegExp, string])[] = [
  [/127\.0\.0\.1:\d+/g, 'H:P'],
  [/0x[0-9a-f]{13,16}/g, 'SESSION'],
  [/(est|lresp|llat|minlat|avglat|maxlat)=\d+/g, '$1=N'],
  // How many pings there were is chance; so is whether Apache has noted its last reply.
  [/queued=\d+,recved=\d+,sent=\d+,sid/g, 'queued=N,recved=N,sent=N,sid'],
  // Apache lists sets that have become empty as well.
  [/^0 expire at .*\n/gm, ''],
  [/Sets \(\d+\)/g, 'Sets (N)'],
  [/\w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}/g, 'DATE'],
];

/** Lines of one list have no order: each is sorted, with what stands below a line kept to it. */
function normal(text: string): string {
  const plain = NORMAL.reduce((done, [pattern, by]) => done.replaceAll(pattern, by), text);
  const lists = plain.split(/(?<=:\n)(?!\t)/);
  return lists
    .map((list) => {
      const rows = list.split(/(?<=\n)(?!\t)/).map((row) => {
        const [head = '', ...below] = row.split(/(?<=\n)/);
        return [head, ...below.toSorted()].join('');
      });
      return rows.toSorted().join('');
    })
    .join('');
}

function ignore(): void {}

/** Something of everything that words list. */
async function act(zk: ZooKeeperClient): Promise<void> {
  for (let index = 0; index < 130; index++) await zk.create(`/n${index}`, `${index}`);
  for (const name of ['/e1', '/e2']) await zk.create(name, 'x', { ephemeral: true });
  await zk.getData('/n1', { watch: ignore });
  await zk.exists('/later', { watch: ignore });
  await zk.getChildren('/n2', { watch: ignore });
  await zk.addWatch('/n3', { recursive: true });
  await zk.addWatch('/n4');
}

/** What a server that stands alone says to each word. */
async function saidBy(kind: ServerKind): Promise<readonly string[]> {
  const said: string[] = [];
  await TestEnsemble.run({ kinds: [kind] }, async (ensemble) => {
    await ensemble.start();
    const [server] = ensemble.servers;
    const port = server?.clientPort ?? 0;
    const zk = await connect(ensemble.connectString, { sessionTimeoutMs: 20_000 });
    await act(zk);
    for (const word of WORDS) said.push(`${word}: ${normal(await askWord(port, word))}`);
    said.push(`cons after crst: ${normal(await askWord(port, 'cons'))}`);
    said.push(`stmk: ${await askWord(port, `stmk${String.fromCharCode(0, 0, 0, 0, 0, 0, 1, 2)}`)}`);
    said.push(`gtmk after stmk: ${await askWord(port, 'gtmk')}`);
    said.push(`stmk without a mask: ${await askWord(port, 'stmk')}`);
    await zk.close();
    for (const word of ['wchs', 'wchc', 'wchp']) {
      said.push(`${word} of nobody: ${await askWord(port, word)}`);
    }
  });
  return said;
}

/** Digests are of times, too. */
function withoutDigests(said: readonly string[]): readonly string[] {
  return said.map((text) => (text.startsWith('hash') ? text.replace(/: \d+\n/g, ': D\n') : text));
}

describe('four-letter words of servers of both kinds', { concurrency: 1 }, () => {
  it('alone: say the same', async () => {
    const apache = withoutDigests(await saidBy(APACHE));
    assert.equal(apache.length, WORDS.length + 7);
    assert.match(apache.join(), /hash: 80: D\n/);
    assert.deepEqual(withoutDigests(await saidBy('zabra')), apache);
  });

  it('in one ensemble: say the same of what all know', async () => {
    await TestEnsemble.run({ kinds: ['zabra', APACHE, APACHE] }, async (ensemble) => {
      await ensemble.start();
      const ports = ensemble.servers.map(({ clientPort }) => clientPort);
      const clients: ZooKeeperClient[] = [];
      for (const port of ports) clients.push(await connect(`127.0.0.1:${port}`));
      const [first] = clients;
      if (first !== undefined) await act(first);
      for (const zk of clients) await zk.sync('/');
      const hashes = await Promise.all(ports.map((port) => askWord(port, 'hash')));
      assert.match(String(hashes[0]), /^100000080: -?\d+\n$/);
      assert.deepEqual(new Set(hashes).size, 1, hashes.join());
      const leader = (await ensemble.leader()).clientPort;
      const dumps = await Promise.all(
        ports.filter((port) => port !== leader).map((port) => askWord(port, 'dump')),
      );
      const known = dumps.map((text) => {
        assert.match(text, /^SessionTracker dump:\nGlobal Sessions\(3\):\n/);
        return normal(text.slice(0, text.indexOf('Connections dump:'))).replaceAll('SESSION', '');
      });
      assert.equal(known.length, 2);
      assert.equal(known[0], known[1]);
      for (const zk of clients) await zk.close();
    });
  });
});
