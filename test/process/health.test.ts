/**
 * What Kubernetes asks of a server, over real connections: liveness that depends on nobody, not on
 * the quorum and not on the disk; readiness that means that clients are served; probes that leave
 * nothing in the log.
 */

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { stoppedBy } from './test-disk.ts';
import { namedBy, writeNames } from './test-names.ts';
import { waitFor } from './wait-for.ts';

const PROBES = ['/live', '/started', '/ready', '/quorum', '/metrics'];
/** What a probe may take at most: Kubernetes' own default is a second. */
const PROBE_MS_MAX = 1000;

async function probe(port: number, path: string): Promise<Response> {
  const signal = AbortSignal.timeout(PROBE_MS_MAX);
  return await fetch(`http://127.0.0.1:${port}${path}`, { signal });
}

async function codes(port: number): Promise<number[]> {
  const answers = await Promise.all(PROBES.map((path) => probe(port, path)));
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  return answers.map(({ status }) => status);
}

interface View {
  readonly code: number;
  readonly reason: string;
  readonly unreachable: readonly string[];
}

async function readView(port: number): Promise<View> {
  const answer = await probe(port, '/quorum');
  return { ...((await answer.json()) as Omit<View, 'code'>), code: answer.status };
}

describe('the health port of a server', { concurrency: 1 }, () => {
  it('says alive and not ready without a quorum, and names whom it does not reach', async () => {
    const hostsOf = (sid: number) => [`member-${sid}.test`];
    await TestEnsemble.run({ kinds: ['zabra', 'zabra', 'zabra'], hostsOf }, async (ensemble) => {
      const names = join(ensemble.directory, 'names');
      writeNames(names, { 'member-1.test': '127.0.0.1', 'member-2.test': '127.0.0.1' });
      for (const server of ensemble.servers) Object.assign(server.environment, namedBy(names));
      const [first] = ensemble.servers;
      const [port] = ensemble.healthPorts;
      assert.ok(first !== undefined && port !== undefined);
      first.start();
      const view = await waitFor('both others to be named', 20_000, async () => {
        const found = await readView(port);
        return found.unreachable.length === 2 ? found : null;
      });
      assert.equal(view.code, 503);
      assert.match(view.reason, /No leader is known.*server 2 at member-2\.test:\d+: .*REFUSED/);
      assert.match(view.reason, /server 3 at member-3\.test:\d+: .*resolve "member-3\.test"/);
      assert.deepEqual(await codes(port), [200, 200, 503, 503, 200]);
      const told = first.log().match(/Cannot reach server 3/g);
      assert.equal(told?.length, 1, 'once, not at each attempt');
      ensemble.servers[1]?.start();
      await first.waitUntilServing();
      assert.deepEqual(await codes(port), [200, 200, 200, 200, 200]);
    });
  });

  it('leaves nothing in the log', async () => {
    await TestEnsemble.run({ kinds: ['zabra'] }, async (ensemble) => {
      await ensemble.start();
      const [port] = ensemble.healthPorts;
      const [server] = ensemble.servers;
      assert.ok(server !== undefined && port !== undefined);
      await codes(port);
      await waitFor('the start to be over', 10_000, () =>
        server.log().includes('Wrote a snapshot'),
      );
      const before = server.log();
      for (let count = 0; count < 100; count++) await codes(port);
      assert.equal((await probe(port, '/nothing')).status, 404);
      assert.equal(server.log(), before);
    });
  });

  it('says alive and answers at once while the disk stands still', async () => {
    await TestEnsemble.run({ kinds: ['zabra'] }, async (ensemble) => {
      const file = join(ensemble.directory, 'disk-stopped');
      const [server] = ensemble.servers;
      const [port] = ensemble.healthPorts;
      assert.ok(server !== undefined && port !== undefined);
      Object.assign(server.environment, stoppedBy(file));
      await ensemble.start();
      const zk = await connect(ensemble.connectString, { sessionTimeoutMs: 30_000 });
      writeFileSync(file, '');
      let isDone = false;
      const write = zk.create('/late').then(() => {
        isDone = true;
        return true;
      });
      for (let count = 0; count < 20; count++) {
        assert.deepEqual(await codes(port), [200, 200, 200, 200, 200]);
      }
      assert.equal(isDone, false, 'the disk does not stand still');
      rmSync(file);
      assert.ok(await write);
      await zk.close();
    });
  });
});
