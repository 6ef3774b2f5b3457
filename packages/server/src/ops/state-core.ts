/**
 * StateCore: what every operation may reach of the replicated state: tree, sessions, watches, and
 * how they were configured. The tree is a field because loading a snapshot replaces it.
 */

import { type Acl, type Id, Perms } from '@zabra/protocol';
import { DataTree } from '../tree/data-tree.ts';
import { SessionTable } from '../tree/session-table.ts';
import { WatchTable } from '../tree/watch-table.ts';
import { AuthProviders } from './auth.ts';
import { isPermitted } from './permission.ts';
import { QuotaUsage } from './quota-usage.ts';
import type { Hashes, StateOptions } from './state-options.ts';
import { WatchEvents } from './watch-events.ts';

export class StateCore {
  readonly options: StateOptions;
  readonly providers: AuthProviders;
  readonly sessions: SessionTable;
  readonly watches: WatchTable;
  readonly events: WatchEvents;
  readonly quota: QuotaUsage;
  tree: DataTree;

  constructor(options: StateOptions, hashes: Hashes) {
    this.options = options;
    this.providers = new AuthProviders(hashes, options.superDigest);
    this.sessions = new SessionTable();
    this.watches = new WatchTable();
    this.events = new WatchEvents(this);
    this.quota = new QuotaUsage(this);
    this.tree = newTree(options);
  }

  /** An empty tree in place of the present one. */
  replaceTree(): void {
    this.tree = newTree(this.options);
    this.quota.clear();
  }

  /** Null when the table does not know the ACL of the znode: a damaged snapshot. */
  aclOf(ref: number): readonly Acl[] | null {
    const { nodes, acls } = this.tree;
    return acls.get(nodes.aclId(ref)) ?? null;
  }

  permits(acl: readonly Acl[], wanted: number, identities: readonly Id[]): boolean {
    return this.options.skipAcl || isPermitted(acl, wanted, identities, this.providers);
  }

  permitsRead(acl: readonly Acl[], identities: readonly Id[]): boolean {
    return this.permits(acl, Perms.READ, identities);
  }
}

function newTree({ digestEnabled, extendedTypes }: StateOptions): DataTree {
  return new DataTree({ digestEnabled, extendedTypes });
}
