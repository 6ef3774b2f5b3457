/**
 * Which part of the rules for paths a write applies, and when: some ask for the full rule at once,
 * some only for a slash and no NUL, because the name is not final yet or because an odd path will
 * not be found anyway (client-protocol.md 7.2).
 */

import {
  CONFIG_PATH,
  ErrorCode,
  hasNul,
  QUOTA_PATH,
  ROOT_PATH,
  validatePath,
  ZOOKEEPER_PATH,
} from '@zabra/protocol';

/** A null path breaks it too, though it is an undecodable one to other writes. */
export function checkFullRule(path: string | null): number {
  if (path === null || validatePath(path) !== null) return ErrorCode.BADARGUMENTS;
  return ErrorCode.OK;
}

/** Enough of a path to have a parent. */
export function checkHasParent(path: string): number {
  return path.includes('/') && !hasNul(path) ? ErrorCode.OK : ErrorCode.BADARGUMENTS;
}

/** As `checkHasParent`, and none of the four znodes that every tree has. */
export function checkDeletable(path: string): number {
  return isReserved(path) ? ErrorCode.BADARGUMENTS : checkHasParent(path);
}

function isReserved(path: string): boolean {
  if (path === ROOT_PATH) return true;
  return path === ZOOKEEPER_PATH || path === QUOTA_PATH || path === CONFIG_PATH;
}
