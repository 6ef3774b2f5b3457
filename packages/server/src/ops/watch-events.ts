/**
 * WatchEvents: from a change of the tree to the frames that watchers get. Which watchers a change
 * reaches, and what that does to their watches, is the watch table's affair; who hides behind a
 * number, and whether READ lets the event through, is decided here, at the moment of delivery. A
 * watch whose event is held back is consumed all the same (client-protocol.md 11.3 and 11.4).
 *
 * Few watchers are told at once. What many watch, and whatever follows it, waits in the backlog.
 */

import { type Acl, assert, EventType, parentPath } from '@zabra/protocol';
import type { StateCore } from './state-core.ts';
import { WatchBacklog } from './watch-backlog.ts';
import type { Watcher } from './watcher.ts';

/** Watches of one path that are told at once; and events in one turn. */
const WATCHES_AT_ONCE_MAX = 128;
const EVENTS_AT_ONCE_MAX = 256;

export class WatchEvents {
  readonly #core: StateCore;
  readonly #watchers: Map<number, Watcher>;
  readonly #backlog: WatchBacklog;
  readonly #eventsAtOnceMax: number;
  /** What is left of `#eventsAtOnceMax` in this turn. */
  #eventsLeft: number;
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
    this.#backlog = new WatchBacklog(core.watches, (watcherId, { type, path, zxid, acl }) => {
      this.#deliver(watcherId, type, path, zxid, acl);
    });
    this.#eventsAtOnceMax = core.options.eventsAtOnceMax ?? EVENTS_AT_ONCE_MAX;
    this.#eventsLeft = this.#eventsAtOnceMax;
    this.#visit = (watcherId) => this.#onVisit(watcherId);
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
    this.#backlog.join(watcherId);
  }

  /** Its watches go with it. */
  remove(watcher: Watcher): void {
    const { watcherId } = watcher;
    if (!this.#watchers.delete(watcherId)) return;
    this.#backlog.leave(watcherId);
    this.#core.watches.removeAll(watcherId);
  }

  /** Tells the watcher of everything that has happened. */
  catchUp(watcher: Watcher): void {
    this.#backlog.catchUp(watcher.watcherId);
  }

  /** As `catchUp`, as far as this turn has room for it; false when there is more. */
  catchesUp(watcher: Watcher): boolean {
    return this.#backlog.catchesUp(watcher.watcherId);
  }

  isCaughtUp(watcher: Watcher): boolean {
    return this.#backlog.isCaughtUp(watcher.watcherId);
  }

  /** Once a turn: a share of what is still to be told. True when more is left. */
  work(nowMs: number): boolean {
    this.#eventsLeft = this.#eventsAtOnceMax;
    return this.#backlog.work(nowMs);
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
    if (!this.#tellNow()) this.#tellLater();
    this.#acl = null;
  }

  /** False when it is too much for this turn, or when others have to be told of something first. */
  #tellNow(): boolean {
    if (!this.#backlog.isEmpty) return false;
    const watchesMax = Math.min(this.#eventsLeft, WATCHES_AT_ONCE_MAX);
    return this.#core.watches.trigger(this.#type, this.#path, this.#visit, watchesMax);
  }

  #tellLater(): void {
    const site = this.#core.watches.site(this.#type, this.#path);
    if (site === null) return;
    // The ACL of this moment counts, whenever the watchers are told.
    if (this.#aclPath !== '') this.#loadAcl();
    const acl = this.#acl;
    this.#backlog.add({ type: this.#type, path: this.#path, zxid: this.#zxid, acl, site });
  }

  #onVisit(watcherId: number): void {
    this.#eventsLeft--;
    if (this.#aclPath !== '') this.#loadAcl();
    this.#deliver(watcherId, this.#type, this.#path, this.#zxid, this.#acl);
  }

  #deliver(
    watcherId: number,
    type: number,
    path: string,
    zxid: number,
    acl: readonly Acl[] | null,
  ): void {
    const watcher = this.#watchers.get(watcherId);
    if (watcher === undefined || acl === null) return;
    if (this.#core.permitsRead(acl, watcher.identities)) watcher.onWatchEvent(type, path, zxid);
  }

  #loadAcl(): void {
    const ref = this.#core.tree.nodes.find(this.#aclPath);
    this.#acl = ref === 0 ? null : this.#core.aclOf(ref);
    this.#aclPath = '';
  }
}
