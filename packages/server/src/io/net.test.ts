/**
 * Connections, listeners and dials over real loopback sockets: bytes both ways, back pressure, the
 * ways in which a connection ends. Everything runs once with the shared read buffer and once
 * without, because both must be the same to the machine.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { Output } from '../peer/ready.ts';
import { BARE, endWorlds, makeWorld, readToEnd } from './fake-machine.test-kit.ts';
import type { NetworkOptions } from './net.ts';

afterEach(endWorlds);

for (const sharedReads of [true, false]) {
  const how = sharedReads ? 'with the shared read buffer' : 'with chunks of its own';
  describe(`Network over loopback, ${how}`, () => {
    const network = { ...BARE, sharedReads };
    clients(network);
    pressure(network);
    gentleEnds(network);
    hardEnds(network);
    dials(network);
    failingDials(network);
  });
}

function clients(network: NetworkOptions): void {
  it('reports a client by its plain address and echoes its bytes', async () => {
    const world = await makeWorld(network).listen();
    world.machine.onInput = (heard, output) => {
      if (heard.what === 'client bytes') world.machine.write(output as Output, heard.text);
    };
    const socket = await world.connect();
    socket.write('hello');
    const [chunk] = await once(socket, 'data');
    assert.equal(String(chunk), 'hello');
    assert.equal((await world.machine.find('client open')).text, '127.0.0.1');
    socket.destroy();
    assert.ok((await world.machine.find('client closed')).text.length > 0);
  });

  it('writes all that a turn produced in one piece, in order', async () => {
    const world = await makeWorld(network).listen();
    const socket = await world.connect();
    const { id } = await world.machine.find('client open');
    await world.machine.until(() => {
      const output = world.machine.outputs.get(id) as Output;
      for (let n = 0; n < 100; n++) world.machine.write(output, `${n},`);
      return true;
    });
    const [chunk] = await once(socket, 'data');
    assert.equal(String(chunk), Array.from({ length: 100 }, (_, n) => `${n},`).join(''));
    socket.destroy();
  });
}

function pressure(network: NetworkOptions): void {
  it('delivers a long stream whole, whatever the reader does, and counts what waits', async () => {
    const world = await makeWorld(network).listen();
    const socket = await world.connect();
    socket.pause();
    const output = world.machine.outputs.get(
      (await world.machine.find('client open')).id,
    ) as Output;
    const block = 'x'.repeat(1 << 20);
    let behind = 0;
    for (let n = 0; n < 24; n++) {
      await world.machine.until(() => {
        world.machine.write(output, n === 23 ? `${block}end` : block);
        return true;
      });
      await world.machine.until(() => true);
      behind = Math.max(behind, output.unsentBytes);
    }
    assert.ok(behind > 1 << 20, `wanted the network to fall behind, it held ${behind}`);
    const drained = world.machine.until(() => output.unsentBytes === 0);
    let tail = '';
    socket.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString()).slice(-4);
    });
    socket.resume();
    await drained;
    while (socket.bytesRead < 24 * (1 << 20) + 3) await once(socket, 'data');
    assert.equal(tail, 'xend');
    socket.destroy();
  });

  it('stops reading while the machine wants it to, and loses nothing', async () => {
    const world = await makeWorld(network).listen();
    const socket = await world.connect();
    const output = world.machine.outputs.get(
      (await world.machine.find('client open')).id,
    ) as Output;
    const pause = (wanted: boolean) =>
      world.machine.until(() => {
        output.pauseReading = wanted;
        world.machine.ready.touch(output);
        return true;
      });
    await pause(true);
    await world.machine.until(() => true);
    const total = 32 << 20;
    socket.write(Buffer.alloc(total));
    const { turnCount } = world.machine;
    await world.machine.until(() => world.machine.turnCount >= turnCount + 5);
    assert.equal(world.machine.bytesReceived, 0);
    assert.ok(socket.writableLength > 0, 'wanted the sender to be held up');
    await pause(false);
    await world.machine.until(() => world.machine.bytesReceived === total);
    socket.destroy();
  });

  it('takes one read and no more from a full socket when the machine has enough', async () => {
    const world = await makeWorld(network).listen();
    const { machine } = world;
    let reads = 0;
    machine.onInput = ({ what }, output) => {
      if (what !== 'client bytes' || output === undefined) return;
      reads++;
      output.pauseReading = true;
      machine.ready.touch(output);
    };
    const socket = await world.connect();
    await machine.find('client open');
    socket.write(Buffer.alloc(16 << 20));
    const { turnCount } = machine;
    await machine.until(() => machine.turnCount >= turnCount + 5);
    assert.equal(reads, 1);
    assert.ok(machine.bytesReceived <= 64 << 10, `${machine.bytesReceived} bytes at once`);
    socket.destroy();
  });
}

function gentleEnds(network: NetworkOptions): void {
  it('closes after the last byte has left, even for a client that sent FIN', async () => {
    const world = await makeWorld(network).listen();
    world.machine.onInput = (heard, output) => {
      if (heard.what !== 'client bytes' || output === undefined) return;
      world.machine.write(output, `${'y'.repeat(3 << 20)}imok`);
      output.closeAfterFlush = true;
    };
    const socket = await world.connect();
    socket.end('ruok and junk that nobody reads');
    const text = await readToEnd(socket);
    assert.equal(text.length, (3 << 20) + 4);
    assert.ok(text.endsWith('imok'));
    assert.equal((await world.machine.find('client closed')).text, 'closed by this server');
  });

  it('discards what comes behind a reply that closes', async () => {
    const world = await makeWorld(network).listen();
    world.machine.onInput = (heard, output) => {
      if (heard.what !== 'client bytes' || output === undefined) return;
      world.machine.write(output, 'imok');
      output.closeAfterFlush = true;
    };
    const socket = await world.connect();
    socket.on('error', () => {});
    socket.write('ruok');
    await world.machine.find('client bytes');
    const received = world.machine.bytesReceived;
    await world.machine.until(() => true);
    for (let n = 0; n < 20; n++) socket.write(Buffer.alloc(10_000));
    socket.end();
    assert.equal(await readToEnd(socket), 'imok');
    await world.machine.find('client closed');
    assert.equal(world.machine.bytesReceived, received);
  });
}

function hardEnds(network: NetworkOptions): void {
  it('destroys at once and drops what waits', async () => {
    const world = await makeWorld(network).listen();
    const socket = await world.connect();
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    const output = world.machine.outputs.get(
      (await world.machine.find('client open')).id,
    ) as Output;
    await world.machine.until(() => {
      world.machine.write(output, 'never sent');
      output.destroy = true;
      return true;
    });
    socket.resume();
    await closed;
    assert.equal(socket.bytesRead, 0);
    const heard = await world.machine.find('client closed');
    assert.equal(heard.text, 'closed by this server');
    const closings = world.machine.heard.filter(({ what }) => what === 'client closed');
    assert.equal(closings.length, 1);
  });

  it('reports the end of a client that closes without a word', async () => {
    const world = await makeWorld(network).listen();
    const socket = await world.connect();
    socket.end();
    socket.resume();
    assert.equal((await world.machine.find('client closed')).text, 'closed by the peer');
  });

  it('reports the reset of a client as its reason', async () => {
    const world = await makeWorld(network).listen();
    const socket = await world.connect();
    await world.machine.find('client open');
    socket.resetAndDestroy();
    assert.match((await world.machine.find('client closed')).text, /ECONNRESET/);
  });
}

function dials(network: NetworkOptions): void {
  it('dials by name, sends what was written before, and hears the answer', async () => {
    const world = await makeWorld(network).listen('election');
    world.machine.onInput = (heard, output) => {
      const isServerSide = world.machine.heard.some(
        ({ what, id }) => what === 'election open' && id === heard.id,
      );
      if (heard.what === 'link bytes' && isServerSide) {
        world.machine.write(output as Output, `re: ${heard.text}`);
      }
    };
    let dialed: Output | null = null;
    await world.machine.until(() => {
      dialed = world.machine.dial('election', 'localhost', world.port);
      world.machine.write(dialed, 'INIT');
      return true;
    });
    await world.machine.until(() => world.machine.heard.some(({ text }) => text === 're: INIT'));
    const answer = world.machine.heard.find(({ text }) => text === 're: INIT');
    assert.equal(answer?.id, (dialed as Output | null)?.id);
    assert.equal((await world.machine.find('dialed')).id, answer?.id);
  });
}

function failingDials(network: NetworkOptions): void {
  const failures = [
    { name: 'a port that nobody listens on', host: '127.0.0.1', reason: /ECONNREFUSED/ },
    { name: 'a name that does not exist', host: 'no-such-host.invalid', reason: /Cannot resolve/ },
  ];
  for (const { name, host, reason } of failures) {
    it(`reports once that a dial of ${name} failed`, async () => {
      const world = await makeWorld(network).listen();
      const probe = net.createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      const { port } = probe.address() as net.AddressInfo;
      await new Promise((resolve) => probe.close(resolve));
      await world.machine.until(() => {
        world.machine.dial('quorum', host, port);
        return true;
      });
      assert.match((await world.machine.find('link closed')).text, reason);
      await world.machine.until(() => true);
      assert.equal(world.machine.heard.filter(({ what }) => what === 'link closed').length, 1);
    });
  }

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`gives up a dial of ${host} under way that the machine destroys`, async () => {
      const world = await makeWorld(network).listen('quorum');
      await world.machine.until(() => {
        const output = world.machine.dial('quorum', host, world.port);
        output.destroy = true;
        world.machine.ready.touch(output);
        return true;
      });
      assert.equal((await world.machine.find('link closed')).text, 'closed by this server');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const heard = world.machine.heard.filter(({ what }) => /dialed|link closed/.test(what));
      assert.deepEqual(
        heard.map(({ what }) => what),
        ['link closed'],
      );
    });
  }
}
