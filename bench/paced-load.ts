/**
 * PacedLoad: clients that send on a schedule, whether or not the server keeps up, and count from
 * the moment at which a request was due. A server that stands still for a while so shows in every
 * request that was due meanwhile, not in one for each connection.
 */

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { JuteWriter, OpCode } from '@zabra/protocol';
import { FrameSplitter, openSession } from './raw-session.ts';

const TICK_MS = 2;
const SLOTS = 1 << 16;
/** One request in so many is a write. */
const WRITE_EVERY = 5;

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Sample {
  readonly dueMs: number;
  readonly tookMs: number;
}

class PacedConnection {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter();
  readonly #writer = new JuteWriter(256);
  readonly #dueMs = new Float64Array(SLOTS);
  readonly #path: string;
  readonly #data = new Uint8Array(100);
  readonly #onSample: (sample: Sample) => void;
  #xid = 0;

  constructor(socket: Socket, path: string, onSample: (sample: Sample) => void) {
    this.#socket = socket;
    this.#path = path;
    this.#onSample = onSample;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
  }

  send(dueMs: number): void {
    const xid = this.#xid++ % SLOTS;
    const isWrite = xid % WRITE_EVERY === 0;
    this.#dueMs[xid] = dueMs;
    const w = this.#writer;
    w.reset();
    w.int(0);
    w.int(xid);
    w.int(isWrite ? OpCode.setData : OpCode.getData);
    w.string(this.#path);
    if (isWrite) {
      w.bytes(this.#data);
      w.int(-1);
    } else {
      w.bool(false);
    }
    w.patchInt(0, w.position - 4);
    this.#socket.write(w.toBytes());
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const now = performance.now();
    this.#splitter.push(chunk, (view, at) => {
      if (view.getInt32(at + 12) !== 0) throw new Error('A request of the paced load failed');
      const dueMs = this.#dueMs[view.getInt32(at)] as number;
      this.#onSample({ dueMs, tookMs: now - dueMs });
    });
  }
}

export class PacedLoad {
  readonly #connections: PacedConnection[] = [];
  #samples: Sample[] = [];
  #isRunning = false;

  /** One connection for each path, which must exist. */
  static async open(port: number, paths: readonly string[]): Promise<PacedLoad> {
    const load = new PacedLoad();
    for (const path of paths) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await openSession(socket);
      load.#connections.push(
        new PacedConnection(socket, path, (sample) => load.#samples.push(sample)),
      );
    }
    return load;
  }

  /** Sends so many requests a second in all, spread over the connections, until `stop`. */
  async run(perSecond: number): Promise<void> {
    this.#isRunning = true;
    const startMs = performance.now();
    let sent = 0;
    while (this.#isRunning) {
      const due = Math.floor(((performance.now() - startMs) * perSecond) / 1000);
      for (; sent < due; sent++) {
        const connection = this.#connections[sent % this.#connections.length];
        connection?.send(startMs + (sent * 1000) / perSecond);
      }
      await sleep(TICK_MS);
    }
  }

  stop(): void {
    this.#isRunning = false;
    for (const connection of this.#connections) connection.close();
  }

  /** Of the requests that were due between the two moments. */
  between(fromMs: number, toMs: number): Latency {
    const took = this.#samples
      .filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs)
      .map(({ tookMs }) => tookMs)
      .sort((a, b) => a - b);
    const at = (part: number): number =>
      took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? Number.NaN;
    return { count: took.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }

  forget(): void {
    this.#samples = [];
  }
}
