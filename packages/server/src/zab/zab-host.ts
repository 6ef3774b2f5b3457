// What agreement needs from the server around it: durable storage, a state to apply commits to,
// links to send packets on, and a clock. `peer/` implements these; `zab/` owns their meaning and
// never learns what is inside a transaction. SNAP and reconfiguration cross the room here too.

import type { Id } from '@zabra/protocol';
import type { EnsembleConfig } from './ensemble-config.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** One quorum connection. Packets are written in call order; the stream has no framing. */
export interface PacketLink {
  readonly id: number;
  readonly remote: string;
  send(type: number, zxid: number, data: Uint8Array | null, auth?: readonly Id[] | null): void;
  /** As `send`, with data = buffer[start, end), copied at once. */
  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void;
  /** Raw bytes of packets written elsewhere, or of a snapshot body. */
  write(buffer: Uint8Array, start: number, end: number): void;
  /** Bytes written and not yet taken by the network. */
  readonly unsentBytes: number;
  close(reason: string): void;
}

/** A transaction on its way: `buffer[start, end)` is header, body and digest, never changed. */
export interface Proposal {
  readonly zxid: number;
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A point-in-time copy of the state on its way to a learner (body of SNAP, quorum spec 5.4). */
export interface SnapshotStream {
  readonly zxid: number;
  /** Writes the next part to the link; false when the last part was written. */
  writeNext(link: PacketLink, bytesMax: number): boolean;
  /** True when the copy was given up (memory bound): the learner must be dropped. */
  readonly failed: boolean;
  close(): void;
}

export interface ZabStorage {
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Last zxid in the log, synced or not. */
  readonly lastLoggedZxid: number;
  readonly syncedZxid: number;
  /** Each returns a token; `onStored(token)` of the role follows when it is durable. */
  storeAcceptedEpoch(epoch: number): number;
  storeCurrentEpoch(epoch: number): number;
  /** fsync of a log tail that may have been read back from page cache only. */
  syncBeforeLeading(): number;
  /** Copies the transaction into the log; `onSynced(zxid)` follows. Returns the durable range. */
  append(zxid: number, buffer: Uint8Array, start: number, end: number): Proposal;
}

/** What both roles use. */
export interface ZabHost {
  readonly sid: number;
  readonly storage: ZabStorage;
  readonly config: ZabTimers;
  nowMs(): number;
  log(level: LogLevel, source: string, message: string): void;
  /** Last zxid applied to the state. */
  readonly lastProcessedZxid: number;
  /** Applies one committed transaction. */
  commit(proposal: Proposal): void;
  /** The role is over; the peer settles its disk and looks for a leader again. */
  leave(reason: string): void;
}

export interface ZabTimers {
  readonly tickTimeMs: number;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
}

export interface LeaderHost extends ZabHost {
  readonly ensemble: EnsembleConfig;
  /** Text of the configuration that NEWLEADER carries. */
  readonly ensembleText: string;
  openSnapshot(): SnapshotStream;
  /** History a DIFF may be served from, oldest first. */
  readonly committedLog: CommittedHistory;
  /** ACK(e:0) of a quorum: serve clients, prepare writes from e:1 on. */
  onEstablished(epoch: number): void;
  onLearnerRequest(
    learner: LearnerOwner,
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[],
  ): void;
  /** True when the session lives; it is touched and now belongs to that learner. */
  onRevalidate(learner: LearnerOwner, sessionHi: number, sessionLo: number): boolean;
  onTouch(sessionHi: number, sessionLo: number, timeoutMs: number): void;
  onLearnerGone(learner: LearnerOwner): void;
}

/** Who delivered a request to the leader: compared by identity, never by sid. */
export interface LearnerOwner {
  readonly sid: number;
  readonly link: PacketLink;
}

export interface CommittedHistory {
  readonly length: number;
  readonly minZxid: number;
  readonly maxZxid: number;
  at(index: number): Proposal;
}

export interface LearnerHost extends ZabHost {
  readonly isObserver: boolean;
  readonly configVersion: number;
  /** TRUNC: cuts the disk and reloads the state; `onTruncated(ok)` of the role follows. */
  truncate(zxid: number): void;
  /** SNAP: the next bytes of the link are the body; `onSnapshotLoaded()` of the role follows. */
  receiveSnapshot(link: PacketLink, zxid: number): void;
  /** Makes the state received by SNAP the durable base; returns a token for `onStored`. */
  installSnapshot(): number;
  /** UPTODATE: serve clients. */
  onServing(epoch: number): void;
  takeTouches(): Uint8Array;
  onSyncAnswer(): void;
  onRevalidated(sessionHi: number, sessionLo: number, valid: boolean): void;
  onEnsembleText(text: string): void;
}
