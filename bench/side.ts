/**
 * Side: one ensemble under load, in slices. It fills the znodes that the shapes read and write,
 * keeps the connections of a shape, and counts what a slice of time brings. Neither side of a
 * comparison knows of the other.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { OpCode } from '@zabra/protocol';
import { TestEnsemble } from '../test/process/ensemble.ts';
import type { ServerKind } from '../test/process/server-process.ts';
import { median, quantile } from './figures.ts';
import { LoadConnection } from './load-connection.ts';
import { type BenchShape, createKey, KEYS } from './shapes.ts';

export interface Slice {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export class Side {
  readonly ensemble: TestEnsemble;
  #connections: LoadConnection[] = [];

  constructor(ensemble: TestEnsemble) {
    this.ensemble = ensemble;
  }

  static async start(kind: ServerKind, servers: number): Promise<Side> {
    const ensemble = await TestEnsemble.create({
      kinds: Array.from({ length: servers }, () => kind),
      extra: ['globalOutstandingLimit=100000'],
    });
    await ensemble.start();
    const filler = new LoadConnection();
    await filler.open(ensemble.servers[0]?.clientPort as number);
    const shape = { opcode: OpCode.create, writeBody: createKey, outstanding: 1 };
    await filler.send(shape, 0, KEYS + 1);
    filler.close();
    return new Side(ensemble);
  }

  async connect(count: number): Promise<void> {
    const { servers } = this.ensemble;
    for (let index = 0; index < count; index++) {
      const connection = new LoadConnection();
      await connection.open(servers[index % servers.length]?.clientPort as number);
      this.#connections.push(connection);
    }
  }

  disconnect(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }

  async run(shape: BenchShape, ms: number): Promise<Slice> {
    const connections = this.#connections;
    for (const connection of connections) connection.take();
    const startMs = performance.now();
    for (const connection of connections) connection.start(shape.shape);
    await sleep(ms);
    const taken = connections.map((connection) => connection.take());
    const elapsed = (performance.now() - startMs) / 1000;
    await Promise.all(connections.map((connection) => connection.drain()));
    const errors = taken.reduce((sum, { errors: e }) => sum + e, 0);
    if (errors > 0) throw new Error(`${errors} requests of "${shape.name}" failed`);
    const latencies = taken.flatMap(({ latencies: l }) => l);
    return {
      perSecond: taken.reduce((sum, { replies }) => sum + replies, 0) / elapsed,
      p50Ms: median(latencies),
      p99Ms: quantile(latencies, 0.99),
    };
  }
}
