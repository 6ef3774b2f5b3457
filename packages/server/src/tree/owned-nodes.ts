/**
 * OwnedNodes: which znodes are ephemeral and whose, which are containers, and which have a TTL. All
 * follows from the stored ephemeralOwner, so none of it is in a snapshot (storage-and-config.md
 * 6.1); it is kept beside the znodes for the end of a session and for the sweep.
 */

import { NodeKind, nodeKind } from './owner.ts';
import { RefSet } from './ref-set.ts';

export class OwnedNodes {
  readonly containers: RefSet;
  readonly ttls: RefSet;
  readonly #extendedTypes: boolean;
  /** Owner's high half, then its low half, to its znodes; no set is empty. */
  readonly #ephemerals: Map<number, Map<number, RefSet>>;

  constructor(extendedTypes: boolean) {
    this.containers = new RefSet();
    this.ttls = new RefSet();
    this.#extendedTypes = extendedTypes;
    this.#ephemerals = new Map();
  }

  add(ref: number, ownerHi: number, ownerLo: number): void {
    switch (nodeKind(ownerHi, ownerLo, this.#extendedTypes)) {
      case NodeKind.PERSISTENT:
        return;
      case NodeKind.CONTAINER:
        this.containers.add(ref);
        return;
      case NodeKind.TTL:
        this.ttls.add(ref);
        return;
      case NodeKind.EPHEMERAL:
        this.#setOf(ownerHi, ownerLo).add(ref);
    }
  }

  remove(ref: number, ownerHi: number, ownerLo: number): void {
    switch (nodeKind(ownerHi, ownerLo, this.#extendedTypes)) {
      case NodeKind.PERSISTENT:
        return;
      case NodeKind.CONTAINER:
        this.containers.remove(ref);
        return;
      case NodeKind.TTL:
        this.ttls.remove(ref);
        return;
      case NodeKind.EPHEMERAL:
        this.#removeEphemeral(ref, ownerHi, ownerLo);
    }
  }

  /** Nothing is owned any more. */
  clear(): void {
    this.containers.clear();
    this.ttls.clear();
    this.#ephemerals.clear();
  }

  /** Undefined for an owner without znodes. */
  ephemerals(ownerHi: number, ownerLo: number): RefSet | undefined {
    return this.#ephemerals.get(ownerHi)?.get(ownerLo);
  }

  /** Nothing may change meanwhile. */
  forEachOwner(visit: (ownerHi: number, ownerLo: number, refs: RefSet) => void): void {
    for (const [hi, byLo] of this.#ephemerals) {
      for (const [lo, refs] of byLo) visit(hi, lo, refs);
    }
  }

  /** Goes on while owners come and go. */
  *owners(): Generator<readonly [ownerHi: number, ownerLo: number]> {
    for (const [hi, byLo] of this.#ephemerals) {
      for (const lo of byLo.keys()) yield [hi, lo];
    }
  }

  get ownerCount(): number {
    let count = 0;
    for (const byLo of this.#ephemerals.values()) count += byLo.size;
    return count;
  }

  #setOf(ownerHi: number, ownerLo: number): RefSet {
    let byLo = this.#ephemerals.get(ownerHi);
    if (byLo === undefined) {
      byLo = new Map();
      this.#ephemerals.set(ownerHi, byLo);
    }
    let refs = byLo.get(ownerLo);
    if (refs === undefined) {
      refs = new RefSet();
      byLo.set(ownerLo, refs);
    }
    return refs;
  }

  #removeEphemeral(ref: number, ownerHi: number, ownerLo: number): void {
    const byLo = this.#ephemerals.get(ownerHi);
    const refs = byLo?.get(ownerLo);
    if (byLo === undefined || refs === undefined) return;
    refs.remove(ref);
    if (refs.size > 0) return;
    byLo.delete(ownerLo);
    if (byLo.size === 0) this.#ephemerals.delete(ownerHi);
  }
}
