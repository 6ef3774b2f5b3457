/**
 * ACLs as the shell reads and prints them: `scheme:id:perms,scheme:id:perms`, perms out of the
 * letters of `cdrwa`. What cannot be read is named and left out, as in ZooKeeper's shell, and the
 * command goes on with the rest (operations.md 4.5).
 */

import { type Acl, Perms } from '@zabra/client';

/** In the order in which they are printed. */
const LETTERS: readonly (readonly [string, number])[] = [
  ['c', Perms.CREATE],
  ['d', Perms.DELETE],
  ['r', Perms.READ],
  ['w', Perms.WRITE],
  ['a', Perms.ADMIN],
];

/** The first colon ends the scheme, the last one begins the perms: an id may have colons. */
export function parseAcl(text: string, complain: (line: string) => void): Acl[] {
  const acls: Acl[] = [];
  for (const part of splitAtCommas(text)) {
    const first = part.indexOf(':');
    const last = part.lastIndexOf(':');
    if (first === last) {
      complain(`${part} does not have the form scheme:id:perm`);
      continue;
    }
    const perms = parsePerms(part.slice(last + 1), complain);
    acls.push({ scheme: part.slice(0, first), id: part.slice(first + 1, last), perms });
  }
  return acls;
}

/** Two lines an entry; the quotes stand before scheme and id only. */
export function formatAcl(acls: readonly Acl[]): string {
  return acls
    .map(
      ({ scheme, id, perms }) =>
        `'${quoted(scheme)},'${quoted(id ?? '')}\n: ${formatPerms(perms)}\n`,
    )
    .join('');
}

/** As Java prints a record: what would end a text stands as its number. */
function quoted(text: string): string {
  return text.replaceAll(/[\0\n\r,}%]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
  });
}

function formatPerms(perms: number): string {
  return LETTERS.map(([letter, bit]) => ((perms & bit) === 0 ? '' : letter)).join('');
}

function parsePerms(text: string, complain: (line: string) => void): number {
  let perms = 0;
  for (const character of text) {
    const bit = LETTERS.find(([letter]) => letter === character)?.[1];
    if (bit === undefined) complain(`Unknown perm type: ${character}`);
    else perms |= bit;
  }
  return perms;
}

/** Nothing behind a trailing comma is no entry; an empty text is one, which has no form. */
function splitAtCommas(text: string): string[] {
  const parts = text.split(',');
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}
