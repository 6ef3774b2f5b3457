/**
 * FakeNetwork: clock and connections of the small ensembles that this room's tests run. Connections
 * are ordered streams with a delay; bytes arrive cut anywhere; a link can be reset, two members can
 * be parted (their bytes stall), a member can vanish. Everything follows from one seed.
 */

import {
  type Id,
  JuteWriter,
  type PacketFault,
  type Prng,
  QuorumPacketReader,
  type QuorumPacketSink,
  writeQuorumPacket,
  writeQuorumPacketRange,
} from '@zabra/protocol';
import type { ElectionLink, PacketLink } from './zab-host.ts';

export type PortKind = 'election' | 'quorum';

/** A member as the network sees it. */
export interface Station {
  readonly sid: number;
  readonly isUp: boolean;
  /** Null when nobody listens on that port. */
  accept(kind: PortKind, end: LinkEnd): boolean;
  onDialed(end: LinkEnd): void;
  onBytes(end: LinkEnd, buffer: Uint8Array, start: number, end2: number): void;
  onPacket(
    end: LinkEnd,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end2: number,
    auth: readonly Id[] | null,
  ): void;
  onRaw(end: LinkEnd, buffer: Uint8Array, start: number, end2: number): number;
  onClosed(end: LinkEnd, reason: string): void;
  /** A packet is about to leave. */
  onSent(end: LinkEnd, type: number, zxid: number, data: Uint8Array | null): Uint8Array | null;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class LinkEnd implements PacketLink, ElectionLink, QuorumPacketSink {
  readonly id: number;
  readonly kind: PortKind;
  readonly owner: Station;
  readonly output: JuteWriter;
  other: LinkEnd | null;
  isClosed: boolean;
  closesAfterFlush: boolean;
  /** Sent and not yet delivered, bytes. */
  inFlightBytes: number;
  /** Bytes that came while reading was paused. */
  readonly backlog: Uint8Array[];
  isPaused: boolean;
  readonly packets: QuorumPacketReader;
  readonly #network: FakeNetwork;

  constructor(network: FakeNetwork, id: number, kind: PortKind, owner: Station) {
    this.#network = network;
    this.id = id;
    this.kind = kind;
    this.owner = owner;
    this.output = new JuteWriter(256);
    this.other = null;
    this.isClosed = false;
    this.closesAfterFlush = false;
    this.inFlightBytes = 0;
    this.backlog = [];
    this.isPaused = false;
    this.packets = new QuorumPacketReader(1 << 20, this);
  }

  get remote(): string {
    return `member ${this.other?.owner.sid ?? 0}`;
  }

  get unsentBytes(): number {
    return this.output.position + this.inFlightBytes;
  }

  write(buffer: Uint8Array, start: number, end: number): void {
    if (!this.isClosed) this.output.raw(buffer, start, end);
    this.#network.touch(this);
  }

  send(
    type: number,
    zxid: number,
    data: Uint8Array | null,
    auth: readonly Id[] | null = null,
  ): void {
    if (this.isClosed) return;
    const sent = this.owner.onSent(this, type, zxid, data);
    writeQuorumPacket(this.output, type, zxid, sent, auth);
    this.#network.touch(this);
  }

  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    if (this.isClosed) return;
    this.owner.onSent(this, type, zxid, null);
    writeQuorumPacketRange(this.output, type, zxid, buffer, start, end);
    this.#network.touch(this);
  }

  pause(): void {
    this.isPaused = true;
    this.packets.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.packets.resume();
    this.#network.redeliver(this);
  }

  close(_reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.packets.pause();
    this.#network.onEndClosed(this);
  }

  finish(_reason: string): void {
    this.closesAfterFlush = true;
    this.#network.touch(this);
  }

  onPacket(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
    auth: readonly Id[] | null,
  ): void {
    if (!this.isClosed) this.owner.onPacket(this, type, zxid, buffer, start, end, auth);
  }

  onRaw(buffer: Uint8Array, start: number, end: number): number {
    return this.isClosed ? end - start : this.owner.onRaw(this, buffer, start, end);
  }

  onPacketError(reason: PacketFault): void {
    this.#network.reset(this, `packet fault ${reason}`);
  }
}

export class FakeNetwork {
  readonly prng: Prng;
  nowMs: number;
  readonly stations: Map<number, Station>;
  /** Longest delay of a delivery, ms. */
  delayMaxMs: number;
  readonly ends: Set<LinkEnd>;
  readonly #events: Event[];
  #order: number;
  #lastId: number;
  readonly #touched: Set<LinkEnd>;
  readonly #parted: Set<string>;
  /** What is on its way from each end, oldest first: each arrival takes the oldest. */
  readonly #streams: Map<LinkEnd, (() => void)[]>;

  constructor(prng: Prng) {
    this.prng = prng;
    this.nowMs = 0;
    this.stations = new Map();
    this.delayMaxMs = 5;
    this.ends = new Set();
    this.#events = [];
    this.#order = 0;
    this.#lastId = 0;
    this.#touched = new Set();
    this.#parted = new Set();
    this.#streams = new Map();
  }

  at(delayMs: number, run: () => void): void {
    this.#order += 1;
    const event = { atMs: this.nowMs + delayMs, order: this.#order, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as Event).atMs <= event.atMs) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  /** Runs every event up to that many ms from now. */
  runFor(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.#events[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#events.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      this.flush();
    }
    this.nowMs = untilMs;
  }

  dial(from: Station, toSid: number, kind: PortKind): LinkEnd {
    const near = this.#newEnd(from, kind);
    this.at(1 + this.prng.below(this.delayMaxMs), () => {
      const to = this.stations.get(toSid);
      if (near.isClosed || !from.isUp) return;
      if (this.areParted(from.sid, toSid)) return;
      if (to === undefined || !to.isUp) {
        this.reset(near, 'connection refused');
        return;
      }
      const far = this.#newEnd(to, kind);
      near.other = far;
      far.other = near;
      if (!to.accept(kind, far)) {
        this.reset(near, 'connection refused');
        return;
      }
      from.onDialed(near);
    });
    return near;
  }

  touch(end: LinkEnd): void {
    this.#touched.add(end);
  }

  /** End of a turn: what was written leaves, in pieces. */
  flush(): void {
    for (const end of this.#touched) {
      const bytes = end.output.toBytes();
      end.output.reset();
      if (bytes.length > 0 && !end.isClosed && end.other !== null) this.#transmit(end, bytes);
      if (end.closesAfterFlush && !end.isClosed) this.#finish(end);
    }
    this.#touched.clear();
  }

  /** Both ends learn that the connection is gone. */
  reset(end: LinkEnd, reason: string): void {
    for (const side of [end, end.other]) {
      if (side === null || side.isClosed) continue;
      side.isClosed = true;
      side.packets.pause();
      this.ends.delete(side);
      if (side.owner.isUp) side.owner.onClosed(side, reason);
    }
  }

  /** The owner closed its end: the other learns of it, after what was sent before. */
  onEndClosed(end: LinkEnd): void {
    this.ends.delete(end);
    const { other } = end;
    if (other === null) return;
    this.#inOrder(end, () => {
      if (!other.isClosed) this.reset(other, 'closed by the other end');
    });
  }

  /** The process is gone; nobody tells the other side at once. */
  vanish(station: Station): void {
    for (const end of this.ends) {
      if (end.owner !== station) continue;
      end.isClosed = true;
      this.onEndClosed(end);
    }
  }

  part(a: number, b: number): void {
    this.#parted.add(pairOf(a, b));
  }

  heal(): void {
    this.#parted.clear();
  }

  areParted(a: number, b: number): boolean {
    return this.#parted.has(pairOf(a, b));
  }

  redeliver(end: LinkEnd): void {
    while (!end.isPaused && !end.isClosed && end.backlog.length > 0) {
      const bytes = end.backlog.shift() as Uint8Array;
      this.#hand(end, bytes);
    }
  }

  #transmit(end: LinkEnd, bytes: Uint8Array): void {
    end.inFlightBytes += bytes.length;
    let start = 0;
    while (start < bytes.length) {
      const rest = bytes.length - start;
      const size = this.prng.chance(1, 4) ? 1 + this.prng.below(rest) : rest;
      const piece = bytes.slice(start, start + size);
      start += size;
      this.#inOrder(end, () => {
        const { other } = end;
        if (other === null || other.isClosed || !other.owner.isUp) return;
        if (other.isPaused) other.backlog.push(piece);
        else this.#hand(other, piece);
      });
    }
  }

  #hand(end: LinkEnd, bytes: Uint8Array): void {
    if (end.other !== null) end.other.inFlightBytes -= bytes.length;
    if (end.kind === 'election') end.owner.onBytes(end, bytes, 0, bytes.length);
    else end.packets.push(bytes, 0, bytes.length);
  }

  /** After a delay, behind everything earlier of that end; waits while the members are parted. */
  #inOrder(end: LinkEnd, run: () => void): void {
    let queue = this.#streams.get(end);
    if (queue === undefined) {
      queue = [];
      this.#streams.set(end, queue);
    }
    queue.push(run);
    const step = (): void => {
      const { other } = end;
      if (other !== null && this.areParted(end.owner.sid, other.owner.sid)) this.at(20, step);
      else queue.shift()?.();
    };
    this.at(1 + this.prng.below(this.delayMaxMs), step);
  }

  #finish(end: LinkEnd): void {
    end.isClosed = true;
    this.onEndClosed(end);
  }

  #newEnd(owner: Station, kind: PortKind): LinkEnd {
    this.#lastId += 1;
    const end = new LinkEnd(this, this.#lastId, kind, owner);
    this.ends.add(end);
    return end;
  }
}

function pairOf(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
