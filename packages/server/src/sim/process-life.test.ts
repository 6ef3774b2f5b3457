/**
 * The driver of machines, on a small machine that logs what clients send and echoes it once it is
 * on disk: turns, inputs in order, completions, connections, crashes, and the same run for the
 * same seed.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, Prng } from '@zabra/protocol';
import { type Dial, type Output, Ready } from '../peer/ready.ts';
import type { Machine } from './machine.ts';
import { HEALTHY_DISK, HEALTHY_NET, HEALTHY_PACE } from './plan.ts';
import { SimClock } from './sim-clock.ts';
import { type Endpoint, type EndpointOwner, SimNet } from './sim-net.ts';
import { type ServerObserver, SimServer } from './sim-server.ts';
import { Trace } from './trace.ts';

function newOutput(id: number, lane: Output['lane']): Output {
  const flags = { closeAfterFlush: false, destroy: false, pauseReading: false, touched: false };
  return { id, lane, bytes: new JuteWriter(), ...flags, unsentBytes: 0 };
}

class EchoMachine implements Machine {
  readonly ready = new Ready();
  readonly calls: string[] = [];
  readonly clients = new Map<number, Output>();
  readonly disk: { sizeBytes(directory: 'log', name: string): number };
  turnCount = 0;
  nowMs: number;
  #token = 0;
  #position = 0;
  /** Token to the client that waits for it and its bytes. */
  readonly #waiting = new Map<number, [number, Uint8Array]>();
  #nextId = 1;

  constructor(disk: { sizeBytes(directory: 'log', name: string): number }, nowMs: number) {
    this.disk = disk;
    this.nowMs = nowMs;
  }

  start(): void {
    const found = this.disk.sizeBytes('log', 'echo');
    this.#position = Math.max(found, 0);
    this.ready.listens.push({ kind: 'client', host: '10.0.0.1', port: 7, open: true });
    const token = ++this.#token;
    if (found >= 0) return;
    const create = { kind: 'create', directory: 'log', name: 'echo', preallocateBytes: 0 } as const;
    this.ready.disk.push({ ...create, token, bytes: new Uint8Array(0) });
  }
  onClock(nowMs: number): void {
    assert.ok(nowMs >= this.nowMs);
    this.nowMs = nowMs;
  }
  onDisk(token: number, error: string | null): void {
    assert.equal(error, null);
    this.calls.push(`disk ${token}`);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    const output = this.clients.get(waiting[0]);
    if (output === undefined) return;
    output.bytes.raw(waiting[1], 0, waiting[1].length);
    this.ready.touch(output);
  }
  onConfigStored(): void {}

  onListening(kind: string): void {
    this.calls.push(`listening ${kind}`);
  }
  onListenFailed(): void {
    this.calls.push('listen failed');
  }
  onClientOpen(): Output {
    const output = newOutput(this.#nextId++, 'client');
    this.clients.set(output.id, output);
    this.calls.push(`open ${output.id}`);
    return output;
  }
  onClientBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    const bytes = buffer.slice(start, end);
    this.calls.push(`bytes ${id} ${bytes.length}`);
    const output = this.clients.get(id) as Output;
    if (bytes[0] === 255) output.closeAfterFlush = true;
    if (bytes[0] === 254) output.destroy = true;
    if (bytes[0] === 253) throw new Error('bad byte');
    this.ready.touch(output);
    const token = ++this.#token;
    this.#waiting.set(token, [id, bytes]);
    const write = { kind: 'write', directory: 'log', name: 'echo', sync: true } as const;
    const position = this.#position;
    this.#position += bytes.length;
    this.ready.disk.push({ ...write, token, position, pieces: [bytes], growToBytes: 0 });
  }
  onClientClosed(id: number, reason: string): void {
    this.calls.push(`closed ${id} ${reason}`);
    this.clients.delete(id);
  }
  onLinkOpen(): Output {
    throw new Error('no links here');
  }
  onDialed(id: number): void {
    this.calls.push(`dialed ${id}`);
  }
  onLinkBytes(): void {}
  onLinkClosed(id: number, reason: string): void {
    this.calls.push(`link closed ${id} ${reason}`);
  }
  flushLog(): void {}

  endTurn(): void {
    this.turnCount++;
  }
  stop(): void {
    this.ready.exit = { code: 0, reason: 'stopped' };
  }
  dial(dial: Omit<Dial, 'output'>): void {
    this.ready.dials.push({ ...dial, output: newOutput(this.#nextId++, 'link') });
  }
}

class Ear implements EndpointOwner {
  heard: number[] = [];
  closed = '';
  onOpen(): void {}
  onBytes(buffer: Uint8Array, start: number, end: number): void {
    this.heard.push(...buffer.subarray(start, end));
  }
  onClosed(reason: string): void {
    this.closed = reason;
  }
  onDrained(): void {}
}

class Bench {
  readonly clock = new SimClock();
  readonly net: SimNet;
  readonly trace: Trace;
  readonly server: SimServer<EchoMachine>;
  readonly ended: string[] = [];
  readonly thrown: unknown[] = [];

  constructor(seed: number) {
    const prng = new Prng(seed);
    this.trace = new Trace(this.clock, null);
    this.net = new SimNet(this.clock, prng.fork(), { ...HEALTHY_NET, splitOneIn: 3 });
    this.net.onSent = (from, bytes) => this.trace.bytes(from.host, 'sent', bytes, 0, bytes.length);
    const observer: ServerObserver<EchoMachine> = {
      onStarted: () => undefined,
      onTurnEnd: ({ sid }) => this.trace.note('server', 'turn', sid),
      onSubmitted: () => undefined,
      onStored: () => undefined,
      onEvent: () => undefined,
      onEnded: (_, exit) => this.ended.push(exit?.reason ?? 'crash'),
      onThrown: (_, error) => this.thrown.push(error),
    };
    const world = { clock: this.clock, net: this.net, prng: prng.fork() };
    const health = { disk: HEALTHY_DISK, pace: HEALTHY_PACE };
    const options = { host: '10.0.0.1', ...health, driftPpm: 100, wallOffsetMs: 0 };
    const make = (disk: EchoMachine['disk'], _seed: number, nowMs: number) =>
      new EchoMachine(disk, nowMs);
    this.server = new SimServer(1, world, options, make, observer);
    this.server.start();
    this.run();
  }

  get machine(): EchoMachine {
    return this.server.machine as EchoMachine;
  }

  run(us = 100_000): void {
    this.clock.runUntil(this.clock.nowUs + us);
  }

  connect(): [Endpoint, Ear] {
    const ear = new Ear();
    const endpoint = this.net.dial('10.0.1.1', '10.0.0.1', 7, ear);
    return [endpoint, ear];
  }
}

describe('ProcessLife', () => {
  it('drives a machine from its start to echoes that were on disk before', () => {
    const bench = new Bench(1);
    assert.deepEqual(bench.machine.calls, ['listening client', 'disk 1']);
    const [endpoint, ear] = bench.connect();
    endpoint.send(Uint8Array.of(1, 2, 3));
    bench.run();
    endpoint.send(Uint8Array.of(4));
    bench.run();
    assert.deepEqual(ear.heard, [1, 2, 3, 4]);
    const log = bench.server.disk.durableFiles('log').get('echo');
    assert.deepEqual([...(log?.durableContent() ?? [])], [1, 2, 3, 4]);
    assert.equal(bench.machine.calls.filter((call) => call.startsWith('open')).length, 1);
  });

  it('takes a turn at least every 20 ms', () => {
    const bench = new Bench(2);
    const before = bench.machine.turnCount;
    bench.run(1_000_000);
    const turns = bench.machine.turnCount - before;
    assert.ok(turns >= 49 && turns <= 60, `${turns} turns`);
  });

  it('tells the machine once of every closed connection, whoever closed it', () => {
    for (const [byte, wanted] of [
      [255, 'closed by this server'],
      [254, 'closed by this server'],
      [1, 'end of stream'],
    ] as const) {
      const bench = new Bench(3);
      const [endpoint, ear] = bench.connect();
      endpoint.send(Uint8Array.of(byte));
      bench.run();
      if (byte === 1) endpoint.end();
      bench.run();
      const closed = bench.machine.calls.filter((call) => call.startsWith('closed'));
      assert.deepEqual(closed, [`closed 1 ${wanted}`]);
      if (byte !== 1) assert.notEqual(ear.closed, '');
    }
  });

  it('reports a dial to nobody as a closed link', () => {
    const bench = new Bench(4);
    bench.machine.dial({ kind: 'quorum', host: '10.0.0.9', port: 1 });
    bench.run();
    assert.ok(bench.machine.calls.includes('link closed 1 ECONNRESET'));
  });

  it('ends with a kill: clients hear of it, the disk stays, a new machine finds it', () => {
    const bench = new Bench(5);
    const [endpoint, ear] = bench.connect();
    endpoint.send(Uint8Array.of(1, 2, 3));
    bench.run();
    bench.server.kill();
    bench.run();
    assert.equal(ear.closed, 'end of stream');
    assert.deepEqual(bench.ended, ['crash']);
    bench.server.start();
    bench.run();
    const [, again] = bench.connect();
    bench.run();
    assert.equal(again.closed, '');
    assert.equal(bench.machine.disk.sizeBytes('log', 'echo'), 3);
  });

  it('ends connections that its machine had not heard of (seed 234)', () => {
    const bench = new Bench(1);
    bench.server.pause(10_000_000);
    const [endpoint, ear] = bench.connect();
    endpoint.send(Uint8Array.of(1));
    bench.run();
    assert.deepEqual([bench.machine.clients.size, ear.closed], [0, '']);
    bench.server.kill();
    bench.run();
    assert.notEqual(ear.closed, '');
  });

  it('falls silent when the power goes', () => {
    const bench = new Bench(6);
    const [endpoint, ear] = bench.connect();
    bench.run();
    bench.server.cutPower();
    bench.run(10_000_000);
    assert.equal(ear.closed, '');
    endpoint.send(Uint8Array.of(1));
    bench.run(20_000_000);
    assert.equal(ear.closed, 'ETIMEDOUT');
  });

  it('ends when the machine asks for it, and when it throws', () => {
    const bench = new Bench(7);
    bench.server.stop();
    bench.run();
    assert.deepEqual([bench.ended, bench.server.isRunning], [['stopped'], false]);
    const thrower = new Bench(8);
    const [endpoint] = thrower.connect();
    endpoint.send(Uint8Array.of(253));
    thrower.run();
    assert.deepEqual([thrower.thrown.length, thrower.server.isRunning], [1, false]);
  });

  it('does nothing during a pause and everything after it', () => {
    const bench = new Bench(9);
    const [endpoint, ear] = bench.connect();
    bench.run();
    bench.server.pause(500_000);
    endpoint.send(Uint8Array.of(1));
    bench.run(400_000);
    assert.deepEqual(ear.heard, []);
    bench.run(200_000);
    assert.deepEqual(ear.heard, [1]);
  });

  it('gives the same trace for the same seed, and another for another', () => {
    const hash = (seed: number) => {
      const bench = new Bench(seed);
      const [endpoint] = bench.connect();
      for (let count = 0; count < 20; count++) {
        endpoint.send(Uint8Array.of(count, count));
        bench.run(700);
      }
      bench.run(1_000_000);
      return bench.trace.hash();
    };
    assert.equal(hash(11), hash(11));
    assert.notEqual(hash(11), hash(12));
  });
});
