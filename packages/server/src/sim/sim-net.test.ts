/** What connections of the simulated network promise, and which faults they may meet. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import { SimClock } from './sim-clock.ts';
import { type Endpoint, type EndpointOwner, type NetOptions, SimNet } from './sim-net.ts';

const QUIET: NetOptions = {
  latencyUsMin: 100,
  latencyUsMax: 1000,
  slowOneIn: 0,
  slowUsMax: 1,
  splitOneIn: 0,
  windowBytes: 1000,
  giveUpUs: 5_000_000,
  refuseOneIn: 0,
};

class Ear implements EndpointOwner {
  readonly heard: number[] = [];
  isOpen = false;
  closed: string | null = null;
  drainedCount = 0;
  onOpen(): void {
    this.isOpen = true;
  }
  onBytes(buffer: Uint8Array, start: number, end: number): void {
    this.heard.push(...buffer.subarray(start, end));
  }
  onClosed(reason: string): void {
    assert.equal(this.closed, null, 'told twice');
    this.closed = reason;
  }
  onDrained(): void {
    this.drainedCount++;
  }
}

class Bench {
  readonly clock = new SimClock();
  readonly net: SimNet;
  readonly near = new Ear();
  readonly far = new Ear();
  farEnd: Endpoint | null = null;
  readonly nearEnd: Endpoint;

  constructor(options: Partial<NetOptions> = {}, seed = 1, isListening = true) {
    this.net = new SimNet(this.clock, new Prng(seed), { ...QUIET, ...options });
    if (isListening) {
      this.net.listen('b', 7, (endpoint) => {
        this.farEnd = endpoint;
        return this.far;
      });
    }
    this.nearEnd = this.net.dial('a', 'b', 7, this.near);
  }

  run(us = 100_000): this {
    this.clock.runUntil(this.clock.nowUs + us);
    return this;
  }
}

function numbered(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => (from + index) & 0xff);
}

describe('SimNet', () => {
  it('opens a connection and carries bytes both ways in their order', () => {
    for (let seed = 0; seed < 50; seed++) {
      const bench = new Bench({ splitOneIn: 2, slowOneIn: 3, slowUsMax: 20_000 }, seed).run();
      assert.equal(bench.near.isOpen, true);
      for (let from = 0; from < 200; from += 20) {
        bench.nearEnd.send(numbered(from, 20));
        bench.farEnd?.send(numbered(from, 20));
        bench.run(300);
      }
      bench.run();
      assert.deepEqual(bench.far.heard, [...numbered(0, 200)]);
      assert.deepEqual(bench.near.heard, [...numbered(0, 200)]);
    }
  });

  it('keeps what a dialler sends before it is connected', () => {
    const bench = new Bench();
    bench.nearEnd.send(numbered(0, 10));
    bench.run();
    assert.deepEqual(bench.far.heard, [...numbered(0, 10)]);
  });

  it('refuses a dial where nobody listens', () => {
    const bench = new Bench({}, 1, false).run();
    assert.equal(bench.near.closed, 'ECONNRESET');
    assert.equal(bench.net.counts.refusedDialCount, 1);
    assert.equal(bench.net.connections.size, 0);
  });

  it('lets a dial to a dead host time out, and one to a late host succeed', () => {
    const dead = new Bench();
    dead.net.setUp('b', false);
    dead.run(6_000_000);
    assert.equal(dead.near.closed, null);
    dead.run(9_000_000);
    assert.equal(dead.near.closed, 'ETIMEDOUT');
    const late = new Bench();
    late.net.setUp('b', false);
    late.run(2_000_000);
    late.net.setUp('b', true);
    late.run(2_000_000);
    assert.equal(late.near.isOpen, true);
  });

  it('lets bytes beyond the window wait at the sender and says when none waits', () => {
    const bench = new Bench().run();
    bench.nearEnd.send(numbered(0, 800));
    bench.nearEnd.send(numbered(0, 800));
    bench.nearEnd.send(numbered(0, 100));
    assert.equal(bench.nearEnd.unsentBytes, 900);
    bench.run();
    assert.equal(bench.nearEnd.unsentBytes, 0);
    assert.equal(bench.near.drainedCount, 1);
    assert.equal(bench.far.heard.length, 1700);
  });

  it('holds everything while the reader has stopped, and the sender lives', () => {
    const bench = new Bench({ giveUpUs: 1_000_000 }).run();
    bench.farEnd?.stopReading(true);
    for (let count = 0; count < 4; count++) bench.nearEnd.send(numbered(0, 500));
    bench.run(10_000_000);
    assert.deepEqual([bench.far.heard.length, bench.nearEnd.unsentBytes], [0, 1000]);
    bench.farEnd?.stopReading(false);
    bench.run();
    assert.deepEqual([bench.far.heard.length, bench.near.closed], [2000, null]);
  });

  it('keeps the order when what was held meets what is under way', () => {
    for (let seed = 0; seed < 50; seed++) {
      const bench = new Bench({ slowOneIn: 2, slowUsMax: 5000, windowBytes: 65_536 }, seed).run();
      for (let from = 0; from < 200; from += 10) {
        bench.farEnd?.stopReading(from % 40 === 0);
        bench.nearEnd.send(numbered(from, 10));
        bench.run(700);
      }
      bench.farEnd?.stopReading(false);
      bench.run();
      assert.deepEqual(bench.far.heard, [...numbered(0, 200)]);
    }
  });

  it('holds bytes between hosts that are kept apart, and gives up after a while', () => {
    const bench = new Bench().run();
    bench.net.block('a', 'b');
    bench.nearEnd.send(numbered(0, 10));
    bench.farEnd?.send(numbered(0, 10));
    bench.run(1_000_000);
    assert.deepEqual([bench.far.heard.length, bench.near.heard.length], [0, 10]);
    bench.net.unblock('a', 'b');
    bench.run();
    assert.equal(bench.far.heard.length, 10);
    bench.net.block('a', 'b');
    bench.nearEnd.send(numbered(10, 10));
    bench.run(11_000_000);
    assert.deepEqual([bench.near.closed, bench.far.closed], ['ETIMEDOUT', null]);
    bench.net.heal();
    bench.farEnd?.send(numbered(0, 1));
    bench.run();
    assert.equal(bench.far.closed, 'ECONNRESET', 'the other end finds out when it speaks');
  });

  it('delivers all that was sent before an end, and drops what waits at a destroy', () => {
    const ended = new Bench().run();
    ended.nearEnd.send(numbered(0, 900));
    ended.nearEnd.send(numbered(0, 900));
    ended.nearEnd.end();
    ended.run();
    assert.deepEqual([ended.far.heard.length, ended.far.closed], [1800, 'end of stream']);
    const destroyed = new Bench().run();
    destroyed.nearEnd.send(numbered(0, 900));
    destroyed.nearEnd.send(numbered(0, 900));
    destroyed.nearEnd.destroy();
    destroyed.run();
    assert.deepEqual([destroyed.far.heard.length, destroyed.far.closed], [900, 'ECONNRESET']);
    assert.equal(destroyed.net.counts.lostBytes, 900);
    assert.equal(destroyed.near.closed, null, 'the owner that ends it hears nothing');
  });

  it('loses what is under way at a cut and tells each end in its own time', () => {
    const bench = new Bench().run();
    bench.nearEnd.send(numbered(0, 10));
    bench.nearEnd.connection.cut(1000, 2_000_000);
    bench.run();
    bench.nearEnd.send(numbered(0, 10));
    assert.deepEqual([bench.near.closed, bench.far.closed], ['ECONNRESET', null]);
    bench.farEnd?.send(numbered(0, 10));
    bench.run(3_000_000);
    assert.equal(bench.far.closed, 'ECONNRESET');
    assert.deepEqual([bench.far.heard, bench.near.heard], [[], []]);
    assert.equal(bench.net.connections.size, 0);
    assert.ok(bench.net.counts.lostBytes >= 20);
  });

  it('tells nobody of a host without power until somebody speaks to it', () => {
    const bench = new Bench().run();
    bench.net.setUp('b', false);
    bench.farEnd?.vanish();
    bench.run(60_000_000);
    assert.equal(bench.near.closed, null);
    bench.nearEnd.send(numbered(0, 1));
    bench.run(1_000_000);
    assert.equal(bench.near.closed, null);
    bench.run(20_000_000);
    assert.equal(bench.near.closed, 'ETIMEDOUT');
    const back = new Bench().run();
    back.net.setUp('b', false);
    back.farEnd?.vanish();
    back.run();
    back.net.setUp('b', true);
    back.nearEnd.send(numbered(0, 1));
    back.run();
    assert.equal(back.near.closed, 'ECONNRESET');
  });
});
