/**
 * What the grammar makes its fields of: paths that meet each other, numbers at the edges of their
 * types, schemes and credentials that exist and that do not. Nothing here is a secret of the
 * healthy sessions or of the janitor, and no quota lies on their znodes.
 */

import type { Prng } from '@zabra/protocol';

/** The healthy sessions live below; whoever else writes there is refused by its ACL. */
export const HEALTHY_ROOT = '/healthy';

const NAMES = ['a', 'b', 'c', 'd'] as const;
/** Mostly there, so that operations meet. */
const COMMON: readonly string[] = ['/a', '/a', '/a/a', '/a/b', '/b'];
const FIXED: readonly string[] = [
  '/',
  '/a',
  '/a/b',
  '/zookeeper',
  '/zookeeper/quota',
  '/zookeeper/config',
  HEALTHY_ROOT,
  `${HEALTHY_ROOT}/0`,
  `${HEALTHY_ROOT}/none`,
  '/q',
  '/q/a',
  '/zookeeper/quota/q',
  '/zookeeper/quota/q/zookeeper_limits',
  '/zookeeper/quota/q/zookeeper_stats',
  '/keeper',
  '/keeper/api_version',
  '/keeper/feature_flags',
];
const ODD: readonly (string | null)[] = [
  null,
  '',
  ' ',
  'a',
  '.',
  '/.',
  '/..',
  '//',
  '//a',
  '/a/',
  '/a//b',
  '/a/./b',
  '/a/../b',
  '/a\u0000',
  '/\u0001',
  '/\u007f',
  '/\ud7ff',
  '/\ue000',
  '/\ufff0',
  '/\uffff',
  '/\u{1f600}',
  '/caf\u00e9/\u65e5\u672c',
  '/zookeeper/none',
  '/nowhere/x',
  `/${'long'.repeat(60)}`,
  '/deep'.repeat(40),
];

export const INTS: readonly number[] = [
  0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, -1, -1, -1, -2, 31, 99, 255, 256, 1023, 0xffff, 0x10000, 0xfffff,
  0x100000, 0x7fffffff, -0x7fffffff, -0x80000000,
];

/** Halves of longs: what zxids, times and versions of configurations are made of (ruling 5). */
export const LONGS: readonly (readonly [hi: number, lo: number])[] = [
  [0, 0],
  [0, 1],
  [0, 7],
  [0, 1000],
  [1, 0],
  [-1, -1],
  [-1, -2],
  [-0x80000000, 0],
  [-0x80000000, 1],
  [0x7fffffff, -1],
  [0x001fffff, -1],
  [0x00200000, 0],
  [0, -1],
  [0xff, -1],
  [0x100, 0],
];

/** Of watchers, and beyond. */
export const KINDS: readonly number[] = [1, 2, 3, 3, 4, 5, 0, 6, -1, 0x7fffffff];

export const VERSIONS: readonly number[] = [
  -1, -1, -1, -1, -1, 0, 0, 1, 2, -2, 0x7fffffff, -0x80000000,
];

export const MODES: readonly number[] = [
  0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, -1, 99, 0x7fffffff, -0x80000000,
];

export const SCHEMES: readonly (string | null)[] = [
  'world',
  'world',
  'auth',
  'digest',
  'digest',
  'ip',
  'sasl',
  'x509',
  'super',
  'host',
  '',
  null,
  'nobody\u0000',
];

export const IDS: readonly (string | null)[] = [
  'anyone',
  'anyone',
  '',
  null,
  'bob:X1SKGw3XQQSIPMZRf5lW7e07VPY=',
  'bob',
  'a:b:c',
  '10.0.0.0/8',
  '10.0.0.1',
  '::1/64',
  '1.2.3.4/99',
  'CN=alice',
  'super',
];

export const CREDENTIALS: readonly (string | null)[] = [
  'bob:bob',
  'bob:bob',
  'alice:',
  ':',
  'super:wrong',
  '',
  null,
  '\u0000\u0001',
];

/** Texts of reconfiguration requests. */
export const MEMBER_TEXTS: readonly (string | null)[] = [
  null,
  null,
  '',
  '2',
  '1,2,3',
  'server.4=h4:2888:3888;2181',
  'server.1=h1:2888:3888:participant;10.9.9.1:2181',
  'server.x=:::',
  '\u0000',
];

/** A path that a careful client could use. */
function ordinaryPath(prng: Prng): string {
  const draw = prng.below(10);
  if (draw < 2) return prng.pick(FIXED);
  if (draw < 5) return prng.pick(COMMON);
  let path = '';
  for (let depth = 1 + prng.below(3); depth > 0; depth--) path += `/${prng.pick(NAMES)}`;
  return path;
}

/** One that is there, or for a create one that is not. */
export function carefulPath(prng: Prng, isNew: boolean): string {
  const path = prng.pick(COMMON);
  return isNew ? `${path}/n${prng.below(1000)}` : path;
}

export function anyPath(prng: Prng): string | null {
  return prng.chance(1, 8) ? prng.pick(ODD) : ordinaryPath(prng);
}
