/**
 * The face between agreement and the server around it: links to send on, durable storage, a state
 * to apply commits to, a clock. `peer/` implements every interface here and calls the roles;
 * `zab/` owns their meaning and never learns what is inside a transaction, a log or a tree: they
 * are opaque byte ranges and opaque streams. SNAP and configurations cross the rooms here too.
 *
 * Who calls what, when. The peer makes a role object on entering the role and drops it on leaving
 * (`new Leader`, `new Learner`, then `start`). Every input is one call that runs to completion:
 * `onPacket`, `onDialed`, `onLinkClosed`, `onStored`, `onSynced` and so on, and `tick` at least
 * every 20 ms, after the other inputs of the turn. A role speaks only from within these calls. No
 * method of a host calls back into the role before it returned, with one exception: `commit`,
 * `onEstablished`, `onServing` and `onLearnerRequest` may call `Leader.propose`, `Leader.sync`,
 * `Learner.forward` and `Learner.revalidate`. A role ends exactly once: by its own `ZabHost.leave`,
 * after it has closed its links, or by the peer's `stop`. After that every input is ignored, so a
 * completion that arrives late does no harm (scenario S8).
 *
 * After a role ended the peer follows quorum-protocol.md 8.3: settle the disk (flush and sync what
 * is held), make memory equal to the disk, then `FastLeaderElection.start`; the election is silent
 * (`stop`) meanwhile. `FastLeaderElection.onEpochEstablished` follows `onEstablished` and
 * `onServing`. Snapshots are published only between those two and the end of the role (S2).
 */

import type { HostPort, Id, JuteWriter, Notification } from '@zabra/protocol';
import type { CommittedLog } from './committed-log.ts';
import type { EnsembleConfig } from './ensemble-config.ts';
import type { MemberPace } from './member-pace.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import type { ReconfigHost } from './reconfig-host.ts';
import type { Vote } from './vote.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** One connection of the quorum port: packets out, in call order; the stream has no framing. */
export interface PacketLink {
  /** Unique among the links of this process. */
  readonly id: number;
  /** The other end, for logs. */
  readonly remote: string;
  send(type: number, zxid: number, data: Uint8Array | null, auth?: readonly Id[] | null): void;
  /** As `send`, with data = buffer[start, end), copied at once. */
  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void;
  /** Raw bytes of packets written elsewhere, or of a snapshot body; copied at once. */
  write(buffer: Uint8Array, start: number, end: number): void;
  /** Bytes written and not yet taken by the network, those of this turn included. */
  readonly unsentBytes: number;
  /** No packet is delivered from here on, not even of the chunk at hand, and reading stops. */
  pause(): void;
  /** Goes on; packets held meanwhile may be delivered before it returns. */
  resume(): void;
  /** Closes at once; what was not yet taken is dropped. What is sent later goes nowhere. */
  close(reason: string): void;
  /** Closes when everything sent so far has left. */
  finish(reason: string): void;
}

/** One connection of the election port. */
export interface ElectionLink {
  readonly id: number;
  readonly remote: string;
  /** Appends to the output of this turn, which leaves in one write; copied at once. */
  write(buffer: Uint8Array, start: number, end: number): void;
  readonly unsentBytes: number;
  /** Closes at once; what was not yet taken is dropped. */
  close(reason: string): void;
  /** Closes when everything written so far has left. */
  finish(reason: string): void;
}

/** A transaction on its way: `buffer[start, end)` is header, body and digest, never changed. */
export interface Proposal {
  readonly zxid: number;
  readonly buffer: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Times and bounds, frozen for the life of the process. */
export interface ZabLimits {
  readonly tickTimeMs: number;
  /** Ticks for connecting, discovery and synchronisation, each. */
  readonly initLimitTicks: number;
  /** Ticks of silence that end a connection after synchronisation. */
  readonly syncLimitTicks: number;
  /** Longest data of a quorum packet: jute.maxbuffer and its extra size, bytes. */
  readonly packetBytesMax: number;
  /** Bytes queued for one learner, or uncommitted at one, before the connection is closed (T35). */
  readonly queueBytesMax: number;
  /** Transactions of one epoch, below COUNTER_MAX: the next would run into the epoch half (S21). */
  readonly zxidsPerEpoch: number;
}

/** Default of `ZabLimits.queueBytesMax`: some sixty of the largest transactions. */
export const QUEUE_BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

export interface ZabStorage {
  /** They change at once when a store begins; a word is spoken only at its completion. */
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** Last zxid of the history, synced or not: the log's last, or the snapshot's when later. */
  readonly lastLoggedZxid: number;
  /** Everything of the history up to here that this process appended is on stable storage. */
  readonly syncedZxid: number;
  /** Each returns a token, never 0; `onStored(token)` of the role follows when it is durable. */
  storeAcceptedEpoch(epoch: number): number;
  storeCurrentEpoch(epoch: number): number;
  /**
   * By then all that was appended, or read back by recovery (perhaps from the page cache only), is
   * on stable storage; a token. Before leading, and before a learner's ACK(e:0).
   */
  syncBeforeLeading(): number;
  /**
   * Copies the transaction into the log, which is flushed at the end of the turn; `onSynced` of the
   * role follows. Returns the range in the log's own memory, valid for ever.
   */
  append(zxid: number, buffer: Uint8Array, start: number, end: number): Proposal;
}

/** What both roles use. */
export interface ZabHost {
  readonly sid: number;
  readonly limits: ZabLimits;
  readonly pace: MemberPace;
  readonly storage: ZabStorage;
  /**
   * The ring that outlives roles. A role adds what it commits; whoever replaces the state
   * (recovery, reload after TRUNC, SNAP) clears it and adds what it replays.
   */
  readonly committedLog: CommittedLog;
  readonly reconfig: ReconfigHost;
  /** Last zxid applied to the state. Invariant: `storage.lastLoggedZxid` when a role begins. */
  readonly lastProcessedZxid: number;
  nowMs(): number;
  log(level: LogLevel, source: string, message: string): void;
  /**
   * Applies one committed transaction, at once. A learner's commits begin before `onServing`: no
   * client may see their effects before that.
   */
  commit(proposal: Proposal): void;
  /**
   * The role is about to be over by a hand-over: `leave` follows at once. `successorSid` leads from
   * here, and nobody has to be elected; nothing is outstanding, and `zxid` is committed last.
   */
  onHandOver(successorSid: number, zxid: number): void;
  /** The role is over; its links are closed. */
  leave(reason: string): void;
}

/**
 * A point-in-time copy of the state on its way to a learner: sessions, ACL table, znodes and their
 * terminator (quorum-protocol.md 5.4). The signature behind it is ours.
 */
export interface SnapshotStream {
  /** `lastProcessedZxid` at the moment the stream was opened. */
  readonly zxid: number;
  /** Appends about `bytesMax` bytes of the body; false when the last part was written. */
  next(w: JuteWriter, bytesMax: number): boolean;
  /** True when the copy was given up (memory bound): the learner is dropped. */
  readonly failed: boolean;
  close(): void;
}

/**
 * Transactions out of our own log files, oldest first: those behind a learner's last zxid, if the
 * files hold that. It is itself the transaction that `next` came to.
 */
export interface HistoryStream extends Proposal {
  /**
   * `searching` until it is known whether the files hold what comes behind the learner's last zxid:
   * `found` or `absent`. `failed`: they cannot be read, or have a hole. `closed`: by `close`, or
   * because the history is about to be changed.
   */
  readonly state: 'searching' | 'found' | 'absent' | 'failed' | 'closed';
  /** Why it failed, as a sentence. */
  readonly failure: string;
  /** False when the files do not yet hold all up to `zxid`; else it may be read up to there. */
  reach(zxid: number): boolean;
  /** The next transaction; false: it has to be read first, or there is none, see `state`. */
  next(): boolean;
  close(): void;
}

/** How a learner is brought up to date. */
export type SyncKind = 'DIFF' | 'TRUNC' | 'SNAP';

export interface LeaderHost extends ZabHost {
  /** The committed configuration. */
  readonly ensemble: EnsembleConfig;
  /** Of the committed configuration, then of the proposed one while there is one. */
  readonly verifiers: readonly QuorumVerifier[];
  /**
   * Text that NEWLEADER carries, to be in force at UPTODATE: the configuration seen last while a
   * leader is not established, since its history is about to be committed; then the committed one.
   */
  readonly ensembleText: string;
  openSnapshot(): SnapshotStream;
  /**
   * Searches the log files for what comes behind `afterZxid`; null when they may not be used for
   * it. `untilZxid` is where memory begins.
   */
  openHistory(afterZxid: number, untilZxid: number): HistoryStream | null;
  /** ACK(e:0) of a quorum: serve clients, call `propose` from e:1 on. */
  onEstablished(epoch: number): void;
  /** A reconfiguration ends the reign: nothing more may be proposed; `leave` follows soon. */
  onRetiring(): void;
  /** True: nothing may be proposed, for a moment; false: after all, the reign goes on. */
  onDraining(isDraining: boolean): void;
  /**
   * A learner's REQUEST, never a sync, which the leader answers itself. It must be answered by
   * exactly one `propose`, in order of arrival per learner; prepared at once, so that a later sync
   * waits for it. The range is valid during the call only.
   */
  onLearnerRequest(
    learner: LearnerOwner,
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void;
  /**
   * A session that lives is touched, for the timeout that its client now has, and belongs to that
   * learner from here on. `answer` is called, now or later, with whether it lives.
   */
  onRevalidate(
    learner: LearnerOwner,
    sessionHi: number,
    sessionLo: number,
    timeoutMs: number,
    answer: (valid: boolean) => void,
  ): void;
  /** Epoch of the history that a server last voted for itself with, or `EPOCH_UNKNOWN`. */
  claimedEpochOf(sid: number): number;
  /** A learner is about to be brought up to date, in this way; a DIFF may begin in log files. */
  onSynchronise(kind: SyncKind, isFromLog: boolean): void;
  /** A session that a learner heard of since its last PING. */
  onTouch(sessionHi: number, sessionLo: number, timeoutMs: number): void;
  /** The learner's connection ended: it owns nothing any more. */
  onLearnerGone(learner: LearnerOwner): void;
}

/** Who delivered a request to the leader: compared by identity, never by sid (T29). */
export interface LearnerOwner {
  readonly sid: number;
  readonly link: PacketLink;
}

export interface LearnerHost extends ZabHost {
  readonly isObserver: boolean;
  /** Version of the committed configuration. */
  readonly configVersion: number;
  /** Set by LEADERINFO: the Zabra version of the leader, 0 for an Apache member. */
  leaderVersion: number;
  /** Ticks until there must be a connection; at most initLimit. */
  readonly dialLimitTicks: number;
  /** Dials the leader's quorum port; `onDialed` or `onLinkClosed` of the role follows. */
  dial(address: HostPort): PacketLink;
  /**
   * TRUNC: cuts the disk after `zxid`, drops snapshots above it, reloads the state from disk, then
   * calls `onTruncated(true)`. Invariant then: `lastLoggedZxid` and `lastProcessedZxid` are `zxid`.
   * `onTruncated(false)`, nothing changed, when `zxid` is not a point of our history. The link is
   * paused meanwhile.
   */
  truncate(zxid: number): void;
  /**
   * SNAP: the next bytes of the link are the body and its signature, which the peer takes into a
   * state aside; then it calls `onSnapshotReceived` with null, or with what is wrong. The present
   * state stays as it is.
   */
  receiveSnapshot(link: PacketLink, zxid: number): void;
  /**
   * Makes what was received the state and the durable base of the log, older log segments fenced
   * (S9). Returns a token; at `onStored` disk and memory stand at the SNAP's zxid. When the role
   * ends before, the peer makes memory what the disk then says (S3). The link is paused meanwhile.
   */
  installSnapshot(): number;
  /**
   * Behind `commit`: observers that we serve are told. `leaderSid` is who leads from a
   * reconfiguration on, -1 for any other transaction.
   */
  inform(proposal: Proposal, leaderSid: number): void;
  /** UPTODATE: serve clients. */
  onServing(epoch: number): void;
  /** Sessions touched since the last call, n * (long session, int timeoutMs); never null. */
  takeTouches(): Uint8Array;
  /** We are to lead next: the quorum port is opened; `onHandOver` follows, or nothing. */
  onPrepareToLead(): void;
  /** The session belongs to another server now, whatever connection it has here. */
  onSessionMoved(sessionHi: number, sessionLo: number): void;
  /** The oldest sync that was forwarded and is not answered is answered. */
  onSyncAnswer(): void;
  onRevalidated(sessionHi: number, sessionLo: number, valid: boolean): void;
}

/** What fast leader election needs. */
export interface ElectionHost {
  readonly sid: number;
  readonly isObserver: boolean;
  /** Of the committed configuration, then of the proposed one while there is one. */
  readonly verifiers: readonly QuorumVerifier[];
  /** Sids of all members of these configurations, observers as well. */
  readonly memberSids: readonly number[];
  /** Bound of the idle poll's back-off: 60,000 as in Apache, or shorter. */
  readonly pollMaxMs: number;
  /** Empty volumes (ADR 11): an ensemble whose proposal is empty needs every voter's word. */
  readonly emptyNeedsAllVoters: boolean;
  nowMs(): number;
  log(level: LogLevel, source: string, message: string): void;
  /** `ElectionMesh.send`; to a voter or to whoever asked. */
  sendVote(toSid: number, vote: Vote): void;
  /** `ElectionMesh.connectAll`. */
  connectAll(): void;
  /** `ElectionMesh.isConnected`. */
  isConnected(sid: number): boolean;
  /** The election is over; `vote.state` is the role. May be called from within `start`. */
  onDecided(vote: Vote): void;
}

/** What the election mesh needs. */
export interface MeshHost {
  readonly sid: number;
  /** Where members reach us, as INIT says it. */
  readonly electionAddresses: readonly HostPort[];
  /** Text of our committed configuration, which every notification carries. */
  readonly ensembleText: string;
  nowMs(): number;
  log(level: LogLevel, source: string, message: string): void;
  /** Dials an election port; `onDialed` or `onLinkClosed` of the mesh follows. */
  dial(address: HostPort): ElectionLink;
  /** `FastLeaderElection.onNotification`; whether it declared its sender one of our own kind. */
  onNotification(sid: number, notification: Notification, isZabra: boolean): void;
  /** `FastLeaderElection.onConnected`. */
  onConnected(sid: number): void;
}
