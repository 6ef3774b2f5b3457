/** `zabra recover` as an operator runs it: shown first, then confirmed by what it asks for. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ROOT, type ServerProcess } from './server-process.ts';

export interface Ran {
  readonly code: number;
  readonly text: string;
}

export function zabra(...args: readonly string[]): Promise<Ran> {
  const program = join(ROOT, 'packages/server/dist/bin/zabra.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, text: stdout + stderr });
    });
  });
}

/** Shows the plan, then carries it out with the confirmation that it asks for. */
export async function recover(server: ServerProcess, ...wish: readonly string[]): Promise<string> {
  const shown = await zabra('recover', ...wish, server.configFile);
  assert.equal(shown.code, 0, shown.text);
  const confirmation = /--yes (\S+)$/m.exec(shown.text)?.[1] ?? assert.fail(shown.text);
  const done = await zabra('recover', ...wish, '--yes', confirmation, server.configFile);
  assert.equal(done.code, 0, done.text);
  return done.text;
}

/** The directory of snapshots and logs. */
export function dataOf(server: ServerProcess): string {
  return join(dirname(server.configFile), 'data/version-2');
}
