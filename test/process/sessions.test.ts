/** Local sessions and read-only mode, of three of our own processes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { drillLocalSessions } from './local-sessions.test-kit.ts';
import { drillReadOnly } from './read-only.test-kit.ts';
import { waitFor } from './wait-for.ts';

const THREE = ['zabra', 'zabra', 'zabra'] as const;

describe('three servers', { concurrency: 1 }, () => {
  it('keep local sessions to themselves', () => drillLocalSessions(THREE));

  it('serve reads when they are alone', () => drillReadOnly(THREE));

  it('keep a local session through the end of their leader, as Apache does not', async () => {
    const extra = ['localSessionsEnabled=true'];
    const ensemble = await TestEnsemble.create({ kinds: THREE, tickTimeMs: 1000, extra });
    let failed = true;
    try {
      await ensemble.start();
      const leader = await ensemble.leader();
      const [follower] = ensemble.servers.filter((server) => server !== leader);
      await using zk = await connect(`127.0.0.1:${follower?.clientPort}`);
      const { sessionId } = zk;
      // Heard, not asked: the next leader may serve within milliseconds.
      const states: string[] = [];
      zk.onState((state) => void states.push(state));
      await leader.end('SIGKILL');
      await waitFor('its server again', 20_000, () => states.at(-1) === 'CONNECTED');
      assert.deepEqual(new Set(states), new Set(['CONNECTING', 'CONNECTED']));
      assert.equal(zk.sessionId, sessionId);
      await zk.create('/with-the-next-leader');
      failed = false;
    } finally {
      await ensemble.end(failed);
    }
  });
});
