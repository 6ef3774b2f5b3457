/**
 * AclTable: the ACLs that znodes have, each list once, under small numbers that the records carry.
 * Two lists are the same when their entries are, in the same order (storage-and-config.md T22). A
 * list is counted by the records that name it, kept copies for readers included, and its number
 * is free again when nobody does. Numbers mean nothing outside one server: the loader of a snapshot
 * gives its lists numbers of our own. From ZooKeeper's `ReferenceCountedACLCache`.
 *
 * Invariant: an entry of `#ids` is the key of exactly one live slot; slot 0 is never used.
 */

import { type Acl, assert, OPEN_ACL_UNSAFE } from '@zabra/protocol';

/** The open ACL of the built-in znodes, which no table of a snapshot lists. */
export const ACL_ID_OPEN = -1;

export class AclTable {
  /** Key of the list to its id. */
  readonly #ids: Map<string, number>;
  /** By id; undefined for a free slot, and for a list that a damaged snapshot did not bring. */
  readonly #acls: (readonly Acl[] | undefined)[];
  /** By id: records that name the list. */
  readonly #counts: number[];
  readonly #free: number[];
  /** The list that came last and its id: creates of one client bring the same object again. */
  #lastAcl: readonly Acl[] | undefined;
  #lastId: number;

  constructor() {
    this.#ids = new Map();
    this.#acls = [undefined];
    this.#counts = [0];
    this.#free = [];
    this.#lastAcl = undefined;
    this.#lastId = 0;
  }

  /** Lists in use. */
  get size(): number {
    return this.#ids.size;
  }

  /** Undefined when nobody knows the list of that id: a damaged snapshot. */
  get(id: number): readonly Acl[] | undefined {
    return id === ACL_ID_OPEN ? OPEN_ACL_UNSAFE : this.#acls[id];
  }

  /** The id of the list, which counts one record more; `release` gives it back. */
  retain(acl: readonly Acl[]): number {
    if (acl !== this.#lastAcl) {
      this.#lastId = this.#idOf(acl);
      this.#lastAcl = acl;
    }
    this.#counts[this.#lastId] = (this.#counts[this.#lastId] as number) + 1;
    return this.#lastId;
  }

  /** One more record names `id`. */
  retainId(id: number): void {
    if (id !== ACL_ID_OPEN) this.#counts[id] = (this.#counts[id] as number) + 1;
  }

  /** One record less names `id`. */
  release(id: number): void {
    if (id === ACL_ID_OPEN) return;
    const count = (this.#counts[id] as number) - 1;
    assert(count >= 0, `Cannot release ACL ${id}: no znode has it`);
    this.#counts[id] = count;
    if (count === 0) this.#drop(id);
  }

  /** An id without a list, uncounted, for a znode whose list the snapshot lacks. */
  reserve(): number {
    return this.#newId(undefined);
  }

  /** The id of a list of a snapshot, uncounted; `dropUnused` removes it if no record comes. */
  load(acl: readonly Acl[]): number {
    return this.#idOf(acl);
  }

  dropUnused(): void {
    for (let id = 1; id < this.#acls.length; id++) {
      if (this.#counts[id] === 0 && this.#acls[id] !== undefined) this.#drop(id);
    }
  }

  /** Ascending by id; the table must not change meanwhile. */
  forEach(visit: (id: number, acl: readonly Acl[]) => void): void {
    for (let id = 1; id < this.#acls.length; id++) {
      const acl = this.#acls[id];
      if (acl !== undefined) visit(id, acl);
    }
  }

  #idOf(acl: readonly Acl[]): number {
    const key = keyOf(acl);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#newId(acl);
    this.#ids.set(key, id);
    return id;
  }

  #newId(acl: readonly Acl[] | undefined): number {
    const id = this.#free.pop() ?? this.#acls.length;
    this.#acls[id] = acl;
    this.#counts[id] = 0;
    return id;
  }

  #drop(id: number): void {
    const acl = this.#acls[id];
    if (acl !== undefined) this.#ids.delete(keyOf(acl));
    this.#acls[id] = undefined;
    this.#free.push(id);
    if (id === this.#lastId) this.#lastAcl = undefined;
  }
}

/** Lengths stand before the texts, so that no text can imitate another entry. */
function keyOf(acl: readonly Acl[]): string {
  let key = '';
  for (const { perms, scheme, id } of acl) {
    key += `${perms} ${scheme.length} ${scheme} ${id === null ? -1 : id.length} ${id ?? ''} `;
  }
  return key;
}
