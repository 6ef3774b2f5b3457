/**
 * PeerCore: what every part of a server works on: its configuration and clock, the outputs of the
 * turn, the replicated state, the disk, and the counters. It can read the whole history from disk
 * again; who wants that, and when, is not its affair.
 */

import { Prng, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import type { DiskReader, DiskRequest } from '../log/disk.ts';
import type { StorageListener } from '../log/storage-types.ts';
import { Storage } from '../log/storage.ts';
import { ReplicatedState } from '../ops/replicated-state.ts';
import type { Hashes } from '../ops/state-options.ts';
import { CommittedLog } from '../zab/committed-log.ts';
import { memberPace, stateOptions, storageOptions } from './options.ts';
import type { PeerConfig } from './peer-config.ts';
import { type LogLevel, Ready } from './ready.ts';
import { ServerStats } from './server-stats.ts';
import { StateRecovery } from './state-recovery.ts';

/** What a driver gives a new server. */
export interface PeerSeed {
  /** Frozen: checked once by `config/`. */
  readonly config: PeerConfig;
  readonly disk: DiskReader;
  readonly hashes: Hashes;
  /** Any safe integer; the same seed and the same inputs give the same outputs. */
  readonly seed: number;
}

export class PeerCore {
  readonly config: PeerConfig;
  readonly ready: Ready;
  readonly stats: ServerStats;
  readonly state: ReplicatedState;
  readonly disk: Storage;
  readonly reader: DiskReader;
  readonly committedLog: CommittedLog;
  readonly pace: ReturnType<typeof memberPace>;
  readonly hashes: Hashes;
  readonly prng: Prng;
  readonly #thread: string;
  #nowMs: number;
  #wallMs: number;
  /** Called when the load under way is complete; null while none is. */
  #afterLoad: (() => void) | null;
  /** Of the synced log write under way, 0 while there is none. */
  #logWriteToken: number;
  #logWriteAtMs: number;
  /** Of the snapshot begun last, ZXID_NONE once it is there. */
  #snapshotZxid: number;
  #snapshotAtMs: number;

  constructor(seed: PeerSeed, listener: StorageListener, nowMs: number, wallMs: number) {
    const { config } = seed;
    this.config = config;
    this.ready = new Ready();
    this.stats = new ServerStats();
    this.state = new ReplicatedState(stateOptions(config, seed.seed), seed.hashes);
    this.reader = seed.disk;
    this.hashes = seed.hashes;
    this.prng = new Prng(seed.seed);
    this.committedLog = new CommittedLog(config.commitLogCount);
    this.pace = memberPace(config);
    this.#thread = config.ensemble === null ? 'main' : `QuorumPeer[myid=${config.sid}]`;
    this.#nowMs = nowMs;
    this.#wallMs = wallMs;
    this.#afterLoad = null;
    this.#logWriteToken = 0;
    this.#logWriteAtMs = 0;
    this.#snapshotZxid = ZXID_NONE;
    this.#snapshotAtMs = 0;
    this.disk = new Storage(
      storageOptions(config, listener),
      seed.disk,
      (request) => this.#submit(request),
      (level, source, message) => this.log(level, source, message),
      this.prng.fork(),
    );
  }

  setClock(nowMs: number, wallMs: number): void {
    this.pace.onTurn(nowMs - this.#nowMs, nowMs);
    this.#nowMs = nowMs;
    this.#wallMs = wallMs;
  }

  /** Monotonic, milliseconds; the same throughout a turn. */
  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  log(level: LogLevel, source: string, message: string): void {
    this.ready.log(level, this.#thread, source, message);
  }

  /** Reads the whole state from disk, in slices, then calls back; one caller, the last. */
  reload(then: () => void): void {
    const isUnderWay = this.#afterLoad !== null;
    this.#afterLoad = then;
    if (isUnderWay) return;
    this.disk.recover(new StateRecovery(this.state, this.committedLog));
    this.ready.wantsTurn = true;
  }

  get isLoading(): boolean {
    return this.#afterLoad !== null;
  }

  /** Begins a snapshot of the state as it is now, which must hold nothing uncommitted (S2). */
  startSnapshot(): void {
    const { config, state, disk } = this;
    const { lastProcessedZxid } = state;
    this.#snapshotZxid = lastProcessedZxid;
    this.#snapshotAtMs = this.#nowMs;
    const digest = config.digestEnabled ? state.digest() : null;
    disk.startSnapshot(state.openStream(), lastProcessedZxid, digest);
  }

  /** Goes on with what runs beside the log; true when more is wanted soon. */
  stepWork(bytesMax: number): boolean {
    const isMoreWanted = this.disk.stepWork(bytesMax);
    if (this.#snapshotZxid !== ZXID_NONE && this.disk.snapshotZxid === this.#snapshotZxid) {
      this.#snapshotZxid = ZXID_NONE;
      this.stats.snapshotTimeMs.add(Math.round(this.#nowMs - this.#snapshotAtMs));
    }
    return isMoreWanted;
  }

  /** A disk request is complete. */
  onDisk(token: number, error: string | null): void {
    if (token === this.#logWriteToken) {
      const tookMs = Math.round(this.#nowMs - this.#logWriteAtMs);
      this.stats.fsyncTimeMs.add(tookMs);
      this.pace.onSync(tookMs);
      this.#logWriteToken = 0;
    }
    this.disk.onDisk(token, error);
  }

  #submit(request: DiskRequest): void {
    // One log write is in flight at a time: its token is enough to time it.
    if (request.kind === 'write' && request.directory === 'log' && request.sync) {
      this.#logWriteToken = request.token;
      this.#logWriteAtMs = this.#nowMs;
    }
    this.ready.disk.push(request);
  }

  /** One slice of a load, if one is under way. */
  loadStep(bytesMax: number): void {
    if (this.#afterLoad === null) return;
    const step = this.disk.step(bytesMax);
    if (step === 'more') this.ready.wantsTurn = true;
    if (step !== 'done') return;
    // Without history, and without leave to begin one, a server is at no zxid: not even at 0.
    if (this.disk.lastLoggedZxid === ZXID_NONE) this.state.lastProcessedZxid = ZXID_NONE;
    this.state.assumeExact();
    this.#tellMismatches();
    const then = this.#afterLoad;
    this.#afterLoad = null;
    then();
  }

  /** Of the history on disk: whoever wrote it, the tree is not what its proposer computed. */
  #tellMismatches(): void {
    const { digestMismatchCount: count, digestMismatchZxid } = this.state;
    if (count === 0) return;
    const first = `the first of ${count} is 0x${zxidToHex(digestMismatchZxid)}`;
    this.log('error', 'DataTree', `Digests are not matching after transactions: ${first}`);
  }
}
