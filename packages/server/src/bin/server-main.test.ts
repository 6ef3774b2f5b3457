/** One server as a process: starts, answers, ends by signals, refuses with one clear line. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { freePort, makeDirectory, runZabra, waitForWord } from './program.test-kit.ts';

const GOLDEN = path.resolve(import.meta.dirname, '../../../../test/golden/apache-3.8.0');

let root = '';
beforeEach(() => {
  root = makeDirectory();
});
afterEach(() => fs.rmSync(root, { recursive: true }));

function config(...lines: readonly string[]): string {
  const file = path.join(root, 'zoo.cfg');
  fs.writeFileSync(file, [`dataDir=${root}/data`, ...lines].join('\n'));
  return file;
}

describe('zabra server', () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    it(`serves, and ends gracefully on ${signal} with exit code ${code}`, async () => {
      const [port, health] = [await freePort(), await freePort()];
      const file = config(
        `clientPort=${port}`,
        'clientPortAddress=127.0.0.1',
        '4lw.commands.whitelist=ruok',
        `zabra.healthPort=${health}`,
        'zabra.healthAddress=127.0.0.1',
      );
      const server = runZabra('server', file);
      await waitForWord(port, 'srvr', /^Mode: standalone$/m);
      assert.equal(await waitForWord(port, 'ruok', /./), 'imok');
      const ready = await fetch(`http://127.0.0.1:${health}/ready`);
      assert.equal(ready.status, 200);
      const metrics = await (await fetch(`http://127.0.0.1:${health}/metrics`)).text();
      assert.match(metrics, /^znode_count 5$/m);
      server.process.kill(signal);
      assert.deepEqual(await server.ended, { code, signal: null });
      assert.equal(server.err, '');
      assert.match(
        server.out,
        /^[0-9: ,-]+ \[myid:\] - INFO  \[main:.*\] - Reading configuration/m,
      );
      assert.doesNotMatch(server.out, /GET|\/ready - |metrics -/);
    });
  }
});

describe('zabra server, with other arguments', () => {
  it('starts from a port and a directory, with properties, and logs JSON', async () => {
    const port = await freePort();
    const flags = ['-Dzabra.log=json', '-Dzookeeper.4lw.commands.whitelist=*'];
    const server = runZabra('server', ...flags, String(port), path.join(root, 'data'));
    await waitForWord(port, 'conf', /^maxClientCnxns=0$/m);
    server.process.kill('SIGTERM');
    await server.ended;
    for (const line of server.out.trimEnd().split('\n')) {
      assert.equal(typeof (JSON.parse(line) as { message: unknown }).message, 'string');
    }
  });

  it('takes any free port for clientPort=0 and says which', async () => {
    const server = runZabra('server', config('clientPort=0', 'clientPortAddress=127.0.0.1'));
    const said = /Listening for client connections on 127\.0\.0\.1:([1-9][0-9]*)/;
    await server.until(said);
    await waitForWord(Number(said.exec(server.out)?.[1]), 'srvr', /^Mode: standalone$/m);
    server.process.kill('SIGTERM');
    await server.ended;
  });

  it('tells of a history that is not what its proposers had computed', async () => {
    const port = await freePort();
    // The logs of a server whose snapshots are gone, and with them the first transactions.
    fs.cpSync(path.join(GOLDEN, 'derived-no-snapshot'), `${root}/data`, { recursive: true });
    const server = runZabra('server', config(`clientPort=${port}`, 'snapshot.trust.empty=true'));
    await waitForWord(port, 'srvr', /Mode/);
    const said = /ERROR .*Digests are not matching after transactions: the first of 33 is 0x2e/;
    assert.match(server.out, said);
    server.process.kill('SIGTERM');
    await server.ended;
  });

  it('removes an initialize file once it has a history', async () => {
    const port = await freePort();
    const marker = path.join(root, 'data', 'initialize');
    fs.mkdirSync(path.dirname(marker));
    fs.writeFileSync(marker, '');
    const server = runZabra('server', config(`clientPort=${port}`));
    await waitForWord(port, 'srvr', /Mode/);
    while (fs.existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 50));
    server.process.kill('SIGTERM');
    await server.ended;
  });
});

describe('zabra server, refusing to start', () => {
  const rows: readonly (readonly [string, () => string[], number, RegExp])[] = [
    ['a bad number', () => [config('clientPort=many')], 2, /^Invalid config, .*"clientPort=many"/],
    ['no such file', () => [path.join(root, 'absent.cfg')], 2, /^Invalid config, .*ENOENT/],
    ['no arguments', () => [], 2, /^Invalid config, .*Usage: zabra server/],
    [
      'a missing myid',
      () => [
        config('clientPort=1', 'initLimit=5', 'syncLimit=2', 'server.1=a:1:2', 'server.2=b:1:2'),
      ],
      2,
      /^Invalid config, .*myid" is missing/,
    ],
    [
      'a data directory that is a file',
      () => {
        fs.writeFileSync(path.join(root, 'data'), '');
        return [config('clientPort=1')];
      },
      3,
      /^Unable to access datadir, exiting abnormally: /,
    ],
  ];
  for (const [name, args, code, says] of rows) {
    it(`ends with one line and exit code ${code} for ${name}`, async () => {
      const server = runZabra('server', ...args());
      assert.equal((await server.ended).code, code);
      assert.match(server.err, says);
      assert.equal(server.err.split('\n').length, 2);
    });
  }

  it('ends with exit code 3 where another process works, and that one goes on', async () => {
    const port = await freePort();
    const first = runZabra('server', config(`clientPort=${port}`));
    await waitForWord(port, 'srvr', /Mode/);
    const second = runZabra('server', config('clientPort=0'));
    assert.equal((await second.ended).code, 3);
    const holder = `process ${first.process.pid} uses ".*version-2"`;
    assert.match(second.err, new RegExp(`^Unable to access datadir, .*: ${holder}\n$`));
    assert.match(await waitForWord(port, 'srvr', /Mode/), /^Mode: standalone$/m);
    first.process.kill('SIGTERM');
    await first.ended;
    assert.deepEqual(
      fs.readdirSync(path.join(root, 'data/version-2')).filter((name) => name === 'zabra.lock'),
      [],
    );
  });

  for (const [name, key, code, says] of [
    ['client', 'clientPort', 1, /EADDRINUSE/],
    ['health', 'zabra.healthPort', 4, /^Unable to start the health server, .*EADDRINUSE/],
  ] as const) {
    it(`ends with exit code ${code} when the ${name} port is taken`, async () => {
      const holder = net.createServer().listen(0);
      await new Promise((resolve) => holder.once('listening', resolve));
      const { port } = holder.address() as net.AddressInfo;
      const lines = [`clientPort=${await freePort()}`, `${key}=${port}`];
      const server = runZabra('server', config(...lines));
      assert.equal((await server.ended).code, code);
      assert.match(server.err, says);
      assert.equal(server.err.split('\n').length, 2);
      holder.close();
    });
  }
});
