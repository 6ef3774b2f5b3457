/**
 * The numbers of the client protocol: operations, special xids, create modes, permissions, event
 * types and states, watcher types. One home, so that every switch names what it means. From
 * client-protocol.md 3 and 4; those of ClickHouse Keeper from its `ZooKeeperConstants`.
 */

export const OpCode = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  // Of ClickHouse Keeper; Apache's servers know none of them.
  filteredList: 500,
  checkNotExists: 501,
  createIfNotExists: 502,
  removeRecursive: 503,
  filteredListWithStatsAndData: 506,
  createSession: -10,
  closeSession: -11,
  error: -1,
} as const;

export type OpCode = (typeof OpCode)[keyof typeof OpCode];
export type OpName = keyof typeof OpCode;

const nameByOp: ReadonlyMap<number, OpName> = new Map(
  Object.entries(OpCode).map(([name, op]) => [op, name as OpName]),
);

/** The name of an operation, or the number itself when it has none. */
export function opName(op: number): string {
  return nameByOp.get(op) ?? String(op);
}

export function isOpCode(op: number): boolean {
  return nameByOp.has(op);
}

/** One of ClickHouse Keeper's own, which a server speaks only when it is told to. */
export function isKeeperOp(op: number): boolean {
  return op >= OpCode.filteredList;
}

/** Xids with a meaning of their own; ordinary requests count from 1 (or 0). */
export const Xid = {
  NOTIFICATION: -1,
  PING: -2,
  AUTH: -4,
  SET_WATCHES: -8,
} as const;

export const CreateMode = {
  PERSISTENT: 0,
  EPHEMERAL: 1,
  PERSISTENT_SEQUENTIAL: 2,
  EPHEMERAL_SEQUENTIAL: 3,
  CONTAINER: 4,
  PERSISTENT_WITH_TTL: 5,
  PERSISTENT_SEQUENTIAL_WITH_TTL: 6,
} as const;

export type CreateMode = (typeof CreateMode)[keyof typeof CreateMode];

export function isCreateMode(flags: number): flags is CreateMode {
  return flags >= CreateMode.PERSISTENT && flags <= CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL;
}

export function isEphemeralMode(flags: number): boolean {
  return flags === CreateMode.EPHEMERAL || flags === CreateMode.EPHEMERAL_SEQUENTIAL;
}

export function isSequentialMode(flags: number): boolean {
  return (
    flags === CreateMode.PERSISTENT_SEQUENTIAL ||
    flags === CreateMode.EPHEMERAL_SEQUENTIAL ||
    flags === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
  );
}

export function isTtlMode(flags: number): boolean {
  return (
    flags === CreateMode.PERSISTENT_WITH_TTL || flags === CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL
  );
}

/** Bits of an ACL's perms. */
export const Perms = {
  READ: 1,
  WRITE: 2,
  CREATE: 4,
  DELETE: 8,
  ADMIN: 16,
  ALL: 31,
} as const;

/** Type of a WatcherEvent. */
export const EventType = {
  NONE: -1,
  NODE_CREATED: 1,
  NODE_DELETED: 2,
  NODE_DATA_CHANGED: 3,
  NODE_CHILDREN_CHANGED: 4,
  DATA_WATCH_REMOVED: 5,
  CHILD_WATCH_REMOVED: 6,
  PERSISTENT_WATCH_REMOVED: 7,
} as const;

export type EventType = (typeof EventType)[keyof typeof EventType];

/** State of a WatcherEvent; servers send SYNC_CONNECTED, the others are local to clients. */
export const KeeperState = {
  DISCONNECTED: 0,
  SYNC_CONNECTED: 3,
  AUTH_FAILED: 4,
  CONNECTED_READ_ONLY: 5,
  SASL_AUTHENTICATED: 6,
  CLOSED: 7,
  EXPIRED: -112,
} as const;

export type KeeperState = (typeof KeeperState)[keyof typeof KeeperState];

/** Type in checkWatches and removeWatches. */
export const WatcherType = {
  CHILDREN: 1,
  DATA: 2,
  ANY: 3,
  PERSISTENT: 4,
  PERSISTENT_RECURSIVE: 5,
} as const;

export type WatcherType = (typeof WatcherType)[keyof typeof WatcherType];

/** Mode in addWatch. */
export const AddWatchMode = {
  PERSISTENT: 0,
  PERSISTENT_RECURSIVE: 1,
} as const;

export type AddWatchMode = (typeof AddWatchMode)[keyof typeof AddWatchMode];

/** Which children a filtered list names. */
export const ListType = {
  ALL: 0,
  PERSISTENT_ONLY: 1,
  EPHEMERAL_ONLY: 2,
} as const;

export type ListType = (typeof ListType)[keyof typeof ListType];
