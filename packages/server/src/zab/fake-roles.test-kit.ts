/**
 * What a peer gives a leader and a learner, over a `FakeServer`: the hosts that this room's small
 * ensembles run with. The body of a snapshot is the list of transactions as JSON.
 */

import assert from 'node:assert/strict';
import {
  type HostPort,
  type Id,
  JuteWriter,
  makeZxid,
  OpCode,
  utf8Decode,
  utf8Encode,
} from '@zabra/protocol';
import type { CommittedLog } from './committed-log.ts';
import type { EnsembleConfig } from './ensemble-config.ts';
import { type FakeStorage, type Txn, txnOf } from './fake-disk.test-kit.ts';
import type { FakeServer } from './fake-server.test-kit.ts';
import type { LinkEnd } from './fake-network.test-kit.ts';
import { Leader } from './leader.ts';
import { Learner } from './learner.ts';
import type { QuorumVerifier } from './quorum-verifier.ts';
import { ScriptReconfig } from './script-reconfig.test-kit.ts';
import type {
  HistoryStream,
  LeaderHost,
  LearnerHost,
  LearnerOwner,
  LogLevel,
  PacketLink,
  Proposal,
  SnapshotStream,
  SyncKind,
  ZabLimits,
} from './zab-host.ts';

const SIGNATURE = 'BenWasHere';
const SIGNATURE_BYTES = 4 + SIGNATURE.length;

abstract class FakeRole {
  readonly server: FakeServer;
  readonly limits: ZabLimits;
  readonly pace: FakeServer['pace'];
  readonly storage: FakeStorage;
  readonly committedLog: CommittedLog;
  readonly reconfig: ScriptReconfig;

  constructor(server: FakeServer) {
    this.server = server;
    this.limits = server.member.options.limits;
    this.pace = server.pace;
    this.storage = server.storage;
    this.committedLog = server.committedLog;
    // The configuration of these ensembles does not change.
    this.reconfig = new ScriptReconfig(() => server.member.config, []);
  }

  get sid(): number {
    return this.server.sid;
  }

  get lastProcessedZxid(): number {
    return this.server.lastProcessedZxid;
  }

  nowMs(): number {
    return this.server.nowMs();
  }

  log(level: LogLevel, source: string, message: string): void {
    this.server.log(level, source, message);
  }

  onHandOver(successorSid: number, zxid: number): void {
    this.server.onHandOver(successorSid, zxid);
  }

  leave(reason: string): void {
    this.server.onRoleOver(reason);
  }
}

class FakeStream implements SnapshotStream {
  readonly zxid: number;
  readonly failed = false;
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(zxid: number, applied: readonly Txn[]) {
    const text = utf8Encode(JSON.stringify(applied));
    const w = new JuteWriter();
    w.range(text, 0, text.length);
    this.zxid = zxid;
    this.#bytes = w.toBytes();
  }

  next(w: JuteWriter, _bytesMax: number): boolean {
    const end = Math.min(this.#position + 64, this.#bytes.length);
    w.raw(this.#bytes, this.#position, end);
    this.#position = end;
    return end < this.#bytes.length;
  }

  close(): void {}
}

export class FakeLeading extends FakeRole implements LeaderHost {
  readonly leader: Leader;
  /** Nothing may be proposed, for a moment. */
  isDraining = false;

  constructor(server: FakeServer) {
    super(server);
    this.leader = new Leader(this);
  }

  get ensemble(): EnsembleConfig {
    return this.server.member.config;
  }

  get verifiers(): readonly QuorumVerifier[] {
    return this.server.verifiers;
  }

  get ensembleText(): string {
    return this.server.ensembleText;
  }

  /** Nobody here is of another ensemble. */
  claimedEpochOf(): number {
    return -1;
  }

  openSnapshot(): SnapshotStream {
    return new FakeStream(this.lastProcessedZxid, this.server.applied);
  }

  onDraining(isDraining: boolean): void {
    this.isDraining = isDraining;
  }

  onRetiring(): void {}

  onEstablished(epoch: number): void {
    const { server } = this;
    server.oracle.onEstablished(server.member, epoch, server.applied);
    server.lastProcessedZxid = makeZxid(epoch, 0);
    server.election.onEpochEstablished(epoch);
  }

  openHistory(afterZxid: number, untilZxid: number): HistoryStream | null {
    return this.server.member.openHistory(afterZxid, untilZxid);
  }

  propose(text: string): void {
    const zxid = this.leader.nextZxid();
    const bytes = utf8Encode(text);
    const proposal = this.storage.append(zxid, bytes, 0, bytes.length);
    this.server.oracle.onLogged(txnOf(proposal));
    this.leader.propose(proposal);
  }

  commit(proposal: Proposal): void {
    this.server.oracle.onLeaderCommit(txnOf(proposal));
    this.server.apply(proposal);
  }

  onLearnerRequest(
    _learner: LearnerOwner,
    _sessionHi: number,
    _sessionLo: number,
    _cxid: number,
    _opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    _auth: readonly Id[] | null,
  ): void {
    this.propose(utf8Decode(buffer, start, end));
  }

  onRevalidate(
    _learner: LearnerOwner,
    _sessionHi: number,
    sessionLo: number,
    _timeoutMs: number,
    answer: (valid: boolean) => void,
  ): void {
    answer(sessionLo % 2 === 0);
  }

  onTouch(_sessionHi: number, _sessionLo: number, timeoutMs: number): void {
    assert.equal(timeoutMs, 4000);
    this.server.member.touchCount += 1;
  }

  onSynchronise(_kind: SyncKind, isFromLog: boolean): void {
    if (isFromLog) this.server.member.logDiffCount += 1;
  }

  onLearnerGone(_learner: LearnerOwner): void {}
}

export class FakeLearning extends FakeRole implements LearnerHost {
  readonly learner: Learner;
  readonly configVersion = 0;
  readonly dialLimitTicks = 10;
  leaderVersion = 0;
  isUnbacked: boolean;
  /** Of truncation and of installation, 0 for none. */
  #truncateToken: number;
  #installToken: number;
  #snapshotZxid: number;
  #intake: Uint8Array;
  /** What was committed when each unanswered sync was sent. */
  readonly #syncs: number[];
  readonly #revalidated: number[];

  constructor(server: FakeServer, leaderSid: number) {
    super(server);
    this.isUnbacked = false;
    this.#truncateToken = 0;
    this.#installToken = 0;
    this.#snapshotZxid = 0;
    this.#intake = new Uint8Array(0);
    this.#syncs = [];
    this.#revalidated = [];
    this.learner = new Learner(this, leaderSid, [
      { host: 'gone', port: 0 },
      { host: 'member', port: leaderSid },
    ]);
  }

  get isObserver(): boolean {
    return this.server.isObserver;
  }

  dial(address: HostPort): PacketLink {
    return this.server.network.dial(this.server.member, address.port, 'quorum');
  }

  inform(): void {}

  commit(proposal: Proposal): void {
    const { server } = this;
    if (this.learner.serving)
      server.oracle.onDelivered(this.sid, server.applied.length, txnOf(proposal));
    server.apply(proposal);
  }

  truncate(zxid: number): void {
    this.#truncateToken = this.storage.truncate(zxid);
    if (this.#truncateToken === 0) this.server.soon(() => this.learner.onTruncated(false));
    else this.isUnbacked = true;
  }

  receiveSnapshot(link: PacketLink, zxid: number): void {
    this.#snapshotZxid = zxid;
    this.#intake = new Uint8Array(0);
    (link as LinkEnd).packets.enterRaw();
  }

  onRaw(end: LinkEnd, buffer: Uint8Array, start: number, stop: number): number {
    this.learner.onSnapshotBytes();
    const before = this.#intake.length;
    const gathered = new Uint8Array(before + stop - start);
    gathered.set(this.#intake);
    gathered.set(buffer.subarray(start, stop), before);
    this.#intake = gathered;
    if (gathered.length < 4) return stop - start;
    const whole = 4 + new DataView(gathered.buffer).getInt32(0) + SIGNATURE_BYTES;
    if (gathered.length < whole) return stop - start;
    const isSigned = utf8Decode(gathered, whole - SIGNATURE.length, whole) === SIGNATURE;
    this.#intake = gathered.slice(0, whole);
    end.packets.leaveRaw();
    this.learner.onSnapshotReceived(isSigned ? null : 'no signature');
    return whole - before;
  }

  installSnapshot(): number {
    const text = utf8Decode(this.#intake, 4, this.#intake.length - SIGNATURE_BYTES);
    const base = JSON.parse(text) as Txn[];
    this.server.install(this.#snapshotZxid, base);
    this.isUnbacked = true;
    this.#installToken = this.storage.install(this.#snapshotZxid, base);
    return this.#installToken;
  }

  onStored(token: number): void {
    if (token === this.#truncateToken) {
      this.server.reload();
      this.isUnbacked = false;
      this.learner.onTruncated(true);
      return;
    }
    if (token === this.#installToken) this.isUnbacked = false;
    this.learner.onStored(token);
  }

  onServing(epoch: number): void {
    this.server.oracle.onServed(this.sid, this.server.applied);
    this.server.election.onEpochEstablished(epoch);
  }

  takeTouches(): Uint8Array {
    const w = new JuteWriter(16);
    if (this.learner.serving) {
      w.long(1, 2);
      w.int(4000);
    }
    return w.toBytes();
  }

  submit(text: string): void {
    const bytes = utf8Encode(text);
    this.learner.forward(1, 2, 3, OpCode.create, bytes, 0, bytes.length, null);
  }

  sync(): void {
    this.#syncs.push(this.server.oracle.chosen.length);
    this.learner.forward(1, 2, 3, OpCode.sync, new Uint8Array(0), 0, 0, null);
  }

  onPrepareToLead(): void {}

  onSessionMoved(): void {}

  onSyncAnswer(): void {
    const committed = this.#syncs.shift();
    assert.ok(committed !== undefined);
    assert.ok(this.server.applied.length >= committed, 'I21: a sync is answered too early');
    this.server.member.syncCount += 1;
  }

  revalidate(session: number): void {
    this.#revalidated.push(session);
    this.learner.revalidate(7, session, 4000);
  }

  onRevalidated(sessionHi: number, sessionLo: number, valid: boolean): void {
    assert.equal(sessionHi, 7);
    assert.equal(sessionLo, this.#revalidated.shift());
    assert.equal(valid, sessionLo % 2 === 0);
  }
}
