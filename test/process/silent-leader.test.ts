/**
 * A leader that goes silent without closing a connection, as behind a cut cable: a stopped process.
 * Members of our own kind notice in `zabra.failureDetectionMs`; Apache's time, syncLimit, would be
 * ten seconds here.
 */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

/** The default is 1.5 s; then there is an election, on a loaded machine. */
const RESUME_MS_MAX = 6000;
const WRITES = 50;

it('a leader that goes silent is replaced long before syncLimit, and comes back', async () => {
  const ensemble = await TestEnsemble.create({ kinds: ['zabra', 'zabra', 'zabra'] });
  let failed = true;
  try {
    await ensemble.start();
    const leader = await ensemble.leader();
    const others = ensemble.servers.filter((server) => server !== leader);
    const servers = others.map(({ clientPort }) => `127.0.0.1:${clientPort}`).join(',');
    const client = await connect(servers, { sessionTimeoutMs: 20_000 });
    const session = client.sessionId;
    await client.create('/writes');
    const writer = new Writer(client, '/writes');
    writer.start(100);
    const progress = async (): Promise<void> => {
      const wanted = writer.acknowledged.length + WRITES;
      await waitFor('writes', 20_000, () => writer.acknowledged.length >= wanted);
    };
    await progress();
    const silentSinceMs = performance.now();
    leader.freeze(true);
    await progress();
    const gapMs = longestGapMs(writer.acknowledgedMs, silentSinceMs);
    assert.ok(gapMs <= RESUME_MS_MAX, `writes stood still for ${gapMs} ms`);
    const noticed = others.map((server) => {
      const found = /nothing was heard of the leader for (\d+) ms/.exec(server.log());
      return Number(found?.[1] ?? Number.NaN);
    });
    assert.ok(
      noticed.some((ms) => ms < RESUME_MS_MAX),
      noticed.join(),
    );
    const counts = others.map(async (server) => {
      const port = ensemble.healthPorts[ensemble.servers.indexOf(server)];
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/^zabra_silent_members (\d+)/m.exec(metrics)?.[1]);
    });
    const sum = (await Promise.all(counts)).reduce((total, count) => total + count, 0);
    assert.ok(sum >= 1, `${sum} silences were counted`);
    leader.freeze(false);
    assert.equal(
      await waitFor('the old leader to follow', 30_000, async () => {
        const mode = await leader.mode();
        return mode === 'follower' ? mode : null;
      }),
      'follower',
    );
    await progress();
    await writer.stop();
    assert.equal(client.sessionId, session);
    const { children } = await client.getChildren('/writes');
    const present = new Set(children);
    assert.deepEqual(
      writer.acknowledged.filter((n) => !present.has(`n-${n}`)),
      [],
    );
    await client.close();
    failed = false;
  } finally {
    await ensemble.end(failed);
  }
});
