/**
 * ServerBed: a client port over a server that stands alone, on a disk in memory, driven turn by
 * turn; and clients of it, played by hand. The bed is the driver: it hands over bytes while a
 * connection is read, takes output as fast as a client takes it, and reports closed connections.
 */

import assert from 'node:assert/strict';
import type { Id } from '@zabra/protocol';
import { configOf, HASHES, START_MS, WALL_START_MS } from './bed-config.test-kit.ts';
import { BedClient, type ClientHost } from './bed-client.test-kit.ts';
import { ClientPort } from './client-port.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';
import { PeerCore } from './peer-core.ts';
import { PeerView } from './peer-view.ts';
import { SoloServer } from './solo-server.ts';

const TURNS_MAX = 1000;

export class ServerBed implements ClientHost {
  readonly disk: MemoryDisk;
  readonly core: PeerCore;
  readonly port: ClientPort;
  readonly view: PeerView;
  readonly #clients: Map<number, BedClient>;
  #solo: SoloServer | null;
  #syncedZxid: number;
  nowMs: number;
  /** How far somebody has moved the wall clock. */
  wallShiftMs: number;

  constructor(changes: Partial<PeerConfig> = {}) {
    this.disk = new MemoryDisk();
    this.nowMs = START_MS;
    this.wallShiftMs = 0;
    const seed = { config: configOf(changes), disk: this.disk, hashes: HASHES, seed: 1 };
    const listener = { onStored: () => undefined, onTruncated: () => undefined };
    this.core = new PeerCore(seed, listener, this.nowMs, WALL_START_MS);
    this.port = new ClientPort(this.core, (word, tail) => this.view.answer(word, tail));
    this.view = new PeerView(this.core, this.port, null);
    this.#clients = new Map();
    this.#solo = null;
    this.#syncedZxid = 0;
    this.core.reload(() => this.serve());
    this.#settle(() => this.core.disk.snapshotZxid === 0);
  }

  /** A new role begins to serve. */
  serve(): void {
    this.#solo = new SoloServer(this.core, this.port);
    this.#solo.start();
  }

  /** The role ends, and nothing that it has in hand will be answered. */
  endRole(reason = 'the role is over'): void {
    this.#solo = null;
    this.port.closeAll(reason);
    this.core.state.discardPending();
  }

  /** The server begins to stop; nothing follows. */
  stop(): void {
    this.#solo?.stop('this server is stopping');
  }

  /** A connection that has said nothing yet. */
  connect(
    host = '10.0.0.1',
    port = 40_000 + this.#clients.size,
    proven: readonly Id[] | null = null,
  ): BedClient {
    const client = new BedClient(this, this.port.onOpen(host, port, proven));
    this.#clients.set(client.connection.id, client);
    return client;
  }

  /** A connection with a session. */
  client(timeoutMs = 10_000): BedClient {
    const client = this.connect();
    client.handshake({ timeoutMs });
    assert.equal(client.connection.state, 'open');
    return client;
  }

  /** Turns until nothing more happens by itself; the clock stands still. */
  run(): void {
    for (let count = 0; count < TURNS_MAX; count++) if (!this.turn()) return;
    assert.fail('The server never comes to rest');
  }

  /** Lets time pass, in turns of 20 ms. */
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 20;
      this.turn();
    }
    this.run();
  }

  /** The clock jumps, as when the process was stopped, and one turn follows. */
  stall(ms: number): void {
    this.nowMs += ms;
    this.turn();
  }

  /** One turn of the driver; true when another one would do something. */
  turn(): boolean {
    const { core } = this;
    core.setClock(this.nowMs, WALL_START_MS + this.nowMs - START_MS + this.wallShiftMs);
    const tokens = this.disk.complete();
    for (const token of tokens) core.onDisk(token, null);
    let moved = tokens.length > 0;
    for (const client of this.#clients.values()) if (client.deliver()) moved = true;
    this.#endTurn();
    const { ready } = core;
    if (ready.wantsTurn || ready.disk.length > 0) moved = true;
    for (const request of ready.disk) this.disk.submit(request);
    for (const output of ready.outputs) {
      if (this.#clients.get(output.id)?.takeOutput() === true) moved = true;
    }
    ready.clear();
    return moved;
  }

  onClientBytes(id: number, bytes: Uint8Array): void {
    this.port.onBytes(id, bytes, 0, bytes.length);
  }

  onGone(client: BedClient): void {
    this.#clients.delete(client.connection.id);
    this.port.onClosed(client.connection.id);
  }

  #endTurn(): void {
    const { core, port } = this;
    core.loadStep(1 << 20);
    this.#solo?.tick();
    const { syncedZxid } = core.disk;
    if (syncedZxid > this.#syncedZxid) this.#solo?.onSynced(syncedZxid);
    this.#syncedZxid = syncedZxid;
    port.endTurn();
    if (!core.isLoading) {
      if (core.disk.wantsSnapshot()) core.startSnapshot();
      if (core.stepWork(1 << 20)) core.ready.wantsTurn = true;
      core.disk.flush();
    }
    port.boundOutputs();
    this.view.tick();
  }

  #settle(isReady: () => boolean): void {
    for (let count = 0; count < TURNS_MAX && !isReady(); count++) this.turn();
    assert.ok(isReady(), 'The server does not begin to serve');
  }
}
