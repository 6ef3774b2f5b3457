/**
 * The part of the client that the shell uses, and how it comes by one: a test hands in a client
 * without a server.
 */

import type { ConnectOptions, ZooKeeperClient } from '@zabra/client';

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
  | 'multi'
  | 'sync'
  | 'addAuth'
  | 'addWatchTo'
  | 'removeWatches'
  | 'whoAmI'
  | 'getEphemerals'
  | 'getAllChildrenNumber'
  | 'getConfig'
  | 'reconfig'
>;

/** Begins to connect and returns at once. */
export type OpenClient = (servers: string, options: ConnectOptions) => ShellClient;
