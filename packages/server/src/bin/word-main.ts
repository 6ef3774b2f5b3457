/**
 * `zabra word`: a four-letter word from the command line, without a session and without netcat.
 * `zkServer.sh status` asks by it.
 */

import { parseHostPort } from '@zabra/protocol';
import { askWord } from './four-letter-word.ts';

const ASK_MS_MAX = 5000;
const EXIT_FAILED = 1;
const EXIT_INVALID = 2;

export async function runWord(word: string, address: string): Promise<void> {
  const at = parseHostPort(address);
  if (word.length !== 4 || at === null) {
    process.stderr.write('Usage: zabra word <four letters> <host:port>\n');
    process.exit(EXIT_INVALID);
  }
  try {
    process.stdout.write(await askWord(at.host, at.port, word, ASK_MS_MAX));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  }
}
