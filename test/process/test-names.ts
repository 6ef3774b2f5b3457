/**
 * Names as a file says them, for servers whose names appear, move and disappear while they run. A
 * server that is started with `--import` of this module looks names that end in `.test` up in the
 * file that ZABRA_TEST_NAMES names, at each look-up anew: lines of a name and an address. Others go
 * to the system.
 */

import dns from 'node:dns';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const VARIABLE = 'ZABRA_TEST_NAMES';
const SUFFIX = '.test';

/** The variables of a server that goes by that file. */
export function namedBy(file: string): Record<string, string> {
  return { [VARIABLE]: file, NODE_OPTIONS: `--import=${fileURLToPath(import.meta.url)}` };
}

export function writeNames(file: string, names: Readonly<Record<string, string>>): void {
  const lines = Object.entries(names).map(([name, address]) => `${name} ${address}\n`);
  writeFileSync(file, lines.join(''));
}

type Done = (error: NodeJS.ErrnoException | null, found?: unknown, family?: number) => void;
type Lookup = (name: string, options: unknown, done?: Done) => void;

function addressOf(file: string, name: string): string | null {
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.find((one) => one.startsWith(`${name} `));
  return line === undefined ? null : line.slice(name.length + 1);
}

function install(file: string): void {
  const system = dns.lookup as unknown as Lookup;
  // A listener asks without options, everybody else with them.
  const lookup: Lookup = (name, options, last) => {
    if (!name.endsWith(SUFFIX)) {
      system(name, options, last);
      return;
    }
    const done = last ?? (options as Done);
    const address = addressOf(file, name);
    if (address === null) {
      process.nextTick(done, new Error(`getaddrinfo ENOTFOUND ${name}`));
    } else if (last !== undefined && (options as dns.LookupOptions).all === true) {
      process.nextTick(done, null, [{ address, family: 4 }]);
    } else {
      process.nextTick(done, null, address, 4);
    }
  };
  Object.assign(dns, { lookup });
}

const file = process.env[VARIABLE];
if (file !== undefined) install(file);
