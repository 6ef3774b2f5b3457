/**
 * The text in the znodes of a quota (client-protocol.md 14): limits as people set them, usage as
 * the server keeps it. Pairs of key and number, apart by commas or semicolons; an odd `=` stands
 * before the hard limits, for parsers that did not know them. A number is missing when its key or
 * its value is.
 *
 *   count=<n>,bytes=<n>[=;byteHardLimit=<n>;countHardLimit=<n>]
 */

import { utf8Decode } from '@zabra/protocol';

/** Unlimited, in a limit; also what a missing key counts as. */
export const QUOTA_NONE = -1;

export interface QuotaNumbers {
  readonly count: number;
  readonly bytes: number;
  readonly countHardLimit: number;
  readonly byteHardLimit: number;
}

/** Null for a text that ZooKeeper's parser refuses. */
export function parseQuota(data: Uint8Array, start: number, end: number): QuotaNumbers | null {
  const found = new Map<string, number>();
  for (const pair of pairsOf(utf8Decode(data, start, end))) {
    const [key, value] = pair.split('=');
    if (key === undefined || value === undefined) return null;
    const number = value === '' ? QUOTA_NONE : parseNumber(value);
    if (Number.isNaN(number)) return null;
    found.set(key, number);
  }
  return {
    count: found.get('count') ?? QUOTA_NONE,
    bytes: found.get('bytes') ?? QUOTA_NONE,
    countHardLimit: found.get('countHardLimit') ?? QUOTA_NONE,
    byteHardLimit: found.get('byteHardLimit') ?? QUOTA_NONE,
  };
}

export function usageText(count: number, bytes: number): string {
  return `count=${count},bytes=${bytes}`;
}

/** As Java splits: empty parts at the end do not count. */
function pairsOf(text: string): string[] {
  if (text === '') return [];
  const pairs = text.split(/[,;]+/);
  if (pairs[pairs.length - 1] === '') pairs.pop();
  return pairs;
}

function parseNumber(text: string): number {
  return /^[+-]?[0-9]{1,19}$/.test(text) ? Number(text) : Number.NaN;
}
