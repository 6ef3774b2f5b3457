/**
 * Three real servers that speak TLS among themselves, or authenticate by SASL, or both: they work
 * as ever, strangers do not get in, and each of it can be switched on one server after the other
 * under load without a loss of quorum (quorum-protocol.md 25, test 12).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { JuteWriter, writeInit } from '@zabra/protocol';
import type { TestEnsemble } from './ensemble.ts';
import {
  EVERY_SASL,
  exercise,
  portOf,
  type QuorumKeys,
  withSecured,
  replyOf,
  roll,
  waitForLine,
} from './quorum-security.test-kit.ts';
import { waitFor } from './wait-for.ts';
import { longestGapMs, Writer } from './writer.ts';

/** An election is part of it: the leader is started anew as well. */
const GAP_MS_MAX = 8000;
const WRITES_PER_SECOND = 50;

async function withEnsemble(
  lines: (keys: QuorumKeys) => readonly string[],
  use: (ensemble: TestEnsemble, keys: QuorumKeys) => Promise<void>,
): Promise<void> {
  const kinds = ['zabra', 'zabra', 'zabra'] as const;
  await withSecured({ kinds, tickTimeMs: 1000 }, lines, use);
}

/** What a server of the same list says that wants to join: the largest sid dials. */
function initOf(sid: number): Uint8Array {
  const w = new JuteWriter();
  writeInit(w, sid, [{ host: '127.0.0.1', port: 9 }], false);
  return w.toBytes();
}

describe('security between three servers', { concurrency: 1 }, () => {
  it('TLS: they work as ever, and who speaks none is cut with one line', async () => {
    await withEnsemble(
      (keys) => keys.tls('sslQuorum'),
      async (ensemble) => {
        await exercise(ensemble);
        const leader = await ensemble.leader();
        const sid = ensemble.servers.indexOf(leader) + 1;
        assert.equal((await replyOf(portOf(leader, sid, 'election'), initOf(9))).length, 0);
        await waitForLine(
          leader,
          /Refused \/127\.0\.0\.1:\d+ at the election port: it does not speak TLS/,
        );
        assert.equal((await replyOf(portOf(leader, sid, 'quorum'), Buffer.alloc(64))).length, 0);
        await waitForLine(
          leader,
          /Refused \/127\.0\.0\.1:\d+ at the quorum port: it does not speak TLS/,
        );
      },
    );
  });

  it('SASL: they work as ever, and who does not authenticate is cut with one line', async () => {
    await withEnsemble(
      (keys) => keys.sasl(...EVERY_SASL),
      async (ensemble) => {
        await exercise(ensemble);
        for (const [index, server] of ensemble.servers.entries()) {
          await waitForLine(server, /authenticated as zk/);
          const port = portOf(server, index + 1, 'election');
          const reply = await replyOf(port, Buffer.concat([initOf(9), Buffer.alloc(8)]));
          assert.equal(reply.length, 0);
          await waitForLine(
            server,
            /Refused 127\.0\.0\.1:\d+ at the election port: it does not authenticate/,
          );
          assert.doesNotMatch(server.log(), /zksecret/);
        }
      },
    );
  });

  it('both, and a server that poses as a member with a wrong password gets nowhere', async () => {
    await withEnsemble(
      (keys) => [...keys.tls('sslQuorum'), ...keys.sasl(...EVERY_SASL)],
      async (ensemble, keys) => {
        await exercise(ensemble);
        const epochBefore = await epochOf(ensemble);
        const [, , third] = ensemble.servers;
        assert.ok(third !== undefined);
        await third.end('SIGTERM');
        keys.useJaas('wrong.conf');
        third.start();
        await waitForLine(third, /Cannot authenticate to .*: it does not accept our user/);
        for (const server of ensemble.servers.slice(0, 2)) {
          await waitForLine(server, /Refused .* its user or its password is wrong/);
        }
        assert.equal(await third.mode(), null);
        const leader = await ensemble.leader();
        const client = await connect(`127.0.0.1:${leader.clientPort}`);
        await client.create('/without-it', 'x');
        await client.close();
        await third.end('SIGTERM');
        keys.useJaas('jaas.conf');
        third.start();
        await third.waitUntilServing();
        assert.ok((await epochOf(ensemble)) <= epochBefore + 1, 'it has not raised the epoch');
      },
    );
  });

  it('a certificate that is renewed is taken without a restart', async () => {
    await withEnsemble(
      (keys) => [...keys.tls('sslQuorum'), 'sslQuorumReloadCertFiles=true'],
      async (ensemble, keys) => {
        keys.issue('member.pem');
        for (const server of ensemble.servers) {
          await waitForLine(server, /New connections get the certificate of "CN=member.pem"/);
        }
        await exercise(ensemble);
      },
    );
  });

  const changes: readonly (readonly [string, (keys: QuorumKeys) => readonly string[][]])[] = [
    [
      'TLS by port unification',
      (keys) => [
        keys.tls('portUnification'),
        keys.tls('portUnification', 'sslQuorum'),
        keys.tls('sslQuorum'),
      ],
    ],
    ['SASL', (keys) => [1, 2, 3].map((count) => keys.sasl(...EVERY_SASL.slice(0, count)))],
  ];
  for (const [name, stages] of changes) {
    it(`${name} is switched on under load without a loss of quorum`, async () => {
      await withEnsemble(
        () => [],
        async (ensemble, keys) => {
          const client = await connect(ensemble.connectString, { sessionTimeoutMs: 20_000 });
          await client.create('/load', '');
          const writer = new Writer(client, '/load');
          const startMs = performance.now();
          writer.start(WRITES_PER_SECOND);
          for (const lines of stages(keys)) await roll(ensemble, lines);
          await writer.stop();
          const gapMs = longestGapMs(writer.acknowledgedMs, startMs);
          assert.ok(gapMs < GAP_MS_MAX, `no write was acknowledged for ${gapMs} ms`);
          const { children } = await client.getChildren('/load');
          const present = new Set(children);
          const lost = writer.acknowledged.filter((n) => !present.has(`n-${n}`));
          assert.deepEqual(lost, []);
          await client.close();
          await exercise(ensemble);
        },
      );
    });
  }

  it('a server that is in no list does not raise the epoch', async () => {
    await withEnsemble(
      () => [],
      async (ensemble) => {
        const epochBefore = await epochOf(ensemble);
        const leader = await ensemble.leader();
        const sid = ensemble.servers.indexOf(leader) + 1;
        const port = portOf(leader, sid, 'quorum');
        await replyOf(port, farAhead(9, 0x7f_ffff));
        await waitForLine(leader, /A quorum packet of .* has the impossible epoch 8388607/);
        await replyOf(port, farAhead(9, 0x10_0000));
        await waitForLine(leader, /Closing learner 9 .*its accepted epoch 1048576 is far beyond/);
        assert.equal(await epochOf(ensemble), epochBefore);
      },
    );
  });
});

/** FOLLOWERINFO of a server that says to have accepted an epoch that nobody could reach. */
function farAhead(sid: number, epoch: number): Uint8Array {
  const data = new JuteWriter();
  data.long(0, sid);
  data.int(0x10000);
  data.long(0, 0);
  const w = new JuteWriter();
  w.int(11);
  w.long(epoch, 0);
  w.bytes(data.toBytes());
  w.int(-1);
  return w.toBytes();
}

/** Of the leader's last zxid. */
async function epochOf(ensemble: TestEnsemble): Promise<number> {
  const leader = await ensemble.leader();
  return await waitFor('an epoch', 10_000, async () => {
    const index = ensemble.servers.indexOf(leader);
    const response = await fetch(`http://127.0.0.1:${ensemble.healthPorts[index]}/quorum`);
    const { zxid } = (await response.json()) as { zxid: string };
    return Number(BigInt(zxid.startsWith('0x') ? zxid : `0x${zxid}`) >> 32n);
  });
}
