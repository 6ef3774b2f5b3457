/**
 * INIT: the first bytes of the dialler on an election connection, not framed:
 * `long version, long sid, int length, bytes address`. Version 1 has one `host:port`, version 2
 * several joined by `|`; a first long of 0 or more is the sid of a peer older than 3.5 and nothing
 * follows. Receivers drop wildcard hosts from the list. From quorum-protocol.md 2.2.
 */

import { INIT_ADDRESS_BYTES_MAX } from '../base/limits.ts';
import { utf8Decode } from '../base/text.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import { readSid, writeSid } from './sid.ts';

export interface HostPort {
  /** Name or address, without the brackets of an IPv6 literal. */
  readonly host: string;
  readonly port: number;
}

export interface InitMessage {
  /** 0 for a peer older than 3.5, which sends its sid alone. */
  readonly version: 0 | 1 | 2;
  readonly sid: number;
  /** Where the dialler listens for elections; may be empty. */
  readonly addresses: readonly HostPort[];
}

/** The version numbers on the wire are -65536 and -65535: this high half, these low halves. */
const VERSION_HI = -1;
const VERSION_1_LO = -65536;
const VERSION_2_LO = -65535;

const LONG_BYTES = 8;
const HEAD_BYTES = 20;

/**
 * Reads one INIT from the bytes that have come so far; the cursor moves past it only when it is
 * whole. What follows belongs to the next layer.
 */
export function readInit(r: JuteReader): InitMessage | 'incomplete' | 'malformed' {
  const start = r.position;
  if (r.remaining() < LONG_BYTES) return 'incomplete';
  r.long();
  if (r.hi >= 0) {
    r.position = start;
    return { version: 0, sid: readSid(r), addresses: [] };
  }
  const version = initVersion(r.hi, r.lo);
  if (version === 0) return 'malformed';
  if (r.remaining() < HEAD_BYTES - LONG_BYTES) return rewind(r, start);
  const sid = readSid(r);
  const length = r.int();
  if (length < 1 || length > INIT_ADDRESS_BYTES_MAX) return 'malformed';
  if (r.remaining() < length) return rewind(r, start);
  const text = utf8Decode(r.buffer, r.position, r.position + length);
  r.skip(length);
  const addresses = parseAddresses(version === 1 ? [text] : text.split('|'));
  return addresses === null ? 'malformed' : { version, sid, addresses };
}

/**
 * One message, to be sent with one write because Java reads the address with one read. Without
 * `multiAddress`, version 1 and only the first address.
 */
export function writeInit(
  w: JuteWriter,
  sid: number,
  addresses: readonly HostPort[],
  multiAddress: boolean,
): void {
  const sent = multiAddress ? addresses : addresses.slice(0, 1);
  w.long(VERSION_HI, multiAddress ? VERSION_2_LO : VERSION_1_LO);
  writeSid(w, sid);
  w.string(sent.map(formatHostPort).join('|'));
}

/** `host:port`, with brackets around an IPv6 literal. */
export function formatHostPort(address: HostPort): string {
  const { host, port } = address;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Null when the text is not `host:port` with a port from 0 to 65535. */
export function parseHostPort(text: string): HostPort | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const port = Number(match[3]);
  return port > 65535 ? null : { host: match[1] ?? match[2] ?? '', port };
}

function rewind(r: JuteReader, start: number): 'incomplete' {
  r.position = start;
  return 'incomplete';
}

/** 0 for a version that nobody speaks. */
function initVersion(hi: number, lo: number): 0 | 1 | 2 {
  if (hi !== VERSION_HI) return 0;
  if (lo === VERSION_1_LO) return 1;
  return lo === VERSION_2_LO ? 2 : 0;
}

function parseAddresses(texts: readonly string[]): HostPort[] | null {
  const addresses: HostPort[] = [];
  for (const text of texts) {
    const address = parseHostPort(text);
    if (address === null) return null;
    if (!isWildcard(address.host)) addresses.push(address);
  }
  return addresses;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]*:[0:]*$/.test(host);
}
