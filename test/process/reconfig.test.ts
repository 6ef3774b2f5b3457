/**
 * An ensemble of processes whose members change while clients work: it grows from one server to
 * five and shrinks to one again, its leader leaves, a client port moves, and whatever was committed
 * is what the servers find in their files when all of them have been killed.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, isZooKeeperError, type ZooKeeperClient } from '@zabra/client';
import { DrillLoad } from './drill-load.ts';
import { ChangingEnsemble, SUPER } from './changing-ensemble.ts';
import { waitFor } from './wait-for.ts';

const PATIENCE_MS = 60_000;

async function run(
  serverCount: number,
  use: (ensemble: ChangingEnsemble) => Promise<void>,
): Promise<void> {
  await ChangingEnsemble.run(
    Array.from({ length: serverCount }, () => 'zabra'),
    use,
  );
}

/** A client that may reconfigure; the servers it knows need not run. */
async function withOperator<T>(
  connectString: string,
  use: (operator: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const operator = await connect(connectString, { sessionTimeoutMs: 20_000, auth: [SUPER] });
  try {
    return await use(operator);
  } finally {
    await operator.close();
  }
}

/** Grows the ensemble of server 1 by these. */
async function grow(
  ensemble: ChangingEnsemble,
  operator: ZooKeeperClient,
  sids: readonly number[],
): Promise<void> {
  await ensemble.startJoiners([1], sids);
  await operator.reconfig({ joining: sids.map((sid) => ensemble.line(sid)) });
}

function textOf(data: Uint8Array | null): string {
  return Buffer.from(data ?? []).toString();
}

/** What each server has in its files is what was committed. */
async function assertFiles(
  ensemble: ChangingEnsemble,
  operator: ZooKeeperClient,
  sids: readonly number[],
): Promise<void> {
  const lines = textOf((await operator.getConfig()).data).split('\n');
  const version = lines.pop()?.replace('version=', '');
  const name = `zoo.cfg.dynamic.${version}`;
  for (const sid of sids) {
    await waitFor(`the file ${name} of server ${sid}`, PATIENCE_MS, () =>
      ensemble.files(sid).get('zoo.cfg')?.endsWith(`/${name}\n`),
    );
    const files = ensemble.files(sid);
    assert.equal(files.get(name), lines.join('\n'));
    assert.equal(files.has('zoo.cfg.dynamic.next'), false);
    const text = files.get('zoo.cfg') ?? '';
    assert.match(text, /^# How this server is run\.\ndataDir=/);
    assert.doesNotMatch(text, /^server\./m);
    // What the operator wrote stays beside it.
    assert.match(files.get('zoo.cfg.bak') ?? '', /^server\.1=/m);
  }
}

/** Until there is an answer; for calls that may be repeated. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isZooKeeperError(error) || error.code !== 'CONNECTIONLOSS') throw error;
    }
  }
}

async function fails(code: string, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: unknown) => isZooKeeperError(error) && error.code === code);
}

describe('an ensemble that is reconfigured', { concurrency: 1 }, () => {
  it('grows 1, 3, 5 and shrinks 5, 3, 1 under load, and nothing is lost', async (context) => {
    await run(5, async (ensemble) => {
      await ensemble.startFirst();
      const everybody = ensemble.connectString(1, 2, 3, 4, 5);
      const load = await DrillLoad.begin(everybody);
      try {
        await withOperator(everybody, async (operator) => {
          await load.progress(10);
          await grow(ensemble, operator, [2, 3]);
          await load.progress(10);
          await ensemble.waitUntilEqual(1, 2, 3);
          await assertFiles(ensemble, operator, [1, 2, 3]);
          await grow(ensemble, operator, [4, 5]);
          await load.progress(10);
          await ensemble.waitUntilEqual(1, 2, 3, 4, 5);
          await assertFiles(ensemble, operator, [1, 2, 3, 4, 5]);

          const first = await ensemble.leader(1, 2, 3, 4, 5);
          const others = [1, 2, 3, 4, 5].filter((sid) => sid !== first);
          const [, second, ...staying] = [first, ...others] as [number, number, ...number[]];
          await operator.reconfig({ leaving: [first, second].map(String) });
          await load.progress(10);
          await ensemble.server(first).end('SIGTERM');
          await ensemble.server(second).end('SIGTERM');
          await load.progress(10);
          await ensemble.waitUntilEqual(...staying);

          const leader = await ensemble.leader(...staying);
          const last = staying.find((sid) => sid !== leader) as number;
          await operator.reconfig({ members: [ensemble.line(last)] });
          await load.progress(10);
          const gone = staying.filter((sid) => sid !== last);
          for (const sid of gone) await ensemble.server(sid).end('SIGTERM');
          await load.progress(10);
          await assertFiles(ensemble, operator, [last]);
        });
        context.diagnostic(await load.end());
      } finally {
        load.abandon();
      }
    });
  });

  it('comes back in the configuration it was killed in', async () => {
    await run(3, async (ensemble) => {
      await ensemble.startFirst();
      const before = await withOperator(ensemble.connectString(1), async (operator) => {
        await grow(ensemble, operator, [2, 3]);
        await operator.create('/kept', 'x');
        await operator.reconfig({
          joining: [ensemble.line(2, { role: 'observer' })],
          leaving: ['3'],
        });
        return (await operator.getConfig()).data;
      });
      await Promise.all([1, 2, 3].map((sid) => ensemble.server(sid).end('SIGKILL')));
      for (const sid of [1, 2]) ensemble.server(sid).start();
      for (const sid of [1, 2]) await ensemble.server(sid).waitUntilServing(PATIENCE_MS);
      assert.equal(await ensemble.server(1).mode(), 'leader');
      assert.equal(await ensemble.server(2).mode(), 'observer');
      await withOperator(ensemble.connectString(2), async (operator) => {
        assert.deepEqual((await operator.getConfig()).data, before);
        assert.equal(textOf((await operator.getData('/kept')).data), 'x');
        await assertFiles(ensemble, operator, [1, 2]);
      });
    });
  });

  it('does not let a server come back that was removed', async () => {
    await run(2, async (ensemble) => {
      await ensemble.startFirst();
      await withOperator(ensemble.connectString(1), async (operator) => {
        await grow(ensemble, operator, [2]);
        await operator.reconfig({ leaving: ['2'] });
      });
      // It has heard of it when its file says so.
      await waitFor('the removed server to know', PATIENCE_MS, () => {
        const files = [...ensemble.files(2)];
        return files.some(
          ([name, text]) => name.includes('dynamic.') && !/^server\.2=/m.test(text),
        );
      });
      const removed = ensemble.server(2);
      await removed.end('SIGTERM');
      removed.start();
      assert.equal(await removed.waitForExit(), 1);
      assert.match(removed.log(), /My id 2 is not in the server list/);
    });
  });

  it('moves the client port of a server, but not the clients it has', async () => {
    await run(1, async (ensemble) => {
      await ensemble.startFirst();
      const old = ensemble.connectString(1);
      const moved = `127.0.0.1:${ensemble.port(1, 'otherClient')}`;
      await withOperator(old, async (operator) => {
        const states: string[] = [];
        operator.onState((state) => states.push(state));
        await operator.reconfig({ joining: [ensemble.line(1, { movesClients: true })] });
        await withOperator(moved, async (another) => {
          const { data } = await another.getConfig();
          assert.ok(textOf(data).includes(`;${moved}\n`));
        });
        await fails('CONNECTIONLOSS', connect(old, { connectTimeoutMs: 500 }));
        await operator.create('/goes-on');
        assert.deepEqual(states, []);
      });
    });
  });

  it('moves the quorum and election ports of every server, one after another', async () => {
    await run(3, async (ensemble) => {
      await ensemble.startFirst();
      const everybody = ensemble.connectString(1, 2, 3);
      await withOperator(everybody, async (operator) => {
        await grow(ensemble, operator, [2, 3]);
        for (const sid of [1, 2, 3]) {
          await operator.reconfig({ joining: [ensemble.line(sid, { movesQuorum: true })] });
          // It cost the leader its office, and the client perhaps its connection.
          await insist(() => operator.setData('/', `moved ${sid}`));
          await ensemble.waitUntilEqual(1, 2, 3);
        }
        const { data } = await operator.getConfig();
        for (const sid of [1, 2, 3]) {
          assert.ok(textOf(data).includes(ensemble.line(sid, { movesQuorum: true })));
        }
      });
    });
  });

  it('asks who wants it, and what for', async () => {
    await run(1, async (ensemble) => {
      await ensemble.startFirst();
      const anybody = await connect(ensemble.connectString(1));
      try {
        await fails('NOAUTH', anybody.reconfig({ leaving: ['9'] }));
        assert.match(textOf((await anybody.getConfig()).data), /^server\.1=.*\nversion=100000000$/);
      } finally {
        await anybody.close();
      }
      await withOperator(ensemble.connectString(1), async (operator) => {
        await fails('BADARGUMENTS', operator.reconfig({ joining: ['server.2=nowhere'] }));
        await fails('BADARGUMENTS', operator.reconfig({ leaving: ['1'] }));
        await fails('BADVERSION', operator.reconfig({ leaving: ['9'], version: 5n }));
        const absent = 'server.2=127.0.0.1:1:2:participant;127.0.0.1:3';
        await fails('NEWCONFIGNOQUORUM', operator.reconfig({ joining: [absent] }));
      });
    });
  });
});
