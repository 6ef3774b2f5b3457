/**
 * StateCore: what every operation may reach of the replicated state: tree, sessions, watches, and
 * how they were configured. Tree and sessions are variable because loading a snapshot replaces
 * them.
 */

import { type Acl, type Id, Perms } from '@zabra/protocol';
import { DataTree } from '../tree/data-tree.ts';
import { SessionTable } from '../tree/session-table.ts';
import { WatchTable } from '../tree/watch-table.ts';
import { AuthProviders } from './auth.ts';
import { DigestLog } from './digest-log.ts';
import { KeeperNodes } from './keeper-nodes.ts';
import { isPermitted } from './permission.ts';
import { QuotaUsage } from './quota-usage.ts';
import type { Hashes, ReconfigJudge, StateOptions } from './state-options.ts';
import { WatchEvents } from './watch-events.ts';

export class StateCore {
  readonly options: StateOptions;
  readonly providers: AuthProviders;
  readonly watches: WatchTable;
  readonly events: WatchEvents;
  readonly quota: QuotaUsage;
  readonly digests: DigestLog;
  /** Null where Keeper's extensions are off. */
  readonly keeper: KeeperNodes | null;
  sessions: SessionTable;
  tree: DataTree;
  /** Judges reconfig requests; null where nobody may propose one: on a server that stands alone. */
  reconfigJudge: ReconfigJudge | null;

  constructor(options: StateOptions, hashes: Hashes) {
    this.options = options;
    this.providers = new AuthProviders(hashes, options.superDigest, options.schemes);
    this.sessions = new SessionTable();
    this.watches = new WatchTable(options.pathHash);
    this.events = new WatchEvents(this);
    this.quota = new QuotaUsage(this);
    this.digests = new DigestLog();
    this.keeper = options.keeper ? new KeeperNodes(options.keeper) : null;
    this.tree = newTree(options);
    this.reconfigJudge = null;
  }

  /** Others in place of the present ones, of which the tree may not be used any more. */
  replace(tree: DataTree, sessions: SessionTable): void {
    this.tree.dispose();
    this.tree = tree;
    this.sessions = sessions;
    this.quota.recountAll();
  }

  /** A new tree, and nobody in session. */
  clear(): void {
    this.replace(newTree(this.options), new SessionTable());
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

export function newTree({ digestEnabled, extendedTypes, pathHash }: StateOptions): DataTree {
  return new DataTree({ digestEnabled, extendedTypes, ...(pathHash ? { pathHash } : {}) });
}
