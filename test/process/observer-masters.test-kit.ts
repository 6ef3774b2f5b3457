/**
 * Observers at followers (`observerMasterPort`) whose connections are secured: three voters and an
 * observer, each with an address of its own, since all masters listen at one port.
 */

import assert from 'node:assert/strict';
import { connect } from '@zabra/client';
import type { TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import { freePorts } from './free-ports.ts';
import {
  EVERY_SASL,
  type QuorumKeys,
  replyOf,
  waitForLine,
  withSecured,
} from './quorum-security.test-kit.ts';
import type { ServerKind, ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

const PATIENCE_MS = 60_000;
const OBSERVER = 4;

/** What secures connections between servers, by name. */
export const MASTER_SECURITY: readonly (readonly [string, (keys: QuorumKeys) => string[]])[] = [
  ['TLS', (keys) => keys.tls('sslQuorum')],
  ['SASL', (keys) => keys.sasl(...EVERY_SASL)],
  ['TLS and SASL', (keys) => [...keys.tls('sslQuorum'), ...keys.sasl(...EVERY_SASL)]],
];

/** A line of `mntr`; null where there is none. */
export async function figure({ clientPort }: ServerProcess, name: string): Promise<number | null> {
  const text = await askWord(clientPort, 'mntr');
  const value = new RegExp(`^zk_${name}\t(.*)$`, 'm').exec(text)?.[1];
  return value === undefined ? null : Number(value);
}

/**
 * The observer finds a follower, takes writes, finds the other one when that is killed, and takes
 * writes again. The leader never has it.
 */
export async function drillSecuredMasters(
  kinds: readonly [ServerKind, ServerKind, ServerKind, ServerKind],
  lines: (keys: QuorumKeys) => readonly string[],
): Promise<void> {
  const [port] = await freePorts(1);
  const hostsOf = (sid: number): readonly string[] => [`127.0.0.${sid}`];
  const extra = [`observerMasterPort=${port}`];
  const options = { kinds, hostsOf, extra, observers: [OBSERVER], tickTimeMs: 500, initLimit: 20 };
  const linesOf = (keys: QuorumKeys): readonly string[] => {
    keys.issue('member.pem', ...[1, 2, 3, OBSERVER].flatMap(hostsOf));
    return lines(keys);
  };
  await withSecured(options, linesOf, async (ensemble) => {
    const first = await masterOf(ensemble, 0);
    await write(ensemble, 'first');
    await ensemble.servers[first - 1]?.end('SIGKILL');
    const second = await masterOf(ensemble, first);
    await write(ensemble, 'second');
    assert.notEqual(second, first);
    const master = ensemble.servers[second - 1] as ServerProcess;
    if (master.kind !== 'zabra') return;
    const reply = await replyOf(port as number, Buffer.alloc(64), hostsOf(second)[0]);
    assert.equal(reply.length, 0, 'to whoever says nothing that is secured');
    await waitForLine(master, /Refused .* at the .* port: it does not (?:speak TLS|authenticate)/);
  });
}

/** Sid of the follower at which the observer is. */
export async function masterOf(ensemble: TestEnsemble, notSid: number): Promise<number> {
  const observer = ensemble.servers[OBSERVER - 1] as ServerProcess;
  return await waitFor('a master', PATIENCE_MS, async () => {
    if ((await observer.mode()) !== 'observer') return null;
    const sid = (await figure(observer, 'observer_master_id')) ?? 0;
    const master = ensemble.servers[sid - 1];
    if (master === undefined || !master.running || sid === notSid) return null;
    return (await master.mode()) === 'follower' && (await figure(master, 'synced_observers')) === 1
      ? sid
      : null;
  });
}

/** Through the observer, and seen there. */
async function write(ensemble: TestEnsemble, name: string): Promise<void> {
  const zk = await connect(`127.0.0.1:${ensemble.servers[OBSERVER - 1]?.clientPort}`);
  await zk.create(`/${name}`, 'x');
  await zk.sync(`/${name}`);
  assert.notEqual(await zk.exists(`/${name}`), null);
  await zk.close();
}
