/**
 * Paths that programs use: a few names below `$`, so that operations meet, the names that
 * sequential creates are likely to have made, and odd ones, where implementations differ first
 * (client-protocol.md 7.2).
 */

import type { Prng } from '@zabra/protocol';

const TOP = ['$/a', '$/b', '$/c', '$/l'] as const;
const LEAVES = ['a', 'b', 'c'] as const;
const SEQUENTIAL_PREFIXES = ['$/s-', '$/a/s-', '$/b/', '$/q/s-'] as const;
const SEQUENCE_NUMBERS = 12;
const SUFFIX_DIGITS = 10;

/** Below it lies a hard quota, which both servers judge by what is applied, not by what waits. */
export const QUOTA_ROOT = '$/q';
export const QUOTA_LIMITS = `/zookeeper/quota${QUOTA_ROOT}/zookeeper_limits`;
export const QUOTA_STATS = `/zookeeper/quota${QUOTA_ROOT}/zookeeper_stats`;

const BUILT_IN = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'] as const;

const ODD: readonly (string | null)[] = [
  null,
  '',
  ' ',
  'a',
  'a/b',
  '.',
  '/.',
  '//',
  '//x',
  '$/',
  '$/a/',
  '$//b',
  '$/a//b',
  '$/.',
  '$/./a',
  '$/..',
  '$/../x',
  '$/...',
  '$/.../y',
  '$/.a',
  '$/a.',
  '$/a/..',
  '$/\u0000',
  '$/a\u0000b',
  '$/\u0001',
  '$/a/\u001f',
  '$/ ',
  '$/\u007e',
  '$/\u007f',
  '$/\u0085',
  '$/\u009f',
  '$/\u00a0',
  '$/\u00e9',
  '$/\u65e5\u672c',
  '$/\u2028',
  '$/\ud7ff',
  '$/\ue000',
  '$/\uf8ff',
  '$/\uf900',
  '$/\uffef',
  '$/\ufff0',
  '$/\ufffd',
  '$/\uffff',
  '$/\u{1f600}',
  '$-beside',
  '$-beside/x',
  '/zookeeper/none',
  '/zookeeper/quota/none',
  `/zookeeper/quota${QUOTA_ROOT}`,
  '/nowhere',
  '/nowhere/x',
];

/** A path that a careful client could use. */
export function ordinaryPath(prng: Prng): string {
  const draw = prng.below(100);
  if (draw < 3) return '$';
  if (draw < 35) return prng.pick(TOP);
  if (draw < 70) return `${prng.pick(TOP)}/${prng.pick(LEAVES)}`;
  if (draw < 82) return `${prng.pick(TOP)}/${prng.pick(LEAVES)}/${prng.pick(LEAVES)}`;
  if (draw < 90) return `${prng.pick(SEQUENTIAL_PREFIXES)}${suffix(prng.below(SEQUENCE_NUMBERS))}`;
  if (draw < 94) return prng.chance(1, 2) ? QUOTA_ROOT : `${QUOTA_ROOT}/${prng.pick(LEAVES)}`;
  if (draw < 97) return prng.pick([QUOTA_LIMITS, QUOTA_STATS]);
  return prng.pick(BUILT_IN);
}

export function anyPath(prng: Prng): string | null {
  return prng.chance(1, 14) ? prng.pick(ODD) : ordinaryPath(prng);
}

/** A path for a list of them, which has no nulls. */
export function listedPath(prng: Prng): string {
  return anyPath(prng) ?? '$';
}

/** What a sequential create is asked for. */
export function sequentialPath(prng: Prng): string | null {
  return prng.chance(1, 10) ? anyPath(prng) : prng.pick(SEQUENTIAL_PREFIXES);
}

function suffix(count: number): string {
  return String(count).padStart(SUFFIX_DIGITS, '0');
}
