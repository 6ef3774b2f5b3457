/**
 * Printer: everything that the shell prints and where: what a script wants to read goes to
 * standard output, notes and failures to standard error (operations.md 4.1). The layout of every
 * block is here and nowhere else, so that another layout is another printer.
 */

import type { Acl, ClientInfo, Stat, WatchEvent } from '@zabra/client';
import { formatAcl } from './acl-text.ts';
import { dateText } from '../../config/calendar.ts';

/** The part of a stream that printing needs. */
export interface TextSink {
  write(text: string): unknown;
}

const HEX_RULE = `+${'-'.repeat(49)}+`;
const HEX_ROW_BYTES = 16;

export class Printer {
  readonly #out: TextSink;
  readonly #err: TextSink;

  constructor(out: TextSink, err: TextSink) {
    this.#out = out;
    this.#err = err;
  }

  /** Whether commands print the stat of their znode without being asked to. */
  get printsStats(): boolean {
    return false;
  }

  /** As it is, without an end of line. */
  raw(text: string): void {
    this.#out.write(text);
  }

  line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  errorLine(text: string): void {
    this.#err.write(`${text}\n`);
  }

  connecting(servers: string): void {
    this.line(`Connecting to ${servers}`);
  }

  welcome(): void {
    this.line('Welcome to ZooKeeper!');
    // What scripts that drive the original through a pipe wait for.
    this.line('JLine support is enabled');
  }

  prompt(servers: string, state: string, count: number): string {
    return `[zk: ${servers}(${state}) ${count}] `;
  }

  sessionEvent(state: string): void {
    this.watcherBlock(`state:${state} type:None path:null zxid: -1`);
  }

  watchEvent(event: WatchEvent): void {
    const { type, path, zxid } = event;
    this.watcherBlock(`state:SyncConnected type:${type} path:${path} zxid: ${zxid}`);
  }

  created(path: string): void {
    this.errorLine(`Created ${path}`);
  }

  data(data: Uint8Array | null): void {
    this.line(utf8(data));
  }

  dataBase64(data: Uint8Array | null): void {
    this.line(bytesOf(data).toString('base64'));
  }

  dataHex(data: Uint8Array | null): void {
    this.line(hexTable(bytesOf(data)));
  }

  stat(stat: Stat): void {
    this.line(statText(stat));
  }

  /** On one line, as the original prints a list; sorting is the command's affair. */
  list(names: readonly string[]): void {
    this.line(`[${names.join(', ')}]`);
  }

  acl(acl: readonly Acl[]): void {
    this.raw(formatAcl(acl));
  }

  identities(identities: readonly ClientInfo[]): void {
    this.line('Auth scheme: User');
    for (const { authScheme, user } of identities) this.line(`${authScheme}: ${user}`);
  }

  historyLine(index: number, line: string): void {
    this.line(`${index} - ${line}`);
  }

  /** For other layouts of events. */
  protected watcherBlock(event: string): void {
    this.#out.write(`\nWATCHER::\n\nWatchedEvent ${event}\n`);
  }
}

export function statText(stat: Stat): string {
  return [
    `cZxid = 0x${hex(stat.czxid)}`,
    `ctime = ${dateText(stat.ctimeMs)}`,
    `mZxid = 0x${hex(stat.mzxid)}`,
    `mtime = ${dateText(stat.mtimeMs)}`,
    `pZxid = 0x${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = 0x${hex(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ].join('\n');
}

/** Of the unsigned 64-bit value, without leading zeros. */
function hex(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16);
}

/** The original prints no data as the word. */
function utf8(data: Uint8Array | null): string {
  return bytesOf(data).toString('utf8');
}

function bytesOf(data: Uint8Array | null): Buffer {
  return Buffer.from(data ?? Buffer.from('null'));
}

function hexTable(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  const rows = [
    `         ${HEX_RULE}`,
    '         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |',
    `+--------${HEX_RULE}----------------+`,
  ];
  for (let start = 0; start < bytes.length; start += HEX_ROW_BYTES) {
    rows.push(hexRow(bytes.subarray(start, start + HEX_ROW_BYTES), start));
  }
  rows.push(`+--------${HEX_RULE}----------------+`);
  return rows.join('\n');
}

function hexRow(bytes: Buffer, start: number): string {
  const offset = start.toString(16).padStart(8, '0');
  const codes = [...bytes].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
  const text = [...bytes].map(printable).join('');
  return `|${offset}|${codes.padEnd(3 * HEX_ROW_BYTES)} |${text.padEnd(HEX_ROW_BYTES)}|`;
}

function printable(byte: number): string {
  return byte <= 0x1f || byte >= 0x7f ? '.' : String.fromCharCode(byte);
}
