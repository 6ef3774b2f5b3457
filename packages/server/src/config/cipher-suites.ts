/**
 * Cipher suites by the names that Java gives them, which ZooKeeper's configurations use, as the
 * names that the runtime's TLS understands. The two differ by rule, not by list:
 *
 *   TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256   ECDHE-RSA-AES128-GCM-SHA256
 *   TLS_RSA_WITH_AES_256_CBC_SHA            AES256-SHA
 *   TLS_AES_128_GCM_SHA256                  the same in both: a suite of TLS 1.3
 */

import { getCiphers } from 'node:tls';

const KNOWN: ReadonlySet<string> = new Set(getCiphers().map((name) => name.toUpperCase()));

/** Null for a suite that the runtime does not have. */
export function cipherName(suite: string): string | null {
  const name = suite.toUpperCase();
  if (KNOWN.has(name)) return name;
  const openssl = name
    .replace(/^(?:TLS|SSL)_/, '')
    .replace(/^RSA_WITH_/, '')
    .replace('_WITH_', '_')
    .replaceAll(/AES_(128|256)/g, 'AES$1')
    .replace('_CBC_', '_')
    .replace(/CHACHA20_POLY1305_SHA256$/, 'CHACHA20_POLY1305')
    .replaceAll('_', '-');
  return KNOWN.has(openssl) ? openssl : null;
}
