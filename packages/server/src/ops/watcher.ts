/**
 * Watcher: the face that a client connection shows to the state. The watch table knows watchers by
 * number only; the state keeps the map from number to watcher. Watches belong to the connection,
 * never to the session, and die with it (client-protocol.md 11.1).
 */

import type { Id } from '@zabra/protocol';

export interface Watcher {
  /** Unique among the connections of this server. */
  readonly watcherId: number;
  /** What the connection is authenticated as now: events are filtered by it at delivery. */
  readonly identities: readonly Id[];
  /** It has asked what this server has of ClickHouse Keeper: it is a client of that kind. */
  speaksKeeper: boolean;
  /**
   * One event, to be sent before any reply that shows its effect. `zxid` is the transaction's, or
   * ZXID_NONE for an event that setWatches made up. Must not call back into the state.
   */
  onWatchEvent(type: number, path: string, zxid: number): void;
}
