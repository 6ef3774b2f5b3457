/**
 * Whether a text is a distinguished name as Java reads it, which decides what may stand in an ACL
 * of scheme `x509` (client-protocol.md 13.3). It is the grammar of RFC 1779, 2253 and 4514 at once:
 *
 *   name       = [ rdn *( ( "," | ";" ) rdn ) ]
 *   rdn        = pair *( "+" pair )
 *   pair       = ( keyword | [ "OID." ] oid ) "=" ( "#" hex pairs | '"' quoted '"' | plain )
 *   escape     = "\" ( two hex digits | special )
 *
 * Only the form is judged: ACLs are compared with identities as texts.
 */

import { bytesFromHex } from '@zabra/protocol';

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'CN C L S ST O OU T IP STREET DC DNQUALIFIER DNQ SURNAME GIVENNAME INITIALS GENERATION ' +
    'EMAIL EMAILADDRESS UID SERIALNUMBER'
  ).split(' '),
);
const OID = /^0*[0-2](?:\.[0-9]+)+$/;
const OID_PREFIX = 'OID.';
/** The second number of an OID is below 40 unless the first is 2. */
const SECOND_ARC_MAX = 39;

/** A length of DER from here on says how many bytes hold the length. */
const DER_LENGTH_LONG = 0x80;
const HEX_PAIR = /^[0-9a-fA-F]{2}$/;
/** What a backslash may stand before. */
const ESCAPABLE_PLAIN = ',=\n+<>#;\\" ';
const ESCAPABLE_QUOTED = ',=\n+<>#;\\"';
/** What must not stand in a plain value without one. */
const FORBIDDEN_PLAIN = ',+<>;"';

export function isDistinguishedName(text: string): boolean {
  if (text === '') return true;
  const pairs = splitPairs(text);
  return pairs.every(isPair);
}

/** At `,`, `;` and `+` that are neither escaped nor quoted. */
function splitPairs(text: string): string[] {
  const pairs: string[] = [];
  let start = 0;
  let isInQuotes = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at++;
    else if (character === '"') isInQuotes = !isInQuotes;
    else if (!isInQuotes && (character === ',' || character === ';' || character === '+')) {
      pairs.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pairs.push(text.slice(start));
  return pairs;
}

function isPair(pair: string): boolean {
  const equals = pair.indexOf('=');
  if (equals < 0 || !isKeyword(pair.slice(0, equals).trim().toUpperCase())) return false;
  const value = pair.slice(equals + 1).replace(/^[ \n]+/, '');
  if (value.startsWith('#')) return isHex(value.slice(1));
  return value.startsWith('"') ? isQuoted(value) : isPlain(value);
}

function isKeyword(keyword: string): boolean {
  if (KEYWORDS.has(keyword)) return true;
  const oid = keyword.startsWith(OID_PREFIX) ? keyword.slice(OID_PREFIX.length) : keyword;
  if (!OID.test(oid)) return false;
  const [first, second] = oid.split('.').map(Number);
  return first === 2 || (second ?? 0) <= SECOND_ARC_MAX;
}

/** Pairs of digits that are one value of DER: a tag, a length, and as many bytes. */
function isHex(text: string): boolean {
  const bytes = bytesFromHex(text);
  const first = bytes?.[1];
  if (bytes === null || first === undefined) return false;
  if (first < DER_LENGTH_LONG) return bytes.length === 2 + first;
  const lengthBytes = first - DER_LENGTH_LONG;
  if (lengthBytes === 0 || lengthBytes > 3) return false;
  let length = 0;
  for (let at = 2; at < 2 + lengthBytes; at++) length = length * 256 + (bytes[at] ?? 0);
  return bytes.length === 2 + lengthBytes + length;
}

function isQuoted(value: string): boolean {
  let at = 1;
  for (; at < value.length && value[at] !== '"'; at++) {
    if (value[at] !== '\\') continue;
    const length = escapeLength(value, at + 1, ESCAPABLE_QUOTED);
    if (length === 0) return false;
    at += length;
  }
  return at < value.length && /^[ \n]*$/.test(value.slice(at + 1));
}

function isPlain(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const character = value.charAt(at);
    if (character === '\\') {
      const length = escapeLength(value, at + 1, ESCAPABLE_PLAIN);
      if (length === 0) return false;
      at += length;
    } else if (FORBIDDEN_PLAIN.includes(character)) {
      return false;
    }
  }
  return true;
}

/** Of what is escaped at `from`: 2 hex digits or 1 character; 0 when it may not be. */
function escapeLength(text: string, from: number, escapable: string): number {
  if (HEX_PAIR.test(text.slice(from, from + 2))) return 2;
  const character = text.charAt(from);
  return character !== '' && escapable.includes(character) ? 1 : 0;
}
