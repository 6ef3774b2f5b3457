/**
 * Hosts and links for tests that play one side of the protocol by hand: what a leader or a learner
 * sends is read back packet by packet, disk completions come when the test says so, time stands
 * still until it is moved.
 */

import assert from 'node:assert/strict';
import {
  bytesFromHex,
  bytesToHex,
  type HostPort,
  type Id,
  JuteWriter,
  makeZxid,
  packetName,
  PacketType,
  QuorumPacketReader,
  utf8Encode,
  zxidToHex,
} from '@zabra/protocol';
import { ClaimedEpochs } from './claimed-epochs.ts';
import { CommittedLog } from './committed-log.ts';
import type { EnsembleConfig } from './ensemble-config.ts';
import { parseEnsembleText } from './ensemble-text.ts';
import { MemberPace } from './member-pace.ts';
import { makeVerifier, type QuorumVerifier } from './quorum-verifier.ts';
import { ScriptReconfig } from './script-reconfig.test-kit.ts';
import { ScriptStorage } from './script-storage.test-kit.ts';
import type {
  ElectionLink,
  HistoryStream,
  LeaderHost,
  LearnerHost,
  LogLevel,
  PacketLink,
  Proposal,
  SnapshotStream,
} from './zab-host.ts';

export const THREE_TEXT = [
  'server.1=a:1:2:participant',
  'server.2=b:1:2:participant',
  'server.3=c:1:2:participant',
  'server.4=d:1:2:observer',
  'version=0',
].join('\n');

export function configOf(text: string): EnsembleConfig {
  const { config, error } = parseEnsembleText(text);
  assert.equal(error, null);
  return config as EnsembleConfig;
}

export function txn(zxid: number, text = 'x'): Proposal {
  const buffer = utf8Encode(text);
  return { zxid, buffer, start: 0, end: buffer.length };
}

/** Both kinds of link; keeps what was written and tells it as text. */
export class ScriptLink implements PacketLink, ElectionLink {
  static lastId = 0;
  readonly id: number;
  readonly remote: string;
  readonly written: JuteWriter;
  unsentBytes: number;
  isPaused: boolean;
  closedFor: string | null;
  finishedFor: string | null;
  /** Bytes to come that are a snapshot's body. */
  rawBytes: number;
  #takenTo: number;

  constructor(remote = 'script:1') {
    ScriptLink.lastId += 1;
    this.remote = remote;
    this.id = ScriptLink.lastId;
    this.written = new JuteWriter();
    this.unsentBytes = 0;
    this.isPaused = false;
    this.closedFor = null;
    this.finishedFor = null;
    this.rawBytes = 0;
    this.#takenTo = 0;
  }

  send(
    type: number,
    zxid: number,
    data: Uint8Array | null,
    auth: readonly Id[] | null = null,
  ): void {
    if (data === null) this.#packet(type, zxid, null, 0, 0, auth);
    else this.#packet(type, zxid, data, 0, data.length, auth);
  }

  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    this.#packet(type, zxid, buffer, start, end, null);
  }

  write(buffer: Uint8Array, start: number, end: number): void {
    if (this.closedFor === null) this.written.raw(buffer, start, end);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(reason: string): void {
    this.closedFor ??= reason;
  }

  finish(reason: string): void {
    this.finishedFor ??= reason;
  }

  /** Hex of everything since the last taking. */
  takeHex(): string {
    const hex = bytesToHex(this.written.buffer, this.#takenTo, this.written.position);
    this.#takenTo = this.written.position;
    return hex;
  }

  /** Packets since the last taking: name, zxid, then the data as text where there is any. */
  take(): string[] {
    const found: string[] = [];
    const reader = new QuorumPacketReader(1 << 20, {
      onPacket: (type, zxid, buffer, start, end) => {
        const data = start < 0 ? '' : ` ${printable(buffer, start, end)}`;
        found.push(`${packetName(type)} ${zxidToHex(zxid)}${data}`);
        if (type === PacketType.SNAP) reader.enterRaw();
      },
      onRaw: (buffer, start, end) => {
        const size = Math.min(this.rawBytes, end - start);
        found.push(`body ${printable(buffer, start, start + size)}`);
        reader.leaveRaw();
        return size;
      },
      onPacketError: (reason) => assert.fail(reason),
    });
    reader.push(this.written.buffer, this.#takenTo, this.written.position);
    assert.equal(reader.bytesHeld, 0);
    this.#takenTo = this.written.position;
    return found;
  }

  #packet(
    type: number,
    zxid: number,
    buffer: Uint8Array | null,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (this.closedFor !== null) return;
    const w = this.written;
    w.int(type);
    w.zxid(zxid);
    if (buffer === null) w.int(-1);
    else w.range(buffer, start, end);
    w.int(auth === null ? -1 : auth.length);
    for (const { scheme, id } of auth ?? []) {
      w.string(scheme);
      w.string(id);
    }
  }
}

/** Text when it is plain, else hex. */
function printable(buffer: Uint8Array, start: number, end: number): string {
  const isPlain = buffer.subarray(start, end).every((byte) => byte >= 0x20 && byte < 0x7f);
  if (!isPlain) return bytesToHex(buffer, start, end);
  return String.fromCharCode(...buffer.subarray(start, end));
}

abstract class ScriptHost {
  sid = 1;
  now = 1000;
  limits = {
    tickTimeMs: 100,
    initLimitTicks: 10,
    syncLimitTicks: 5,
    zxidsPerEpoch: 1_000_000,
    packetBytesMax: 1 << 20,
    queueBytesMax: 4096,
  };
  pace = new MemberPace(0);
  readonly storage = new ScriptStorage();
  committedLog = new CommittedLog(500);
  lastProcessedZxid = 0;
  /** What the role did to its surroundings, in order. */
  readonly deeds: string[] = [];
  readonly warnings: string[] = [];

  nowMs(): number {
    return this.now;
  }

  log(level: LogLevel, _source: string, message: string): void {
    if (level === 'warn') this.warnings.push(message);
  }

  commit(proposal: Proposal): void {
    this.lastProcessedZxid = proposal.zxid;
    this.deeds.push(`commit ${zxidToHex(proposal.zxid)}`);
  }

  onHandOver(successorSid: number, zxid: number): void {
    this.deeds.push(`hand over to ${successorSid} at ${zxidToHex(zxid)}`);
  }

  leave(reason: string): void {
    this.deeds.push(`leave: ${reason}`);
  }

  takeDeeds(): string[] {
    return this.deeds.splice(0);
  }

  /** As after recovery of that history. */
  holds(zxids: readonly number[], epoch: number): void {
    for (const zxid of zxids) this.committedLog.add(txn(zxid));
    const last = zxids.at(-1) ?? 0;
    Object.assign(this.storage, { lastLoggedZxid: last, syncedZxid: last });
    Object.assign(this.storage, { acceptedEpoch: epoch, currentEpoch: epoch });
    this.lastProcessedZxid = last;
  }
}

export class ScriptLeaderHost extends ScriptHost implements LeaderHost {
  ensemble = configOf(THREE_TEXT);
  verifiers: readonly QuorumVerifier[] = [makeVerifier(this.ensemble)];
  ensembleText = 'cfg';
  /** Parts of the snapshot bodies that are asked for. */
  snapshotParts = ['sn', 'ap'];
  snapshotFails = false;
  onEstablishedDo: () => void = () => {};
  readonly reconfig = new ScriptReconfig(() => this.ensemble, this.deeds);
  readonly claimedEpochs = new ClaimedEpochs();

  claimedEpochOf(sid: number): number {
    return this.claimedEpochs.of(sid);
  }

  openSnapshot(): SnapshotStream {
    const parts = this.snapshotParts.map(utf8Encode);
    const { snapshotFails, deeds } = this;
    return {
      zxid: this.lastProcessedZxid,
      get failed() {
        return snapshotFails;
      },
      next: (w, _bytesMax) => {
        const part = parts.shift();
        if (part !== undefined) w.raw(part, 0, part.length);
        return parts.length > 0;
      },
      close: () => deeds.push('snapshot closed'),
    };
  }

  openHistory(_afterZxid: number, _untilZxid: number): HistoryStream | null {
    return null;
  }

  onDraining(isDraining: boolean): void {
    this.deeds.push(isDraining ? 'draining' : 'leading on');
  }

  onRetiring(): void {
    this.deeds.push('retiring');
  }

  onEstablished(epoch: number): void {
    this.lastProcessedZxid = makeZxid(epoch, 0);
    this.deeds.push(`established ${epoch}`);
    this.onEstablishedDo();
  }

  onLearnerRequest(
    learner: { sid: number },
    hi: number,
    lo: number,
    cxid: number,
    opcode: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    const body = printable(buffer, start, end);
    const who = (auth ?? []).map(({ scheme, id }) => `${scheme}:${id}`).join();
    this.deeds.push(`request of ${learner.sid}: ${hi}.${lo} ${cxid} ${opcode} ${body} ${who}`);
  }

  onRevalidate(
    learner: { sid: number },
    hi: number,
    lo: number,
    _timeoutMs: number,
    answer: (valid: boolean) => void,
  ): void {
    this.deeds.push(`revalidate of ${learner.sid}: ${hi}.${lo}`);
    answer(lo === 1);
  }

  onTouch(hi: number, lo: number, timeoutMs: number): void {
    this.deeds.push(`touch ${hi}.${lo} ${timeoutMs}`);
  }

  onSynchronise(): void {}

  onLearnerGone(learner: { sid: number }): void {
    this.deeds.push(`gone ${learner.sid}`);
  }
}

export class ScriptLearnerHost extends ScriptHost implements LearnerHost {
  isObserver = false;
  configVersion = 0;
  leaderVersion = 0;
  dialLimitTicks = 10;
  /** What observers of ours were to be told of: zxid and who leads from there. */
  readonly informed: [zxid: number, leaderSid: number][] = [];
  readonly dials: { address: HostPort; link: ScriptLink }[] = [];
  touches: Uint8Array = new Uint8Array(0);
  readonly reconfig = new ScriptReconfig(() => configOf(THREE_TEXT), this.deeds);

  dial(address: HostPort): PacketLink {
    const link = new ScriptLink();
    this.dials.push({ address, link });
    return link;
  }

  inform(proposal: Proposal, leaderSid: number): void {
    this.informed.push([proposal.zxid, leaderSid]);
  }

  truncate(zxid: number): void {
    this.deeds.push(`truncate ${zxidToHex(zxid)}`);
  }

  receiveSnapshot(_link: PacketLink, zxid: number): void {
    this.deeds.push(`receive snapshot ${zxidToHex(zxid)}`);
  }

  installSnapshot(): number {
    this.deeds.push('install');
    return this.storage.syncBeforeLeading();
  }

  onServing(epoch: number): void {
    this.deeds.push(`serving ${epoch}`);
  }

  takeTouches(): Uint8Array {
    return this.touches;
  }

  onPrepareToLead = (): void => void this.deeds.push('prepare to lead');
  onSessionMoved = (hi: number, lo: number): void => void this.deeds.push(`moved ${hi}.${lo}`);

  onSyncAnswer(): void {
    this.deeds.push('sync answered');
  }

  onRevalidated(hi: number, lo: number, valid: boolean): void {
    this.deeds.push(`revalidated ${hi}.${lo} ${valid}`);
  }
}

export function bytesOf(hex: string): Uint8Array {
  const bytes = bytesFromHex(hex.replaceAll(/\s/g, ''));
  assert.ok(bytes !== null, `not hex: ${hex}`);
  return bytes;
}
