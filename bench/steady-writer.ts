/**
 * SteadyWriter: one client that writes without pause, one write at a time, and knows when each was
 * acknowledged, and under which leader. It speaks the protocol directly and comes back with its
 * session at once when its connection breaks, so that what it waits for is the ensemble and not a
 * client's own patience: ZooKeeper's Java client pauses for up to a second there.
 */

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { JuteWriter, OpCode } from '@zabra/protocol';
import { FrameSplitter, openSession, type Session } from './raw-session.ts';

/** Between two attempts to connect. */
const RETRY_MS = 2;
/** A server that says nothing for so long has lost the client. */
const SILENCE_MS = 20_000;
const DATA = new Uint8Array(100).fill(0x78);
/** Where a reply has its zxid, whose upper half is the epoch, and its error. */
const EPOCH_AT = 4;
const ERROR_AT = 12;

export interface Acknowledgement {
  readonly ms: number;
  /** Of the leader that ordered the write. */
  readonly epoch: number;
}

export class SteadyWriter {
  readonly acknowledged: Acknowledgement[] = [];
  /** Writes whose connection broke before the answer: they may have been applied or not. */
  unanswered = 0;
  connections = 0;
  readonly #ports: readonly number[];
  readonly #path: string;
  readonly #writer = new JuteWriter(256);
  #session: Session | undefined;
  #isStopping = false;
  #failure: Error | null = null;
  #running: Promise<void> = Promise.resolve();
  #xid = 0;

  /** Writes to the znode `path`, which must exist, through the servers on these ports. */
  constructor(ports: readonly number[], path: string) {
    this.#ports = ports;
    this.#path = path;
  }

  /** It ended by itself, because a write was refused. */
  get isStopped(): boolean {
    return this.#isStopping;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Sends nothing more; resolves when the last write is answered. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    if (this.#failure !== null) throw this.#failure;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#isStopping; attempt++) {
      const port = this.#ports[attempt % this.#ports.length] as number;
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.on('error', () => {});
      socket.setTimeout(SILENCE_MS, () => socket.destroy());
      try {
        this.#session = await openSession(socket, this.#session);
      } catch {
        socket.destroy();
        await sleep(RETRY_MS);
        continue;
      }
      this.connections++;
      await this.#writeThrough(socket);
    }
  }

  /** Until the connection breaks, or nothing more is to be written. */
  #writeThrough(socket: Socket): Promise<void> {
    const splitter = new FrameSplitter();
    return new Promise((resolve) => {
      let isPending = false;
      const next = (): void => {
        isPending = !this.#isStopping;
        if (isPending) socket.write(this.#frame());
        else socket.destroy();
      };
      socket.on('data', (chunk: Buffer) => {
        splitter.push(chunk, (view, at) => {
          // Answers to what nobody has asked are events and pings.
          if (view.getInt32(at) !== this.#xid) return;
          const code = view.getInt32(at + ERROR_AT);
          if (code !== 0) this.#fail(new Error(`A write was refused with code ${code}`));
          this.acknowledged.push({ ms: performance.now(), epoch: view.getInt32(at + EPOCH_AT) });
          next();
        });
      });
      socket.once('close', () => {
        if (isPending) this.unanswered++;
        resolve();
      });
      next();
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#isStopping = true;
  }

  #frame(): Uint8Array {
    this.#xid = (this.#xid + 1) & 0x7fffffff;
    const w = this.#writer;
    w.reset();
    w.int(0);
    w.int(this.#xid);
    w.int(OpCode.setData);
    w.string(this.#path);
    w.bytes(DATA);
    w.int(-1);
    w.patchInt(0, w.position - 4);
    return Uint8Array.from(w.toBytes());
  }
}
