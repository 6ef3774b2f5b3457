/**
 * Servers as pods of a StatefulSet, under the zoo.cfg and the TLS of the manifests: what a new
 * configuration changes and what it does not, and what becomes of a pod that has lost its volume.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@zabra/client';
import { Authority, CN } from 'zabra/dist/io/certificates.test-kit.js';
import { freePorts } from './free-ports.ts';
import { Pod } from './pod.ts';

const AUTHORITY = new Authority();
const CLIENT = { sessionTimeoutMs: 10_000, tls: { ca: AUTHORITY.pem } };

async function withPods(
  count: number,
  use: (pods: readonly Pod[]) => Promise<void>,
): Promise<void> {
  const secret = mkdtempSync(join(tmpdir(), 'zabra-secret-'));
  const pem = AUTHORITY.issue({
    subject: [[CN, 'zk']],
    dnsNames: ['*.zk-hs.test'],
    ips: ['127.0.0.1'],
  });
  writeFileSync(join(secret, 'tls-combined.pem'), pem);
  writeFileSync(join(secret, 'ca.crt'), AUTHORITY.pem);
  const [quorum = 0, election = 0, ...rest] = await freePorts(2 + 2 * count);
  const pods = Array.from({ length: count }, (_, ordinal) => {
    const client = rest[2 * ordinal] as number;
    const health = rest[2 * ordinal + 1] as number;
    return new Pod(ordinal, count, { client, quorum, election, health }, secret);
  });
  try {
    await use(pods);
  } catch (error) {
    for (const pod of pods) process.stderr.write(`--- zk-${pod.ordinal}\n${pod.logTail}\n`);
    throw error;
  } finally {
    for (const pod of pods) await pod.remove();
    rmSync(secret, { recursive: true });
  }
}

async function write(pods: readonly Pod[], path: string): Promise<void> {
  const zk = await connect(serversOf(pods), CLIENT);
  await zk.create(path, 'kept');
  await zk.close();
}

async function assertKept(pod: Pod, path: string): Promise<void> {
  const zk = await connect(serversOf([pod]), CLIENT);
  await zk.sync(path);
  const { data } = await zk.getData(path);
  assert.equal(Buffer.from(data ?? []).toString(), 'kept');
  await zk.close();
}

function serversOf(pods: readonly Pod[]): string {
  return pods.map(({ ports }) => `127.0.0.1:${ports.client}`).join(',');
}

describe('one pod', { concurrency: 1 }, () => {
  it('works on its volume, ends with 143, and takes up a new configuration', async () => {
    await withPods(1, async ([pod]) => {
      assert.ok(pod !== undefined);
      pod.start();
      await pod.waitUntilReady();
      await write([pod], '/hello');
      assert.equal(await pod.end(), 143);
      assert.equal(pod.file('data/myid'), '1\n');
      pod.start('tickTime=1000');
      await pod.waitUntilReady();
      assert.match(pod.file('conf/zoo.cfg'), /^tickTime=1000$/m);
      await assertKept(pod, '/hello');
    });
  });
});

describe('three pods', { concurrency: 1 }, () => {
  it('become an ensemble when all are there, and not before', async () => {
    await withPods(3, async (pods) => {
      const [first, second, third] = pods;
      assert.ok(first !== undefined && second !== undefined && third !== undefined);
      third.start();
      second.start();
      const sinceMs = performance.now();
      // A majority without data may be one that has lost it: it waits for whoever has not.
      while (performance.now() - sinceMs < 2000) {
        for (const pod of [second, third])
          assert.notEqual(await pod.isReady().catch(() => null), true);
      }
      first.start();
      for (const pod of pods) await pod.waitUntilReady();
      await write(pods, '/early');
      for (const pod of pods) assert.equal(pod.file('data/myid'), `${pod.ordinal + 1}\n`);
    });
  });

  it('give their state to one that has lost its volume, even the one that led', async () => {
    await withPods(3, async (pods) => {
      for (const pod of pods) pod.start();
      for (const pod of pods) await pod.waitUntilReady();
      await write(pods, '/kept');
      for (const pod of pods.toReversed()) {
        await pod.end();
        pod.loseVolume();
        pod.start();
        await pod.waitUntilReady();
        await assertKept(pod, '/kept');
      }
    });
  });

  it('come back with what they had when all have ended', async () => {
    await withPods(3, async (pods) => {
      for (const pod of pods) pod.start();
      for (const pod of pods) await pod.waitUntilReady();
      await write(pods, '/kept');
      assert.deepEqual(await Promise.all(pods.map((pod) => pod.end())), [143, 143, 143]);
      // Two are enough once there is data.
      for (const pod of pods.slice(1)) pod.start();
      for (const pod of pods.slice(1)) await pod.waitUntilReady();
      await assertKept(pods[2] as Pod, '/kept');
    });
  });
});
