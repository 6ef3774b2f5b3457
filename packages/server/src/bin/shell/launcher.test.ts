/** `bin/zkCli.sh`: how the shell is found from wherever it is called. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('zkCli.sh finds the compiled shell through a symbolic link, or says it is missing', () => {
  const launcher = fileURLToPath(new URL('../../../../../bin/zkCli.sh', import.meta.url));
  const root = mkdtempSync(join(tmpdir(), 'zabra-launcher-'));
  try {
    mkdirSync(join(root, 'opt/bin'), { recursive: true });
    mkdirSync(join(root, 'opt/packages/server/dist/bin'), { recursive: true });
    mkdirSync(join(root, 'usr'));
    copyFileSync(launcher, join(root, 'opt/bin/zkCli.sh'));
    symlinkSync('../opt/bin/zkCli.sh', join(root, 'usr/zkCli.sh'));
    const run = () =>
      spawnSync('bash', [join(root, 'usr/zkCli.sh'), 'ls', '/'], { encoding: 'utf8' });
    const missing = run();
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /run "npm ci && npm run build" first/);
    const main = join(root, 'opt/packages/server/dist/bin/zk-cli.js');
    writeFileSync(main, 'console.log(process.argv.slice(2).join(" "))');
    assert.equal(run().stdout, 'ls /\n');
  } finally {
    rmSync(root, { recursive: true });
  }
});
