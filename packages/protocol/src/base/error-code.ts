/**
 * ZooKeeper's result codes: one table with number, name, what a caller may conclude, and a
 * sentence. Inside the server a refusal is one of these integers, never an exception. No code is
 * invented here: Java clients fail hard on numbers they do not know. From client-protocol.md 5.
 */

export const ErrorCode = {
  OK: 0,
  SYSTEMERROR: -1,
  RUNTIMEINCONSISTENCY: -2,
  DATAINCONSISTENCY: -3,
  CONNECTIONLOSS: -4,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATIONTIMEOUT: -7,
  BADARGUMENTS: -8,
  INVALIDSTATE: -9,
  UNKNOWNSESSION: -12,
  NEWCONFIGNOQUORUM: -13,
  RECONFIGINPROGRESS: -14,
  SSLCONNECTIONERROR: -15,
  APIERROR: -100,
  NONODE: -101,
  NOAUTH: -102,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  INVALIDCALLBACK: -113,
  INVALIDACL: -114,
  AUTHFAILED: -115,
  CLOSING: -116,
  NOTHING: -117,
  SESSIONMOVED: -118,
  NOTREADONLY: -119,
  EPHEMERALONLOCALSESSION: -120,
  NOWATCHER: -121,
  REQUESTTIMEOUT: -122,
  RECONFIGDISABLED: -123,
  SESSIONCLOSEDREQUIRESASLAUTH: -124,
  QUOTAEXCEEDED: -125,
  THROTTLEDOP: -127,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
export type ErrorName = keyof typeof ErrorCode;

/**
 * What the caller of a failed operation knows about its effect. `not-applied`: nothing changed.
 * `unknown`: it may or may not have happened. `session-over`: as unknown, and the session with its
 * ephemerals is gone or cannot be used any more.
 */
export type Outcome = 'applied' | 'not-applied' | 'unknown' | 'session-over';

export interface ErrorEntry {
  readonly code: ErrorCode;
  readonly name: ErrorName;
  readonly outcome: Outcome;
  readonly message: string;
}

const entry = (name: ErrorName, outcome: Outcome, message: string): ErrorEntry => ({
  code: ErrorCode[name],
  name,
  outcome,
  message,
});

export const ERROR_TABLE: readonly ErrorEntry[] = [
  entry('OK', 'applied', 'The operation succeeded'),
  entry('SYSTEMERROR', 'unknown', 'A system error'),
  entry('RUNTIMEINCONSISTENCY', 'not-applied', 'Another operation of the same multi failed'),
  entry('DATAINCONSISTENCY', 'unknown', 'The data was found inconsistent'),
  entry('CONNECTIONLOSS', 'unknown', 'The connection was lost before the reply arrived'),
  entry('MARSHALLINGERROR', 'not-applied', 'The request could not be decoded'),
  entry('UNIMPLEMENTED', 'not-applied', 'The server does not offer this operation'),
  entry('OPERATIONTIMEOUT', 'unknown', 'The operation took too long'),
  entry('BADARGUMENTS', 'not-applied', 'An argument is not acceptable'),
  entry('INVALIDSTATE', 'not-applied', 'The client is in no state to send requests'),
  entry('UNKNOWNSESSION', 'not-applied', 'The server does not know the session'),
  entry('NEWCONFIGNOQUORUM', 'not-applied', 'No quorum of the new configuration is in step'),
  entry('RECONFIGINPROGRESS', 'not-applied', 'Another reconfiguration is under way'),
  entry('SSLCONNECTIONERROR', 'not-applied', 'The TLS connection could not be set up'),
  entry('APIERROR', 'unknown', 'An API error'),
  entry('NONODE', 'not-applied', 'The znode does not exist'),
  entry('NOAUTH', 'not-applied', 'The session lacks the permission'),
  entry('BADVERSION', 'not-applied', 'The version differs from the expected one'),
  entry('NOCHILDRENFOREPHEMERALS', 'not-applied', 'An ephemeral znode cannot have children'),
  entry('NODEEXISTS', 'not-applied', 'The znode exists already'),
  entry('NOTEMPTY', 'not-applied', 'The znode has children'),
  entry('SESSIONEXPIRED', 'session-over', 'The session has expired'),
  entry('INVALIDCALLBACK', 'not-applied', 'The callback is not acceptable'),
  entry('INVALIDACL', 'not-applied', 'The ACL is not acceptable'),
  entry('AUTHFAILED', 'session-over', 'The authentication failed'),
  entry('CLOSING', 'not-applied', 'The client is closing'),
  entry('NOTHING', 'not-applied', 'There is no reply to process'),
  entry('SESSIONMOVED', 'not-applied', 'The session has moved to another server'),
  entry('NOTREADONLY', 'not-applied', 'The server is in read-only mode'),
  entry('EPHEMERALONLOCALSESSION', 'not-applied', 'A local session cannot own ephemerals'),
  entry('NOWATCHER', 'not-applied', 'No such watcher is registered'),
  entry('REQUESTTIMEOUT', 'unknown', 'The request was not answered in time'),
  entry('RECONFIGDISABLED', 'not-applied', 'Reconfiguration is disabled'),
  entry('SESSIONCLOSEDREQUIRESASLAUTH', 'session-over', 'The server requires authentication'),
  entry('QUOTAEXCEEDED', 'not-applied', 'A quota would be exceeded'),
  entry('THROTTLEDOP', 'not-applied', 'The server is overloaded and did not run the operation'),
];

const entryByCode: ReadonlyMap<number, ErrorEntry> = new Map(
  ERROR_TABLE.map((row) => [row.code, row]),
);

/** The row of a code; undefined for a number that the protocol does not assign. */
export function errorEntry(code: number): ErrorEntry | undefined {
  return entryByCode.get(code);
}

/** The name of a code, or the number itself when it has none. */
export function errorName(code: number): string {
  return entryByCode.get(code)?.name ?? String(code);
}

export function errorMessage(code: number): string {
  return entryByCode.get(code)?.message ?? `Error ${code}, which has no name`;
}

/** What the caller may conclude; an unknown code proves nothing. */
export function errorOutcome(code: number): Outcome {
  return entryByCode.get(code)?.outcome ?? 'unknown';
}
