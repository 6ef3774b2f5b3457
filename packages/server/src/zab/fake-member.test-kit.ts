/**
 * FakeMember: one server of the small ensembles that this room's tests run: its disk, which
 * outlives crashes, and its place in the network. What runs on it is a `FakeServer`.
 */

import { type Id, PacketType } from '@zabra/protocol';
import { type EnsembleConfig, memberOf } from './ensemble-config.ts';
import { formatEnsembleText } from './ensemble-text.ts';
import { type DiskOp, type Durable, FakeDisk } from './fake-disk.test-kit.ts';
import { FakeHistory } from './fake-history.test-kit.ts';
import type { FakeNetwork, LinkEnd, PortKind, Station } from './fake-network.test-kit.ts';
import { FakeLeading, FakeLearning } from './fake-roles.test-kit.ts';
import { FakeServer } from './fake-server.test-kit.ts';
import { makeVerifier, type QuorumVerifier } from './quorum-verifier.ts';
import type { ZabLimits } from './zab-host.ts';
import type { ZabOracle } from './zab-oracle.test-kit.ts';

export interface MemberOptions {
  readonly limits: ZabLimits;
  /** It declares itself as nothing, as Apache's members do. */
  readonly isJava: boolean;
  readonly diskDelayMaxMs: number;
  readonly committedLogCount: number;
  /** currentEpoch follows the epoch of the history before it votes (quorum-protocol.md 4.3). */
  readonly repairsEpoch: boolean;
  readonly emptyNeedsAllVoters: boolean;
  /** 0: in Java's time only. */
  readonly failureDetectionMs: number;
}

export class FakeMember implements Station {
  readonly sid: number;
  readonly network: FakeNetwork;
  readonly config: EnsembleConfig;
  readonly verifiers: readonly QuorumVerifier[];
  readonly ensembleText: string;
  readonly isObserver: boolean;
  readonly options: MemberOptions;
  readonly disk: FakeDisk;
  oracle: ZabOracle | null;
  server: FakeServer | null;
  touchCount: number;
  syncCount: number;
  /** Roles of this member that a hand-over has ended. */
  handOverCount: number;
  /** Learners that it brought in step out of its log. */
  logDiffCount: number;
  logs: string[];

  constructor(network: FakeNetwork, config: EnsembleConfig, sid: number, options: MemberOptions) {
    this.network = network;
    this.config = config;
    this.verifiers = [makeVerifier(config)];
    this.ensembleText = formatEnsembleText(config);
    this.isObserver = memberOf(config, sid)?.role === 'observer';
    this.sid = sid;
    this.options = options;
    this.disk = new FakeDisk();
    this.oracle = null;
    this.server = null;
    this.touchCount = 0;
    this.syncCount = 0;
    this.handOverCount = 0;
    this.logDiffCount = 0;
    this.logs = [];
    this.disk.onChanged = (op: DiskOp, before) => this.oracle?.onDurable(this, op, before);
    network.stations.set(sid, this);
  }

  get durable(): Durable {
    return this.disk.durable;
  }

  get isUp(): boolean {
    return this.server !== null;
  }

  boot(): void {
    if (this.server !== null) return;
    this.server = new FakeServer(this, this.oracle as ZabOracle);
    this.server.look();
  }

  /** Power loss: memory goes, and of what the disk had under way an unknown part. */
  crash(): void {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    this.network.vanish(this);
    this.disk.crash(this.network.prng);
  }

  /** The log for a learner, if it goes up to `untilZxid`; see `LeaderHost.openHistory`. */
  openHistory(afterZxid: number, untilZxid: number): FakeHistory | null {
    const { durable } = this;
    if (!durable.log.some(({ zxid }) => zxid === untilZxid)) return null;
    const { prng } = this.network;
    const history = new FakeHistory(durable, afterZxid, prng.fork());
    this.network.at(1 + prng.below(50), () => history.onSearched());
    return history;
  }

  accept(kind: PortKind, end: LinkEnd): boolean {
    const { server } = this;
    if (server === null) return false;
    if (kind === 'election') {
      server.mesh.onAccepted(end);
      return true;
    }
    if (!(server.role instanceof FakeLeading)) return false;
    server.role.leader.onLearnerConnected(end);
    return true;
  }

  onDialed(end: LinkEnd): void {
    const { server } = this;
    if (end.kind === 'election') server?.mesh.onDialed(end);
    else if (server?.role instanceof FakeLearning) server.role.learner.onDialed(end);
    else end.close('no longer wanted');
  }

  onBytes(end: LinkEnd, buffer: Uint8Array, start: number, stop: number): void {
    this.server?.mesh.onBytes(end, buffer, start, stop);
  }

  onPacket(
    end: LinkEnd,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    stop: number,
    auth: readonly Id[] | null,
  ): void {
    const role = this.server?.role;
    if (role instanceof FakeLeading) {
      role.leader.onPacket(end, type, zxid, buffer, start, stop, auth);
    } else role?.learner.onPacket(end, type, zxid, buffer, start, stop, auth);
  }

  onRaw(end: LinkEnd, buffer: Uint8Array, start: number, stop: number): number {
    const role = this.server?.role;
    return role instanceof FakeLearning ? role.onRaw(end, buffer, start, stop) : stop - start;
  }

  onClosed(end: LinkEnd, reason: string): void {
    const { server } = this;
    if (end.kind === 'election') server?.mesh.onLinkClosed(end, reason);
    else if (server?.role instanceof FakeLeading) server.role.leader.onLearnerClosed(end);
    else server?.role?.learner.onLinkClosed(end, reason);
  }

  onSent(end: LinkEnd, type: number, zxid: number, data: Uint8Array | null): Uint8Array | null {
    this.oracle?.onSent(this, end, type, zxid, this.server?.applied.at(-1)?.zxid ?? 0);
    if (!this.options.isJava || data === null) return data;
    if (type === PacketType.LEADERINFO) return data.slice(0, 4);
    const isHello = type === PacketType.FOLLOWERINFO || type === PacketType.OBSERVERINFO;
    return isHello ? data.slice(0, 20) : data;
  }
}
