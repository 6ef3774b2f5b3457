/**
 * The network of the simulation: hosts, listeners and connections over two `pipe`s each. What may
 * go wrong, and nothing else: a dial is refused, or unanswered until it times out; a connection is
 * cut, with the bytes under way lost and each end told at its own time or, after a power cut or a
 * pulled cable, only when it has sent and given up; two hosts are kept apart in one or both
 * directions, so that bytes wait; a way is slow. Within a connection bytes are never reordered:
 * Zab is specified over FIFO channels, and so is ZooKeeper's client protocol.
 */

import { type Prng, assert } from '@zabra/protocol';
import { Pipe, type PipeItem } from './pipe.ts';
import type { SimClock } from './sim-clock.ts';

export interface NetOptions {
  readonly latencyUsMin: number;
  readonly latencyUsMax: number;
  /** One chunk in this many takes up to `slowUsMax`; 0 is never. */
  readonly slowOneIn: number;
  readonly slowUsMax: number;
  /** One chunk in this many arrives in two pieces; 0 is never. */
  readonly splitOneIn: number;
  readonly windowBytes: number;
  /** A transport without an acknowledgement gives up after this. */
  readonly giveUpUs: number;
  /** One dial in this many is refused though somebody listens; 0 is never. */
  readonly refuseOneIn: number;
}

export interface NetCounts {
  connectionCount: number;
  cutCount: number;
  /** Chunks that were sent and never came out, and their bytes. */
  lostChunkCount: number;
  lostBytes: number;
  refusedDialCount: number;
}

/** What an end of a connection tells its owner. */
export interface EndpointOwner {
  /** The dial has succeeded; not called on the side that accepted. */
  onOpen(): void;
  onBytes(buffer: Uint8Array, start: number, end: number): void;
  /** Over, whoever ended it, unless the owner did; nothing follows. */
  onClosed(reason: string): void;
  /** `unsentBytes` has fallen to 0. */
  onDrained(): void;
}

export type OnAccept = (endpoint: Endpoint) => EndpointOwner;

/** Of an end that listens to nothing any more. */
export const DEAF: EndpointOwner = {
  onOpen: () => undefined,
  onBytes: () => undefined,
  onClosed: () => undefined,
  onDrained: () => undefined,
};

interface Listener {
  readonly accept: OnAccept;
}

/** When the transport repeats an unanswered dial, microseconds after the first attempt. */
const DIAL_REPEATS_US = [1_000_000, 3_000_000, 7_000_000];
const FIRST_LOCAL_PORT = 40_000;

/** Sees all bytes as they leave, before anything can happen to them. */
export type OnSent = (from: Endpoint, bytes: Uint8Array) => void;

export class Endpoint {
  readonly connection: Connection;
  readonly host: string;
  readonly port: number;
  owner: EndpointOwner | null;
  /** The pipe out; set by the connection. */
  pipe: Pipe | null;

  constructor(connection: Connection, host: string, port: number) {
    this.connection = connection;
    this.host = host;
    this.port = port;
    this.owner = null;
    this.pipe = null;
  }

  get other(): Endpoint {
    const { dialler, acceptor } = this.connection;
    return this === dialler ? acceptor : dialler;
  }

  get unsentBytes(): number {
    return this.pipe?.waitingBytes ?? 0;
  }

  /** The bytes are the network's from now on. */
  send(bytes: Uint8Array): void {
    this.connection.net.onSent(this, bytes);
    this.pipe?.send(bytes);
  }

  /** Ends the connection once all that was sent has left. The owner hears nothing more. */
  end(): void {
    this.owner = null;
    this.pipe?.send('end');
  }

  /**
   * As `end`, and what the other end still sends is read and dropped until it ends as well: else it
   * would be answered with a reset, which may destroy what was sent before.
   */
  endGently(): void {
    this.owner = DEAF;
    this.pipe?.send('end');
  }

  /** Ends it at once; what has not left is dropped. The owner hears nothing more. */
  destroy(): void {
    this.owner = null;
    this.pipe?.sendLast('reset');
  }

  /** The host is gone without a word. */
  vanish(): void {
    this.owner = null;
    this.pipe?.darken();
  }

  stopReading(isStopped: boolean): void {
    this.other.pipe?.stopReading(isStopped);
  }

  /** Called by the pipe of the other end. */
  onArrival(item: PipeItem): void {
    if (this.owner === null) {
      if (item instanceof Uint8Array) this.pipe?.refuse();
      return;
    }
    if (item === 'open') this.owner.onOpen();
    else if (item instanceof Uint8Array) this.owner.onBytes(item, 0, item.length);
    else this.close(item === 'end' ? 'end of stream' : 'ECONNRESET');
  }

  /** Tells the owner that it is over. */
  close(reason: string): void {
    const { owner } = this;
    this.owner = null;
    this.pipe?.cut();
    this.connection.net.forget(this.connection);
    owner?.onClosed(reason);
  }
}

export class Connection {
  readonly net: SimNet;
  readonly id: number;
  readonly dialler: Endpoint;
  readonly acceptor: Endpoint;

  constructor(net: SimNet, id: number, from: string, fromPort: number, to: string, toPort: number) {
    this.net = net;
    this.id = id;
    this.dialler = new Endpoint(this, from, fromPort);
    this.acceptor = new Endpoint(this, to, toPort);
  }

  /** Cuts both directions now; each end is told after its own delay. */
  cut(diallerToldAfterUs: number, acceptorToldAfterUs: number): void {
    const { clock } = this.net;
    this.net.counts.cutCount++;
    this.dialler.pipe?.cut();
    this.acceptor.pipe?.cut();
    clock.after(diallerToldAfterUs, () => this.dialler.close('ECONNRESET'));
    clock.after(acceptorToldAfterUs, () => this.acceptor.close('ECONNRESET'));
  }

  /** Pulls the cable: neither end is told; each finds out when it has sent and given up. */
  darken(): void {
    this.net.counts.cutCount++;
    this.dialler.pipe?.darken();
    this.acceptor.pipe?.darken();
  }
}

export class SimNet {
  readonly clock: SimClock;
  readonly counts: NetCounts;
  /** Connections that at least one end still holds, oldest first. */
  readonly connections: Set<Connection>;
  onSent: OnSent;
  options: NetOptions;
  readonly #prng: Prng;
  readonly #listeners: Map<string, Listener>;
  readonly #downHosts: Set<string>;
  /** `from>to` to the number of reasons for keeping them apart. */
  readonly #blocked: Map<string, number>;
  /** `from>to` to the latency added, microseconds. */
  readonly #clogged: Map<string, number>;
  #nextId: number;

  constructor(clock: SimClock, prng: Prng, options: NetOptions) {
    this.clock = clock;
    this.counts = {
      connectionCount: 0,
      cutCount: 0,
      lostChunkCount: 0,
      lostBytes: 0,
      refusedDialCount: 0,
    };
    this.connections = new Set();
    this.onSent = () => undefined;
    this.options = options;
    this.#prng = prng;
    this.#listeners = new Map();
    this.#downHosts = new Set();
    this.#blocked = new Map();
    this.#clogged = new Map();
    this.#nextId = 1;
  }

  /** False when the address is taken. */
  listen(host: string, port: number, accept: OnAccept): boolean {
    const address = `${host}:${port}`;
    if (this.#listeners.has(address)) return false;
    this.#listeners.set(address, { accept });
    return true;
  }

  stopListening(host: string, port: number): void {
    this.#listeners.delete(`${host}:${port}`);
  }

  /** The owner gets `onOpen` or `onClosed`; bytes may be sent before. */
  dial(from: string, to: string, toPort: number, owner: EndpointOwner): Endpoint {
    const id = this.#nextId++;
    const fromPort = FIRST_LOCAL_PORT + (id % 20_000);
    const connection = new Connection(this, id, from, fromPort, to, toPort);
    const { dialler, acceptor } = connection;
    dialler.owner = owner;
    dialler.pipe = this.#pipe(dialler, acceptor);
    acceptor.pipe = this.#pipe(acceptor, dialler);
    // What the dialler sends early waits for the answer, as it would in its kernel.
    dialler.pipe.stopReading(true);
    this.connections.add(connection);
    this.clock.after(this.latencyUs(from, to), () => this.#attempt(connection, 0));
    return dialler;
  }

  isUp(host: string): boolean {
    return !this.#downHosts.has(host);
  }

  setUp(host: string, isUp: boolean): void {
    if (!isUp) this.#downHosts.add(host);
    else if (this.#downHosts.delete(host)) this.#releaseHeld();
  }

  block(from: string, to: string): void {
    const way = `${from}>${to}`;
    this.#blocked.set(way, (this.#blocked.get(way) ?? 0) + 1);
  }

  unblock(from: string, to: string): void {
    const way = `${from}>${to}`;
    const count = (this.#blocked.get(way) ?? 0) - 1;
    if (count > 0) this.#blocked.set(way, count);
    else this.#blocked.delete(way);
    this.#releaseHeld();
  }

  clog(from: string, to: string, addedUs: number): void {
    if (addedUs > 0) this.#clogged.set(`${from}>${to}`, addedUs);
    else this.#clogged.delete(`${from}>${to}`);
  }

  /** Ends all partitions and slow ways. */
  heal(): void {
    this.#blocked.clear();
    this.#clogged.clear();
    this.#releaseHeld();
  }

  isBlocked(from: string, to: string): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from}>${to}`);
  }

  latencyUs(from: string, to: string): number {
    const { latencyUsMin, latencyUsMax, slowOneIn, slowUsMax } = this.options;
    let latencyUs = latencyUsMin + this.#prng.below(latencyUsMax - latencyUsMin + 1);
    if (slowOneIn > 0 && this.#prng.chance(1, slowOneIn)) latencyUs += this.#prng.below(slowUsMax);
    if (this.#clogged.size > 0) latencyUs += this.#clogged.get(`${from}>${to}`) ?? 0;
    return latencyUs;
  }

  /** Called when an end is told that it is over: nothing more can be done to the connection. */
  forget(connection: Connection): void {
    if (connection.dialler.owner === null && connection.acceptor.owner === null) {
      this.connections.delete(connection);
    }
  }

  #attempt(connection: Connection, repeatIndex: number): void {
    const { dialler, acceptor } = connection;
    if (dialler.owner === null) {
      this.connections.delete(connection);
      return;
    }
    if (this.isBlocked(dialler.host, acceptor.host) || !this.isUp(acceptor.host)) {
      this.#attemptLater(connection, repeatIndex);
      return;
    }
    const listener = this.#listeners.get(`${acceptor.host}:${acceptor.port}`);
    const { refuseOneIn } = this.options;
    const isRefused = refuseOneIn > 0 && this.#prng.chance(1, refuseOneIn);
    if (listener === undefined || isRefused) {
      this.counts.refusedDialCount++;
      acceptor.pipe?.sendLast('reset');
      return;
    }
    this.counts.connectionCount++;
    acceptor.owner = listener.accept(acceptor);
    acceptor.pipe?.send('open');
    dialler.pipe?.stopReading(false);
  }

  #attemptLater(connection: Connection, repeatIndex: number): void {
    const { dialler } = connection;
    const fromUs = repeatIndex === 0 ? 0 : (DIAL_REPEATS_US[repeatIndex - 1] as number);
    const atUs = DIAL_REPEATS_US[repeatIndex];
    if (atUs === undefined) {
      dialler.close('ETIMEDOUT');
      return;
    }
    this.clock.after(atUs - fromUs, () => this.#attempt(connection, repeatIndex + 1));
  }

  #pipe(from: Endpoint, to: Endpoint): Pipe {
    const { options } = this;
    const way = {
      isBlocked: () => this.isBlocked(from.host, to.host) || !this.isUp(to.host),
      latencyUs: () => this.latencyUs(from.host, to.host),
      windowBytes: options.windowBytes,
      splitOneIn: options.splitOneIn,
      giveUpUs: options.giveUpUs,
    };
    return new Pipe(this.clock, this.#prng, way, {
      onArrival: (item) => to.onArrival(item),
      onDrained: () => from.owner?.onDrained(),
      onGiveUp: () => from.close('ETIMEDOUT'),
      onLost: (bytes) => {
        assert(bytes > 0, 'Lost nothing');
        this.counts.lostChunkCount++;
        this.counts.lostBytes += bytes;
      },
    });
  }

  #releaseHeld(): void {
    for (const { dialler, acceptor } of this.connections) {
      dialler.pipe?.release();
      acceptor.pipe?.release();
    }
  }
}
