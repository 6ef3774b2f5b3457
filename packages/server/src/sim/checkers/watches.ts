/**
 * Watch before data: a client that waits for a change is told of it before it sees anything that
 * is as new, it is told of the first change and of no other, and nothing is announced that did not
 * happen. Knows one-shot watches; after a reconnection a watch may be caught up with, by an event
 * that does not say its zxid. From client-protocol.md 6 and 11.
 */

import type { WatchEvent, Watcher } from '@zabra/client/session';
import { EventType, ZXID_NONE, zxidToHex } from '@zabra/protocol';
import type { Ledger } from './ledger.ts';
import type { TriggerKind } from './tree-history.ts';
import { expectThat } from './violation.ts';

const BEFORE_DATA = 'A watch fires before its client sees newer data';
const TRUE_EVENT = 'A watch fires for the first change after it was set';

export type WatchKindName = 'data' | 'exist' | 'child';

const TRIGGERS: { readonly [kind in WatchKindName]: readonly TriggerKind[] } = {
  data: ['changed', 'deleted'],
  exist: ['created'],
  child: ['children', 'deleted'],
};

const TRIGGER_BY_EVENT: ReadonlyMap<number, TriggerKind> = new Map([
  [EventType.NODE_CREATED, 'created'],
  [EventType.NODE_DELETED, 'deleted'],
  [EventType.NODE_DATA_CHANGED, 'changed'],
  [EventType.NODE_CHILDREN_CHANGED, 'children'],
]);

/** One watch of one client. Handed to the session machine as the watcher. */
export class ModelWatch implements Watcher {
  readonly path: string;
  /** Null until the reply that sets it. */
  kind: WatchKindName | null;
  /** The state that its client saw when it was set; Infinity while that is not known again. */
  armedZxid: number;
  /** Set over a connection that is gone. */
  isOld: boolean;

  constructor(path: string) {
    this.path = path;
    this.kind = null;
    this.armedZxid = 0;
    this.isOld = false;
  }

  /** The machine only hands watchers back; whoever drains it looks at the event. */
  onWatchEvent(): void {}
}

/** The watches of one session. */
export class Watches {
  readonly #ledger: Ledger;
  readonly #standing: Set<ModelWatch>;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#standing = new Set();
  }

  arm(watch: ModelWatch, kind: WatchKindName, zxid: number): void {
    watch.kind = kind;
    watch.armedZxid = zxid;
    this.#standing.add(watch);
  }

  /** A connection is established again: watches are set anew, or caught up with. */
  onReconnected(): void {
    for (const watch of this.#standing) {
      watch.isOld = true;
      // A znode that came and went meanwhile is no event for who waits for its creation.
      if (watch.kind === 'exist') watch.armedZxid = Number.POSITIVE_INFINITY;
    }
  }

  /** The client sees a reply of that zxid. */
  onReply(client: string, zxid: number): void {
    const { history } = this.#ledger.model;
    for (const watch of this.#standing) {
      if (watch.armedZxid === Number.POSITIVE_INFINITY) watch.armedZxid = zxid;
      const kinds = TRIGGERS[watch.kind ?? 'data'];
      const missed = history.firstTrigger(watch.path, kinds, watch.armedZxid);
      if (missed === null || missed.zxid > zxid) continue;
      const change = `"${watch.path}" was ${missed.kind} at ${zxidToHex(missed.zxid)}`;
      const set = `set at ${zxidToHex(watch.armedZxid)}`;
      const seen = zxidToHex(zxid);
      expectThat(false, BEFORE_DATA, `${client} saw ${seen}, but not that ${change}, ${set}`);
    }
  }

  onEvent(client: string, event: WatchEvent, watchers: readonly Watcher[]): void {
    const { history } = this.#ledger.model;
    const kind = TRIGGER_BY_EVENT.get(event.type);
    const where = `${client} hears ${event.type} of "${event.path}" at ${zxidToHex(event.zxid)}`;
    expectThat(kind !== undefined, TRUE_EVENT, where);
    if (event.zxid !== ZXID_NONE) {
      const real = history.firstTrigger(event.path, [kind], event.zxid - 1);
      expectThat(real !== null && real.zxid === event.zxid, TRUE_EVENT, where);
    }
    for (const watcher of watchers) {
      if (!(watcher instanceof ModelWatch)) continue;
      const isStanding = this.#standing.delete(watcher);
      expectThat(isStanding, TRUE_EVENT, `${where}, which nobody waits for`);
      this.#checkFirst(watcher, event, where);
    }
  }

  clear(): void {
    this.#standing.clear();
  }

  #checkFirst(watch: ModelWatch, event: WatchEvent, where: string): void {
    if (watch.armedZxid === Number.POSITIVE_INFINITY) return;
    if (event.zxid === ZXID_NONE) {
      expectThat(watch.isOld, TRUE_EVENT, `${where} without a zxid on a new watch`);
      return;
    }
    const kinds = TRIGGERS[watch.kind ?? 'data'];
    const first = this.#ledger.model.history.firstTrigger(watch.path, kinds, watch.armedZxid);
    const wanted = first === null ? 'nothing' : zxidToHex(first.zxid);
    const isFirst = first !== null && first.zxid === event.zxid;
    expectThat(isFirst || watch.kind === 'exist', TRUE_EVENT, `${where}, first was ${wanted}`);
  }
}
