/**
 * An election mesh under test with its links played by hand.
 */

import assert from 'node:assert/strict';
import {
  type HostPort,
  JuteReader,
  JuteWriter,
  type Notification,
  Prng,
  readInit,
  readNotification,
  ServerState,
  writeInit,
  writeNotification,
} from '@zabra/protocol';
import { ElectionMesh } from './election-mesh.ts';
import { bytesOf, configOf, ScriptLink, THREE_TEXT } from './script-host.test-kit.ts';
import type { Vote } from './vote.ts';
import type { ElectionLink, MeshHost } from './zab-host.ts';

export function vote(zxid: number): Vote {
  return { state: ServerState.LOOKING, leader: 2, zxid, electionEpoch: 1, peerEpoch: 0 };
}

export class Host implements MeshHost {
  readonly sid: number;
  readonly electionAddresses: readonly HostPort[] = [
    { host: 'own', port: 5 },
    { host: '::1', port: 6 },
  ];
  readonly ensembleText = 'cfg';
  now = 0;
  readonly dials: { to: string; link: ScriptLink }[] = [];
  readonly heard: string[] = [];
  readonly connected: number[] = [];
  readonly warnings: string[] = [];
  /** Messages of the level info. */
  readonly told: string[] = [];
  readonly mesh: ElectionMesh;

  constructor(sid: number, multiAddress = false, text = THREE_TEXT, authenticates = false) {
    this.sid = sid;
    const options = {
      multiAddress,
      connectTimeoutMs: 5000,
      helloTimeoutMs: 1000,
      authenticates,
    };
    this.mesh = new ElectionMesh(this, configOf(text).members, options, new Prng(1));
  }

  nowMs(): number {
    return this.now;
  }

  log(level: string, _source: string, message: string): void {
    if (level === 'warn') this.warnings.push(message);
    if (level === 'info') this.told.push(message);
  }

  dial({ host, port }: HostPort): ElectionLink {
    const link = new ScriptLink();
    this.dials.push({ to: `${host}:${port}`, link });
    return link;
  }

  onNotification(sid: number, { zxid }: Notification): void {
    this.heard.push(`${sid}: ${zxid}`);
  }

  onConnected(sid: number): void {
    this.connected.push(sid);
  }

  after(ms: number): void {
    this.now += ms;
    this.mesh.tick();
  }

  /** Accepts a connection from there and says those bytes on it. */
  accept(bytes: Uint8Array = new Uint8Array(0), remote = 'script:1'): ScriptLink {
    const link = new ScriptLink(remote);
    this.mesh.onAccepted(link);
    if (bytes.length > 0) this.mesh.onBytes(link, bytes, 0, bytes.length);
    return link;
  }

  say(link: ScriptLink, bytes: Uint8Array): void {
    this.mesh.onBytes(link, bytes, 0, bytes.length);
  }

  get lastDial(): { to: string; link: ScriptLink } {
    return this.dials.at(-1) as { to: string; link: ScriptLink };
  }
}

export function init(
  sid: number,
  addresses: readonly HostPort[] = [{ host: 'peer', port: 9 }],
): Uint8Array {
  const w = new JuteWriter();
  writeInit(w, sid, addresses, addresses.length > 1);
  return w.toBytes();
}

export function frame(zxid: number): Uint8Array {
  const w = new JuteWriter();
  w.int(0);
  writeNotification(w, { ...vote(zxid), version: 2, config: 'cfg' });
  w.patchInt(0, w.position - 4);
  return w.toBytes();
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const w = new JuteWriter();
  for (const part of parts) w.raw(part, 0, part.length);
  return w.toBytes();
}

/** What was written to a link: INIT if it begins with one, then the zxid of each vote. */
export function said(link: ScriptLink): string[] {
  const bytes = bytesOf(link.takeHex());
  const r = new JuteReader().reset(bytes, 0, bytes.length);
  const found: string[] = [];
  if (r.remaining() > 0 && bytes[0] === 0xff) {
    const message = readInit(r);
    assert.ok(typeof message === 'object');
    const addresses = message.addresses.map(({ host, port }) => `${host}:${port}`);
    found.push(`INIT v${message.version} ${message.sid} ${addresses.join(' ')}`);
  }
  while (r.remaining() > 0) {
    const length = r.int();
    const payload = new JuteReader().reset(bytes, r.position, r.position + length);
    r.skip(length);
    found.push(`vote ${readNotification(payload)?.zxid}`);
  }
  return found;
}
