/**
 * Observers at followers, all of our kind: over TLS and SASL on the port of observer masters, and
 * what their clients see when the leader hands over.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import { freePorts } from './free-ports.ts';
import { drillSecuredMasters, MASTER_SECURITY, masterOf } from './observer-masters.test-kit.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

const PATIENCE_MS = 30_000;
/** Of what is normal, seven times. */
const PAUSE_MS_MAX = 3000;

describe('an observer at followers', { concurrency: 1 }, () => {
  for (const [name, lines] of MASTER_SECURITY) {
    it(`finds one, and another when that is gone, over ${name}`, async () => {
      await drillSecuredMasters(['zabra', 'zabra', 'zabra', 'zabra'], lines);
    });
  }

  for (const isMasterNext of [false, true]) {
    const next = isMasterNext ? 'its follower' : 'another follower';
    it(`has its clients back with their sessions when ${next} is handed the lead`, async () => {
      const [port] = await freePorts(1);
      const options = {
        kinds: ['zabra', 'zabra', 'zabra', 'zabra'] as const,
        observers: [4],
        hostsOf: (sid: number): readonly string[] => [`127.0.0.${sid}`],
        extra: [`observerMasterPort=${port}`, '4lw.commands.whitelist=*,rqld'],
      };
      await TestEnsemble.run(options, async (ensemble) => {
        await ensemble.start();
        const master = await masterOf(ensemble, 0);
        const leader = ensemble.servers.indexOf(await ensemble.leader()) + 1;
        const sid = isMasterNext ? master : 6 - leader - master;
        const successor = ensemble.servers[sid - 1];
        assert.ok(successor !== undefined);
        const client = await connect(`127.0.0.1:${ensemble.servers[3]?.clientPort}`);
        const session = client.sessionId;
        await client.create('/writes');
        await client.create('/lives', null, { ephemeral: true });
        const writer = new Writer(client, '/writes');
        const startedMs = performance.now();
        writer.start(50);
        const { acknowledged } = writer;
        await waitFor('writes before', PATIENCE_MS, () => acknowledged.length > 25);
        await waitFor('the leader that was asked for', PATIENCE_MS, async () => {
          if ((await successor.mode()) === 'leader') return true;
          await askWord(successor.clientPort, 'rqld');
          return false;
        });
        const count = acknowledged.length + 25;
        await waitFor('writes after', PATIENCE_MS, () => acknowledged.length > count);
        await writer.stop();
        const pauseMs = longestGapMs(writer.acknowledgedMs, startedMs);
        assert.ok(pauseMs < PAUSE_MS_MAX, `without service for ${pauseMs} ms`);
        assert.equal(client.sessionId, session);
        assert.equal((await client.exists('/lives'))?.ephemeralOwner, session);
        await client.close();
      });
    });
  }
});
