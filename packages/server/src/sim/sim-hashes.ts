/**
 * What the floors below are handed of cryptography: the hash functions are Node's, which are the
 * same everywhere; nonces come from the seed, so that a run can be repeated.
 */

import { createHash } from 'node:crypto';
import { Prng } from '@zabra/protocol';
import type { Hashes } from '../ops/state-options.ts';

export function simHashes(seed: number): Hashes {
  const prng = new Prng(seed);
  return {
    hash: (algorithm, bytes) => createHash(algorithm).update(bytes).digest(),
    md5: (bytes) => createHash('md5').update(bytes).digest(),
    randomBytes: (count) => Uint8Array.from({ length: count }, () => prng.below(256)),
  };
}
