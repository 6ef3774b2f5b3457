/**
 * ServerBed: a client port over a server that stands alone, on a disk in memory, driven turn by
 * turn; and clients of it, played by hand. The bed is the driver: it hands over bytes while a
 * connection is read, takes output as fast as a client takes it, and reports closed connections.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Hashes } from '../ops/state-options.ts';
import { BedClient } from './bed-client.test-kit.ts';
import type { ClientConnection } from './client-connection.ts';
import { ClientPort } from './client-port.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';
import { PeerCore } from './peer-core.ts';
import { PeerView } from './peer-view.ts';
import { SoloServer } from './solo-server.ts';

export const HASHES: Hashes = {
  sha1: (bytes) => new Uint8Array(createHash('sha1').update(bytes).digest()),
  md5: (bytes) => new Uint8Array(createHash('md5').update(bytes).digest()),
  randomBytes: (count) => Uint8Array.from({ length: count }, (_, index) => index),
};
export const START_MS = 1_000_000;
export const WALL_START_MS = 1_767_225_600_000;
const TURNS_MAX = 1000;

/** As a plain `zoo.cfg` of a server that stands alone gives it, but for what the test changes. */
export function configOf(changes: Partial<PeerConfig> = {}): PeerConfig {
  return {
    sid: 1,
    ensemble: null,
    clientAddress: { host: '127.0.0.1', port: 2181 },
    tickTimeMs: 2000,
    initLimitTicks: 10,
    syncLimitTicks: 5,
    minSessionTimeoutMs: 4000,
    maxSessionTimeoutMs: 40_000,
    maxClientCnxns: 60,
    maxCnxns: 0,
    globalOutstandingLimit: 1000,
    juteMaxBufferBytes: 1_048_575,
    clientOutputBytesMax: 64 * 1024 * 1024,
    fourLetterWords: new Set(['*']),
    digestEnabled: true,
    extendedTypesEnabled: false,
    closeSessionTxnEnabled: true,
    enforceQuota: false,
    reconfigEnabled: false,
    skipAcl: false,
    superDigest: '',
    snapCount: 100_000,
    snapSizeLimitBytes: 0,
    txnLogSizeLimitBytes: 0,
    preAllocBytes: 0,
    commitLogCount: 500,
    forceSync: true,
    autopurgeRetainCount: 3,
    autopurgeIntervalMs: 0,
    snapshotTrustEmpty: false,
    serializeLastProcessedZxid: true,
    snapshotCompression: 'none',
    dbAutocreate: true,
    leaderServes: true,
    electionConnectTimeoutMs: 5000,
    quorumListenOnAllIps: false,
    emptyNeedsAllVoters: false,
    initializeMarker: false,
    dataDir: '/data/version-2',
    dataLogDir: '/data/version-2',
    versionText: '3.9.5-zabra.test',
    environment: [['host.name', 'bed']],
    ...changes,
  };
}

export class ServerBed {
  readonly disk: MemoryDisk;
  readonly core: PeerCore;
  readonly port: ClientPort;
  readonly view: PeerView;
  readonly #clients: Map<number, BedClient>;
  #solo: SoloServer | null;
  #syncedZxid: number;
  nowMs: number;

  constructor(changes: Partial<PeerConfig> = {}) {
    this.disk = new MemoryDisk();
    this.nowMs = START_MS;
    const seed = { config: configOf(changes), disk: this.disk, hashes: HASHES, seed: 1 };
    const listener = { onStored: () => undefined, onTruncated: () => undefined };
    this.core = new PeerCore(seed, listener, this.nowMs, WALL_START_MS);
    this.port = new ClientPort(this.core, (word) => this.view.answer(word));
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

  get connections(): ClientConnection[] {
    return [...this.port.connections()];
  }

  /** A connection that has said nothing yet. */
  connect(host = '10.0.0.1', port = 40_000 + this.#clients.size): BedClient {
    const client = new BedClient(this, this.port.onOpen(host, port));
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
    core.setClock(this.nowMs, WALL_START_MS + this.nowMs - START_MS);
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

  /** From a client: its connection has ended. */
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
      const { state, disk } = core;
      if (disk.wantsSnapshot())
        disk.startSnapshot(state.openStream(), state.lastProcessedZxid, null);
      if (disk.stepWork(1 << 20)) core.ready.wantsTurn = true;
      disk.flush();
    }
    port.boundOutputs();
    this.view.tick();
  }

  #settle(isReady: () => boolean): void {
    for (let count = 0; count < TURNS_MAX && !isReady(); count++) this.turn();
    assert.ok(isReady(), 'The server does not begin to serve');
  }
}
