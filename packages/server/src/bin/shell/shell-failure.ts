/**
 * ShellFailure: a command that did not do what it was asked, as the lines and the exit code that
 * ZooKeeper's shell gives for it (operations.md 4.4 and 4.5). The texts are those of the original,
 * since scripts look for them.
 */

import { isZooKeeperError, type ZooKeeperErrorCode } from '@zabra/client';

export const EXIT_OK = 0;
export const EXIT_FAILURE = 1;
export const EXIT_UNKNOWN_COMMAND = 127;

export class ShellFailure extends Error {
  override readonly name = 'ShellFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode = EXIT_FAILURE) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What `KeeperErrorCode = ` is followed by; codes that servers never send are not here. */
const CODE_NAMES: Readonly<Partial<Record<ZooKeeperErrorCode, string>>> = {
  SYSTEMERROR: 'SystemError',
  RUNTIMEINCONSISTENCY: 'RuntimeInconsistency',
  DATAINCONSISTENCY: 'DataInconsistency',
  CONNECTIONLOSS: 'ConnectionLoss',
  MARSHALLINGERROR: 'MarshallingError',
  UNIMPLEMENTED: 'Unimplemented',
  OPERATIONTIMEOUT: 'OperationTimeout',
  BADARGUMENTS: 'BadArguments',
  NEWCONFIGNOQUORUM: 'NewConfigNoQuorum',
  RECONFIGINPROGRESS: 'ReconfigInProgress',
  APIERROR: 'APIError',
  NONODE: 'NoNode',
  NOAUTH: 'NoAuth',
  BADVERSION: 'BadVersion',
  NOCHILDRENFOREPHEMERALS: 'NoChildrenForEphemerals',
  NODEEXISTS: 'NodeExists',
  NOTEMPTY: 'Directory not empty',
  SESSIONEXPIRED: 'Session expired',
  INVALIDACL: 'InvalidACL',
  AUTHFAILED: 'AuthFailed',
  SESSIONMOVED: 'Session moved',
  NOTREADONLY: 'Not a read-only call',
  EPHEMERALONLOCALSESSION: 'Ephemeral node on local session',
  NOWATCHER: 'No such watcher',
  RECONFIGDISABLED: 'Reconfig is disabled',
  SESSIONCLOSEDREQUIRESASLAUTH: 'Session closed because client failed to authenticate',
  QUOTAEXCEEDED: 'Quota has exceeded',
  THROTTLEDOP: 'Op throttled due to high load',
  // The original fails the calls of a closed session as those of an expired one.
  CLOSING: 'Session expired',
};

/** Results that have a line of their own, which ends with the path. */
const LINES: Readonly<Partial<Record<ZooKeeperErrorCode, string>>> = {
  NONODE: 'Node does not exist: ',
  NODEEXISTS: 'Node already exists: ',
  NOTEMPTY: 'Node not empty: ',
  NOCHILDRENFOREPHEMERALS: 'Ephemerals cannot have children: ',
  NOTREADONLY: 'Not a read-only call: ',
  INVALIDACL: 'Acl is not valid : ',
  NOAUTH: 'Insufficient permission : ',
  BADARGUMENTS: 'Arguments are not valid : ',
  BADVERSION: 'version No is not valid : ',
  QUOTAEXCEEDED: 'Quota has exceeded : ',
};

const WHOLE_LINES: Readonly<Partial<Record<ZooKeeperErrorCode, string>>> = {
  RECONFIGINPROGRESS:
    'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  NEWCONFIGNOQUORUM:
    'No quorum of new config is connected and up-to-date with the leader of last commmitted ' +
    'config - try invoking reconfiguration after new servers are connected and synced',
};

/** `KeeperErrorCode = NoAuth for /a`, without the path where there is none. */
export function keeperLine(code: ZooKeeperErrorCode, path: string | null): string {
  const name = CODE_NAMES[code] ?? code;
  return `KeeperErrorCode = ${name}${path === null ? '' : ` for ${path}`}`;
}

/** What is printed for whatever a command threw; `null` stands where a path is missing. */
export function failureLine(error: unknown): string {
  if (!isZooKeeperError(error)) return error instanceof Error ? error.message : String(error);
  const { code, path } = error;
  const line = LINES[code];
  if (line !== undefined) return `${line}${path}`;
  return WHOLE_LINES[code] ?? keeperLine(code, path);
}

export function exitCodeOf(error: unknown): number {
  return error instanceof ShellFailure ? error.exitCode : EXIT_FAILURE;
}
