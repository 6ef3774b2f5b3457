/**
 * ACL and Id records, vectors of them and of strings. From client-protocol.md 3 and 13. An ACL's
 * id may be null on the wire (kazoo writes "" so, and scheme `auth` allows it), so null and empty
 * stay apart.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import { Perms } from './opcode.ts';

export interface Id {
  readonly scheme: string;
  readonly id: string;
}

export interface Acl {
  /** Bits of `Perms`; servers store values beyond 31 as they are. */
  readonly perms: number;
  readonly scheme: string;
  readonly id: string | null;
}

/** The record's name in the specification. */
export type ACL = Acl;

export const OPEN_ACL_UNSAFE: readonly Acl[] = [
  { perms: Perms.ALL, scheme: 'world', id: 'anyone' },
];
export const READ_ACL_UNSAFE: readonly Acl[] = [
  { perms: Perms.READ, scheme: 'world', id: 'anyone' },
];
export const CREATOR_ALL_ACL: readonly Acl[] = [{ perms: Perms.ALL, scheme: 'auth', id: '' }];

const STRING_BYTES_MIN = 4;
const ID_BYTES_MIN = 8;
const ACL_BYTES_MIN = 12;

export function readId(r: JuteReader): Id {
  return { scheme: r.string() ?? '', id: r.string() ?? '' };
}

export function writeId(w: JuteWriter, id: Id): void {
  w.string(id.scheme);
  w.string(id.id);
}

export function readIdVector(r: JuteReader): Id[] | null {
  const count = r.count(ID_BYTES_MIN);
  if (count < 0) return null;
  const ids: Id[] = [];
  for (let index = 0; index < count && !r.failed; index++) ids.push(readId(r));
  return ids;
}

export function writeIdVector(w: JuteWriter, ids: readonly Id[] | null): void {
  w.int(ids === null ? -1 : ids.length);
  if (ids !== null) for (const id of ids) writeId(w, id);
}

export function readAcl(r: JuteReader): Acl {
  return { perms: r.int(), scheme: r.string() ?? '', id: r.string() };
}

export function writeAcl(w: JuteWriter, acl: Acl): void {
  w.int(acl.perms);
  w.string(acl.scheme);
  w.string(acl.id);
}

export function readAclVector(r: JuteReader): Acl[] | null {
  const count = r.count(ACL_BYTES_MIN);
  if (count < 0) return null;
  const acls: Acl[] = [];
  for (let index = 0; index < count && !r.failed; index++) acls.push(readAcl(r));
  return acls;
}

export function writeAclVector(w: JuteWriter, acls: readonly Acl[] | null): void {
  w.int(acls === null ? -1 : acls.length);
  if (acls !== null) for (const acl of acls) writeAcl(w, acl);
}

/** Null elements read as the empty string: no vector of the protocol gives them a meaning. */
export function readStringVector(r: JuteReader): string[] | null {
  const count = r.count(STRING_BYTES_MIN);
  if (count < 0) return null;
  const strings: string[] = [];
  for (let index = 0; index < count && !r.failed; index++) strings.push(r.string() ?? '');
  return strings;
}

export function writeStringVector(w: JuteWriter, strings: readonly string[] | null): void {
  w.int(strings === null ? -1 : strings.length);
  if (strings !== null) for (const text of strings) w.string(text);
}
