/**
 * Whether a certificate is that of the host at the other end of a connection (quorum-protocol.md
 * 17). Of whom we dialed it must name what was dialed, or the address that this came to. Who
 * connects tells only an address: the certificate must name that, or a host that resolves to it.
 * Names are looked up forwards, never in reverse: whoever owns an address decides what a reverse
 * lookup answers.
 */

import type { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NameResolver } from './name-resolver.ts';

/** Names of one certificate that are looked up: each costs a question to the resolver. */
const NAMES_MAX = 32;
/** No wildcard: those name no host that could be looked up. */
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?$/i;

/** What speaks against the certificate of whom we dialed as `host`, found at `address`; or null. */
export function dialedObjection(
  certificate: PeerCertificate,
  host: string,
  address: string,
): string | null {
  for (const name of [host, address]) {
    if (name !== '' && checkServerIdentity(name, certificate) === undefined) return null;
  }
  if (host === address) return `its certificate does not name ${address}`;
  return `its certificate names neither ${host} nor ${address}`;
}

/** Calls back with what speaks against the certificate of who comes from `address`, or null. */
export function checkAccepted(
  certificate: X509Certificate,
  address: string,
  resolver: NameResolver,
  onChecked: (objection: string | null) => void,
): void {
  if (certificate.checkIP(address) !== undefined) {
    onChecked(null);
    return;
  }
  const names = hostNames(certificate);
  const objection = `its certificate names neither ${address} nor a host at that address`;
  let left = names.length;
  let isDecided = false;
  if (left === 0) onChecked(objection);
  for (const name of names) {
    resolver.resolve(name, (addresses) => {
      left--;
      const isThere = addresses.includes(address);
      if (isDecided || (!isThere && left > 0)) return;
      isDecided = true;
      onChecked(isThere ? null : objection);
    });
  }
}

function hostNames(certificate: X509Certificate): string[] {
  const text = certificate.subjectAltName ?? '';
  // A name with odd characters is quoted there, and might hold what looks like another entry.
  if (text.includes('"')) return [];
  return text
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice('DNS:'.length)] : []))
    .filter((name) => HOST_NAME.test(name))
    .slice(0, NAMES_MAX);
}
