/**
 * The list of directives that a DIGEST-MD5 token is (RFC 2831, section 7.1), read as Java reads it:
 *
 *   directives = [ directive ] *( "," [ directive ] )
 *   directive  = LWS name LWS "=" LWS ( token | '"' *( character | "\" character ) '"' ) LWS
 *
 * Names are told apart without regard to case. A name that stands twice spoils the whole list, and
 * so does a quoted value that does not end, or that something but a comma follows.
 */

import { utf8Decode } from '../base/text.ts';

/** Longest list that is read, bytes: RFC 2831 allows no longer response. */
const DIRECTIVES_BYTES_MAX = 4096;

const BLANKS = ' \t\r\n';

export interface Directives {
  readonly values: ReadonlyMap<string, string>;
  /** The client announces UTF-8; without that the bytes are ISO 8859-1. */
  readonly isUtf8: boolean;
}

/** Null when the bytes are no such list. */
export function parseDirectives(bytes: Uint8Array): Directives | null {
  if (bytes.length > DIRECTIVES_BYTES_MAX) return null;
  const plain = parse(latin1(bytes));
  const charset = plain?.get('charset');
  if (plain === null || charset === undefined) {
    return plain === null ? null : { values: plain, isUtf8: false };
  }
  if (charset !== 'utf-8') return null;
  const values = parse(utf8Decode(bytes, 0, bytes.length));
  return values === null ? null : { values, isUtf8: true };
}

function parse(text: string): Map<string, string> | null {
  const values = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    at = skipBlanks(text, at);
    if (at === text.length) break;
    if (text[at] === ',') {
      at++;
      continue;
    }
    const equals = text.indexOf('=', at);
    if (equals < 0) return null;
    const name = text.slice(at, equals).trim().toLowerCase();
    const value = readValue(text, skipBlanks(text, equals + 1));
    if (name === '' || value === null || values.has(name)) return null;
    values.set(name, value.text);
    at = value.end;
  }
  return values;
}

interface Value {
  readonly text: string;
  /** Where the comma behind it stands, or where the text ends. */
  readonly end: number;
}

function readValue(text: string, start: number): Value | null {
  if (text[start] !== '"') {
    const comma = text.indexOf(',', start);
    const end = comma < 0 ? text.length : comma;
    return { text: text.slice(start, end).trim(), end };
  }
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      const end = skipBlanks(text, at + 1);
      return end === text.length || text[end] === ',' ? { text: value, end } : null;
    }
    if (character === '\\') at++;
    value += text.charAt(at);
  }
  return null;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && BLANKS.includes(text.charAt(at))) at++;
  return at;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
