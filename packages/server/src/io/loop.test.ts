/**
 * The loop and its network over real loopback sockets, with a small machine in the peer's seat:
 * turns, one write per turn, back pressure, the ways in which a connection ends, dials, exit.
 */

import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { JuteWriter } from '@zabra/protocol';
import { type LinkKind, type ListenKind, type Output, Ready } from '../peer/ready.ts';
import { systemClock } from './clock.ts';
import { Loop } from './loop.ts';
import type { Machine } from './machine.ts';
import type { NetworkOptions } from './net.ts';

interface Heard {
  readonly what: string;
  readonly id: number;
  readonly text: string;
}

function makeOutput(id: number, lane: 'client' | 'link'): Output {
  return {
    id,
    lane,
    bytes: new JuteWriter(64),
    closeAfterFlush: false,
    destroy: false,
    pauseReading: false,
    touched: false,
    unsentBytes: 0,
  };
}

/** Writes down what it hears; `onInput` is what a test lets it do about it. */
class FakeMachine implements Machine {
  readonly ready = new Ready();
  readonly heard: Heard[] = [];
  readonly outputs = new Map<number, Output>();
  turnCount = 0;
  clockCount = 0;
  bytesReceived = 0;
  onInput: (heard: Heard, output: Output | undefined) => void = () => {};
  readonly #waiters: { done: () => boolean; resolve: () => void }[] = [];
  #lastId = 0;

  start(): void {
    this.#hear('start', 0, '');
  }

  onClock(): void {
    this.clockCount++;
  }

  onDisk(token: number, error: string | null): void {
    this.#hear('disk', token, error ?? '');
  }

  onListening(kind: ListenKind, _host: string, port: number): void {
    this.#hear(`listening ${kind}`, port, '');
  }

  onListenFailed(kind: ListenKind, _host: string, port: number, reason: string): void {
    this.#hear(`listen failed ${kind}`, port, reason);
  }

  onClientOpen(remoteHost: string): Output {
    return this.#open('client', remoteHost, 'client');
  }

  onClientBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    this.#bytes('client', id, buffer, start, end);
  }

  onClientClosed(id: number, reason: string): void {
    this.#hear('client closed', id, reason);
  }

  onLinkOpen(kind: LinkKind, remoteHost: string): Output {
    return this.#open('link', remoteHost, kind);
  }

  onDialed(id: number): void {
    this.#hear('dialed', id, '');
  }

  onLinkBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    this.#bytes('link', id, buffer, start, end);
  }

  onLinkClosed(id: number, reason: string): void {
    this.#hear('link closed', id, reason);
  }

  endTurn(): void {
    this.turnCount++;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.done()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
  }

  stop(): void {
    this.ready.exit = { code: 0, reason: 'stopped' };
  }

  dial(kind: LinkKind, host: string, port: number): Output {
    const output = makeOutput(++this.#lastId, 'link');
    this.outputs.set(output.id, output);
    this.ready.dials.push({ output, kind, host, port });
    return output;
  }

  write(output: Output, text: string): void {
    const bytes = Buffer.from(text);
    output.bytes.raw(bytes, 0, bytes.length);
    this.ready.touch(output);
  }

  /** Resolves at the end of the first turn in which `done` holds. */
  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => this.#waiters.push({ done, resolve }));
  }

  async find(what: string): Promise<Heard> {
    const found = () => this.heard.find((heard) => heard.what === what);
    if (found() === undefined) await this.until(() => found() !== undefined);
    return found() as Heard;
  }

  #open(lane: 'client' | 'link', remoteHost: string, kind: string): Output {
    const output = makeOutput(++this.#lastId, lane);
    this.outputs.set(output.id, output);
    this.#hear(`${kind} open`, output.id, remoteHost);
    return output;
  }

  #bytes(lane: string, id: number, buffer: Uint8Array, start: number, end: number): void {
    this.bytesReceived += end - start;
    const text = end - start > 100 ? '' : Buffer.from(buffer.subarray(start, end)).toString();
    this.#hear(`${lane} bytes`, id, text);
  }

  #hear(what: string, id: number, text: string): void {
    const heard = { what, id, text };
    this.heard.push(heard);
    this.onInput(heard, this.outputs.get(id));
  }
}

const BARE: NetworkOptions = {
  clientBacklog: 0,
  clientKeepAlive: true,
  linkKeepAlive: true,
  sharedReads: true,
  preface: null,
};

class World {
  readonly machine = new FakeMachine();
  readonly exits: string[] = [];
  readonly events: string[] = [];
  readonly submitted: number[] = [];
  readonly loop: Loop;
  port = 0;

  constructor(network: NetworkOptions = BARE) {
    this.loop = new Loop({
      machine: this.machine,
      disk: { submit: (request) => this.submitted.push(request.token) },
      clock: systemClock,
      network,
      onEvents: (events) => this.events.push(...events.map(({ message }) => message)),
      onExit: ({ reason }) => this.exits.push(reason),
    });
  }

  async listen(kind: ListenKind = 'client'): Promise<this> {
    this.machine.ready.listens.push({ kind, host: '127.0.0.1', port: 0, open: true });
    this.loop.start();
    this.port = (await this.machine.find(`listening ${kind}`)).id;
    return this;
  }

  async connect(): Promise<net.Socket> {
    const socket = net.connect(this.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }
}

let worlds: World[] = [];

function makeWorld(network: NetworkOptions = BARE): World {
  const world = new World(network);
  worlds.push(world);
  return world;
}

async function readToEnd(socket: net.Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

afterEach(async () => {
  for (const { loop, exits } of worlds) {
    loop.stop();
    while (exits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  worlds = [];
});

for (const sharedReads of [true, false]) {
  const how = sharedReads ? 'with the shared read buffer' : 'with chunks of its own';
  describe(`Loop over loopback, ${how}`, () => {
    const network = { ...BARE, sharedReads };
    clients(network);
    ends(network);
    dials(network);
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
    let received = 0;
    let tail = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      tail = (tail + chunk.toString()).slice(-4);
    });
    socket.resume();
    await drained;
    while (received < 24 * (1 << 20) + 3) await once(socket, 'data');
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
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(world.machine.bytesReceived, 0);
    assert.ok(socket.writableLength > 0, 'wanted the sender to be held up');
    await pause(false);
    await world.machine.until(() => world.machine.bytesReceived === total);
    socket.destroy();
  });
}

function ends(network: NetworkOptions): void {
  it('closes after the last byte has left, and keeps the reply of a client that sent FIN', async () => {
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
  it('dials a link by name, sends what was written before it stood, and hears the answer', async () => {
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
      const ends = world.machine.heard.filter(({ what }) => /dialed|link closed/.test(what));
      assert.deepEqual(
        ends.map(({ what }) => what),
        ['link closed'],
      );
    });
  }
}

describe('Loop', () => {
  it('makes a turn by itself, at least about every 20 ms, and one at once when wanted', async () => {
    const world = await makeWorld().listen();
    const turns = world.machine.turnCount;
    await new Promise((resolve) => setTimeout(resolve, 300));
    const made = world.machine.turnCount - turns;
    assert.ok(made >= 6 && made <= 20, `wanted about 15 turns, found ${made}`);
    assert.equal(world.machine.clockCount - world.machine.turnCount <= 1, true);
    let wanted = 0;
    await world.machine.until(() => {
      world.machine.ready.wantsTurn = true;
      return ++wanted === 1000;
    });
    assert.equal(wanted, 1000);
  });

  it('takes the inputs of one turn together', async () => {
    const world = await makeWorld().listen();
    await world.machine.until(() => true);
    const before = world.machine.turnCount;
    const seen: number[] = [];
    world.machine.onInput = () => seen.push(world.machine.turnCount);
    for (let token = 1; token <= 5; token++) world.loop.onDisk(token, null);
    await world.machine.until(() => seen.length === 5);
    assert.deepEqual(seen, Array(5).fill(before));
  });

  it('submits disk requests and prints events of the turn in order', async () => {
    const world = await makeWorld().listen();
    await world.machine.until(() => {
      for (const token of [1, 2]) {
        world.machine.ready.disk.push({
          kind: 'sync',
          directory: 'log',
          name: 'log.1',
          token,
        });
        world.machine.ready.log('info', 'main', 'Test', `event ${token}`);
      }
      return true;
    });
    await world.machine.until(() => true);
    assert.deepEqual(world.submitted, [1, 2]);
    assert.deepEqual(world.events, ['event 1', 'event 2']);
  });

  it('reports a port that is taken, closes a listener and opens it again', async () => {
    const world = await makeWorld().listen();
    const { machine, port } = world;
    const listen = (kind: ListenKind, open: boolean) =>
      machine.until(() => {
        machine.ready.listens.push({ kind, host: '127.0.0.1', port, open });
        return true;
      });
    await listen('quorum', true);
    const failed = await machine.find('listen failed quorum');
    assert.match(failed.text, /EADDRINUSE/);
    assert.equal(failed.id, port);
    const other = await makeWorld().listen('election');
    await other.machine.until(() => {
      // Port 0 was asked for, so 0 names the listener.
      other.machine.ready.listens.push({
        kind: 'election',
        host: '127.0.0.1',
        port: 0,
        open: false,
      });
      return true;
    });
    await other.machine.until(() => true);
    const socket = net.connect(other.port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /ECONNREFUSED/);
  });

  it('lets written output leave before it exits, and exits once', async () => {
    const world = await makeWorld().listen();
    const socket = await world.connect();
    const text = readToEnd(socket);
    const output = world.machine.outputs.get(
      (await world.machine.find('client open')).id,
    ) as Output;
    await world.machine.until(() => {
      world.machine.write(output, 'z'.repeat(4 << 20));
      world.machine.ready.exit = { code: 3, reason: 'over' };
      return true;
    });
    assert.equal((await text).length, 4 << 20);
    assert.deepEqual(world.exits, ['over']);
  });

  it('lets a preface take the first bytes of accepted and dialed sockets', async () => {
    const preface: NetworkOptions['preface'] = (_kind, direction, socket, onReady) => {
      if (direction === 'dialed') {
        socket.write('PRE!');
        onReady(socket);
        return;
      }
      socket.once('readable', () => {
        assert.equal(String(socket.read(4)), 'PRE!');
        onReady(socket);
      });
    };
    const world = await makeWorld({ ...BARE, preface }).listen('quorum');
    await world.machine.until(() => {
      world.machine.write(world.machine.dial('quorum', '127.0.0.1', world.port), 'body');
      return true;
    });
    assert.equal((await world.machine.find('link bytes')).text, 'body');
  });
});
