/** Asks a server a four-letter word over its client port. */

import { connect } from 'node:net';

export function askWord(port: number, word: string, timeoutMs = 2000): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.setTimeout(timeoutMs, () => {
      socket.destroy();
      reject(new Error(`No answer to ${word} on port ${port} within ${timeoutMs} ms`));
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

/** The value of a `Key: value` line of `srvr`. */
export async function askSrvr(port: number, key: string): Promise<string | null> {
  const text = await askWord(port, 'srvr').catch(() => '');
  const match = new RegExp(`^${key}: (.*)$`, 'm').exec(text);
  return match?.[1] ?? null;
}
