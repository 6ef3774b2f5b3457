/**
 * `zabra hand-over`: moves the leadership of a running ensemble and waits until it has moved: away
 * from the server that is named, or to it. It asks by the words `ydld` and `rqld`, which the server
 * must name in `4lw.commands.whitelist`.
 */

import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseHostPort } from '@zabra/protocol';
import { askWord, parseSrvr } from './four-letter-word.ts';
import { wordTls } from './word-main.ts';

export interface HandOverOptions {
  /** To the server that is named, instead of away from it. */
  readonly to?: boolean;
  readonly secure?: boolean;
}

const ASK_MS_MAX = 5000;
/** How long the leadership may take to move. */
const MOVE_MS_MAX = 10_000;
const POLL_MS = 50;
const EXIT_FAILED = 1;
const EXIT_INVALID = 2;

export async function runHandOver(address: string, options: HandOverOptions): Promise<void> {
  const at = parseHostPort(address);
  if (at === null) {
    process.stderr.write('Usage: zabra hand-over [--to] [--secure] <host:port>\n');
    process.exit(EXIT_INVALID);
  }
  const tls = wordTls(options.secure === true);
  const ask = (word: string): Promise<string> => askWord(at.host, at.port, word, ASK_MS_MAX, tls);
  try {
    process.stdout.write(`${await move(address, ask, options.to === true)}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

/** What has become of it, as a sentence; throws when it comes to nothing. */
async function move(
  address: string,
  ask: (word: string) => Promise<string>,
  isTo: boolean,
): Promise<string> {
  const mode = await modeOf(ask);
  if ((mode === 'leader') === isTo) return `${address} is ${mode ?? 'without a role'} already`;
  const answer = (await ask(isTo ? 'rqld' : 'ydld')).trim();
  if (!answer.startsWith('Sent ')) {
    throw new Error(`${address} does not hand over: ${answer === '' ? 'no answer' : answer}`);
  }
  const untilMs = performance.now() + MOVE_MS_MAX;
  for (;;) {
    const now = await modeOf(ask);
    if (now !== null && (now === 'leader') === isTo) return `${address} is ${now} now`;
    if (performance.now() >= untilMs) {
      const found = now ?? 'without a role';
      throw new Error(`${address} is ${found} after ${MOVE_MS_MAX} ms: its log says why`);
    }
    await sleep(POLL_MS);
  }
}

async function modeOf(ask: (word: string) => Promise<string>): Promise<string | null> {
  return parseSrvr(await ask('srvr')).mode;
}
