/**
 * The decompressors of our own, one for each way in which Apache compresses snapshots.
 */

import type { OpenDecompressor } from './decompressor.ts';
import { GzipDecompressor } from './gzip-decompressor.ts';
import { SnappyDecompressor } from './snappy-decompressor.ts';

export const openDecompressor: OpenDecompressor = (compression) =>
  compression === 'gz' ? new GzipDecompressor() : new SnappyDecompressor();
