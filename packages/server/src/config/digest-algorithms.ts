/**
 * Hashes of the scheme `digest` by the names that Java knows them by, in any case
 * (`DigestAuthenticationProvider.digestAlg`). MD2, which Java has as well, is in no OpenSSL today.
 */

import { ConfigError } from './config-error.ts';
import type { Rule } from './parse-rules.ts';

/** From the Java name, in lower case, to the one of Node. */
const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha', 'sha1'],
  ['sha1', 'sha1'],
  ['sha-1', 'sha1'],
  ...['224', '256', '384', '512', '512/224', '512/256'].flatMap((bits) => {
    const name = `sha${bits.replace('/', '-')}`;
    return [[`sha${bits}`, name] as const, [`sha-${bits}`, name] as const];
  }),
  ...['224', '256', '384', '512'].map((bits) => [`sha3-${bits}`, `sha3-${bits}`] as const),
]);

export function digestAlgorithm(): Rule<string> {
  const read = (text: string, name: string) => {
    const found = ALGORITHMS.get(text.toLowerCase());
    if (found !== undefined) return found;
    throw new ConfigError(
      `Cannot read "${name}=${text}": wanted MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512, ` +
        'SHA-512/224, SHA-512/256, or SHA3 of 224, 256, 384 or 512 bits',
    );
  };
  return { code: '!', fallback: 'sha1', read };
}
