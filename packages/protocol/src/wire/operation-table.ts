/**
 * The operations as a table: for every number of `OpCode` the record of the request, the record of
 * the reply, and the release of Apache ZooKeeper that brought it (client-protocol.md 4, upstream
 * `ZooDefs.OpCode`). What a server asks of the requester, and how it refuses, is for the server to
 * say; docs/protocol.md joins the two.
 */

import { OpCode, type OpName } from './opcode.ts';
import type { RecordName } from './record-table.ts';

/** `multi`: a list of operations, each behind a MultiHeader; `none`: nothing behind the header. */
export type BodyName = RecordName | 'multi' | 'none';

export interface OperationEntry {
  /** What follows the RequestHeader. */
  readonly request: BodyName;
  /** What follows the ReplyHeader of a success. */
  readonly reply: BodyName;
  /** First release of Apache ZooKeeper whose servers know the number, or whose else it is. */
  readonly since: string;
}

const KEEPER = 'ClickHouse Keeper';

const entry = (request: BodyName, reply: BodyName, since: string): OperationEntry => ({
  request,
  reply,
  since,
});

export const OPERATION_TABLE: Readonly<Record<OpName, OperationEntry>> = {
  notification: entry('none', 'WatcherEvent', '3.0.0'),
  create: entry('CreateRequest', 'CreateResponse', '3.0.0'),
  delete: entry('DeleteRequest', 'none', '3.0.0'),
  exists: entry('ExistsRequest', 'ExistsResponse', '3.0.0'),
  getData: entry('GetDataRequest', 'GetDataResponse', '3.0.0'),
  setData: entry('SetDataRequest', 'SetDataResponse', '3.0.0'),
  getACL: entry('GetACLRequest', 'GetACLResponse', '3.0.0'),
  setACL: entry('SetACLRequest', 'SetACLResponse', '3.0.0'),
  getChildren: entry('GetChildrenRequest', 'GetChildrenResponse', '3.0.0'),
  sync: entry('SyncRequest', 'SyncResponse', '3.0.0'),
  ping: entry('none', 'none', '3.0.0'),
  getChildren2: entry('GetChildren2Request', 'GetChildren2Response', '3.3.0'),
  check: entry('CheckVersionRequest', 'none', '3.4.0'),
  multi: entry('multi', 'multi', '3.4.0'),
  create2: entry('CreateRequest', 'Create2Response', '3.5.0'),
  reconfig: entry('ReconfigRequest', 'GetDataResponse', '3.5.0'),
  checkWatches: entry('CheckWatchesRequest', 'none', '3.5.0'),
  removeWatches: entry('RemoveWatchesRequest', 'none', '3.5.0'),
  createContainer: entry('CreateRequest', 'Create2Response', '3.5.1'),
  deleteContainer: entry('DeleteContainerRequest', 'none', '3.5.1'),
  createTTL: entry('CreateTTLRequest', 'Create2Response', '3.5.3'),
  multiRead: entry('multi', 'multi', '3.6.0'),
  auth: entry('AuthPacket', 'none', '3.0.0'),
  setWatches: entry('SetWatches', 'none', '3.0.0'),
  sasl: entry('GetSASLRequest', 'SetSASLResponse', '3.4.0'),
  getEphemerals: entry('GetEphemeralsRequest', 'GetEphemeralsResponse', '3.6.0'),
  getAllChildrenNumber: entry(
    'GetAllChildrenNumberRequest',
    'GetAllChildrenNumberResponse',
    '3.6.0',
  ),
  setWatches2: entry('SetWatches2', 'none', '3.6.0'),
  addWatch: entry('AddWatchRequest', 'ErrorResponse', '3.6.0'),
  whoAmI: entry('none', 'WhoAmIResponse', '3.7.0'),
  filteredList: entry('FilteredListRequest', 'GetChildren2Response', KEEPER),
  checkNotExists: entry('CheckVersionRequest', 'none', KEEPER),
  createIfNotExists: entry('CreateRequest', 'CreateResponse', KEEPER),
  removeRecursive: entry('RemoveRecursiveRequest', 'none', KEEPER),
  filteredListWithStatsAndData: entry('ListWithDataRequest', 'ListWithDataResponse', KEEPER),
  createSession: entry('CreateSessionTxn', 'none', '3.0.0'),
  closeSession: entry('none', 'none', '3.0.0'),
  error: entry('none', 'ErrorResponse', '3.0.0'),
};

/** All numbers with their names, in ascending order. */
export const OPERATIONS: readonly { readonly name: OpName; readonly opcode: OpCode }[] = (
  Object.keys(OpCode) as OpName[]
)
  .map((name) => ({ name, opcode: OpCode[name] }))
  .toSorted((a, b) => a.opcode - b.opcode);
