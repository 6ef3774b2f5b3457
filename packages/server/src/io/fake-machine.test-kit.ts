/**
 * A small machine in the peer's seat, and a world around it: what the tests of the loop and of the
 * network share.
 */

import { once } from 'node:events';
import net from 'node:net';
import { type Id, JuteWriter } from '@zabra/protocol';
import {
  type LinkKind,
  type ListenKind,
  type Output,
  Ready,
  type StoreConfig,
} from '../peer/ready.ts';
import { systemClock } from './clock.ts';
import { Loop } from './loop.ts';
import type { Machine } from './machine.ts';
import type { NetworkOptions } from './net.ts';

export interface Heard {
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
export class FakeMachine implements Machine {
  readonly ready = new Ready();
  readonly heard: Heard[] = [];
  readonly outputs = new Map<number, Output>();
  turnCount = 0;
  clockCount = 0;
  bytesReceived = 0;
  onInput: (heard: Heard, output: Output | undefined) => void = () => {};
  onFlushLog: () => void = () => {};
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

  onConfigStored(token: number, error: string | null): void {
    this.#hear('config stored', token, error ?? '');
  }

  onClientOpen(remoteHost: string, _remotePort: number, proven: readonly Id[] | null): Output {
    const ids = proven?.map(({ scheme, id }) => ` ${scheme} ${id}`).join('') ?? '';
    const how = proven === null ? '' : ` over TLS${ids}`;
    return this.#open('client', remoteHost + how, 'client');
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

  flushLog(): void {
    this.onFlushLog();
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

export const BARE: NetworkOptions = {
  clientBacklog: 0,
  clientKeepAlive: true,
  linkKeepAlive: true,
  sharedReads: true,
  prefaces: {},
};

export class World {
  readonly machine = new FakeMachine();
  readonly exits: string[] = [];
  readonly events: string[] = [];
  readonly submitted: number[] = [];
  readonly configs: StoreConfig[] = [];
  readonly loop: Loop;
  port = 0;

  constructor(network: NetworkOptions = BARE) {
    this.loop = new Loop({
      machine: this.machine,
      disk: { submit: (request) => this.submitted.push(request.token) },
      configs: { submit: (request) => this.configs.push(request) },
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

export function makeWorld(network: NetworkOptions = BARE): World {
  const world = new World(network);
  worlds.push(world);
  return world;
}

/** Ends every world of a test. */
export async function endWorlds(): Promise<void> {
  for (const { loop, exits } of worlds) {
    loop.stop();
    while (exits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  worlds = [];
}

export async function readToEnd(socket: net.Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
