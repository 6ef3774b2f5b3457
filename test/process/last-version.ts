/**
 * The last version of our server, as `scripts/keep-version.sh` has kept it: compiled, in an
 * archive, since a checkout may come without its history. It is unpacked once in a process, into a
 * directory that goes with it. Libraries are those of this checkout.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Below the root of the checkout. */
const KEPT = 'test/golden/last-version';

let unpacked: string | null = null;

/** Path of its `zabra.js`. */
export function lastVersionProgram(root: string): string {
  unpacked ??= unpack(root);
  return join(unpacked, 'packages/server/dist/bin/zabra.js');
}

function unpack(root: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'zabra-last-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  execFileSync('tar', ['-xzf', join(root, KEPT, 'server.tgz'), '-C', directory]);
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@zabra'), { recursive: true });
  const text = readFileSync(join(directory, 'packages/server/package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies)) {
    const own = name.startsWith('@zabra/') ? join(directory, 'packages', name.slice(7)) : null;
    symlinkSync(own ?? join(root, 'node_modules', name), join(modules, name));
  }
  return directory;
}
