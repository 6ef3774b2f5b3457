/**
 * Paths that programs use: a few names below `$`, so that operations meet, the names that
 * sequential creates are likely to have made, and odd ones, where implementations differ first
 * (client-protocol.md 7.2).
 */

import type { Prng } from '@zabra/protocol';

const NAMES = ['a', 'b', 'c', 'l'] as const;
const UNUSED_NAMES = ['m', 'n', 'o', 'p', 'q'] as const;
const SEQUENTIAL_NAMES = ['s-', '', 'a'] as const;
const SEQUENCE_NUMBERS = 5;
const SUFFIX_DIGITS = 10;
const KNOWN_MAX = 24;
const DEPTH_MAX = 4;

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

/** Below it ACLs are mostly strict. */
const LOCKED = /\/l(?:\/|$)/;

export function isLocked(path: string | null): boolean {
  return path !== null && LOCKED.test(path);
}

/** Knows which paths the program has probably made, so that most operations find something. */
export class PathPool {
  readonly #prng: Prng;
  readonly #known: string[];

  constructor(prng: Prng) {
    this.#prng = prng;
    this.#known = [];
  }

  /** A path that a careful client could use. */
  ordinary(): string {
    const prng = this.#prng;
    const draw = prng.below(100);
    if (draw < 3) return '$';
    if (draw < 66) return this.#made();
    if (draw < 76) return this.#below(this.#made());
    if (draw < 80) return this.#below('$');
    if (draw < 85) return `${this.sequential()}${suffix(prng.below(SEQUENCE_NUMBERS))}`;
    if (draw < 93) return prng.chance(1, 2) ? QUOTA_ROOT : this.#below(QUOTA_ROOT);
    if (draw < 97) return prng.pick([QUOTA_LIMITS, QUOTA_STATS]);
    return prng.pick(BUILT_IN);
  }

  any(): string | null {
    return this.#prng.chance(1, 16) ? this.#prng.pick(ODD) : this.ordinary();
  }

  /** A path for a list of them, which has no nulls. */
  listed(): string {
    return this.any() ?? '$';
  }

  /** What a create is asked for: mostly a child of something that is there. */
  fresh(): string | null {
    const prng = this.#prng;
    const draw = prng.below(20);
    if (draw < 2) return this.any();
    if (draw < 4) return this.#below(QUOTA_ROOT);
    return this.#below(draw < 9 ? '$' : this.#made());
  }

  /** A child that no other operation makes. */
  unused(): string {
    return `${this.#made()}/${this.#prng.pick(UNUSED_NAMES)}`;
  }

  /** What a sequential create is asked for. */
  sequential(): string {
    const parent = this.#prng.chance(1, 3) ? '$' : this.#made();
    return `${parent}/${this.#prng.pick(SEQUENTIAL_NAMES)}`;
  }

  onCreate(path: string): void {
    if (this.#known.includes(path) || this.#known.length >= KNOWN_MAX) return;
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent === '$' || this.#known.includes(parent)) this.#known.push(path);
  }

  onDelete(path: string): void {
    const index = this.#known.indexOf(path);
    if (index < 0 || this.#known.some((known) => known.startsWith(`${path}/`))) return;
    this.#known.splice(index, 1);
  }

  #made(): string {
    return this.#known.length === 0 ? '$' : this.#prng.pick(this.#known);
  }

  #below(parent: string): string {
    const isDeep = parent.split('/').length >= DEPTH_MAX;
    return `${isDeep ? '$' : parent}/${this.#prng.pick(NAMES)}`;
  }
}

function suffix(count: number): string {
  return String(count).padStart(SUFFIX_DIGITS, '0');
}
