/**
 * OfflineStore: what a server has on disk, read as a server reads it at its start, by a command
 * that runs instead of one. The recovery is the server's own, so that what a command says of a
 * directory is what the next start will do with it.
 */

import { Prng, ZXID_NONE } from '@zabra/protocol';
import { nodeHashes } from '../../io/hashes.ts';
import { Storage } from '../../log/storage.ts';
import type { LogLevel, StorageFailure, StorageOptions } from '../../log/storage-types.ts';
import { ReplicatedState } from '../../ops/replicated-state.ts';
import type { StateOptions } from '../../ops/state-options.ts';
import { StateRecovery } from '../../peer/state-recovery.ts';
import { CommittedLog } from '../../zab/committed-log.ts';
import type { OfflineDisk } from './offline-disk.ts';

const SLICE_BYTES = 4 << 20;
/** Nothing is served from it here. */
const COMMITTED_COUNT = 1;

export interface StoreEvent {
  readonly level: LogLevel;
  readonly message: string;
}

export interface StoreOptions {
  /** Its listener is replaced. */
  readonly storage: StorageOptions;
  readonly state: StateOptions;
}

/** Counts what the log adds to the snapshot. */
class CountingRecovery extends StateRecovery {
  count = 0;

  override begin(): void {
    this.count = 0;
    super.begin();
  }

  override applyTxn(buffer: Uint8Array, start: number, end: number): void {
    this.count++;
    super.applyTxn(buffer, start, end);
  }
}

export class OfflineStore {
  readonly state: ReplicatedState;
  readonly storage: Storage;
  /** What the recovery had to say, in order. */
  readonly events: StoreEvent[] = [];
  /** Transactions that were replayed over the snapshot. */
  replayedCount = 0;
  readonly #disk: OfflineDisk;
  readonly #kept = new Set<number>();

  constructor(disk: OfflineDisk, options: StoreOptions) {
    this.#disk = disk;
    this.state = new ReplicatedState(options.state, nodeHashes);
    const listener = {
      onStored: (token: number) => void this.#kept.add(token),
      onTruncated: () => {},
    };
    this.storage = new Storage(
      { ...options.storage, listener },
      disk.reader,
      (request) => disk.submit(request),
      (level, _, message) => this.events.push({ level, message }),
      new Prng(1),
    );
  }

  /** Loads the whole history into memory; why that cannot be, or null. */
  async recover(): Promise<StorageFailure | null> {
    const sink = new CountingRecovery(this.state, new CommittedLog(COMMITTED_COUNT));
    this.storage.recover(sink);
    for (;;) {
      const step = this.storage.step(SLICE_BYTES);
      if (step === 'failed') return this.storage.failure;
      if (step === 'wait') await this.#complete();
      if (step !== 'done') continue;
      this.replayedCount = sink.count;
      if (this.storage.lastLoggedZxid === ZXID_NONE) this.state.lastProcessedZxid = ZXID_NONE;
      return null;
    }
  }

  /** Waits until what a command of the storage promised is on stable storage; throws if not. */
  async fulfil(token: number): Promise<void> {
    while (!this.#kept.has(token)) {
      if (this.storage.failure !== null) throw new Error(this.storage.failure.message);
      const isMoreWanted = this.storage.stepWork(SLICE_BYTES);
      this.storage.flush();
      if (!this.#kept.has(token) && !isMoreWanted) await this.#complete();
    }
  }

  /** Waits for everything that is under way. */
  async close(): Promise<void> {
    await this.#disk.close();
  }

  async #complete(): Promise<void> {
    await this.#disk.next((token, error) => void this.storage.onDisk(token, error));
  }
}
