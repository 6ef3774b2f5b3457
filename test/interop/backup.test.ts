/** `zabra k8s backup` of an ensemble of Apache's: the way over to a set of another shape. */

import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { ChangingEnsemble } from '../process/changing-ensemble.ts';
import { zabra } from '../process/recover-command.ts';

const KINDS = ['apache-3.9.5', 'apache-3.9.5', 'apache-3.9.5', 'zabra'] as const;

describe('a backup of three servers of Apache', () => {
  it('has what was committed, and a server of ours starts from it', async () => {
    await ChangingEnsemble.run(KINDS, async (ensemble) => {
      const lines = [1, 2, 3].map((sid) => ensemble.line(sid));
      for (const sid of [1, 2, 3]) ensemble.start(sid, lines);
      const servers = ensemble.connectString(1, 2, 3);
      for (const sid of [1, 2, 3]) await ensemble.server(sid).waitUntilServing(60_000);
      const zk = await connect(servers, { sessionTimeoutMs: 20_000 });
      await zk.create('/from-apache', 'kept');
      await zk.close();
      const to = join(ensemble.directory, 'backups');
      const ports = ['--quorum-port', `${ensemble.port(4, 'quorum')}`];
      const more = ['--election-port', `${ensemble.port(4, 'election')}`];
      const args = ['k8s', 'backup', '--server', servers, '--to', to, ...ports, ...more];
      const { code, text } = await zabra(...args);
      assert.equal(code, 0, text);
      const [name = ''] = readdirSync(to);
      const home = join(ensemble.directory, 's4');
      cpSync(join(to, name), home, { recursive: true });
      const own = [`dataLogDir=${join(home, 'log')}`, `clientPort=${ensemble.port(4, 'client')}`];
      await ensemble.start(4, [], [...own, 'standaloneEnabled=true']).waitUntilServing();
      const reader = await connect(ensemble.connectString(4), { sessionTimeoutMs: 20_000 });
      const { data } = await reader.getData('/from-apache');
      assert.equal(Buffer.from(data ?? []).toString(), 'kept');
      await reader.close();
    });
  });
});
