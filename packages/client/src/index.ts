/**
 * The public door of the client: `connect` and what it gives and takes. The pure session machine
 * has a door of its own, `@zabra/client/session`.
 */

export { type Acl, type ClientInfo, Perms } from '@zabra/protocol';
export {
  CREATOR_ALL_ACL,
  OPEN_ACL_UNSAFE,
  READ_ACL_UNSAFE,
} from '@zabra/protocol';
export * from './client/client.ts';
export type * from './client/client-options.ts';
export type { StateListener } from './client/client-session.ts';
export { connect, open } from './client/connect.ts';
export {
  ConnectionLossError,
  type ErrorOutcome,
  isZooKeeperError,
  SessionExpiredError,
  ZooKeeperError,
  type ZooKeeperErrorCode,
} from './client/errors.ts';
export type * from './client/keeper-face.ts';
export type * from './client/keeper-ops.ts';
export type * from './client/multi.ts';
export type * from './client/multi-read.ts';
export type { Stat, WatchEvent, WatchEventType } from './client/public-records.ts';
export { WatchStream } from './client/watch-stream.ts';
export type { SessionState } from './session/session-ready.ts';
