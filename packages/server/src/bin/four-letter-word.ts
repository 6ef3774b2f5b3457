/**
 * Asks a server a four-letter word: four bytes out, everything until the end of the stream back.
 * Opens no session, so that looking at a server does not change it.
 */

import net from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

export function askWord(
  host: string,
  port: number,
  word: string,
  timeoutMs: number,
  tls: ConnectionOptions | null = null,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = tls === null ? net.connect({ host, port }) : connectTls({ host, port, ...tls });
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`${host}:${port} does not answer ${word}: ${reason}`));
    };
    const timer = setTimeout(() => fail(`nothing within ${timeoutMs} ms`), timeoutMs);
    socket.on(tls === null ? 'connect' : 'secureConnect', () => socket.write(word));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) fail('its answer does not end');
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      fail(error.message);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString());
    });
  });
}

/** What `srvr` says, as far as a view of an ensemble wants it. */
export interface ServerSummary {
  /** `standalone`, `leader`, `follower`, `observer`; null while the server does not serve. */
  readonly mode: string | null;
  /** As printed, `0x…`. */
  readonly zxid: string;
  /** Without the connection that asked. */
  readonly clientCount: number;
}

export function parseSrvr(text: string): ServerSummary {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  return {
    mode: field('Mode') ?? null,
    zxid: field('Zxid') ?? '',
    clientCount: Math.max(0, Number(field('Connections') ?? 1) - 1),
  };
}
