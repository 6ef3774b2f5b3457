/**
 * Addresses as the machine and its logs want them: an IPv4 client of a dual-stack listener is an
 * IPv4 address, and IPv6 addresses are written as Java prints them, eight groups without zeros in
 * front and without `::`, because four-letter words, ACLs of scheme `ip` and logs compare text.
 */

import net from 'node:net';

const MAPPED_PREFIX = '::ffff:';
const GROUP_COUNT = 8;

/** @example plainAddress('::ffff:10.0.0.1') // '10.0.0.1' */
export function plainAddress(address: string): string {
  // Not `net.isIPv6`: its first call costs 10 ms and more, in the middle of a turn.
  if (!address.includes(':')) return address;
  const scopeAt = address.indexOf('%');
  const bare = scopeAt < 0 ? address : address.slice(0, scopeAt);
  const tail = bare.slice(bare.lastIndexOf(':') + 1);
  if (bare.toLowerCase().startsWith(MAPPED_PREFIX) && net.isIPv4(tail)) return tail;
  return expandGroups(bare) + (scopeAt < 0 ? '' : address.slice(scopeAt));
}

/** Every interface, in whichever way a configuration spells it. */
export function isWildcard(host: string): boolean {
  return (
    host === '' || host === '*' || plainAddress(host) === '0:0:0:0:0:0:0:0' || host === '0.0.0.0'
  );
}

function expandGroups(address: string): string {
  const [head = '', tail] = address.split('::', 2);
  const front = groupsOf(head);
  if (tail === undefined) return front.join(':');
  const back = groupsOf(tail);
  const zeros = Array<string>(GROUP_COUNT - front.length - back.length).fill('0');
  return [...front, ...zeros, ...back].join(':');
}

function groupsOf(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16).toString(16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
  });
}
