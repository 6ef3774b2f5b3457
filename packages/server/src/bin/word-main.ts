/**
 * `zabra word`: a four-letter word from the command line, without a session and without netcat,
 * over TLS if it is told to, with the keys that the flags of the client name. `zkServer.sh status`
 * asks by it.
 */

import process from 'node:process';
import type { ConnectionOptions } from 'node:tls';
import { parseHostPort } from '@zabra/protocol';
import { askWord } from './four-letter-word.ts';
import { type ClientTls, clientTls } from './shell/client-configuration.ts';

const ASK_MS_MAX = 5000;
const EXIT_FAILED = 1;
const EXIT_INVALID = 2;

export async function runWord(word: string, address: string, isSecure: boolean): Promise<void> {
  const at = parseHostPort(address);
  if (word.length !== 4 || at === null) {
    process.stderr.write('Usage: zabra word <four letters> <host:port>\n');
    process.exit(EXIT_INVALID);
  }
  try {
    const tls = wordTls(isSecure);
    process.stdout.write(await askWord(at.host, at.port, word, ASK_MS_MAX, tls));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

/** With the keys that the flags of the client name; null without TLS. */
export function wordTls(isSecure: boolean): ConnectionOptions | null {
  return isSecure ? connectionOptions(clientTls(process.env)) : null;
}

function connectionOptions(tls: ClientTls | null): ConnectionOptions | null {
  if (tls === null) return null;
  const { verifyHostname, ...options } = tls;
  return verifyHostname ? options : { ...options, checkServerIdentity: () => undefined };
}
