/**
 * Peer: a whole server as one machine. Its inputs are method calls, its outputs the lanes of
 * `ready`; it owns no socket, no file, no clock and no thread, so that `io/loop.ts` and `sim/`
 * drive the very same code.
 *
 * A turn: `onClock`, then whatever happened (`onDisk`, `onClientBytes`, ...), then `flushLog` and
 * `endTurn`, after
 * which the driver drains `ready`. Here the rooms below meet: `log` keeps what must last, `ops` is
 * the replicated state, `zab` agrees on the order of changes, and the client port talks to clients.
 * The peer's own part is recovery, the choice between standing alone and membership, and the end.
 */

import type { Id } from '@zabra/protocol';
import { ClientPort } from './client-port.ts';
import { EnsembleMember } from './ensemble-member.ts';
import { Farewell } from './farewell.ts';
import type { MetricRow } from './metrics.ts';
import { PeerCore, type PeerSeed } from './peer-core.ts';
import type { PeerStatus } from './peer-status.ts';
import { PeerView } from './peer-view.ts';
import type { LinkKind, ListenKind, Output, Ready } from './ready.ts';
import { SoloServer } from './solo-server.ts';

/** Bytes of history read from disk in one turn while loading; some milliseconds of work. */
const RECOVERY_SLICE_BYTES = 256 * 1024;
/** Bytes of a snapshot written in one turn. */
const SNAPSHOT_SLICE_BYTES = 128 * 1024;
const ELECTION_BIND_RETRIES = 3;
const ELECTION_BIND_RETRY_MS = 1000;
const EXIT_UNEXPECTED = 1;
const EXIT_ELECTION_PORT = 14;

export class Peer {
  readonly ready: Ready;
  readonly #core: PeerCore;
  readonly #port: ClientPort;
  /** Null on a server that stands alone. */
  readonly #member: EnsembleMember | null;
  /** Null on a member of an ensemble, and until the history is loaded. */
  #solo: SoloServer | null;
  readonly #view: PeerView;
  readonly #farewell: Farewell;
  #isStopping: boolean;
  #stopToken: number;
  #syncedZxid: number;
  #electionBindRetriesLeft: number;
  /** -1 while no retry is due. */
  #electionBindAtMs: number;
  #purgeAtMs: number;

  constructor(seed: PeerSeed, nowMs: number, wallMs: number) {
    const listener = {
      onStored: (token: number): void => this.#onStored(token),
      onTruncated: (done: boolean): void => this.#member?.onTruncated(done),
    };
    this.#core = new PeerCore(seed, listener, nowMs, wallMs);
    this.ready = this.#core.ready;
    this.#port = new ClientPort(this.#core, (word, tail) => this.#view.answer(word, tail));
    const { ensemble } = seed.config;
    this.#member = ensemble === null ? null : new EnsembleMember(this.#core, this.#port, ensemble);
    this.#solo = null;
    this.#view = new PeerView(this.#core, this.#port, this.#member);
    this.#farewell = new Farewell(this.#core, this.#port, this.#member, () => this.#onFarewell());
    this.#isStopping = false;
    this.#stopToken = 0;
    this.#syncedZxid = 0;
    this.#electionBindRetriesLeft = ELECTION_BIND_RETRIES;
    this.#electionBindAtMs = -1;
    this.#purgeAtMs = nowMs;
  }

  /** Opens the ports and begins to load the history. */
  start(): void {
    const core = this.#core;
    this.#port.listener.open();
    this.#member?.ports.openElection();
    const startedMs = core.nowMs();
    core.reload(() => {
      core.stats.dbInitTimeMs.add(core.nowMs() - startedMs);
      this.#onLoaded();
    });
  }

  /** First call of every turn: a monotonic clock and the wall clock, milliseconds. */
  onClock(nowMs: number, wallMs: number): void {
    const sinceMs = nowMs - this.#core.nowMs();
    this.#core.setClock(nowMs, wallMs);
    this.#member?.onTurn(sinceMs);
  }

  /** A disk request is complete, or failed. */
  onDisk(token: number, error: string | null): void {
    this.#core.onDisk(token, error);
    this.#checkDisk();
  }

  /** What a configuration left beside zoo.cfg is on stable storage, or cannot be stored. */
  onConfigStored(token: number, error: string | null): void {
    const failure = this.#member?.onConfigStored(token, error) ?? null;
    if (failure !== null) this.#end(EXIT_UNEXPECTED, failure);
  }

  onListening(kind: ListenKind, host: string, port: number): void {
    if (kind === 'election') this.#member?.ports.onElectionListening(host, port);
    this.#core.log('info', 'Peer', `Listening for ${kind} connections on ${host}:${port}`);
  }

  onListenFailed(kind: ListenKind, host: string, port: number, reason: string): void {
    const where = `${host === '' ? '0.0.0.0' : host}:${port}`;
    const message = `Cannot listen for ${kind} connections on ${where}: ${reason}`;
    if (kind === 'observerMaster') {
      this.#core.log('error', 'ObserverMaster', `${message}. Observers go to other members`);
    } else if (kind === 'quorum') {
      this.#member?.onQuorumListenFailed(host, port, message);
    } else if (kind === 'election' && this.#electionBindRetriesLeft > 0) {
      this.#electionBindRetriesLeft--;
      this.#electionBindAtMs = this.#core.nowMs() + ELECTION_BIND_RETRY_MS;
      this.#core.log('warn', 'Peer', message);
    } else if (kind === 'election' && this.#member?.ports.isElectionPortOpen === true) {
      this.#core.log('error', 'Peer', `${message}. Other members reach us at our other addresses`);
    } else if (kind !== 'client' || !this.#port.listener.onListenFailed(message)) {
      this.#end(kind === 'election' ? EXIT_ELECTION_PORT : EXIT_UNEXPECTED, message);
    }
  }

  /**
   * A client connected; the driver keeps the output. Over TLS, `proven` is what the client's
   * certificate proves, an empty list without one; null is a connection without TLS.
   */
  onClientOpen(
    remoteHost: string,
    remotePort: number,
    proven: readonly Id[] | null = null,
  ): Output {
    return this.#port.onOpen(remoteHost, remotePort, proven);
  }

  /** The bytes are consumed or copied before this returns. */
  onClientBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    this.#port.onBytes(id, buffer, start, end);
  }

  onClientClosed(id: number, _reason: string): void {
    this.#port.onClosed(id);
  }

  /** Another server connected to our election or quorum port. */
  onLinkOpen(kind: LinkKind, remoteHost: string, remotePort: number): Output {
    if (this.#member === null) throw new Error('A server that stands alone listens to no server');
    return this.#member.gate.onLinkOpen(kind, `${remoteHost}:${remotePort}`);
  }

  onDialed(id: number): void {
    this.#member?.gate.onDialed(id);
  }

  onLinkBytes(id: number, buffer: Uint8Array, start: number, end: number): void {
    this.#member?.links.find(id)?.onBytes(buffer, start, end);
  }

  /** Also for a dial that failed. */
  onLinkClosed(id: number, reason: string): void {
    this.#member?.onLinkClosed(id, reason);
  }

  /** What was logged goes to `ready.disk` unless a write is under way; see `io/machine`. */
  flushLog(): void {
    if (!this.#core.isLoading) this.#core.disk.flush();
  }

  /** Last call of every turn: timers, slices of long work, and what was logged goes to the disk. */
  endTurn(): void {
    const core = this.#core;
    core.loadStep(RECOVERY_SLICE_BYTES);
    if (this.#electionBindAtMs >= 0 && core.nowMs() >= this.#electionBindAtMs) {
      this.#electionBindAtMs = -1;
      this.#member?.ports.openElection();
    }
    this.#member?.tick();
    this.#solo?.tick();
    this.#farewell.tick();
    this.#port.listener.tick();
    this.#onSynced();
    this.#port.endTurn();
    this.#keepSnapshots();
    this.flushLog();
    this.#port.boundOutputs();
    this.#view.tick();
    this.#checkDisk();
  }

  /**
   * Graceful end: another server leads, clients get their answers and are closed, what was logged
   * reaches the disk, then `ready.exit`.
   */
  stop(): void {
    if (this.#farewell.hasBegun) return;
    this.#core.log('info', 'Peer', 'Stopping');
    this.#farewell.begin();
  }

  #onFarewell(): void {
    this.#isStopping = true;
    this.#solo?.stop('this server is stopping');
    this.#member?.stop();
    if (this.#core.isLoading) this.#end(0, 'stopped while loading');
    else this.#stopToken = this.#core.disk.settle();
    this.ready.wantsTurn = true;
  }

  status(): PeerStatus {
    return this.#view.status();
  }

  metrics(): MetricRow[] {
    return this.#view.metrics();
  }

  #onLoaded(): void {
    const { disk } = this.#core;
    this.#core.log(
      'info',
      'Peer',
      `Loaded the history up to 0x${disk.lastLoggedZxid.toString(16)}`,
    );
    this.#syncedZxid = disk.syncedZxid;
    if (this.#isStopping) return;
    if (this.#member !== null) {
      this.#member.start();
      return;
    }
    this.#solo = new SoloServer(this.#core, this.#port);
    this.#solo.start();
  }

  #onStored(token: number): void {
    if (token === this.#stopToken) this.#end(0, 'stopped');
    else this.#member?.onStored(token);
  }

  /** The log's progress goes to whoever counts acknowledgements. */
  #onSynced(): void {
    if (this.#core.isLoading) return;
    const synced = this.#core.disk.syncedZxid;
    const isProgress = synced > this.#syncedZxid;
    // After a TRUNC or SNAP the log may stand lower than before.
    this.#syncedZxid = synced;
    if (!isProgress) return;
    this.#member?.onSynced(synced);
    this.#solo?.onSynced(synced);
  }

  /** A due snapshot is begun and one under way goes on; old ones are purged. */
  #keepSnapshots(): void {
    const { disk, config } = this.#core;
    if (this.#core.isLoading) return;
    const isFirst = disk.snapshotZxid < 0;
    // While a role is undecided the state may hold what was never committed (scenario S2).
    if (disk.wantsSnapshot() && (isFirst || this.#view.serving)) this.#core.startSnapshot();
    if (this.#core.stepWork(SNAPSHOT_SLICE_BYTES)) this.ready.wantsTurn = true;
    const now = this.#core.nowMs();
    if (config.autopurgeIntervalMs > 0 && now >= this.#purgeAtMs) {
      this.#purgeAtMs = now + config.autopurgeIntervalMs;
      disk.purge(config.autopurgeRetainCount);
    }
  }

  #checkDisk(): void {
    const { failure } = this.#core.disk;
    if (failure !== null) this.#end(failure.code, failure.message);
  }

  #end(code: number, reason: string): void {
    if (this.ready.exit !== null) return;
    if (code !== 0) this.#core.log('error', 'Peer', reason);
    this.ready.exit = { code, reason };
  }
}
