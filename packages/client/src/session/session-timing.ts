/**
 * The times of a session, all derived from its timeout T: what the client asked for until a server
 * has granted one. From client-protocol.md 18 (ZooKeeper's `ClientCnxn`).
 */

/** Longest silence of ours before a ping, ms, however long the session timeout. */
const PING_MAX_MS = 10000;
/** Guard by which a ping goes out ahead of T/3, ms. */
const PING_GUARD_MS = 1000;

/** How long one server may take to accept the connection, and again to grant the session, ms. */
export function connectTimeoutMs(sessionTimeoutMs: number, serverCount: number): number {
  return Math.max(1, Math.floor(sessionTimeoutMs / serverCount));
}

/** How long an established connection may be silent, ms; the rest of T is for finding another. */
export function readTimeoutMs(sessionTimeoutMs: number): number {
  return Math.max(1, Math.floor((sessionTimeoutMs * 2) / 3));
}

/** Silence of ours after which a ping is due, ms. */
export function pingAfterMs(sessionTimeoutMs: number): number {
  const thirdMs = Math.floor(readTimeoutMs(sessionTimeoutMs) / 2);
  if (thirdMs <= PING_GUARD_MS) return Math.max(1, thirdMs);
  return Math.min(Math.max(PING_GUARD_MS, thirdMs - PING_GUARD_MS), PING_MAX_MS);
}
