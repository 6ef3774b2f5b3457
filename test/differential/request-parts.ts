/**
 * What can be asked about a request of a program: its operations, one or those of a multi, and the
 * paths, ACLs and flags in them.
 */

import { OpCode } from '@zabra/protocol';
import type { AclEntry, Field, Request } from './program.ts';

export interface Part {
  readonly opcode: number;
  readonly fields: readonly Field[];
}

const HEADER_FIELDS = 3;
const CREATES: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
]);
const WRITES: ReadonlySet<number> = new Set([
  ...CREATES,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.multi,
  OpCode.reconfig,
]);

export function isCreate(opcode: number): boolean {
  return CREATES.has(opcode);
}

export function isWrite(opcode: number): boolean {
  return WRITES.has(opcode);
}

/** The operations of a multi without its end, or the request itself. */
export function partsOf(request: Request): readonly Part[] {
  const { opcode, fields } = request;
  if (opcode !== OpCode.multi && opcode !== OpCode.multiRead) return [request];
  const parts: Part[] = [];
  let start = 0;
  while (start < fields.length) {
    let end = start + HEADER_FIELDS;
    while (end < fields.length && !isHeader(fields, end)) end++;
    const type = fields[start];
    const done = fields[start + 1];
    if (type?.t === 'int' && done?.t === 'bool' && !done.v) {
      parts.push({ opcode: type.v, fields: fields.slice(start + HEADER_FIELDS, end) });
    }
    start = end;
  }
  return parts;
}

/** Of a part; null also when it has none. */
export function pathOf({ fields }: Part): string | null {
  const [first] = fields;
  return first?.t === 'path' ? first.v : null;
}

export function aclOf({ fields }: Part): readonly AclEntry[] | null {
  const field = fields.find(({ t }) => t === 'acl');
  return field?.t === 'acl' ? field.v : null;
}

/** Of a create; -1 of anything else. */
export function flagsOf({ opcode, fields }: Part): number {
  const flags = fields[3];
  return isCreate(opcode) && flags?.t === 'int' ? flags.v : -1;
}

/** All paths of a request, also those of lists. */
export function pathsOf(request: Request): readonly string[] {
  return request.fields.flatMap((field) => {
    if (field.t === 'path') return field.v === null ? [] : [field.v];
    return field.t === 'paths' ? (field.v ?? []) : [];
  });
}

/** All entries of all ACLs of a request. */
export function aclEntriesOf(request: Request): readonly AclEntry[] {
  return partsOf(request).flatMap((part) => aclOf(part) ?? []);
}

export function hasNullPath(request: Request): boolean {
  return request.fields.some(({ t, v }) => t === 'path' && v === null);
}

function isHeader(fields: readonly Field[], index: number): boolean {
  const kinds = fields.slice(index, index + HEADER_FIELDS).map(({ t }) => t);
  return kinds.join() === 'int,bool,int';
}
