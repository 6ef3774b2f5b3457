/**
 * The floors of the house: which room may import which, and who may touch the world. One table,
 * against which both the imports and the compiler's references are checked. ARCHITECTURE.md gives
 * the reasons.
 */

import { posix } from 'node:path';
import { isTest, type Source } from './sources.ts';

export interface Room {
  readonly folder: string;
  /** Rooms it may import, beside itself; `protocol` and `client` stand for the packages' doors. */
  readonly below: readonly string[];
  /** May use Node's modules and globals. */
  readonly world: boolean;
  /** Third-party packages it may use. */
  readonly packages: readonly string[];
}

const made = (
  folder: string,
  below: readonly string[],
  world = false,
  packages: readonly string[] = [],
): Room => ({ folder, below, world, packages });

const CLIENT = ['client', 'client/session'];
const FLOOR_2 = ['server/tree', 'server/zab', 'server/log'];
const MACHINE = ['protocol', ...FLOOR_2, 'server/ops', 'server/peer'];

/** From the ground up; the door of a package stands above its rooms. */
export const ROOMS: ReadonlyMap<string, Room> = new Map([
  ['protocol/base', made('packages/protocol/src/base', [])],
  ['protocol/wire', made('packages/protocol/src/wire', ['protocol/base'])],
  ['protocol', made('packages/protocol/src', ['protocol/base', 'protocol/wire'])],
  ['client/session', made('packages/client/src/session', ['protocol'])],
  ['client/client', made('packages/client/src/client', ['protocol', 'client/session'], true)],
  ['client', made('packages/client/src', ['protocol', 'client/session', 'client/client'])],
  ['server/tree', made('packages/server/src/tree', ['protocol'])],
  ['server/zab', made('packages/server/src/zab', ['protocol'])],
  ['server/log', made('packages/server/src/log', ['protocol'])],
  ['server/ops', made('packages/server/src/ops', ['protocol', 'server/tree'])],
  ['server/peer', made('packages/server/src/peer', ['protocol', ...FLOOR_2, 'server/ops'])],
  ['server/config', made('packages/server/src/config', MACHINE, true)],
  [
    'server/io',
    made('packages/server/src/io', [...MACHINE, 'server/config'], true, ['pino', 'snappyjs']),
  ],
  ['server/sim', made('packages/server/src/sim', [...MACHINE, ...CLIENT, 'server/config'], true)],
  [
    'server/admin',
    made('packages/server/src/admin', [...MACHINE, ...CLIENT, 'server/config', 'server/io'], true, [
      'prom-client',
    ]),
  ],
  [
    'server/bin',
    made(
      'packages/server/src/bin',
      [...MACHINE, ...CLIENT, 'server/config', 'server/io', 'server/sim', 'server/admin'],
      true,
      ['commander', 'pino'],
    ),
  ],
]);

/** The innermost room that holds the path; undefined outside all. */
export function roomOf(path: string): string | undefined {
  let found: string | undefined;
  for (const [name, { folder }] of ROOMS) {
    if (!path.startsWith(`${folder}/`)) continue;
    if (found === undefined || folder.length > (ROOMS.get(found)?.folder.length ?? 0)) found = name;
  }
  return found;
}

/** The room that a compiler's reference names: its folder, or the package's for a door. */
export function roomOfFolder(folder: string): string | undefined {
  for (const [name, room] of ROOMS) {
    if (room.folder === folder || room.folder === `${folder}/src`) return name;
  }
  return undefined;
}

/** Specifiers of static and dynamic imports, re-exports and worker files. */
const IMPORTS = [
  /^(?:import|export)\b[^;'"]*?from\s+'([^']+)'/gm,
  /^import\s+'([^']+)'/gm,
  /\bimport\('([^']+)'\)/g,
  /new URL\('(\.[^']+\.(?:ts|js))', import\.meta\.url\)/g,
];

export function importsOf(source: Source): readonly string[] {
  return IMPORTS.flatMap((pattern) => [...source.text.matchAll(pattern)]).map(
    (match) => match[1] ?? '',
  );
}

/** The path of a relative import as a source file. */
export function resolveImport(from: string, specifier: string): string {
  const path = posix.normalize(posix.join(posix.dirname(from), specifier));
  return path.replace(/\.js$/, '.ts');
}

/** Of tests alone. */
const TEST_PACKAGES: ReadonlySet<string> = new Set(['fast-check', 'wabt']);

const DOORS: Readonly<Record<string, string>> = {
  '@zabra/protocol': 'protocol',
  '@zabra/client': 'client',
  '@zabra/client/session': 'client/session',
};

/** What is wrong with one import of a source that lies in a room; null when nothing is. */
export function judgeImport(source: Source, specifier: string): string | null {
  const name = roomOf(source.path) ?? '';
  const from = ROOMS.get(name);
  if (from === undefined) return `${source.path} lies in no room`;
  if (specifier.startsWith('node:')) {
    return from.world || isTest(source.path) ? null : `${name} may not touch the world`;
  }
  const target = specifier.startsWith('.')
    ? roomOf(resolveImport(source.path, specifier))
    : DOORS[specifier];
  if (target === undefined) {
    if (from.packages.includes(specifier)) return null;
    if (isTest(source.path) && TEST_PACKAGES.has(specifier)) return null;
    return `${name} may not use this package`;
  }
  return target === name || from.below.includes(target) ? null : `${name} is not above ${target}`;
}
