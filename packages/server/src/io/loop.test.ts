/**
 * The loop's turns over real sockets: what opens one, what is done at its end and in which order,
 * and how the process ends.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { ListenKind, Output } from '../peer/ready.ts';
import { BARE, endWorlds, makeWorld, readToEnd } from './fake-machine.test-kit.ts';
import type { Preface } from './net.ts';

afterEach(endWorlds);

describe('Loop', () => {
  it('makes a turn by itself about every 20 ms, and one at once when wanted', async () => {
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

  it('gives the disk its next request at a completion and before the turn ends', async () => {
    const world = await makeWorld().listen();
    const { machine } = world;
    await machine.until(() => true);
    let token = 0;
    const seen: string[] = [];
    machine.onFlushLog = () => {
      if (token < 2) {
        machine.ready.disk.push({ kind: 'sync', directory: 'log', name: 'log.1', token: ++token });
      }
      seen.push(`turn ${machine.turnCount}, submitted ${world.submitted.length}`);
    };
    const turn = machine.turnCount;
    world.loop.onDisk(7, null);
    assert.deepEqual(world.submitted, [1], 'at the completion');
    await machine.until(() => machine.turnCount > turn);
    assert.deepEqual(world.submitted, [1, 2]);
    assert.deepEqual(seen.slice(0, 2), [`turn ${turn}, submitted 0`, `turn ${turn}, submitted 1`]);
  });
});

describe('Loop, at its borders', () => {
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
});

describe('Loop, at its end and before its beginning', () => {
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
    const preface: Preface = (_kind, direction, socket, onReady) => {
      if (direction === 'dialed') {
        socket.write('PRE!');
        onReady(socket, null);
        return;
      }
      socket.once('readable', () => {
        assert.equal(String(socket.read(4)), 'PRE!');
        onReady(socket, null);
      });
    };
    const world = await makeWorld({ ...BARE, prefaces: { quorum: preface } }).listen('quorum');
    await world.machine.until(() => {
      world.machine.write(world.machine.dial('quorum', '127.0.0.1', world.port), 'body');
      return true;
    });
    assert.equal((await world.machine.find('link bytes')).text, 'body');
  });
});
