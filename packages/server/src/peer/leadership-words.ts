/**
 * The words by which an operator moves the leadership: `ydld`, the server gives it up, and `rqld`,
 * the server asks for it. They are ClickHouse Keeper's, with its answers; Apache has none. They
 * change something, so `*` does not enable them: they have to be named.
 */

export interface LeadershipView {
  /** Gives up the leadership; true also for a server that does not have it. */
  yieldLead(): boolean;
  /** Asks for the leadership; true also for a server that has it. */
  requestLead(): boolean;
}

type Word = (view: LeadershipView) => string;

export const LEADERSHIP_WORDS: Readonly<Record<string, Word>> = {
  rqld: (view) =>
    view.requestLead()
      ? 'Sent leadership request to leader.'
      : 'Failed to send leadership request to leader.',
  ydld: (view) =>
    view.yieldLead()
      ? 'Sent yield leadership request to leader.'
      : 'Failed to send yield leadership request to leader.',
};
