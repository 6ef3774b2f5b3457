/**
 * A disk that stands still while a file is there. A server that is started with `--import` of this
 * module does not get a write done as long as the file that ZABRA_TEST_DISK names exists.
 */

import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const VARIABLE = 'ZABRA_TEST_DISK';
const POLL_MS = 20;

/** The variables of a server whose disk goes by that file. */
export function stoppedBy(file: string): Record<string, string> {
  return { [VARIABLE]: file, NODE_OPTIONS: `--import=${fileURLToPath(import.meta.url)}` };
}

type Write = (...args: readonly unknown[]) => Promise<unknown>;

/** The server asks for these by `promisify` alone. */
function stoppable(file: string, write: unknown): unknown {
  const original = promisify(write as (...args: readonly unknown[]) => void) as Write;
  const held: Write = async (...args) => {
    while (fs.existsSync(file)) await sleep(POLL_MS);
    return await original(...args);
  };
  const refused = (): never => {
    throw new Error('Cannot write with a callback: the test knows promises only');
  };
  return Object.assign(refused, { [promisify.custom]: held });
}

const file = process.env[VARIABLE];
if (file !== undefined) {
  const { write, writev, fdatasync } = fs;
  const stopped = [write, writev, fdatasync].map((one) => stoppable(file, one));
  Object.assign(fs, { write: stopped[0], writev: stopped[1], fdatasync: stopped[2] });
}
