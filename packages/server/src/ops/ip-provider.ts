/**
 * Scheme `ip`: a connection is its remote address, and an ACL names an address or a prefix, IPv4
 * `a.b.c.d[/bits]` or IPv6 `[/bits]`. Addresses of the two families never match, and neither do
 * the mixed IPv6 forms with dots (client-protocol.md 13.3). The address is an identity from the
 * start, so authenticating again changes nothing.
 */

import type { Id } from '@zabra/protocol';
import type { AuthProvider } from './auth-provider.ts';

export const IP_SCHEME = 'ip';

const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const IPV6_GROUPS = 8;
const IPV6_GROUP_DIGITS_MAX = 4;

export class IpProvider implements AuthProvider {
  readonly scheme = IP_SCHEME;
  readonly isAuthenticating = false;

  authenticate(_data: Uint8Array | null, identities: readonly Id[]): readonly Id[] {
    return identities.filter((identity) => identity.scheme === IP_SCHEME);
  }

  isValid(id: string): boolean {
    return parsePrefix(id) !== null;
  }

  matches(identity: string, aclId: string): boolean {
    const prefix = parsePrefix(aclId);
    const address = parseAddress(identity);
    if (prefix === null || address === null) return false;
    if (address.length !== prefix.address.length) return false;
    return equalBits(address, prefix.address, prefix.bits);
  }

  userName(identity: string): string {
    return identity;
  }
}

interface Prefix {
  readonly address: Uint8Array;
  readonly bits: number;
}

function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const bitsMax = address.length * 8;
  if (slash < 0) return { address, bits: bitsMax };
  const bits = parseDecimal(text.slice(slash + 1));
  return bits >= 0 && bits <= bitsMax ? { address, bits } : null;
}

/** 4 or 16 bytes, or null. */
export function parseAddress(text: string): Uint8Array | null {
  if (text.includes(':')) return parseIpv6(text);
  return text.includes('.') ? parseIpv4(text) : null;
}

function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split('.');
  if (parts.length !== IPV4_BYTES) return null;
  const address = new Uint8Array(IPV4_BYTES);
  for (let index = 0; index < IPV4_BYTES; index++) {
    const part = parseDecimal(parts[index] as string);
    if (!(part >= 0 && part <= 255)) return null;
    address[index] = part;
  }
  return address;
}

function parseIpv6(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groups(halves[0] as string);
  const tail = halves.length === 2 ? groups(halves[1] as string) : [];
  const count = head.length + tail.length;
  if (halves.length === 1 ? count !== IPV6_GROUPS : count >= IPV6_GROUPS) return null;
  const address = new Uint8Array(IPV6_BYTES);
  const tailStart = IPV6_BYTES - 2 * tail.length;
  return putGroups(address, 0, head) && putGroups(address, tailStart, tail) ? address : null;
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function putGroups(address: Uint8Array, position: number, texts: readonly string[]): boolean {
  let offset = position;
  for (const text of texts) {
    if (text.length > IPV6_GROUP_DIGITS_MAX || !/^[0-9a-fA-F]+$/.test(text)) return false;
    const group = Number.parseInt(text, 16);
    address[offset++] = group >> 8;
    address[offset++] = group & 0xff;
  }
  return true;
}

/** NaN for what Java's parseInt refuses; it takes a sign. */
function parseDecimal(text: string): number {
  return /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
}

function equalBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (a[index] !== b[index]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((a[whole] as number) & mask) === ((b[whole] as number) & mask);
}
