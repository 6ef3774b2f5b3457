/**
 * ServerProcess: one server as a process: settings become a disk, a machine, a loop and a health
 * port; signals end it gracefully; whatever ends it badly leaves one clear line and the exit code
 * that ZooKeeper's supervisors know (storage-and-config.md 15, operations.md 7.4).
 */

import { randomInt } from 'node:crypto';
import { HealthServer } from '../admin/health-server.ts';
import type { ServerSettings } from '../config/settings.ts';
import { systemClock } from '../io/clock.ts';
import { ConfigFiles } from '../io/config-files.ts';
import { FileDisk } from '../io/file-disk.ts';
import { nodeHashes } from '../io/hashes.ts';
import type { LogSink } from '../io/log-lines.ts';
import { Loop, type LoopParts } from '../io/loop.ts';
import { serverPrefaces } from '../io/prefaces.ts';
import { Peer } from '../peer/peer.ts';
import { removeMarkerInTime } from './initialize-marker.ts';

const SEED_MAX = 2 ** 47;

export class ServerProcess {
  readonly #settings: ServerSettings;
  readonly #log: LogSink;
  readonly #disk: FileDisk;
  readonly #configs: ConfigFiles | null;
  readonly #peer: Peer;
  readonly #loop: Loop;
  readonly #health: HealthServer | null;

  /** `onExit` is called once, when the machine has ended and its output has left. */
  constructor(settings: ServerSettings, log: LogSink, onExit: LoopParts['onExit']) {
    const { peer: config, edge } = settings;
    this.#settings = settings;
    this.#log = log;
    this.#disk = new FileDisk({
      paths: edge.directories,
      writesDirectly: edge.writesDirectly,
      onDone: (token, error) => this.#loop.onDisk(token, error),
      onLogWrite: (elapsedMs, name) => this.#onLogWrite(elapsedMs, name),
    });
    const onStored = (token: number, error: string | null) =>
      this.#loop.onConfigStored(token, error);
    this.#configs =
      edge.configFile === null ? null : new ConfigFiles(edge.configFile, config.sid, onStored);
    const seed = randomInt(SEED_MAX);
    this.#peer = new Peer(
      { config, disk: this.#disk.reader, hashes: nodeHashes, seed },
      systemClock.nowMs(),
      systemClock.wallMs(),
    );
    this.#loop = new Loop({
      machine: this.#peer,
      disk: this.#disk,
      configs: this.#configs,
      clock: systemClock,
      network: { ...edge, prefaces: serverPrefaces(edge, log) },
      onEvents: log,
      onExit,
    });
    const { health, memoryBytes } = edge;
    this.#health =
      health === null ? null : new HealthServer(this.#peer, { ...health, memoryBytes });
  }

  /** Rejects when the health port cannot be had. */
  async start(): Promise<void> {
    if (this.#settings.edge.backsUpConfig) await this.#configs?.backUp();
    removeMarkerInTime(this.#settings.edge.directories, () => this.#peer.status().serving);
    if (this.#health !== null) {
      const port = await this.#health.start();
      const message = `Health at http://${this.#settings.edge.health?.host}:${port}/ready`;
      this.#log([{ level: 'info', thread: 'main', source: 'HealthServer', message }]);
    }
    this.#loop.start();
  }

  stop(): void {
    this.#loop.stop();
  }

  #onLogWrite(elapsedMs: number, name: string): void {
    const { edge, peer } = this.#settings;
    if (elapsedMs <= edge.slowLogWriteMs) return;
    const thread = `SyncThread:${peer.sid}`;
    // Operators' alerts match this text, the missing blank included.
    const message =
      `fsync-ing the write ahead log in ${thread} took ${Math.round(elapsedMs)}ms which will ` +
      'adversely effect operation latency.File size is ' +
      `${this.#disk.reader.sizeBytes('log', name)} bytes. See the ZooKeeper troubleshooting guide`;
    this.#log([{ level: 'warn', thread, source: 'FileTxnLog', message }]);
  }
}
