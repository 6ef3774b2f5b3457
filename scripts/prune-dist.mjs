/**
 * Removes compiled files whose source is gone, which the compiler leaves behind: an old test would
 * go on running, and an old module would hide a missing import. A folder `dist` belongs to the
 * sources that its compiler project has for a root.
 */

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = [
  ['packages/protocol/dist', 'packages/protocol/src'],
  ['packages/client/dist', 'packages/client/src'],
  ['packages/server/dist', 'packages/server/src'],
  ['test/dist', 'test'],
  ['bench/dist', '.'],
];

for (const [compiled, sources] of FOLDERS) {
  if (!existsSync(compiled)) continue;
  for (const name of readdirSync(compiled, { recursive: true })) {
    const match = /^(.*)\.(?:js|js\.map|d\.ts|d\.ts\.map)$/.exec(name);
    if (match === null || existsSync(join(sources, `${match[1]}.ts`))) continue;
    rmSync(join(compiled, name));
    console.log(`removed ${join(compiled, name)}, which has no source any more`);
  }
}
