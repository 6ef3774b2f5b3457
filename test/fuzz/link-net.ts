/**
 * LinkNet: the connections between the servers of a bed: opened when one dials where another
 * listens, in order and without loss, until a server is isolated. What is written in one turn
 * arrives in the next.
 */

import { isLinkKind, type LinkKind, type Output } from 'zabra/dist/peer/ready.js';
import type { Host } from './bed.ts';

interface End {
  readonly host: Host;
  readonly output: Output;
  /** Null until the dial is answered, or when there is no other end. */
  other: End | null;
  /** Arrives in the next turn. */
  inbox: Uint8Array[];
  /** The machine hears in the next turn that it is closed. */
  isEnding: boolean;
}

interface Dialing {
  readonly end: End;
  readonly host: string;
  readonly port: number;
}

export class LinkNet {
  readonly #hosts: readonly Host[];
  /** Of each server by id of the output. */
  readonly #ends: ReadonlyMap<Host, Map<number, End>>;
  /** Ports that are open, `host:port` and their kind. */
  readonly #listening: Map<string, LinkKind>;
  #dialing: Dialing[];
  #isolated: Host | null;

  constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
    this.#ends = new Map(hosts.map((host) => [host, new Map<number, End>()]));
    this.#listening = new Map();
    this.#dialing = [];
    this.#isolated = null;
  }

  /** Something is on its way. */
  get isBusy(): boolean {
    if (this.#dialing.length > 0) return true;
    for (const ends of this.#ends.values()) {
      for (const { inbox, isEnding } of ends.values())
        if (isEnding || inbox.length > 0) return true;
    }
    return false;
  }

  /** All its links break, and none can be opened. */
  isolate(host: Host): void {
    this.#isolated = host;
    for (const end of this.#endsOf(host).values()) this.#breakUp(end);
  }

  rejoin(): void {
    this.#isolated = null;
  }

  /** At the beginning of a turn: what is on its way arrives. */
  deliver(): void {
    for (const dialing of this.#dialing.splice(0)) this.#answer(dialing);
    for (const host of this.#hosts) {
      for (const end of this.#endsOf(host).values()) this.#deliverTo(end);
    }
  }

  /** At the end of a turn: what the machine wants of its links. */
  takeOver(host: Host): void {
    const { ready } = host.peer;
    for (const { kind, port, open } of ready.listens) {
      if (!isLinkKind(kind)) continue;
      if (open) this.#listening.set(`${host.name}:${port}`, kind);
      else this.#listening.delete(`${host.name}:${port}`);
    }
    for (const { output, host: name, port } of ready.dials) {
      const end: End = { host, output, other: null, inbox: [], isEnding: false };
      this.#endsOf(host).set(output.id, end);
      this.#dialing.push({ end, host: name, port });
    }
    for (const output of ready.outputs) {
      const end = output.lane === 'link' ? this.#endsOf(host).get(output.id) : undefined;
      if (end !== undefined) this.#carryOut(end);
    }
  }

  #endsOf(host: Host): Map<number, End> {
    return this.#ends.get(host) ?? new Map();
  }

  #answer({ end, host: name, port }: Dialing): void {
    const host = this.#hosts.find((one) => one.name === name);
    const kind = this.#listening.get(`${name}:${port}`);
    const isCut = host === this.#isolated || end.host === this.#isolated;
    if (host === undefined || kind === undefined || isCut || end.isEnding) {
      end.isEnding = true;
      return;
    }
    const output = host.peer.onLinkOpen(kind, end.host.name, 40_000 + end.output.id);
    const other: End = { host, output, other: end, inbox: [], isEnding: false };
    this.#endsOf(host).set(output.id, other);
    end.other = other;
    end.host.peer.onDialed(end.output.id);
    // What was written while the dial was under way.
    end.host.peer.ready.touch(end.output);
  }

  #deliverTo(end: End): void {
    const { peer } = end.host;
    const { id } = end.output;
    if (!end.output.pauseReading) {
      for (const bytes of end.inbox.splice(0)) peer.onLinkBytes(id, bytes, 0, bytes.length);
    }
    if (!end.isEnding) return;
    this.#endsOf(end.host).delete(id);
    peer.onLinkClosed(id, 'closed');
  }

  #carryOut(end: End): void {
    const { bytes, destroy, closeAfterFlush } = end.output;
    if (end.other !== null && bytes.position > 0 && !destroy) {
      end.other.inbox.push(bytes.toBytes());
      bytes.reset();
    }
    if (destroy || closeAfterFlush) this.#breakUp(end);
  }

  #breakUp(end: End): void {
    end.isEnding = true;
    if (end.other !== null) end.other.isEnding = true;
  }
}
