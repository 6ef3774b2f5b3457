/**
 * Names to addresses, anew for each dial, since the address behind a name changes when a member
 * moves. The system's resolver blocks a thread of the pool that the disk uses as well, so a name
 * is asked for once at a time, however many dials wait for it. IPv4 comes first, as Java has it.
 */

import dns from 'node:dns';
import net from 'node:net';

/** Addresses of a name, or the reason why there are none. */
export type OnResolved = (addresses: readonly string[], reason: string | null) => void;

export class NameResolver {
  readonly #waiting = new Map<string, OnResolved[]>();

  resolve(host: string, onResolved: OnResolved): void {
    const literal = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
    // No name has a colon; `net.isIP` would compile its pattern for IPv6 to find that out.
    if (literal.includes(':') || net.isIPv4(literal)) {
      onResolved([literal], null);
      return;
    }
    const waiting = this.#waiting.get(host);
    if (waiting !== undefined) {
      waiting.push(onResolved);
      return;
    }
    this.#waiting.set(host, [onResolved]);
    dns.lookup(host, { all: true, verbatim: true }, (error, found) => {
      const addresses = error === null ? ordered(found) : [];
      const reason = error === null ? null : error.message;
      const asked = this.#waiting.get(host) ?? [];
      this.#waiting.delete(host);
      for (const onFound of asked) onFound(addresses, reason);
    });
  }
}

function ordered(found: readonly dns.LookupAddress[]): string[] {
  const four = found.filter(({ family }) => family === 4);
  const six = found.filter(({ family }) => family !== 4);
  return [...four, ...six].map(({ address }) => address);
}
