/**
 * The client's errors: one class whose `code` is a closed list and whose `outcome` says what a
 * caller may conclude, which is what decides about a retry. Two subclasses exist where recovery
 * differs. The brand is a registered symbol, so that two installed copies of this package know
 * each other's errors. Messages say what was attempted, on what, and what was found.
 */

import {
  ErrorCode,
  type ErrorName,
  errorEntry,
  errorMessage,
  errorOutcome,
  type Outcome,
} from '@zabra/protocol';

export type ZooKeeperErrorCode = Exclude<ErrorName, 'OK'>;
export type ErrorOutcome = Exclude<Outcome, 'applied'>;

const BRAND: unique symbol = Symbol.for('zabra.ZooKeeperError') as never;

export interface ErrorDetails {
  readonly code: ZooKeeperErrorCode;
  readonly op: string;
  readonly path?: string | null;
  readonly zxid?: bigint | null;
  readonly outcome?: ErrorOutcome;
  readonly opIndex?: number;
  readonly cause?: unknown;
}

/**
 * @example
 * try {
 *   await zk.delete('/a');
 * } catch (error) {
 *   if (!isZooKeeperError(error) || error.code !== 'NONODE') throw error;
 * }
 */
export class ZooKeeperError extends Error {
  override readonly name: string = 'ZooKeeperError';
  readonly [BRAND] = true;
  readonly code: ZooKeeperErrorCode;
  /** The operation attempted: `create`, `getData`, `connect` ... */
  readonly op: string;
  /** As the caller named it; null for operations without a path. */
  readonly path: string | null;
  /** Of the reply; null when none came. */
  readonly zxid: bigint | null;
  /**
   * `not-applied`: nothing changed. `unknown`: it may or may not have happened. `session-over`: as
   * unknown, and the session with its ephemerals is gone.
   */
  readonly outcome: ErrorOutcome;
  /** Which operation of a multi it was, from 0; -1 outside a multi. */
  readonly opIndex: number;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.op = details.op;
    this.path = details.path ?? null;
    this.zxid = details.zxid ?? null;
    this.outcome = details.outcome ?? outcomeOf(details.code);
    this.opIndex = details.opIndex ?? -1;
  }
}

/** The connection broke, or none could be had; the session goes on and may be retried on. */
export class ConnectionLossError extends ZooKeeperError {
  override readonly name = 'ConnectionLossError';
}

/** The session with its ephemerals and watches is gone: only a new client helps. */
export class SessionExpiredError extends ZooKeeperError {
  override readonly name = 'SessionExpiredError';
}

export function isZooKeeperError(value: unknown): value is ZooKeeperError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

export function makeError(message: string, details: ErrorDetails): ZooKeeperError {
  if (details.code === 'CONNECTIONLOSS') return new ConnectionLossError(message, details);
  if (details.code === 'SESSIONEXPIRED') return new SessionExpiredError(message, details);
  return new ZooKeeperError(message, details);
}

/** A refusal that needs no server. */
export function refusal(
  code: 'BADARGUMENTS' | 'INVALIDACL',
  op: string,
  path: string | null,
  why: string,
): ZooKeeperError {
  return new ZooKeeperError(attempt(op, path) + why, { code, op, path, outcome: 'not-applied' });
}

/** The name of a number from a server; numbers that the protocol does not assign have none. */
export function codeName(code: number): ZooKeeperErrorCode {
  const name = errorEntry(code)?.name;
  return name === undefined || name === 'OK' ? 'SYSTEMERROR' : name;
}

/** What an attempt at `op` ran into, in words. */
export interface Finding {
  readonly code: number;
  readonly op: string;
  readonly path: string | null;
  /** What this side found wrong with it; empty for nothing. */
  readonly fault: string;
  /** Whether a server may have seen the request. */
  readonly wasSent: boolean;
  /** The version that was asked for; null where there is none. */
  readonly version: number | null;
  /** Children that were found in the way; 0 when unknown. */
  readonly childCount: number;
}

/** @example describe(finding) // 'Cannot delete "/a": it has 3 children' */
export function describe(finding: Finding): string {
  return attempt(finding.op, finding.path) + (finding.fault || reason(finding));
}

const VERBS: Readonly<Record<string, string>> = {
  exists: 'look for',
  getData: 'read',
  setData: 'write',
  getACL: 'read the ACL of',
  setACL: 'set the ACL of',
  getChildren: 'list the children of',
  getAllChildrenNumber: 'count the znodes below',
  getEphemerals: 'list the ephemerals below',
  multi: 'run the multi',
  multiRead: 'run the multiRead',
  addWatch: 'watch',
  checkWatches: 'look for watches of',
  removeWatches: 'remove the watches of',
  whoAmI: 'ask for the identities of this session',
  addAuth: 'authenticate',
  reconfig: 'reconfigure',
  connect: 'connect to',
  updateServerList: 'take the servers',
  createIfNotExists: 'create',
  removeRecursive: 'remove',
  checkNotExists: 'rely on the absence of',
  getFilteredChildren: 'list children of',
  getChildrenWithData: 'read the children of',
};

/** What the version is that an operation expects, where it is not that of the data. */
const VERSION_NAMES: Readonly<Record<string, string>> = {
  setACL: 'its ACL version',
  reconfig: 'the version of the configuration',
};

function attempt(op: string, path: string | null): string {
  const verb = VERBS[op] ?? op;
  return path === null ? `Cannot ${verb}: ` : `Cannot ${verb} "${path}": `;
}

function reason(finding: Finding): string {
  const { code, op, version, childCount } = finding;
  switch (code) {
    case ErrorCode.NONODE:
      return op.startsWith('create') ? 'its parent does not exist' : 'it does not exist';
    case ErrorCode.NODEEXISTS:
      return 'it exists already';
    case ErrorCode.NOTEMPTY:
      if (op === 'removeRecursive') return 'it and what is below it are more than may go at once';
      if (childCount === 0) return 'it has children';
      return childCount === 1 ? 'it has 1 child' : `it has ${childCount} children`;
    case ErrorCode.BADVERSION:
      return `${VERSION_NAMES[op] ?? 'its version'} is not ${version}`;
    case ErrorCode.NOCHILDRENFOREPHEMERALS:
      return 'its parent is ephemeral';
    case ErrorCode.NOAUTH:
      return 'this session lacks the permission';
    case ErrorCode.CLOSING:
      return 'the client is closed';
    case ErrorCode.CONNECTIONLOSS:
      return finding.wasSent
        ? 'the connection was lost before the reply arrived'
        : 'no server could be reached';
    default:
      return lowerFirst(errorMessage(code));
  }
}

function outcomeOf(code: ZooKeeperErrorCode): ErrorOutcome {
  const outcome = errorOutcome(ErrorCode[code]);
  return outcome === 'applied' ? 'unknown' : outcome;
}

export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
