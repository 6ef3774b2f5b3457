/** One server's end of the connections between servers, up to its gate; two of them make a wire. */

import { createHash } from 'node:crypto';
import {
  bytesToHex,
  type JuteWriter,
  packetName,
  type QuorumPacket,
  writeInit,
  JuteWriter as Writer,
} from '@zabra/protocol';
import { SaslUsers } from '../ops/sasl-users.ts';
import type { ElectionLink } from '../zab/zab-host.ts';
import { configOf } from './bed-config.test-kit.ts';
import { type LinksOwner, type MeshLink, PeerLinks, type QuorumLink } from './peer-links.ts';
import type { QuorumAuthConfig } from './quorum-auth-config.ts';
import { type GateMesh, QuorumGate, type QuorumGateOwner } from './quorum-gate.ts';
import { type LinkKind, type LogLevel, type Output, Ready } from './ready.ts';
import { ServerStats } from './server-stats.ts';

export const SYNC_LIMIT_MS = 10_000;

export const AUTH: QuorumAuthConfig = {
  users: new SaslUsers(new Map([['zk', 'zksecret']])),
  userName: 'zk',
  ownPassword: new SaslUsers(new Map([['zk', 'zksecret']])),
  learnerRequiresSasl: true,
  serverRequiresSasl: true,
};

export class GateSide implements LinksOwner, GateMesh, QuorumGateOwner {
  readonly ready = new Ready();
  readonly stats = new ServerStats();
  readonly config;
  readonly links: PeerLinks;
  readonly gate: QuorumGate;
  readonly heard: string[] = [];
  readonly said: string[] = [];
  readonly hashes;
  now = 0;
  #nonces = 0;

  constructor(quorumAuth: QuorumAuthConfig | null) {
    this.config = configOf({ quorumAuth, syncLimitTicks: 5, tickTimeMs: 2000 });
    this.hashes = {
      hash: (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest(),
      md5: (bytes: Uint8Array) => createHash('md5').update(bytes).digest(),
      randomBytes: (count: number) => new Uint8Array(count).fill(++this.#nonces),
    };
    this.links = new PeerLinks(this, this.config);
    this.gate = new QuorumGate(this, this.links, this, this);
  }

  nowMs(): number {
    return this.now;
  }

  log(level: LogLevel, _source: string, message: string): void {
    this.said.push(`${level} ${message}`);
  }

  onMeshBytes(_link: MeshLink, buffer: Uint8Array, start: number, end: number): void {
    this.heard.push(bytesToHex(buffer, start, end));
  }

  onPacket(_link: QuorumLink, type: QuorumPacket['type'], zxid: number): void {
    this.heard.push(`${packetName(type)} ${zxid}`);
  }

  onSnapshotBytes(): number {
    return 0;
  }

  onLinkFault(_link: QuorumLink, message: string): void {
    this.heard.push(message);
  }

  onAccepted(): void {
    this.heard.push('accepted');
  }

  onDialed(link: ElectionLink): void {
    link.write(INIT, 0, INIT.length);
    if (this.config.quorumAuth?.learnerRequiresSasl !== true) this.onAuthenticated();
  }

  onAuthenticated(): void {
    this.heard.push('authenticated');
  }

  onLearner(): void {
    this.heard.push('learner');
  }

  onLeaderReached(): void {
    this.heard.push('leader');
  }

  /** A dial of ours that has succeeded. */
  dial(kind: LinkKind, remote = 'h2:3888'): MeshLink | QuorumLink {
    const link = kind === 'election' ? this.links.openMesh(remote) : this.links.openQuorum(remote);
    this.gate.onDialed(link.id);
    return link;
  }

  /** Somebody connects and says that. */
  accept(kind: LinkKind, ...chunks: readonly Uint8Array[]): Output {
    const output = this.gate.onLinkOpen(kind, '10.0.0.9:5');
    for (const chunk of chunks) this.tell(output, chunk);
    return output;
  }

  tell({ id }: Output, bytes: Uint8Array): void {
    this.links.find(id)?.onBytes(bytes, 0, bytes.length);
  }

  /** The connection is over. */
  end({ id }: Output): void {
    const link = this.links.remove(id);
    if (link !== undefined && !this.gate.onLinkClosed(link)) this.heard.push('closed');
  }

  after(ms: number): void {
    this.now += ms;
    this.gate.tick();
  }

  takeHeard(): string[] {
    return this.heard.splice(0);
  }
}

export const INIT = written((w) => writeInit(w, 2, [{ host: 'h2', port: 3888 }], false));

export function written(write: (w: JuteWriter) => void): Uint8Array {
  const w = new Writer();
  write(w);
  return w.toBytes();
}

/** What was written to a connection since the last call. */
export function taken({ bytes }: Output): Uint8Array {
  const found = bytes.toBytes();
  bytes.reset();
  return found;
}

/** Bytes go to and fro until neither side has more; in pieces of that size. */
export function pump(
  [from, dialed]: readonly [GateSide, Output],
  [to, accepted]: readonly [GateSide, Output],
  pieceBytes = Number.POSITIVE_INFINITY,
): void {
  const carry = (source: Output, side: GateSide, sink: Output): boolean => {
    const bytes = taken(source);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      side.tell(sink, bytes.slice(at, at + pieceBytes));
    }
    return bytes.length > 0;
  };
  while (carry(dialed, to, accepted) || carry(accepted, from, dialed));
}
