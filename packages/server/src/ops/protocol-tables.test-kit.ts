/**
 * The tables of docs/protocol.md, from the tables of the protocol, from what the operations say of
 * themselves, and from the names of the tests that show each of them.
 */

import {
  AddWatchMode,
  CreateMode,
  ERROR_TABLE,
  ErrorCode,
  errorName,
  EventType,
  KeeperState,
  ListType,
  OPERATION_TABLE,
  OPERATIONS,
  type OpName,
  Perms,
  RECORD_TABLE,
  WatcherType,
  Xid,
} from '@zabra/protocol';
import { FACTS } from './operation-facts.test-kit.ts';
import type { OperationFacts } from './operation.ts';

/** File below packages/server/src, and the name of a test in it. */
export const OPERATION_TESTS: Readonly<Record<OpName, readonly [file: string, name: string]>> = {
  notification: ['ops/watches.test.ts', 'events of one change come in the order of the protocol'],
  create: ['ops/create.test.ts', 'the first check of create that fails decides the code'],
  delete: ['ops/delete.test.ts', 'the first check of delete that fails decides the code'],
  exists: ['ops/reads.test.ts', 'the first check of a read that fails decides the code'],
  getData: ['ops/reads.test.ts', 'exists and getData give the Stat, getData the data as it is'],
  setData: ['ops/delete.test.ts', 'the first check of setData that fails decides the code'],
  getACL: ['ops/reads.test.ts', 'getACL needs READ or ADMIN'],
  setACL: ['ops/delete.test.ts', 'the first check of setACL that fails decides the code'],
  getChildren: [
    'ops/reads.test.ts',
    'getChildren gives bare names, getChildren2 the Stat as well, neither a null vector',
  ],
  sync: [
    'peer/reply-forms.test.ts',
    'trap 54: sync asks nothing of its path, but that there is one',
  ],
  ping: [
    'peer/requests.test.ts',
    'is answered with xid -2 whatever its own was, and keeps the session alive',
  ],
  getChildren2: ['ops/reads.test.ts', 'the first check of a read that fails decides the code'],
  check: ['ops/delete.test.ts', 'the first check of check that fails decides the code'],
  multi: [
    'ops/multi.test.ts',
    'the operations of a multi see each other, share zxid and time, and answer in order',
  ],
  create2: ['ops/create.test.ts', 'create replies with the path, its kin with path and Stat'],
  reconfig: ['ops/reconfig.test.ts', 'changes the znode of the configuration, and answers with it'],
  checkWatches: ['ops/watches.test.ts', 'checkWatches and removeWatches know the five types'],
  removeWatches: [
    'ops/watches.test.ts',
    'trap 52: removing a persistent watch ends its children events as well',
  ],
  createContainer: [
    'ops/create.test.ts',
    'the kind of a znode follows from opcode and flags together',
  ],
  deleteContainer: [
    'ops/delete.test.ts',
    'deleteContainer takes away empty containers and TTL znodes, and nothing else',
  ],
  createTTL: [
    'ops/create.test.ts',
    'trap 28: createTTL without TTL flags and with a negative ttl is not logged',
  ],
  multiRead: [
    'ops/reads.test.ts',
    'trap 53: multiRead answers each read for itself, and sets no watch',
  ],
  auth: ['peer/requests.test.ts', 'holds for what comes behind it, not for what came before'],
  setWatches: [
    'ops/set-watches.test.ts',
    'trap 50: setWatches compares mzxid for data and pzxid for children',
  ],
  sasl: [
    'peer/authentication.test.ts',
    'adds the identity that it proves, and echoes xids with zxid 0',
  ],
  getEphemerals: [
    'ops/reads.test.ts',
    'getEphemerals lists those of the session, by a plain prefix',
  ],
  getAllChildrenNumber: [
    'ops/reads.test.ts',
    'getAllChildrenNumber counts all below, READ asked for at the top only',
  ],
  setWatches2: [
    'ops/set-watches.test.ts',
    'trap 49: persistent watches catch up on nothing, and hold from then on',
  ],
  addWatch: ['ops/watches.test.ts', 'addWatch asks for nothing but a mode it knows'],
  whoAmI: ['ops/reads.test.ts', 'whoAmI shows each identity as its provider would'],
  filteredList: [
    'ops/keeper-reads.test.ts',
    'a filtered list names the children of one kind, with the Stat of the parent',
  ],
  checkNotExists: ['ops/keeper-reads.test.ts', 'checkNotExists on its own is a read'],
  createIfNotExists: [
    'ops/keeper-writes.test.ts',
    'createIfNotExists creates what is not there and is content with what is',
  ],
  removeRecursive: [
    'ops/keeper-writes.test.ts',
    'one znode more than the client allows is NOTEMPTY, and nothing goes',
  ],
  filteredListWithStatsAndData: [
    'ops/keeper-reads.test.ts',
    'what a list says of a child beyond its name is for those who may read the child',
  ],
  createSession: [
    'ops/sessions.test.ts',
    'createSession makes the session known to the state, under the id of its header',
  ],
  closeSession: [
    'ops/sessions.test.ts',
    'closeSession ends the session and its ephemerals, committed and pending, no others',
  ],
  error: [
    'ops/replicated-state.test.ts',
    'trap 20: a refused write is an error transaction without digest, and moves the zxid',
  ],
};

/** Codes that the peer answers whatever was asked, and when. */
const OF_ANY: ReadonlyMap<number, string> = new Map([
  [ErrorCode.MARSHALLINGERROR, 'any whose body does not decode'],
  [ErrorCode.UNIMPLEMENTED, 'any unknown number, then the connection ends'],
  [ErrorCode.SESSIONEXPIRED, 'any write that the end of its session overtakes'],
  [ErrorCode.SESSIONCLOSEDREQUIRESASLAUTH, 'any before the client has authenticated as it must'],
  [ErrorCode.THROTTLEDOP, 'any that was held too long'],
  [ErrorCode.RUNTIMEINCONSISTENCY, 'results of a multi behind the one that failed'],
  [ErrorCode.SESSIONMOVED, 'none: the connection ends instead'],
  [ErrorCode.NOTREADONLY, 'any write or sync in read-only mode'],
  [ErrorCode.EPHEMERALONLOCALSESSION, 'a create of an ephemeral by a local session'],
]);

/** One table for each marker `<!-- table: name -->` of the document. */
export function protocolTables(): ReadonlyMap<string, string> {
  return new Map([
    ['operations', operations()],
    ['records', records()],
    ['errors', errors()],
    ['numbers', numbers()],
  ]);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

const code = (text: string): string => `\`${text}\``;
const unique = (texts: readonly string[]): string => [...new Set(texts)].join(', ');

function factsOf(opcode: number): readonly OperationFacts[] {
  return FACTS.filter((facts) => facts.opcode === opcode);
}

function operations(): string {
  const head = ['number', 'operation', 'sent by', 'request', 'reply', 'permission', 'errors'];
  const rows = OPERATIONS.map(({ name, opcode }) => {
    const facts = factsOf(opcode);
    const { request, reply, since } = OPERATION_TABLE[name];
    const [file, test] = OPERATION_TESTS[name];
    return [
      String(opcode),
      code(name),
      unique(facts.map(sender)) || 'no request',
      body(request),
      body(reply),
      unique(facts.map(permission)),
      unique(facts.flatMap((one) => one.errors.map(errorName))),
      since,
      `[${test}](../packages/server/src/${file})`,
    ];
  });
  return table([...head, 'since', 'test'], rows);
}

function sender(facts: OperationFacts): string {
  const inMulti = 'inMulti' in facts && facts.inMulti ? 'multi' : '';
  if (!('admission' in facts)) return 'client';
  if (facts.admission === 'sub') return inMulti;
  if (facts.admission === 'server') return 'servers';
  return inMulti === '' ? 'client' : `client, ${inMulti}`;
}

function body(name: string): string {
  if (name === 'none') return '';
  return name === 'multi' ? 'see below' : code(name);
}

function permission({ permission: rule }: OperationFacts): string {
  if (rule === null) return '';
  if (rule === 'parts') return 'of each part';
  const names = Object.entries(Perms).filter(
    ([name, bit]) => name !== 'ALL' && (rule.perms & bit) !== 0,
  );
  const place = rule.on.startsWith('/') ? code(rule.on) : `the ${rule.on}`;
  return `${names.map(([name]) => name).join(' or ')} on ${place}`;
}

function records(): string {
  const rows = Object.entries(RECORD_TABLE).map(([name, fields]) => [code(name), code(fields)]);
  return table(['record', 'fields'], rows);
}

function errors(): string {
  const rows = ERROR_TABLE.map(({ code: number, name }) => {
    const listing = OPERATIONS.filter(({ opcode }) =>
      factsOf(opcode).some((facts) => facts.errors.includes(number)),
    ).map((operation) => code(operation.name));
    return [
      String(number),
      name,
      [OF_ANY.get(number) ?? '', ...listing].filter(Boolean).join(', '),
    ];
  });
  return table(['number', 'error', 'answered to'], rows);
}

function numbers(): string {
  const list = (values: Readonly<Record<string, number>>): string =>
    Object.entries(values)
      .toSorted(([, a], [, b]) => a - b)
      .map(([name, value]) => `${value} ${name}`)
      .join(', ');
  return table(
    ['of', 'values'],
    [
      ['xid, beside ordinary ones', list(Xid)],
      ['flags of a create', list(CreateMode)],
      ['perms of an ACL entry, one bit each', list(Perms)],
      ['mode of addWatch', list(AddWatchMode)],
      ['type of checkWatches and removeWatches', list(WatcherType)],
      ['type of an event; servers send 1 to 4', list(EventType)],
      ['state of an event; servers send 3', list(KeeperState)],
      ['listType of a filtered list', list(ListType)],
    ],
  );
}
