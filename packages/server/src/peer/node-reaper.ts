/**
 * NodeReaper: containers that have lost their last child and TTL znodes that nobody wrote for their
 * time go by themselves (client-protocol.md 15; ZooKeeper's `ContainerManager`). It belongs to the
 * order of writes and ends with it, so that only a leader or a server that stands alone sweeps. It
 * judges and asks; each deletion is an ordinary transaction of session 0, one per znode.
 *
 * A sweep looks at the znodes that were there when it began, a slice of them in each turn, and
 * keeps to a number of deletions a minute, however many are due.
 */

import { type Id, JuteWriter, OpCode } from '@zabra/protocol';
import type { OpRequest } from '../ops/request.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { PeerCore } from './peer-core.ts';
import { CurrentRequest } from './pending-request.ts';

export interface ReaperConfig {
  /** From the beginning of one sweep to that of the next; at least 1. */
  readonly checkIntervalMs: number;
  /** At least 1. */
  readonly deletionsPerMinuteMax: number;
  /** A container that never had a child goes when it is older; 0 lets it stay. */
  readonly neverUsedMsMax: number;
}

/** ZooKeeper 3.9's. */
export const REAPER_DEFAULTS: ReaperConfig = {
  checkIntervalMs: 60_000,
  deletionsPerMinuteMax: 10_000,
  neverUsedMsMax: 0,
};

/** Znodes looked at in one turn: less than a millisecond. */
const LOOKS_PER_TURN = 10_000;
/** Deletions in one turn, however far behind the pace. */
const DELETIONS_PER_TURN = 200;
/** A sweep that was held up catches up with no more than this, ms. */
const CATCH_UP_MS = 100;
const MINUTE_MS = 60_000;

const NO_REFS = new Uint32Array(0);
const NO_IDENTITIES: readonly Id[] = [];
const TTL_HI_MASK = 0xff;
const UINT32_SPAN = 0x100000000;

export class NodeReaper {
  readonly #core: PeerCore;
  readonly #config: ReaperConfig;
  readonly #order: (request: OpRequest) => void;
  readonly #body: JuteWriter;
  readonly #request: CurrentRequest;
  #nextSweepMs: number;
  /** When the pace allows the next deletion. */
  #nextDeletionMs: number;
  /** Znodes of the sweep under way, containers first; empty between sweeps, zeros are nothing. */
  #containers: Uint32Array;
  #ttls: Uint32Array;
  /** How many of both have been looked at. */
  #position: number;
  #containersDeleted: number;
  #ttlsDeleted: number;

  /** `order` makes a transaction of the request, or does nothing when the reign is over. */
  constructor(core: PeerCore, order: (request: OpRequest) => void) {
    this.#core = core;
    this.#config = core.config.reaper;
    this.#order = order;
    this.#body = new JuteWriter(256);
    this.#request = new CurrentRequest();
    this.#nextSweepMs = core.nowMs() + this.#config.checkIntervalMs;
    this.#nextDeletionMs = 0;
    this.#containers = NO_REFS;
    this.#ttls = NO_REFS;
    this.#position = 0;
    this.#containersDeleted = 0;
    this.#ttlsDeleted = 0;
  }

  /** Once a turn. */
  tick(): void {
    const now = this.#core.nowMs();
    if (this.#isIdle) {
      if (now < this.#nextSweepMs) return;
      this.#begin(now);
    }
    this.#nextDeletionMs = Math.max(this.#nextDeletionMs, now - CATCH_UP_MS);
    let deletions = 0;
    for (let looks = 0; looks < LOOKS_PER_TURN && !this.#isIdle; looks++) {
      if (deletions >= DELETIONS_PER_TURN || now < this.#nextDeletionMs) return;
      if (this.#look()) {
        deletions++;
        this.#nextDeletionMs += MINUTE_MS / this.#config.deletionsPerMinuteMax;
      }
      this.#position++;
    }
    if (this.#isIdle) this.#end();
  }

  get #isIdle(): boolean {
    return this.#position >= this.#containers.length + this.#ttls.length;
  }

  #begin(now: number): void {
    const { containers, ttls } = this.#core.state.core.tree;
    this.#nextSweepMs = now + this.#config.checkIntervalMs;
    this.#position = 0;
    this.#containers = containers.size > 0 ? containers.copySlots() : NO_REFS;
    this.#ttls = ttls.size > 0 ? ttls.copySlots() : NO_REFS;
  }

  #end(): void {
    this.#containers = NO_REFS;
    this.#ttls = NO_REFS;
    this.#position = 0;
    const containers = this.#containersDeleted;
    const ttls = this.#ttlsDeleted;
    if (containers + ttls === 0) return;
    this.#containersDeleted = 0;
    this.#ttlsDeleted = 0;
    const message = `Deleting ${containers} unused containers and ${ttls} expired TTL znodes`;
    this.#core.log('info', 'ContainerManager', message);
  }

  /** True when the znode at `#position` is to go, and is on its way. */
  #look(): boolean {
    const { stats } = this.#core;
    const { tree } = this.#core.state.core;
    const ofTtls = this.#position - this.#containers.length;
    if (ofTtls < 0) {
      const ref = this.#containers[this.#position] as number;
      if (ref === 0 || !this.#isUnused(tree, ref) || !this.#delete(tree.nodes.path(ref))) {
        return false;
      }
      this.#containersDeleted++;
      stats.containersDeletedCount++;
    } else {
      const ref = this.#ttls[ofTtls] as number;
      if (ref === 0 || !this.#isExpired(tree, ref) || !this.#delete(tree.nodes.path(ref))) {
        return false;
      }
      this.#ttlsDeleted++;
      stats.ttlNodesDeletedCount++;
    }
    return true;
  }

  /** The ref may name another znode by now, or none: the tree's own set knows. */
  #isUnused(tree: DataTree, ref: number): boolean {
    const { nodes } = tree;
    if (!tree.containers.has(ref) || nodes.childCount(ref) > 0) return false;
    // A cversion of 0 had no child yet: its owner may be about to create one.
    if (nodes.cversion(ref) > 0) return true;
    const { neverUsedMsMax } = this.#config;
    return neverUsedMsMax > 0 && this.#ageMs(tree, ref) > neverUsedMsMax;
  }

  #isExpired(tree: DataTree, ref: number): boolean {
    const { nodes } = tree;
    if (!tree.ttls.has(ref) || nodes.childCount(ref) > 0) return false;
    const ttlMs = (nodes.ownerHi(ref) & TTL_HI_MASK) * UINT32_SPAN + (nodes.ownerLo(ref) >>> 0);
    return ttlMs > 0 && this.#ageMs(tree, ref) > ttlMs;
  }

  /** Since it was created or its data written; wall clocks may differ between leaders. */
  #ageMs(tree: DataTree, ref: number): number {
    return this.#core.wallMs() - tree.nodes.mtimeMs(ref);
  }

  /** False when a write that is on its way touches the znode: the next sweep judges it anew. */
  #delete(path: string): boolean {
    if (this.#core.state.isChanging(path)) return false;
    const body = this.#body;
    body.reset();
    body.string(path);
    const end = body.position;
    const request = this.#request;
    request.set(0, 0, 0, OpCode.deleteContainer, body.buffer, 0, end, NO_IDENTITIES);
    this.#order(request);
    return true;
  }
}
