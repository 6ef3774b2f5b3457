/**
 * ObserverService: the surroundings of an observer master: the port that observers come in by, and
 * what they ask of the leader, which goes out on our own connection to it and comes back to them.
 * It begins when its follower is up to date and ends with the follower's role.
 */

import { type Id, OpCode } from '@zabra/protocol';
import type { CommittedLog } from '../zab/committed-log.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import type { LearnerHandler } from '../zab/learner-handler.ts';
import { ObserverMaster, type ObserverMasterHost } from '../zab/observer-master.ts';
import type { HistoryStream, LearnerOwner, SnapshotStream, SyncKind } from '../zab/zab-host.ts';
import type { LearnerOrder } from './learner-order.ts';
import type { Learning } from './learning.ts';
import type { QuorumLink } from './peer-links.ts';
import { ObserverSessions } from './observer-sessions.ts';

export class ObserverService implements ObserverMasterHost {
  readonly master: ObserverMaster;
  readonly sessions: ObserverSessions;
  readonly #role: Learning;
  readonly #order: LearnerOrder;
  /** Where it listens. */
  readonly #hosts: readonly string[];

  constructor(role: Learning, order: LearnerOrder, epoch: number) {
    const { config } = role.core;
    const { own } = role.parts.membership;
    const hosts = new Set((own?.addresses ?? []).map(({ host }) => host));
    this.#role = role;
    this.#order = order;
    this.#hosts = config.quorumListenOnAllIps ? [''] : [...hosts];
    this.sessions = new ObserverSessions();
    this.master = new ObserverMaster(this, epoch);
  }

  get sid(): number {
    return this.#role.sid;
  }

  get limits() {
    return this.#role.limits;
  }

  get pace() {
    return this.#role.pace;
  }

  get committedLog(): CommittedLog {
    return this.#role.committedLog;
  }

  get reconfig() {
    return this.#role.reconfig;
  }

  get lastProcessedZxid(): number {
    return this.#role.lastProcessedZxid;
  }

  get ensemble(): EnsembleConfig {
    return this.#role.parts.ensemble;
  }

  get ensembleText(): string {
    return this.#role.parts.ensembleText;
  }

  get leaderVersion(): number {
    return this.#role.leaderVersion;
  }

  get retainedBytesMax(): number {
    return this.#role.core.config.observerMasterBytesMax;
  }

  nowMs(): number {
    return this.#role.nowMs();
  }

  log(...line: Parameters<Learning['log']>): void {
    this.#role.log(...line);
  }

  start(): void {
    this.#listen(true);
  }

  stop(reason: string): void {
    this.#listen(false);
    this.master.stop(reason);
  }

  openSnapshot(): SnapshotStream {
    return this.#role.core.state.openStream();
  }

  openHistory(afterZxid: number, untilZxid: number): HistoryStream | null {
    return this.#role.core.disk.openHistory(afterZxid, untilZxid);
  }

  onSynchronise(kind: SyncKind, isFromLog: boolean): void {
    this.#role.core.stats.onSynchronise(kind, isFromLog);
  }

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
  ): void {
    const observer = learner as LearnerHandler;
    if (opcode === OpCode.createSession) this.sessions.claim(observer, sessionHi, sessionLo);
    else if (!this.sessions.mayAsk(observer, sessionHi, sessionLo)) {
      // It must be answered or not be there at all: the observer knows its answers by their order.
      this.master.drop(observer, 'it sends a request of a session that has moved away from it');
      return;
    }
    const { learner: ourselves } = this.#role;
    ourselves.forward(sessionHi, sessionLo, cxid, opcode, buffer, start, end, auth);
  }

  onLearnerSync(
    answer: () => void,
    sessionHi: number,
    sessionLo: number,
    cxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    this.#order.awaitSync(answer);
    const { learner } = this.#role;
    learner.forward(sessionHi, sessionLo, cxid, OpCode.sync, buffer, start, end, auth);
  }

  onRevalidate(
    learner: LearnerOwner,
    sessionHi: number,
    sessionLo: number,
    timeoutMs: number,
    answer: (valid: boolean) => void,
  ): void {
    this.sessions.claim(learner as LearnerHandler, sessionHi, sessionLo);
    // Whatever its client still sends us would reach the leader as ours, which it is not any more.
    const { port } = this.#role.parts;
    port.sessions.find(sessionHi, sessionLo)?.connection?.closeNow();
    this.#order.revalidateFor(sessionHi, sessionLo, timeoutMs, answer);
  }

  onTouch(sessionHi: number, sessionLo: number, timeoutMs: number): void {
    this.#order.touchFor(sessionHi, sessionLo, timeoutMs);
  }

  onLearnerGone(learner: LearnerHandler): void {
    this.sessions.forget(learner);
  }

  #listen(open: boolean): void {
    const { config, ready } = this.#role.core;
    for (const host of this.#hosts) {
      ready.listens.push({ kind: 'observerMaster', host, port: config.observerMasterPort, open });
    }
  }
}

/** Somebody came in by the observer-master port, which may be about to close. */
export function admitObserver(service: ObserverService | null | undefined, link: QuorumLink): void {
  if (service) service.master.onLearnerConnected(link);
  else link.close('this server serves no observers');
}
