/**
 * `zabra recover` on the disk of an Apache server whose fellows are lost, and an Apache server that
 * goes on from what it leaves.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from '../process/ensemble.ts';
import { askSrvr } from '../process/four-letter-word.ts';
import { recover } from '../process/recover-command.ts';
import { ServerProcess } from '../process/server-process.ts';

async function withClient(port: number, use: (path: string) => string): Promise<string[]> {
  const client = await connect(`127.0.0.1:${port}`, { sessionTimeoutMs: 10_000 });
  try {
    await client.create(use('/by'), String(port));
    const { children } = await client.getChildren('/');
    return [...children].sort();
  } finally {
    await client.close();
  }
}

describe('a survivor of three Apache servers', () => {
  it('is recovered, and an Apache server and one of ours go on from there in turn', async () => {
    const kind = 'apache-3.9.5';
    const ensemble = await TestEnsemble.create({ kinds: [kind, kind, kind] });
    const [survivor] = ensemble.servers as [ServerProcess];
    const { configFile, clientPort } = survivor;
    const ours = new ServerProcess('zabra', configFile, `${survivor.logFile}-zabra`, clientPort);
    let failed = true;
    try {
      await ensemble.start();
      await withClient(clientPort, (path) => `${path}-three`);
      await Promise.all(ensemble.servers.map((server) => server.end('SIGKILL')));
      const text = await recover(survivor);
      assert.match(text, /^acknowledged +not known: Apache wrote the log$/m);
      const rounds = [survivor, ours, survivor, ours];
      for (const [round, server] of rounds.entries()) {
        server.start();
        assert.equal(await server.waitUntilServing(), 'standalone');
        const names = await withClient(clientPort, (path) => `${path}-${round}`);
        const made = Array.from({ length: round + 1 }, (_, index) => `by-${index}`);
        assert.deepEqual(names, [...made, 'by-three', 'zookeeper']);
        // One in the new epoch, none in the old one.
        assert.match((await askSrvr(clientPort, 'Zxid')) ?? '', /^0x401[0-9a-f]{8}$/);
        await server.end('SIGKILL');
      }
      failed = false;
    } finally {
      await ours.end('SIGKILL');
      if (failed) process.stderr.write(ours.log());
      await ensemble.end(failed);
    }
  });
});
