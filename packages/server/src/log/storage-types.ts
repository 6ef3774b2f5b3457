/**
 * The words that `Storage` and its users share: options, what recovery pours the history into, what
 * a snapshot is drawn from, what comes back. This is all that the log room knows of a tree: a body
 * of bytes that somebody else understands, and transactions as ranges of bytes.
 */

import type { JuteWriter } from '@zabra/protocol';
import type { OpenDecompressor } from './decompressor.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type StorageLog = (level: LogLevel, source: string, message: string) => void;

export interface StorageOptions {
  /** False for a standalone server: no epoch files, zxids stay in epoch 0. */
  readonly isEnsemble: boolean;
  /** The two directories differ: then neither may hold files of the other kind. */
  readonly isLogDirectorySeparate: boolean;
  /** Bytes by which a log file grows ahead of its entries; 0 or less: no preallocation. */
  readonly preAllocBytes: number;
  /** Entries after which, at the latest, the log rolls and a snapshot is due; at least 2. */
  readonly snapCount: number;
  /** Bytes of log files after which the same happens; 0 or less: never. */
  readonly snapSizeLimitBytes: number;
  /** Bytes of one log file after which it rolls without a snapshot; 0 or less: never. */
  readonly txnLogSizeLimitBytes: number;
  /** False: log writes are not synced (`forceSync=no`). */
  readonly forceSync: boolean;
  /** Longest log entry and longest field that recovery accepts, bytes. */
  readonly recordBytesMax: number;
  /** Most of a snapshot's size that log files may have which are read instead; 0: any; <0: none. */
  readonly snapshotSizeFactor: number;
  /** `snapshot.trust.empty`: entries without any snapshot are replayed from an empty state. */
  readonly snapshotTrustEmpty: boolean;
  /** `db.autocreate`: a directory without history starts at zxid 0, else only with a marker. */
  readonly dbAutocreate: boolean;
  /** An `initialize` file stood beside the log directory at start. */
  readonly initializeMarker: boolean;
  /** Snapshots carry a digest section and end with the zxid they were taken at (3.9). */
  readonly serializeLastProcessedZxid: boolean;
  /** Reads compressed snapshots; null: those of `log/decompressors`. */
  readonly openDecompressor: OpenDecompressor | null;
  readonly listener: StorageListener;
}

/** What `Storage` reports by itself, always out of `onDisk`, `stepWork` or `flush`. */
export interface StorageListener {
  /** Everything that the command which returned this token promised is on stable storage. */
  onStored(token: number): void;
  /**
   * The cut that `truncate` began is over. True: the log ends at the zxid, on disk for good, and
   * the caller recovers again into a fresh state. False: it turned out to be impossible, nothing on
   * disk has changed, and only a snapshot of the leader can help.
   */
  onTruncated(done: boolean): void;
}

/** Why storage cannot go on; the process ends with this exit code. Never retried. */
export interface StorageFailure {
  /** 1 recovery or disk failure, 3 data directories mixed up, 10 snapshot failure. */
  readonly code: number;
  readonly message: string;
}

/**
 * What `step` has to say: call again soon; call again after the next `onDisk`; recovery is complete
 * and storage is ready; `failure` says why not.
 */
export type RecoveryStep = 'more' | 'wait' | 'done' | 'failed';

/** Where recovery pours the history into. */
export interface RecoverySink {
  /** An empty state: the four built-in znodes, zxid 0. Called again when a snapshot was bad. */
  begin(): void;
  /**
   * The next bytes of a snapshot's body (sessions, ACLs, znodes, terminator), cut anywhere. Returns
   * how many were taken: all of them, unless the body ended or is in error. Not to be kept.
   */
  pushBody(buffer: Uint8Array, start: number, end: number): number;
  readonly bodyEnded: boolean;
  readonly bodyError: string | null;
  /**
   * The body was complete and its checksums were right: it is the state as of `zxid`, and may hold
   * later changes up to `exactZxid`, when a server wrote it that went on working meanwhile;
   * ZXID_MAX: nobody knows up to where.
   */
  installBody(zxid: number, exactZxid: number): void;
  /**
   * The next transaction of the log: header, body, digest, checksum verified. The range stays
   * unchanged for ever, so that it may be kept for learners; it pins up to 2 MiB of memory.
   */
  applyTxn(buffer: Uint8Array, start: number, end: number): void;
  /** Not null: the last transaction was not decodable as its type says. Recovery refuses then. */
  readonly txnError: string | null;
  /** Digest of the present state, for messages. */
  readonly digest: TreeDigest;
}

export interface TreeDigest {
  readonly hi: number;
  readonly lo: number;
}

/** The state as of one zxid on its way to disk: sessions, ACL table, znodes, terminator. */
export interface BodyStream {
  /** Appends up to about `bytesMax` bytes; false when the last was written. */
  next(w: JuteWriter, bytesMax: number): boolean;
  /** The copy was given up (memory bound): what came is worthless. */
  readonly failed: boolean;
  close(): void;
}

/** One transaction in the log: `buffer[start, end)` is header, body and digest, never changed. */
export interface LogEntry {
  readonly zxid: number;
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
}
