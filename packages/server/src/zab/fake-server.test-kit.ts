/**
 * FakeServer: one process of a `FakeMember`, from its start to its crash: what a peer does around
 * `zab/`. It gives roles their host, settles the disk between roles (quorum-protocol.md 8.3), and
 * keeps a state that is only the list of applied transactions.
 */

import assert from 'node:assert/strict';
import { epochOf, type HostPort, type Notification, ServerState } from '@zabra/protocol';
import { CommittedLog } from './committed-log.ts';
import { ElectionMesh } from './election-mesh.ts';
import {
  FakeStorage,
  historyOf,
  lastOf,
  proposalOf,
  type Txn,
  txnOf,
} from './fake-disk.test-kit.ts';
import type { FakeMember } from './fake-member.test-kit.ts';
import { FakeLeading, FakeLearning } from './fake-roles.test-kit.ts';
import { FastLeaderElection } from './fast-leader-election.ts';
import { MemberPace } from './member-pace.ts';
import type { Vote } from './vote.ts';
import type { ZabOracle } from './zab-oracle.test-kit.ts';
import type { ElectionHost, ElectionLink, LogLevel, MeshHost, Proposal } from './zab-host.ts';

const TICK_MS = 10;

export class FakeServer implements ElectionHost, MeshHost {
  readonly member: FakeMember;
  readonly oracle: ZabOracle;
  readonly network: FakeMember['network'];
  readonly pace: MemberPace;
  readonly storage: FakeStorage;
  readonly committedLog: CommittedLog;
  readonly verifiers: FakeMember['verifiers'];
  readonly ensembleText: string;
  readonly election: FastLeaderElection;
  readonly mesh: ElectionMesh;
  readonly memberSids: readonly number[];
  readonly pollMaxMs = 1600;
  readonly electionAddresses: readonly HostPort[];
  applied: Txn[];
  lastProcessedZxid: number;
  role: FakeLeading | FakeLearning | null;
  #decided: Vote | null;
  /** Who leads next, by a hand-over. */
  #appointed: { readonly sid: number; readonly zxid: number } | null;
  /** A role is over, and the disk is not done. */
  #isSettling: boolean;
  #reloadsAfterSettling: boolean;
  #isDiskBusy: boolean;

  /** As after recovery. */
  constructor(member: FakeMember, oracle: ZabOracle) {
    const { config, disk, network, options } = member;
    this.member = member;
    this.oracle = oracle;
    this.network = network;
    this.pace = new MemberPace(options.failureDetectionMs);
    this.storage = new FakeStorage(disk);
    this.committedLog = new CommittedLog(options.committedLogCount);
    this.verifiers = member.verifiers;
    this.memberSids = member.verifiers.flatMap(({ voters }) => voters);
    this.ensembleText = member.ensembleText;
    this.electionAddresses = [{ host: 'member', port: member.sid }];
    this.applied = [];
    this.lastProcessedZxid = 0;
    this.role = null;
    this.#decided = null;
    this.#appointed = null;
    this.#isSettling = false;
    this.#reloadsAfterSettling = false;
    this.#isDiskBusy = false;
    const meshOptions = {
      multiAddress: false,
      connectTimeoutMs: 500,
      helloTimeoutMs: 500,
      authenticates: false,
    };
    this.mesh = new ElectionMesh(this, config.members, meshOptions, network.prng.fork());
    this.election = new FastLeaderElection(this);
    this.reload();
    this.#tickLater();
  }

  get sid(): number {
    return this.member.sid;
  }

  get isObserver(): boolean {
    return this.member.isObserver;
  }

  get emptyNeedsAllVoters(): boolean {
    return this.member.options.emptyNeedsAllVoters;
  }

  get isAlive(): boolean {
    return this.member.server === this;
  }

  /** Serves clients: an established leader, or a learner past UPTODATE. */
  get isServing(): boolean {
    if (this.role instanceof FakeLeading) return this.role.leader.established;
    return this.role?.learner.serving ?? false;
  }

  nowMs(): number {
    return this.network.nowMs;
  }

  log(level: LogLevel, source: string, message: string): void {
    this.member.logs.push(`${this.nowMs()} ${this.sid} ${level} ${source}: ${message}`);
  }

  /** A later turn of this process. */
  soon(run: () => void): void {
    this.network.at(1, () => {
      if (this.isAlive) run();
    });
  }

  look(): void {
    const { storage, member } = this;
    if (member.options.repairsEpoch && epochOf(storage.lastLoggedZxid) > storage.currentEpoch) {
      storage.storeCurrentEpoch(epochOf(storage.lastLoggedZxid));
      this.#isSettling = true;
      return;
    }
    assert.deepEqual(this.applied, historyOf(member.durable), 'I14: memory is not the disk');
    this.oracle.onOwnVote(member, storage.lastLoggedZxid, storage.currentEpoch);
    this.election.start(storage.lastLoggedZxid, storage.currentEpoch);
  }

  apply(proposal: Proposal): void {
    this.applied.push(txnOf(proposal));
    this.lastProcessedZxid = proposal.zxid;
    const { tail } = this.storage;
    while (tail.length > 0 && (tail[0] as Proposal).zxid <= proposal.zxid) tail.shift();
    // I16: the ring is a contiguous end of what was applied.
    const { committedLog, applied } = this;
    const offset = applied.length - committedLog.length;
    assert.deepEqual(txnOf(committedLog.at(0)), applied[offset]);
    assert.equal(committedLog.maxZxid, proposal.zxid);
  }

  install(zxid: number, base: readonly Txn[]): void {
    this.applied = [...base];
    this.lastProcessedZxid = zxid;
    this.committedLog.clear();
  }

  /** Memory becomes what the disk says. */
  reload(): void {
    const { durable } = this.member;
    this.applied = [...historyOf(durable)];
    this.lastProcessedZxid = lastOf(durable);
    this.committedLog.clear();
    for (const txn of durable.log) this.committedLog.add(proposalOf(txn));
  }

  onRoleOver(reason: string): void {
    const { role } = this;
    if (role === null) return;
    this.role = null;
    this.log('info', 'FakeServer', `leaves: ${reason}`);
    this.election.stop();
    if (role instanceof FakeLeading) role.leader.stop(reason);
    else {
      role.learner.stop(reason);
      this.#reloadsAfterSettling = role.isUnbacked;
    }
    this.#isSettling = true;
    this.storage.submit({ kind: 'barrier' });
  }

  onHandOver(sid: number, zxid: number): void {
    this.member.handOverCount += 1;
    this.#appointed = { sid, zxid };
  }

  submit(text: string): boolean {
    const { role } = this;
    if (!this.isServing || role === null) return false;
    if (role instanceof FakeLeading) {
      if (role.isDraining) return false;
      role.propose(text);
    } else role.submit(text);
    return true;
  }

  sendVote(toSid: number, vote: Vote): void {
    const isOwn = vote.state === ServerState.LOOKING && vote.leader === this.sid;
    // Who does not vote is told the vote last decided, which may be an old one of ours.
    const isToVoter = this.verifiers.some((verifier) => verifier.isVoter(toSid));
    if (isOwn && isToVoter) this.oracle.onOwnVote(this.member, vote.zxid, vote.peerEpoch);
    this.mesh.send(toSid, vote);
  }

  connectAll(): void {
    this.mesh.connectAll();
  }

  onDecided(vote: Vote): void {
    this.#decided = vote;
  }

  dial(address: HostPort): ElectionLink {
    return this.network.dial(this.member, address.port, 'election');
  }

  isConnected(sid: number): boolean {
    return this.mesh.isConnected(sid);
  }

  onNotification(sid: number, notification: Notification, isZabra: boolean): void {
    assert.equal(notification.config, this.ensembleText);
    // The mesh declares every sender; who plays Apache does not.
    const sender = this.network.stations.get(sid) as FakeMember;
    this.election.onNotification(sid, notification, isZabra && !sender.options.isJava);
  }

  onConnected(sid: number): void {
    this.election.onConnected(sid);
  }

  #tickLater(): void {
    const waitMs = TICK_MS / 2 + this.network.prng.below(TICK_MS);
    this.network.at(waitMs, () => {
      if (!this.isAlive) return;
      this.pace.onTurn(waitMs, this.nowMs());
      this.mesh.tick();
      this.election.tick();
      this.#takeUp();
      if (this.role instanceof FakeLeading) this.role.leader.tick();
      else this.role?.learner.tick();
      this.#runDisk();
      this.#tickLater();
    });
  }

  #takeUp(): void {
    const vote = this.#decided;
    if (vote === null) return;
    this.#decided = null;
    if (vote.state === ServerState.LEADING) {
      this.role = new FakeLeading(this);
      this.role.leader.start();
    } else {
      this.role = new FakeLearning(this, vote.leader);
      this.role.learner.start();
    }
  }

  /** The disk works on its own time, one stretch of requests after another. */
  #runDisk(): void {
    const { disk, options } = this.member;
    if (this.#isDiskBusy || !disk.isBusy) return;
    this.#isDiskBusy = true;
    const { prng } = this.network;
    this.network.at(1 + prng.below(options.diskDelayMaxMs), () => {
      if (!this.isAlive) return;
      this.#isDiskBusy = false;
      const channel = prng.chance(1, 2) ? disk.log : disk.epochs;
      for (let count = prng.below(channel.length + 1); count > 0; count--) {
        const { token, syncedZxid } = disk.completeOne(channel);
        if (syncedZxid >= 0) this.#onSynced(syncedZxid);
        if (token !== 0) this.#onStored(token);
      }
      if (this.#isSettling && !disk.isBusy) this.#onSettled();
      this.#runDisk();
    });
  }

  #onSynced(zxid: number): void {
    this.storage.syncedZxid = Math.max(this.storage.syncedZxid, zxid);
    if (this.role instanceof FakeLeading) this.role.leader.onSynced(zxid);
    else this.role?.learner.onSynced(zxid);
  }

  #onStored(token: number): void {
    if (this.role instanceof FakeLeading) this.role.leader.onStored(token);
    else this.role?.onStored(token);
  }

  #onSettled(): void {
    this.#isSettling = false;
    if (this.#reloadsAfterSettling) {
      this.#reloadsAfterSettling = false;
      this.storage.tail.length = 0;
      this.reload();
    }
    for (const proposal of this.storage.tail.splice(0)) {
      this.committedLog.add(proposal);
      this.applied.push(txnOf(proposal));
    }
    this.lastProcessedZxid = this.storage.lastLoggedZxid;
    const appointed = this.#appointed;
    this.#appointed = null;
    if (appointed === null) {
      this.look();
      return;
    }
    assert.deepEqual(this.applied, historyOf(this.member.durable), 'I14: memory is not the disk');
    const { currentEpoch } = this.storage;
    this.#decided = this.election.appoint(appointed.sid, appointed.zxid, currentEpoch);
  }
}
