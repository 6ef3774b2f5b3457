/**
 * The hash functions that the floors below are handed, by Node's crypto.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { Hashes } from '../ops/state-options.ts';

export const nodeHashes: Hashes = {
  hash: (algorithm, bytes) => createHash(algorithm).update(bytes).digest(),
  md5: (bytes) => createHash('md5').update(bytes).digest(),
  randomBytes,
};
