/**
 * The syntax of Java "properties" files, in which zoo.cfg and dynamic files are written
 * (storage-and-config.md 13): lines of ISO-8859-1, `#` or `!` comments, key and value parted by
 * `=`, `:` or blanks, `\` before a line end to go on, `\` escapes, the last of equal keys wins.
 *
 *   logical line = blanks key blanks [ '=' | ':' ] blanks value
 *   escape       = '\' ( 't' | 'n' | 'r' | 'f' | 'u' 4 hex digits | any other character, itself )
 *
 * Keys and values are trimmed, as ZooKeeper does with them. Throws on a broken `\u` escape.
 */

import { ConfigError } from './config-error.ts';

const BLANKS = ' \t\f';
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

/** In the order of first appearance; Java's is that of a hash table and says nothing. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const { keyEnd, valueStart } = split(line);
    const key = unescape(line.slice(0, keyEnd)).trim();
    properties.set(key, unescape(line.slice(valueStart)).trim());
  }
  return properties;
}

/** The same text without the lines of those keys; comments, order and escapes stay as they are. */
export function withoutKeys(text: string, isDropped: (key: string) => boolean): string {
  const kept: string[] = [];
  let lines: string[] = [];
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const isBegin = lines.length === 0;
    const isRemark = isBegin && /^[ \t\f]*(?:[#!]|$)/.test(natural);
    lines.push(natural);
    if (!isRemark && endsInOddBackslashes(natural)) continue;
    const [key] = isRemark ? [] : parseProperties(lines.join('\n')).keys();
    if (key === undefined || !isDropped(key)) kept.push(...lines);
    lines = [];
  }
  return [...kept, ...lines].join('\n');
}

/** Bytes of a file as the text that `parseProperties` reads. */
export function decodeProperties(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Lines without comments and blank lines, continued ones joined, blanks in front removed. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let pending: string | null = null;
  for (const natural of text.split(/\r\n|\r|\n/)) {
    const line = natural.replace(/^[ \t\f]+/, '');
    // Within a continued line a `#` is an ordinary character.
    if (pending === null && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const isContinued = endsInOddBackslashes(line);
    const whole: string = (pending ?? '') + (isContinued ? line.slice(0, -1) : line);
    pending = isContinued ? whole : null;
    if (!isContinued) lines.push(whole);
  }
  if (pending !== null) lines.push(pending);
  return lines;
}

function endsInOddBackslashes(line: string): boolean {
  let count = 0;
  while (count < line.length && line[line.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

function split(line: string): { keyEnd: number; valueStart: number } {
  let keyEnd = 0;
  while (keyEnd < line.length) {
    const character = line[keyEnd] as string;
    if (character === '=' || character === ':' || BLANKS.includes(character)) break;
    keyEnd += character === '\\' ? 2 : 1;
  }
  keyEnd = Math.min(keyEnd, line.length);
  let valueStart = skipBlanks(line, keyEnd);
  if (line[valueStart] === '=' || line[valueStart] === ':') valueStart++;
  return { keyEnd, valueStart: skipBlanks(line, valueStart) };
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && BLANKS.includes(line[at] as string)) at++;
  return at;
}

function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '\\') {
      plain += text[at];
      continue;
    }
    const escaped = text[++at];
    if (escaped === undefined) break;
    if (escaped !== 'u') {
      plain += ESCAPES[escaped] ?? escaped;
      continue;
    }
    const digits = text.slice(at + 1, at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw new ConfigError(
        `Cannot read "\\u${digits}": wanted four hexadecimal digits behind \\u`,
      );
    }
    plain += String.fromCharCode(Number.parseInt(digits, 16));
    at += 4;
  }
  return plain;
}
