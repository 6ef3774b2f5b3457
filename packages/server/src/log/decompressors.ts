import type { OpenDecompressor } from './decompressor.ts';
export const openDecompressor: OpenDecompressor = () => {
  throw new Error('being written');
};
