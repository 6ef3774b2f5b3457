/**
 * What a watch tells and whom. The session machine only compares watchers and lists them beside an
 * event; whoever drains the machine makes the call, so that no foreign code runs inside it.
 */

export interface WatchEvent {
  /** One of `EventType`. */
  readonly type: number;
  /** As the client names it, without the chroot. */
  readonly path: string;
  /** Of the transaction that caused it; -1 when the server did not say (ZXID_NONE). */
  readonly zxid: number;
}

/** Held by reference: the same object registered twice for a path hears an event once. */
export interface Watcher {
  onWatchEvent(event: WatchEvent): void;
}
