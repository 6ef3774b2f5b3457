/**
 * Asking a server whether it takes writes: a connection of its own, the four-letter word `isro`,
 * and an answer of two letters. From client-protocol.md 16 and 18.
 */

import type { Dial } from './dialing.ts';

/** How long the server may take in all, ms. */
const ANSWER_MS_MAX = 1000;
/** Longest answer of interest, characters. */
const ANSWER_LENGTH_MAX = 100;

/** Calls `onAnswer` once; a server that does not answer takes no writes. Keeps no process alive. */
export function askWritable(
  dial: Dial,
  host: string,
  port: number,
  onAnswer: (isWritable: boolean) => void,
): void {
  let answer = '';
  const socket = dial(host, port, () => socket.write('isro'));
  const timer = setTimeout(() => socket.destroy(), ANSWER_MS_MAX);
  socket.unref();
  timer.unref();
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    answer += text;
    if (answer.length > ANSWER_LENGTH_MAX) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(timer);
    onAnswer(answer.trim() === 'rw');
  });
}
