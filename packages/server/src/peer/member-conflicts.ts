/**
 * Whether a member that joins would share an address with another one. Loopback and wildcard
 * addresses are not looked at: the first are for tests, the second mean any.
 */

import type { Member } from '../zab/ensemble-config.ts';

const UNCHECKED = /^(?:127\.|localhost$|0\.0\.0\.0$|::1?$)/i;

/** The address that both have, or null. */
export function conflictOf(joiner: Member, others: Iterable<Member>): string | null {
  const own = new Set(addressesOf(joiner));
  for (const other of others) {
    if (other.sid === joiner.sid) continue;
    const shared = addressesOf(other).find((address) => own.has(address));
    if (shared !== undefined) return shared;
  }
  return null;
}

function addressesOf({ addresses, client }: Member): string[] {
  const all = addresses.flatMap(({ host, quorumPort, electionPort }) => [
    { host, port: quorumPort },
    { host, port: electionPort },
  ]);
  if (client !== null) all.push(client);
  return all
    .filter(({ host }) => !UNCHECKED.test(host))
    .map(({ host, port }) => `${host.toLowerCase()} ${port}`);
}
