/**
 * Storage: everything durable of one server as one machine, and the peer's only door to its disk.
 *
 * Life: `recover`, then `step` until it says `done` (calling again each turn on `more`, after the
 * next completion on `wait`). Then, when `wantsSnapshot` (an empty directory has none and nothing
 * reaches the log before there is one), `startSnapshot`; `append` as transactions come, `flush` at
 * the end of each turn, `stepWork` in each turn. `onDisk` takes every completion; `failure` is
 * looked at after it and after `step`. When a role ends: `settle`, and `recover` again if the state
 * in memory is to be rebuilt.
 */

import type { Prng } from '@zabra/protocol';
import type { DiskReader, DiskRequest } from './disk.ts';
import type {
  BodyStream,
  LogEntry,
  RecoverySink,
  RecoveryStep,
  StorageFailure,
  StorageLog,
  StorageOptions,
  TreeDigest,
} from './storage-types.ts';

export class Storage {
  /** Not null: the process must end. */
  failure: StorageFailure | null = null;

  constructor(
    _options: StorageOptions,
    _reader: DiskReader,
    _submit: (request: DiskRequest) => void,
    _log: StorageLog,
    _prng: Prng,
  ) {}

  /** Begins recovery into a fresh state; also after TRUNC and after a role, once all is settled. */
  recover(_sink: RecoverySink): void {
    throw new Error('being written');
  }

  /** Goes on with recovery, reading about `bytesMax` bytes. */
  step(_bytesMax: number): RecoveryStep {
    throw new Error('being written');
  }

  /** Last zxid in the log or its snapshot base; ZXID_NONE for a member that may not vote yet. */
  get lastLoggedZxid(): number {
    throw new Error('being written');
  }

  /** Everything up to here is on stable storage. */
  get syncedZxid(): number {
    throw new Error('being written');
  }

  /** Bytes appended and not yet synced. */
  get unsyncedBytes(): number {
    throw new Error('being written');
  }

  /** Newest snapshot, -1 when there is none. */
  get snapshotZxid(): number {
    throw new Error('being written');
  }

  get acceptedEpoch(): number {
    throw new Error('being written');
  }

  get currentEpoch(): number {
    throw new Error('being written');
  }

  /** No history at all: no transaction, no epoch ever accepted (ruling 16). */
  get isEmpty(): boolean {
    throw new Error('being written');
  }

  /** Whether `append` takes this zxid next: one more, or 1 of a later epoch. */
  follows(_zxid: number): boolean {
    throw new Error('being written');
  }

  /** Copies the transaction `buffer[start, end)` into the log. `follows(zxid)` must hold. */
  append(_zxid: number, _buffer: Uint8Array, _start: number, _end: number): LogEntry {
    throw new Error('being written');
  }

  /** End of a turn: what was appended is handed to the disk, unless a sync is in flight. */
  flush(): void {
    throw new Error('being written');
  }

  /** Returns a token; memory changes at once, the word may be spoken at `onStored(token)`. */
  storeAcceptedEpoch(_epoch: number): number {
    throw new Error('being written');
  }

  storeCurrentEpoch(_epoch: number): number {
    throw new Error('being written');
  }

  /** Returns a token: by then all that was appended or recovered is on stable storage. */
  syncBeforeLeading(): number {
    throw new Error('being written');
  }

  /** As `syncBeforeLeading`, when a role ends: also gives up a snapshot that is being written. */
  settle(): number {
    throw new Error('being written');
  }

  /** TRUNC. `started`: nothing may be appended until `listener.onTruncated`. */
  truncate(_zxid: number): 'started' | 'impossible' {
    throw new Error('being written');
  }

  /** True when a snapshot is due and none is being written. */
  wantsSnapshot(): boolean {
    throw new Error('being written');
  }

  /** False when one is being written (the stream is closed then). Null digest: digests are off. */
  startSnapshot(_stream: BodyStream, _zxid: number, _digest: TreeDigest | null): boolean {
    throw new Error('being written');
  }

  /**
   * After SNAP: the state of the stream becomes the whole durable history, all older snapshots and
   * log files go, in one atomic switch. Returns a token. What is appended meanwhile waits for it.
   */
  installSnapshot(_stream: BodyStream, _zxid: number, _digest: TreeDigest | null): number {
    throw new Error('being written');
  }

  /** Goes on with a snapshot, about `bytesMax` bytes; true when it wants to be called again soon. */
  stepWork(_bytesMax: number): boolean {
    throw new Error('being written');
  }

  /** autopurge: keeps the `retainCount` newest snapshots and the log files they need. */
  purge(_retainCount: number): void {
    throw new Error('being written');
  }

  /** Completion of a disk request; tokens of storage count up from 1. */
  onDisk(_token: number, _error: string | null): 'mine' | 'foreign' {
    throw new Error('being written');
  }
}
