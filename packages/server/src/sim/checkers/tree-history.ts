/**
 * What each path was at each zxid: every znode's past as a list, so that a read that was answered
 * at some zxid can be compared with the state of that very moment, and a watch with the first
 * change after it was set. Only grows. Knows nothing of how the state comes about.
 */

import type { Acl, StatPersisted } from '@zabra/protocol';

/** A znode at one moment; never changed, a change makes a new one. */
export interface ModelNode {
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** As stored: cversion counts creations only. */
  readonly stat: StatPersisted;
  readonly numChildren: number;
}

export type TriggerKind = 'created' | 'deleted' | 'changed' | 'children';

interface Version {
  readonly zxid: number;
  node: ModelNode | null;
}

interface ChildChange {
  readonly zxid: number;
  readonly name: string;
  readonly isAdded: boolean;
}

interface Trigger {
  readonly zxid: number;
  readonly kind: TriggerKind;
}

/** Everything about one path; ascending by zxid. */
class PathHistory {
  readonly versions: Version[] = [];
  readonly triggers: Trigger[] = [];
  readonly children: Set<string> = new Set();
  readonly childChanges: ChildChange[] = [];
}

export class TreeHistory {
  readonly #paths: Map<string, PathHistory>;

  constructor() {
    this.#paths = new Map();
  }

  /** The znode now; null when there is none. */
  get(path: string): ModelNode | null {
    return this.#paths.get(path)?.versions.at(-1)?.node ?? null;
  }

  /** The znode right after that zxid. */
  at(path: string, zxid: number): ModelNode | null {
    const versions = this.#paths.get(path)?.versions ?? [];
    const index = lastUpTo(versions, zxid);
    return index < 0 ? null : ((versions[index] as Version).node as ModelNode | null);
  }

  children(path: string): ReadonlySet<string> {
    return this.#paths.get(path)?.children ?? new Set();
  }

  childrenAt(path: string, zxid: number): Set<string> {
    const history = this.#paths.get(path);
    if (history === undefined) return new Set();
    const names = new Set(history.children);
    const { childChanges } = history;
    for (let index = childChanges.length - 1; index >= 0; index--) {
      const change = childChanges[index] as ChildChange;
      if (change.zxid <= zxid) break;
      if (change.isAdded) names.delete(change.name);
      else names.add(change.name);
    }
    return names;
  }

  /** The first event of one of those kinds after `zxid`, or null. */
  firstTrigger(path: string, kinds: readonly TriggerKind[], zxid: number): Trigger | null {
    const triggers = this.#paths.get(path)?.triggers ?? [];
    for (let index = lastUpTo(triggers, zxid) + 1; index < triggers.length; index++) {
      const trigger = triggers[index] as Trigger;
      if (kinds.includes(trigger.kind)) return trigger;
    }
    return null;
  }

  put(path: string, zxid: number, node: ModelNode | null): void {
    const { versions } = this.#history(path);
    const last = versions.at(-1);
    if (last !== undefined && last.zxid === zxid) last.node = node;
    else versions.push({ zxid, node });
  }

  trigger(path: string, zxid: number, kind: TriggerKind): void {
    this.#history(path).triggers.push({ zxid, kind });
  }

  changeChild(parent: string, zxid: number, name: string, isAdded: boolean): void {
    const history = this.#history(parent);
    if (isAdded) history.children.add(name);
    else history.children.delete(name);
    history.childChanges.push({ zxid, name, isAdded });
  }

  #history(path: string): PathHistory {
    let history = this.#paths.get(path);
    if (history === undefined) {
      history = new PathHistory();
      this.#paths.set(path, history);
    }
    return history;
  }
}

/** Index of the last item with a zxid up to the given one; -1 when there is none. */
function lastUpTo(items: readonly { readonly zxid: number }[], zxid: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle] as { readonly zxid: number }).zxid <= zxid) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
