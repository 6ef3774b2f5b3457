/**
 * The part of the client that the shell uses, and how it comes by one: a test hands in a client
 * without a server.
 */

import type { ConnectOptions, DeleteOp, ZooKeeperClient } from '@zabra/client';

export type ShellClient = Pick<
  ZooKeeperClient,
  | 'state'
  | 'onState'
  | 'reached'
  | 'close'
  | 'abandon'
  | 'create'
  | 'delete'
  | 'exists'
  | 'getData'
  | 'setData'
  | 'getChildren'
  | 'getACL'
  | 'setACL'
  | 'sync'
  | 'addAuth'
  | 'addWatchTo'
  | 'removeWatches'
  | 'whoAmI'
  | 'getEphemerals'
  | 'getAllChildrenNumber'
  | 'getConfig'
  | 'reconfig'
> & {
  /** Deletes alone, which is all that the shell puts into one. */
  multi(ops: readonly DeleteOp[]): Promise<unknown>;
};

/** Begins to connect and returns at once. */
export type OpenClient = (servers: string, options: ConnectOptions) => ShellClient;
