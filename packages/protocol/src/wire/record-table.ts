/**
 * The records of the client protocol as a table: names and fields in the order of the wire, by
 * ZooKeeper's names and jute's types (client-protocol.md 1 and 3, upstream `zookeeper.jute`). The
 * readers and writers of this room are spelled out, because they are fast that way; their test
 * holds them to this table, the interop tests hold it to Apache's classes, and docs/protocol.md is
 * written from it.
 *
 *   boolean   1 byte             buffer, ustring   int length, bytes; length -1 is null
 *   byte      1 byte             vector<T>         int count, elements; count -1 is null
 *   int       4 bytes            a record's name   its fields
 *   long      8 bytes
 */

const PATH = 'ustring path';
const PATH_WATCH = 'ustring path, boolean watch';
const PATH_TYPE = 'ustring path, int type';
const PATH_VERSION = 'ustring path, int version';
const FILTERED_LIST = 'ustring path, boolean watch, byte listType';
const CREATE = 'ustring path, buffer data, vector<ACL> acl, int flags';
const STAT = 'Stat stat';
const SET_WATCHES =
  'long relativeZxid, vector<ustring> dataWatches, vector<ustring> existWatches, ' +
  'vector<ustring> childWatches';

export const RECORD_TABLE = {
  Id: 'ustring scheme, ustring id',
  ACL: 'int perms, Id id',
  ClientInfo: 'ustring authScheme, ustring user',
  Stat:
    'long czxid, long mzxid, long ctime, long mtime, int version, int cversion, int aversion, ' +
    'long ephemeralOwner, int dataLength, int numChildren, long pzxid',

  // Its last field is left out by clients before 3.4 and by some of today; then so is the answer's.
  ConnectRequest:
    'int protocolVersion, long lastZxidSeen, int timeOut, long sessionId, buffer passwd, ' +
    'boolean readOnly',
  ConnectResponse:
    'int protocolVersion, int timeOut, long sessionId, buffer passwd, boolean readOnly',
  RequestHeader: 'int xid, int type',
  ReplyHeader: 'int xid, long zxid, int err',
  MultiHeader: 'int type, boolean done, int err',
  WatcherEvent: 'int type, int state, ustring path',

  AuthPacket: 'int type, ustring scheme, buffer auth',
  GetSASLRequest: 'buffer token',
  SetSASLResponse: 'buffer token',
  CreateSessionTxn: 'int timeOut',

  CreateRequest: CREATE,
  CreateTTLRequest: `${CREATE}, long ttl`,
  DeleteRequest: PATH_VERSION,
  // A buffer in Apache's class, which gives the same bytes.
  DeleteContainerRequest: PATH,
  CheckVersionRequest: PATH_VERSION,
  SetDataRequest: 'ustring path, buffer data, int version',
  SetACLRequest: 'ustring path, vector<ACL> acl, int version',
  ReconfigRequest:
    'ustring joiningServers, ustring leavingServers, ustring newMembers, long curConfigId',

  ExistsRequest: PATH_WATCH,
  GetDataRequest: PATH_WATCH,
  GetChildrenRequest: PATH_WATCH,
  GetChildren2Request: PATH_WATCH,
  GetACLRequest: PATH,
  GetAllChildrenNumberRequest: PATH,
  GetEphemeralsRequest: 'ustring prefixPath',
  SyncRequest: PATH,

  SetWatches: SET_WATCHES,
  SetWatches2:
    `${SET_WATCHES}, vector<ustring> persistentWatches, ` +
    'vector<ustring> persistentRecursiveWatches',
  AddWatchRequest: 'ustring path, int mode',
  CheckWatchesRequest: PATH_TYPE,
  RemoveWatchesRequest: PATH_TYPE,

  CreateResponse: PATH,
  Create2Response: 'ustring path, Stat stat',
  ExistsResponse: STAT,
  SetDataResponse: STAT,
  SetACLResponse: STAT,
  GetDataResponse: 'buffer data, Stat stat',
  GetACLResponse: 'vector<ACL> acl, Stat stat',
  GetChildrenResponse: 'vector<ustring> children',
  GetChildren2Response: 'vector<ustring> children, Stat stat',
  GetAllChildrenNumberResponse: 'int totalNumber',
  GetEphemeralsResponse: 'vector<ustring> ephemerals',
  SyncResponse: PATH,
  WhoAmIResponse: 'vector<ClientInfo> clientInfo',
  ErrorResponse: 'int err',

  // Of ClickHouse Keeper.
  FilteredListRequest: FILTERED_LIST,
  ListWithDataRequest: `${FILTERED_LIST}, boolean withStat, boolean withData`,
  ListWithDataResponse:
    'vector<ustring> children, Stat stat, vector<Stat> stats, vector<buffer> data',
  RemoveRecursiveRequest: 'ustring path, int nodesMax',
} as const;

export type RecordName = keyof typeof RECORD_TABLE;

export interface RecordField {
  /** A jute type, the name of a record, or `vector<...>` of either. */
  readonly type: string;
  readonly name: string;
}

export function recordFields(record: RecordName): readonly RecordField[] {
  return RECORD_TABLE[record].split(', ').map((field) => {
    const [type = '', name = ''] = field.split(' ');
    return { type, name };
  });
}
