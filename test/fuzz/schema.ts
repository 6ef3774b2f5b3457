/**
 * The records of client requests as lists of fields, from the protocol's own tables: from these the
 * grammar writes them, and the naive reader judges what came out of the mutations. An operation
 * that is added to the tables is fuzzed from then on.
 */

import {
  isKeeperOp,
  OPERATION_TABLE,
  OPERATIONS,
  OpCode,
  type OpName,
  type RecordField,
  recordFields,
} from '@zabra/protocol';

export type Field =
  | 'path'
  | 'text'
  | 'members'
  | 'scheme'
  | 'credentials'
  | 'token'
  | 'data'
  | 'acl'
  | 'int'
  | 'version'
  | 'mode'
  | 'kind'
  | 'long'
  | 'byte'
  | 'paths'
  /** Operations of a multi, with their headers and the closing one. */
  | 'writes'
  | 'reads';

const FIELDS_BY_TYPE: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['ustring', 'text'],
  ['buffer', 'data'],
  ['int', 'int'],
  ['long', 'long'],
  ['boolean', 'byte'],
  ['byte', 'byte'],
  ['vector<ustring>', 'paths'],
  ['vector<ACL>', 'acl'],
]);
const FIELDS_BY_NAME: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['path', 'path'],
  ['prefixPath', 'path'],
  ['joiningServers', 'members'],
  ['leavingServers', 'members'],
  ['newMembers', 'members'],
  ['scheme', 'scheme'],
  ['auth', 'credentials'],
  ['token', 'token'],
  ['version', 'version'],
  ['flags', 'mode'],
  ['mode', 'mode'],
  ['type', 'kind'],
]);

function fieldOf({ type, name }: RecordField): Field {
  const field = FIELDS_BY_NAME.get(name) ?? FIELDS_BY_TYPE.get(type);
  if (field === undefined) throw new Error(`Cannot draw a "${type}": the grammar has no such type`);
  return field;
}

function schemaOf(name: OpName): readonly Field[] {
  const { request } = OPERATION_TABLE[name];
  if (request === 'none') return [];
  if (request === 'multi') return name === 'multiRead' ? ['reads'] : ['writes'];
  return recordFields(request).map(fieldOf);
}

/** Of every operation that has a number, those included that no client may send. */
export const SCHEMAS: ReadonlyMap<number, readonly Field[]> = new Map(
  OPERATIONS.map(({ name, opcode }) => [opcode, schemaOf(name)]),
);

export const ALL_OPCODES: readonly number[] = [...SCHEMAS.keys()];

/** What may stand in a multi and in a multiRead, as the reference has it. */
export const MULTI_WRITES: readonly number[] = [
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.setData,
  OpCode.delete,
  OpCode.check,
];
export const MULTI_READS: readonly number[] = [OpCode.getData, OpCode.getChildren];

/** They have numbers, and are no requests of clients. */
const NOT_OF_CLIENTS: ReadonlySet<number> = new Set([
  OpCode.notification,
  OpCode.error,
  OpCode.createSession,
  OpCode.deleteContainer,
  OpCode.check,
]);

/** Operations that every client may send and that no server closes a connection for. */
export const CLIENT_OPCODES: ReadonlySet<number> = new Set(
  ALL_OPCODES.filter((opcode) => !NOT_OF_CLIENTS.has(opcode) && !isKeeperOp(opcode)),
);
