/**
 * WatchEvents: from a change of the tree to the frames that watchers get. Which watchers a change
 * reaches, and what that does to their watches, is the watch table's affair; who hides behind a
 * number, and whether READ lets the event through, is decided here, at the moment of delivery. A
 * watch whose event is held back is consumed all the same (client-protocol.md 11.3 and 11.4).
 */

import { type Acl, assert, EventType, parentPath } from '@zabra/protocol';
import type { StateCore } from './state-core.ts';
import type { Watcher } from './watcher.ts';

export class WatchEvents {
  readonly #core: StateCore;
  readonly #watchers: Map<number, Watcher>;
  /** Made once, so that a trigger costs no closure; the fields below are its arguments. */
  readonly #visit: (watcherId: number) => void;
  #type: number;
  #path: string;
  #zxid: number;
  /** What READ is checked against; null lets nobody through. */
  #acl: readonly Acl[] | null;
  /** The znode whose ACL it is, while nobody needed it; empty when `#acl` is already right. */
  #aclPath: string;

  constructor(core: StateCore) {
    this.#core = core;
    this.#watchers = new Map();
    this.#visit = (watcherId) => this.#deliver(watcherId);
    this.#type = 0;
    this.#path = '';
    this.#zxid = 0;
    this.#acl = null;
    this.#aclPath = '';
  }

  add(watcher: Watcher): void {
    const { watcherId } = watcher;
    assert(!this.#watchers.has(watcherId), `Cannot add watcher ${watcherId}: it is there already`);
    this.#watchers.set(watcherId, watcher);
  }

  /** Its watches go with it. */
  remove(watcher: Watcher): void {
    if (this.#watchers.delete(watcher.watcherId)) this.#core.watches.removeAll(watcher.watcherId);
  }

  created(path: string, acl: readonly Acl[], zxid: number): void {
    if (this.#isIdle()) return;
    this.#trigger(EventType.NODE_CREATED, path, zxid, acl, '');
    this.#childrenChanged(path, zxid);
  }

  /** `acl` is the last one that the znode had; null when nobody knows it. */
  deleted(path: string, acl: readonly Acl[] | null, zxid: number): void {
    if (this.#isIdle()) return;
    this.#trigger(EventType.NODE_DELETED, path, zxid, acl, '');
    this.#childrenChanged(path, zxid);
  }

  dataChanged(path: string, zxid: number): void {
    if (!this.#isIdle()) this.#trigger(EventType.NODE_DATA_CHANGED, path, zxid, null, path);
  }

  #isIdle(): boolean {
    return this.#core.watches.pathCount === 0;
  }

  #childrenChanged(path: string, zxid: number): void {
    const parent = parentPath(path);
    this.#trigger(EventType.NODE_CHILDREN_CHANGED, parent, zxid, null, parent);
  }

  #trigger(
    type: number,
    path: string,
    zxid: number,
    acl: readonly Acl[] | null,
    aclPath: string,
  ): void {
    this.#type = type;
    this.#path = path;
    this.#zxid = zxid;
    this.#acl = acl;
    this.#aclPath = aclPath;
    this.#core.watches.trigger(type, path, this.#visit);
    this.#acl = null;
  }

  #deliver(watcherId: number): void {
    const watcher = this.#watchers.get(watcherId);
    if (watcher === undefined) return;
    if (this.#aclPath !== '') this.#loadAcl();
    if (this.#acl === null || !this.#core.permitsRead(this.#acl, watcher.identities)) return;
    watcher.onWatchEvent(this.#type, this.#path, this.#zxid);
  }

  #loadAcl(): void {
    const ref = this.#core.tree.nodes.find(this.#aclPath);
    this.#acl = ref === 0 ? null : this.#core.aclOf(ref);
    this.#aclPath = '';
  }
}
