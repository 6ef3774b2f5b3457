/**
 * What our client does as the ensemble changes, against Apache's servers: reconfiguration step by
 * step and as a whole, and a server in read-only mode that has lost the others.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isZooKeeperError, WatchStream, type ZooKeeperClient } from '@zabra/client';
import { ClientBed, rejection, stateOf } from '../process/client-bed.test-kit.ts';
import type { ServerProcess } from '../process/server-process.ts';

async function withBed(
  use: (bed: ClientBed) => Promise<void>,
  ...lines: readonly string[]
): Promise<void> {
  const bed = await ClientBed.start('apache-3.9.5', ...lines);
  let failed = true;
  try {
    await use(bed);
    failed = false;
  } finally {
    await bed.end(failed);
  }
}

/** The lines of the configuration that name members. */
function membersIn(data: Uint8Array | null): string[] {
  const lines = Buffer.from(data ?? [])
    .toString()
    .split('\n');
  return lines.filter((line) => line.startsWith('server.'));
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise);
  return isZooKeeperError(error) ? error.code : String(error);
}

describe("our client as Apache's ensemble changes", { concurrency: 1 }, () => {
  it('reconfig changes the members step by step and as a whole', async () => {
    await withBed(async (bed) => {
      await using nobody = await bed.connect();
      assert.equal(await codeOf(nobody.reconfig({ leaving: '3' })), 'NOAUTH');
      // A server that leaves the ensemble drops its clients, so ours is on the leader.
      const leader = await bed.ensemble.leader();
      const tls = bed.as('admin');
      await using admin = await bed.connect({ tls }, '', `127.0.0.1:${leader.clientPort}`);
      await using changes = new WatchStream();
      const before = await admin.getConfig({ watch: changes });
      const members = membersIn(before.data);
      const gone = members.findIndex((line) => !line.endsWith(`:${leader.clientPort}`));
      const kept = members.toSpliced(gone, 1);
      const version = before.stat.mzxid;
      const left = await admin.reconfig({ leaving: [String(gone + 1)], version });
      assert.deepEqual(membersIn(left.data), kept);
      const { value } = await changes.next();
      assert.deepEqual([value?.type, value?.path], ['NodeDataChanged', '/zookeeper/config']);
      await admin.sync();
      assert.deepEqual(await admin.getConfig(), left);
      const error = await rejection(admin.reconfig({ joining: members[gone], version }));
      assert.ok(isZooKeeperError(error) && error.code === 'BADVERSION', String(error));
      const reason = `the version of the configuration is not ${version}`;
      assert.equal(error.message, `Cannot reconfigure: ${reason}`);
      assert.equal(await codeOf(admin.reconfig({ joining: 'nonsense' })), 'BADARGUMENTS');
      const back = await admin.reconfig({ joining: [String(members[gone])] });
      assert.deepEqual(membersIn(back.data).toSorted(), members);
      const observing = String(members[gone]).replace(':participant', ':observer');
      const whole = await admin.reconfig({ members: [...kept, observing] });
      assert.deepEqual(membersIn(whole.data).toSorted(), members.with(gone, observing));
    });
  });

  it('readOnly accepts a server without a quorum until there is one again', async () => {
    await withBed(
      async (bed) => {
        await using writer = await bed.connect();
        await writer.create('/kept', 'x');
        await writer.close();
        const [alone, ...others] = bed.ensemble.servers as [ServerProcess, ...ServerProcess[]];
        await Promise.all(others.map((server) => server.end('SIGKILL')));
        await using zk = await bed.connect({ readOnly: true, connectTimeoutMs: 60_000 });
        await readOnlyWork(zk);
        assert.equal(bed.serverOf(zk), alone);
        const writable = stateOf(zk, 'CONNECTED');
        for (const server of others) server.start();
        await writable;
        assert.equal((await zk.setData('/kept', 'z')).version, 1);
      },
      'localSessionsEnabled=true',
      'localSessionsUpgradingEnabled=true',
    );
  });
});

async function readOnlyWork(zk: ZooKeeperClient): Promise<void> {
  assert.equal(zk.state, 'CONNECTEDREADONLY');
  assert.equal(Buffer.from((await zk.getData('/kept')).data ?? []).toString(), 'x');
  const [found] = await zk.multiRead([{ op: 'getData', path: '/kept' }]);
  assert.equal(found.op, 'getData');
  const error = await rejection(zk.setData('/kept', 'y'));
  assert.ok(isZooKeeperError(error), String(error));
  assert.deepEqual([error.code, error.outcome], ['NOTREADONLY', 'not-applied']);
  assert.equal(error.message, 'Cannot write "/kept": the server is in read-only mode');
}
