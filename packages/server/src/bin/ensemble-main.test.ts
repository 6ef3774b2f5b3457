/** The local ensemble as an operator has it: starts, heals, keeps its data, ends, refuses. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BASE_PORT_MAX, makePlan } from './ensemble/plan.ts';
import { findTakenPort } from './ensemble/ports.ts';
import { makeDirectory, type Program, runZabra, waitForWord } from './program.test-kit.ts';

let root = '';
beforeEach(() => {
  root = makeDirectory();
});
afterEach(() => fs.rmSync(root, { recursive: true }));

/** A base port whose whole plan is free. */
async function freeBasePort(): Promise<number> {
  for (;;) {
    const basePort = 20_000 + Math.floor(Math.random() * 10_000);
    if ((await findTakenPort(makePlan(root, basePort, 3))) === null) return basePort;
  }
}

function start(basePort: number, ...more: readonly string[]): Program {
  return runZabra('ensemble', '--base-port', String(basePort), '--data', root, ...more);
}

describe('zabra ensemble', () => {
  it('serves, heals a killed leader, keeps epochs between runs, and ends on SIGINT', async () => {
    const basePort = await freeBasePort();
    const first = start(basePort);
    await first.until(/all servers serve/);
    await first.until(/bin\/zkCli\.sh -server 127\.0\.0\.1:/);
    await first.until(/kill -9 [0-9]+\n/);
    const leader = Number(/kill -9 ([0-9]+)/.exec(first.out)?.[1]);
    process.kill(leader, 'SIGKILL');
    await first.until(/server [123] ended \(signal SIGKILL\); it is started again/);
    for (const port of [basePort, basePort + 1, basePort + 2]) {
      await waitForWord(port, 'srvr', /^Mode: (leader|follower)$/m);
    }
    first.process.kill('SIGINT');
    assert.equal((await first.ended).code, 0);
    await waitForWord(basePort, 'ruok', /ECONNREFUSED/);
    assert.equal(fs.existsSync(path.join(root, 'ensemble.pid')), false);

    const second = start(basePort);
    await second.until(/all servers serve/);
    const epoch = fs.readFileSync(path.join(root, 'server-1/version-2/currentEpoch'), 'utf8');
    assert.ok(Number(epoch) >= 2, `wanted a later epoch than the first, found ${epoch}`);
    second.process.kill('SIGTERM');
    assert.equal((await second.ended).code, 0);
  });

  it('ends its servers when it is killed itself', async () => {
    const basePort = await freeBasePort();
    const ensemble = start(basePort);
    await ensemble.until(/all servers serve/);
    ensemble.process.kill('SIGKILL');
    await ensemble.ended;
    for (const port of [basePort, basePort + 1, basePort + 2]) {
      await waitForWord(port, 'ruok', /ECONNREFUSED/);
    }
  });
});

describe('zabra ensemble, refusing to start', () => {
  it('names a port that is taken', async () => {
    const basePort = await freeBasePort();
    const holder = net.createServer().listen(basePort + 1, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const ensemble = start(basePort);
    assert.equal((await ensemble.ended).code, 1);
    assert.equal(
      ensemble.err,
      `Port ${basePort + 1} (clients of server 2) is taken by another program; ` +
        'choose others with --base-port\n',
    );
    holder.close();
  });

  for (const [name, args] of [
    ['a base port without room above it', ['--base-port', String(BASE_PORT_MAX + 1)]],
    ['a base port that is no number', ['--base-port', 'x']],
    ['too many servers', ['--servers', '10']],
  ] as const) {
    it(`refuses ${name} with exit code 2`, async () => {
      const ensemble = runZabra('ensemble', '--data', root, ...args);
      assert.equal((await ensemble.ended).code, 2);
      assert.match(ensemble.err, /^--(base-port|servers) wants a number from 1 to [0-9]+\n$/);
    });
  }
});
