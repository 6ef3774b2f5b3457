/** The hash functions that the floors below are handed: Node's, which are the same everywhere. */

import { createHash } from 'node:crypto';
import type { Hashes } from '../ops/state-options.ts';

export const simHashes: Hashes = {
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
};
