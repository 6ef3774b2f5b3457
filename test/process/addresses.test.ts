/**
 * Where members are reached, with real processes: names that do not resolve yet or mean another
 * address than before, IPv6, and several addresses of which one leads nowhere.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import { readQuorum } from './health.ts';
import { namedBy, writeNames } from './test-names.ts';
import { waitFor } from './wait-for.ts';

const ZABRA = ['zabra', 'zabra', 'zabra'] as const;
const SEVERAL = { JVMFLAGS: '-Dzookeeper.multiAddress.enabled=true' };

/** A write through each member, and the same state everywhere. */
async function assertWorks(ensemble: TestEnsemble): Promise<void> {
  for (const { clientPort } of ensemble.servers) {
    const zk = await connect(`127.0.0.1:${clientPort}`, { sessionTimeoutMs: 10_000 });
    await zk.create(`/w-`, 'x', { sequential: true });
    await zk.close();
  }
  await waitFor('equal states', 20_000, async () => {
    const views = await Promise.all(ensemble.healthPorts.map(readQuorum));
    return views.every(({ serving, zxid, digest }) => {
      return serving && zxid === views[0]?.zxid && digest === views[0]?.digest;
    });
  });
}

describe('members whose names appear later', { concurrency: 1 }, () => {
  it('wait for each other, and find one that has moved', async () => {
    const hostsOf = (sid: number) => [`member-${sid}.test`];
    await TestEnsemble.run({ kinds: ZABRA, hostsOf }, async (ensemble) => {
      const { servers, directory } = ensemble;
      const files = servers.map((_, index) => join(directory, `names-${index + 1}`));
      for (const [index, server] of servers.entries()) {
        const file = files[index] as string;
        // A name of one's own is known from the start.
        writeNames(file, { [`member-${index + 1}.test`]: '127.0.0.1' });
        Object.assign(server.environment, namedBy(file));
        server.start();
      }
      for (const server of servers) {
        await waitFor('a server that looks', 30_000, async () => {
          const word = await askWord(server.clientPort, 'ruok');
          return word === 'imok' && server.log().includes('LOOKING');
        });
      }
      const all = {
        'member-1.test': '127.0.0.1',
        'member-2.test': '127.0.0.1',
        'member-3.test': '127.0.0.1',
      };
      for (const file of files) writeNames(file, all);
      for (const server of servers) await server.waitUntilServing(20_000);
      await assertWorks(ensemble);
      const leader = await ensemble.leader();
      const moved = servers.findIndex((server) => server === leader);
      await leader.end('SIGKILL');
      for (const file of files)
        writeNames(file, { ...all, [`member-${moved + 1}.test`]: '127.0.0.2' });
      leader.start();
      await leader.waitUntilServing(20_000);
      await assertWorks(ensemble);
    });
  });
});

describe('members with IPv6 addresses', { concurrency: 1 }, () => {
  it('form an ensemble at ::1', async () => {
    await TestEnsemble.run({ kinds: ZABRA, hostsOf: () => ['[::1]'] }, async (ensemble) => {
      await ensemble.start();
      await assertWorks(ensemble);
      const leader = await ensemble.leader();
      await leader.end('SIGKILL');
      await ensemble.leader();
      leader.start();
      await leader.waitUntilServing();
      await assertWorks(ensemble);
      const zk = await connect(ensemble.connectString, { sessionTimeoutMs: 10_000 });
      const { data } = await zk.getConfig();
      await zk.close();
      assert.match(Buffer.from(data ?? []).toString(), /server\.1=\[0:0:0:0:0:0:0:1\]:/);
    });
  });
});

describe('members with several addresses', { concurrency: 1 }, () => {
  it('do with those that live', async () => {
    const hostsOf = (sid: number) => [`gone-${sid}.test`, '127.0.0.1'];
    await TestEnsemble.run({ kinds: ZABRA, hostsOf }, async (ensemble) => {
      for (const [index, server] of ensemble.servers.entries()) {
        const file = join(ensemble.directory, `names-${index + 1}`);
        writeNames(file, {});
        Object.assign(server.environment, SEVERAL, namedBy(file));
      }
      await ensemble.start();
      await assertWorks(ensemble);
      const leader = await ensemble.leader();
      await leader.end('SIGKILL');
      await ensemble.leader();
      leader.start();
      await leader.waitUntilServing();
      await assertWorks(ensemble);
    });
  });
});
