/**
 * Bodies of client requests, every record by the common checks.
 */

import * as kit from './record.test-kit.ts';
import { checkRecord, int32, record, textOrNull, texts } from './record.test-kit.ts';
import * as requests from './requests.ts';

const create = { path: textOrNull, data: kit.data, acl: kit.aclsOrNull, flags: int32 };
const watches = {
  relativeZxid: kit.zxid,
  dataWatches: texts,
  existWatches: texts,
  childWatches: texts,
};

checkRecord(
  'PathRequest',
  record({ path: textOrNull }),
  requests.writePathRequest,
  requests.readPathRequest,
);
checkRecord(
  'PathWatchRequest',
  record({ path: textOrNull, watch: kit.bool }),
  requests.writePathWatchRequest,
  requests.readPathWatchRequest,
);
checkRecord(
  'PathVersionRequest',
  record({ path: textOrNull, version: int32 }),
  requests.writePathVersionRequest,
  requests.readPathVersionRequest,
);
checkRecord(
  'PathTypeRequest',
  record({ path: textOrNull, type: int32 }),
  requests.writePathTypeRequest,
  requests.readPathTypeRequest,
);
checkRecord(
  'CreateRequest',
  record(create),
  requests.writeCreateRequest,
  requests.readCreateRequest,
);
checkRecord(
  'CreateTTLRequest',
  record({ ...create, ttlMs: kit.long }),
  requests.writeCreateTTLRequest,
  requests.readCreateTTLRequest,
);
checkRecord(
  'SetDataRequest',
  record({ path: textOrNull, data: kit.data, version: int32 }),
  requests.writeSetDataRequest,
  requests.readSetDataRequest,
);
checkRecord(
  'SetACLRequest',
  record({ path: textOrNull, acl: kit.aclsOrNull, version: int32 }),
  requests.writeSetACLRequest,
  requests.readSetACLRequest,
);
checkRecord(
  'AddWatchRequest',
  record({ path: textOrNull, mode: int32 }),
  requests.writeAddWatchRequest,
  requests.readAddWatchRequest,
);
checkRecord('SetWatches', record(watches), requests.writeSetWatches, requests.readSetWatches);
checkRecord(
  'SetWatches2',
  record({ ...watches, persistentWatches: texts, persistentRecursiveWatches: texts }),
  requests.writeSetWatches2,
  requests.readSetWatches2,
);
checkRecord(
  'ReconfigRequest',
  record({
    joiningServers: textOrNull,
    leavingServers: textOrNull,
    newMembers: textOrNull,
    curConfigId: kit.long,
  }),
  requests.writeReconfigRequest,
  requests.readReconfigRequest,
);
