/**
 * The connections of the election and quorum ports, as `zab/` sees them, over the `Output` that the
 * driver drains. A quorum link takes packets out of what comes and lets the body of a SNAP pass as
 * raw bytes; a mesh link knows bytes only. What they mean is not the affair of this file.
 */

import {
  type HostPort,
  type Id,
  JuteWriter,
  type PacketFault,
  QuorumPacketReader,
  type QuorumPacketSink,
  writeQuorumPacket,
  writeQuorumPacketRange,
} from '@zabra/protocol';
import type { ElectionLink, PacketLink } from '../zab/zab-host.ts';
import { packetBytesMax } from './options.ts';
import type { PeerConfig } from './peer-config.ts';
import type { LinkKind, Output, Ready } from './ready.ts';

export class LinkOutput implements Output {
  readonly id: number;
  readonly lane: 'link';
  readonly bytes: JuteWriter;
  closeAfterFlush: boolean;
  destroy: boolean;
  pauseReading: boolean;
  touched: boolean;
  unsentBytes: number;

  constructor(id: number) {
    this.id = id;
    this.lane = 'link';
    this.bytes = new JuteWriter(1024);
    this.closeAfterFlush = false;
    this.destroy = false;
    this.pauseReading = false;
    this.touched = false;
    this.unsentBytes = 0;
  }
}

/** Takes what comes in on a link that is not yet in use. */
export interface LinkGate {
  onGateBytes(id: number, buffer: Uint8Array, start: number, end: number): void;
}

/** What both kinds share: output, a gate before the input, and two ways to end. */
abstract class PeerLink {
  readonly kind: LinkKind;
  readonly remote: string;
  readonly output: LinkOutput;
  readonly ready: Ready;
  /** Null once the link is in use. */
  gate: LinkGate | null;

  constructor(kind: LinkKind, ready: Ready, id: number, remote: string) {
    this.kind = kind;
    this.ready = ready;
    this.remote = remote;
    this.output = new LinkOutput(id);
    this.gate = null;
  }

  get id(): number {
    return this.output.id;
  }

  get unsentBytes(): number {
    return this.output.unsentBytes + this.output.bytes.position;
  }

  write(buffer: Uint8Array, start: number, end: number): void {
    if (this.output.destroy) return;
    this.output.bytes.raw(buffer, start, end);
    this.ready.touch(this.output);
  }

  close(_reason: string): void {
    this.output.destroy = true;
    this.ready.touch(this.output);
  }

  finish(_reason: string): void {
    this.output.closeAfterFlush = true;
    this.ready.touch(this.output);
  }

  onBytes(buffer: Uint8Array, start: number, end: number): void {
    if (this.output.destroy) return;
    if (this.gate === null) this.take(buffer, start, end);
    else this.gate.onGateBytes(this.id, buffer, start, end);
  }

  protected abstract take(buffer: Uint8Array, start: number, end: number): void;
}

export interface MeshLinkOwner {
  onMeshBytes(link: MeshLink, buffer: Uint8Array, start: number, end: number): void;
}

export class MeshLink extends PeerLink implements ElectionLink {
  readonly #owner: MeshLinkOwner;

  constructor(owner: MeshLinkOwner, ready: Ready, id: number, remote: string) {
    super('election', ready, id, remote);
    this.#owner = owner;
  }

  protected override take(buffer: Uint8Array, start: number, end: number): void {
    this.#owner.onMeshBytes(this, buffer, start, end);
  }
}

/** Packets are spoken at the quorum port and at the observer-master port. */
export type QuorumLinkKind = Exclude<LinkKind, 'election'>;

export interface QuorumLinkOwner {
  onPacket(
    link: QuorumLink,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    dataStart: number,
    dataEnd: number,
    auth: readonly Id[] | null,
  ): void;
  /** Returns how many of the bytes belong to the snapshot's body. */
  onSnapshotBytes(link: QuorumLink, buffer: Uint8Array, start: number, end: number): number;
  /** The stream cannot be read on. */
  onLinkFault(link: QuorumLink, message: string): void;
}

export class QuorumLink extends PeerLink implements PacketLink, QuorumPacketSink {
  readonly packets: QuorumPacketReader;
  readonly #owner: QuorumLinkOwner;

  constructor(
    owner: QuorumLinkOwner,
    ready: Ready,
    id: number,
    remote: string,
    dataBytesMax: number,
    kind: QuorumLinkKind,
  ) {
    super(kind, ready, id, remote);
    this.#owner = owner;
    this.packets = new QuorumPacketReader(dataBytesMax, this);
  }

  send(
    type: number,
    zxid: number,
    data: Uint8Array | null,
    auth: readonly Id[] | null = null,
  ): void {
    if (this.output.destroy) return;
    writeQuorumPacket(this.output.bytes, type, zxid, data, auth);
    this.ready.touch(this.output);
  }

  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    if (this.output.destroy) return;
    writeQuorumPacketRange(this.output.bytes, type, zxid, buffer, start, end);
    this.ready.touch(this.output);
  }

  pause(): void {
    this.packets.pause();
    this.output.pauseReading = true;
    this.ready.touch(this.output);
  }

  resume(): void {
    this.output.pauseReading = false;
    this.ready.touch(this.output);
    this.packets.resume();
  }

  override close(reason: string): void {
    this.packets.pause();
    super.close(reason);
  }

  protected override take(buffer: Uint8Array, start: number, end: number): void {
    this.packets.push(buffer, start, end);
  }

  onPacket(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    dataStart: number,
    dataEnd: number,
    auth: readonly Id[] | null,
  ): void {
    if (!this.output.destroy) {
      this.#owner.onPacket(this, type, zxid, buffer, dataStart, dataEnd, auth);
    }
  }

  onRaw(buffer: Uint8Array, start: number, end: number): number {
    if (this.output.destroy) return end - start;
    return this.#owner.onSnapshotBytes(this, buffer, start, end);
  }

  onPacketError(reason: PacketFault, found: number): void {
    const what = reason === 'zxid' ? 'the impossible epoch' : reason;
    this.#owner.onLinkFault(this, `A quorum packet of ${this.remote} has ${what} ${found}`);
  }
}

export interface LinksOwner extends MeshLinkOwner, QuorumLinkOwner {
  readonly ready: Ready;
}

/** All links of one server by id. */
export class PeerLinks {
  readonly #owner: LinksOwner;
  readonly #links: Map<number, MeshLink | QuorumLink>;
  readonly #packetBytesMax: number;
  #lastId: number;

  constructor(owner: LinksOwner, config: PeerConfig) {
    this.#owner = owner;
    this.#packetBytesMax = packetBytesMax(config);
    this.#links = new Map();
    this.#lastId = 0;
  }

  openMesh(remote: string): MeshLink {
    const link = new MeshLink(this.#owner, this.#owner.ready, ++this.#lastId, remote);
    this.#links.set(link.id, link);
    return link;
  }

  /** `kind` is of the port that it came in by, or goes to. */
  openQuorum(remote: string, kind: QuorumLinkKind = 'quorum'): QuorumLink {
    const { ready } = this.#owner;
    const bytesMax = this.#packetBytesMax;
    const link = new QuorumLink(this.#owner, ready, ++this.#lastId, remote, bytesMax, kind);
    this.#links.set(link.id, link);
    return link;
  }

  /** Asks the driver to connect the link just opened. */
  dial(link: MeshLink | QuorumLink, address: HostPort): void {
    const { host, port } = address;
    this.#owner.ready.dials.push({ output: link.output, kind: link.kind, host, port });
  }

  find(id: number): MeshLink | QuorumLink | undefined {
    return this.#links.get(id);
  }

  remove(id: number): MeshLink | QuorumLink | undefined {
    const link = this.#links.get(id);
    this.#links.delete(id);
    return link;
  }
}
