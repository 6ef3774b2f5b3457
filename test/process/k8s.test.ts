/**
 * Members that leave and join as pods go and come: `zabra k8s leave` and `join` against a running
 * ensemble, and backups of it.
 */

import assert from 'node:assert/strict';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { ChangingEnsemble, SUPER } from './changing-ensemble.ts';
import { DrillLoad } from './drill-load.ts';
import { zabra, type Ran } from './recover-command.ts';

const FIVE = ['zabra', 'zabra', 'zabra', 'zabra', 'zabra'] as const;

/** The command as an operator of that ensemble gives it. */
async function k8s(ensemble: ChangingEnsemble, ...args: readonly string[]): Promise<Ran> {
  const file = join(ensemble.directory, 'password');
  writeFileSync(file, `${SUPER.auth.toString().replace('super:', '')}\n`);
  const [verb = '', ...rest] = args;
  return await zabra('k8s', verb, '--admin-password-file', file, ...rest);
}

async function membersOf(servers: string): Promise<string[]> {
  const zk = await connect(servers, { sessionTimeoutMs: 20_000 });
  await zk.sync();
  const { data } = await zk.getConfig();
  await zk.close();
  return [
    ...Buffer.from(data ?? [])
      .toString()
      .matchAll(/^server\.(\d+)=/gm),
  ].map(([, id]) => String(id));
}

describe('zabra k8s', { concurrency: 1 }, () => {
  it('joins pods one by one, and takes the highest out before there are fewer', async () => {
    await ChangingEnsemble.run(FIVE, async (ensemble) => {
      await ensemble.startFirst();
      await ensemble.startJoiners([1], [2, 3, 4, 5]);
      const servers = ['--server', ensemble.connectString(1, 2, 3)];
      for (const sid of [2, 3, 4, 5]) {
        const { code, text } = await k8s(
          ensemble,
          'join',
          ...servers,
          '--line',
          ensemble.line(sid),
        );
        assert.equal(code, 0, text);
        assert.match(
          text,
          new RegExp(`Adding server\\.${sid}=.*\nAdded server ${sid}; version 0x`),
        );
      }
      const again = await k8s(ensemble, 'join', ...servers, '--line', ensemble.line(5));
      assert.match(again.text, /^Server 5 is a member already, participant$/m);
      const load = await DrillLoad.begin(ensemble.connectString(1, 2, 3));
      try {
        const shown = await k8s(ensemble, 'leave', ...servers, '--replicas', '3', '--dry-run');
        assert.match(shown.text, /^Would be left: servers 1, 2, 3\./m);
        assert.deepEqual(await membersOf(ensemble.connectString(1)), ['1', '2', '3', '4', '5']);
        const left = await k8s(ensemble, 'leave', ...servers, '--replicas', '3');
        assert.equal(left.code, 0, left.text);
        assert.match(left.text, /^Removing server 5 at 127\.0\.0\.1 \(\w+\): 4 of the 4 voters/m);
        assert.match(left.text, /^Removed server 4; version 0x[0-9a-f]+ is committed$/m);
        assert.match(left.text, /^kubectl scale statefulset\/zk --replicas=3$/m);
        assert.deepEqual(await membersOf(ensemble.connectString(1)), ['1', '2', '3']);
        for (const sid of [4, 5]) await ensemble.server(sid).end('SIGTERM');
        await load.end();
      } catch (error) {
        load.abandon();
        throw error;
      }
      const done = await k8s(ensemble, 'leave', ...servers, '--replicas', '3');
      assert.equal(done.code, 0);
      assert.doesNotMatch(done.text, /Remov/);
    });
  });

  it('backs up while writers write, and a server starts from it', async () => {
    await ChangingEnsemble.run([...FIVE.slice(2), 'zabra'], async (ensemble) => {
      await ensemble.startFirst();
      await ensemble.startJoiners([1], [2, 3]);
      const zk = await connect(ensemble.connectString(1), { sessionTimeoutMs: 20_000 });
      await zk.create('/kept', 'before');
      const load = await DrillLoad.begin(ensemble.connectString(1));
      const to = join(ensemble.directory, 'backups');
      const [quorum, election] = [ensemble.port(4, 'quorum'), ensemble.port(4, 'election')];
      const ports = ['--quorum-port', `${quorum}`, '--election-port', `${election}`];
      const wish = ['--server', ensemble.connectString(1), '--to', to, '--keep', '1', ...ports];
      const first = await k8s(ensemble, 'backup', ...wish);
      assert.equal(first.code, 0, first.text);
      await zk.setData('/kept', 'after');
      // Their names differ by seconds and zxids.
      const second = await k8s(ensemble, 'backup', ...wish);
      assert.equal(second.code, 0, second.text);
      await load.end();
      await zk.close();
      const names = readdirSync(to);
      assert.equal(names.length, 1, `only the newest is left of ${names}`);
      const home = join(ensemble.directory, 's4');
      cpSync(join(to, String(names[0])), home, { recursive: true });
      const restored = ensemble.start(
        4,
        [],
        [
          `dataLogDir=${join(home, 'log')}`,
          `clientPort=${ensemble.port(4, 'client')}`,
          'standaloneEnabled=true',
        ],
      );
      await restored.waitUntilServing();
      const reader = await connect(ensemble.connectString(4), { sessionTimeoutMs: 20_000 });
      const { data } = await reader.getData('/kept');
      assert.equal(Buffer.from(data ?? []).toString(), 'after');
      await reader.close();
      const taken = await k8s(ensemble, 'backup', ...wish, '--id', '1');
      assert.equal(taken.code, 1);
      assert.match(taken.text, /Cannot back up as server 1: it is a member/);
      assert.equal(readdirSync(to).length, 1);
    });
  });

  it('refuses to leave a set without a quorum, and changes nothing', async () => {
    await ChangingEnsemble.run(FIVE.slice(2), async (ensemble) => {
      await ensemble.startFirst();
      await ensemble.startJoiners([1], [2, 3]);
      const servers = ['--server', ensemble.connectString(1, 3)];
      for (const sid of [2, 3]) {
        await k8s(ensemble, 'join', ...servers, '--line', ensemble.line(sid));
      }
      await ensemble.server(2).end('SIGKILL');
      await ensemble.leader(1, 3);
      const { code, text } = await k8s(ensemble, 'leave', ...servers, '--replicas', '2');
      assert.equal(code, 1);
      assert.match(text, /Cannot remove server 3: of the 2 voters that would be left 1 serve/);
      assert.match(text, /server 2: 127\.0\.0\.1:\d+ does not answer srvr: .*REFUSED/);
      assert.doesNotMatch(text, /kubectl/);
      assert.deepEqual(await membersOf(ensemble.connectString(1)), ['1', '2', '3']);
    });
  });
});
