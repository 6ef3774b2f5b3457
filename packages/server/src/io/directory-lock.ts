/**
 * DirectoryLock: one process at a time works in a data directory. The lock is a local socket on
 * which the holder listens, `zabra.lock`: the kernel knows whether anybody listens, so a holder
 * that was killed holds nothing, and it works across containers that share a volume. Whoever
 * connects is told the holder's process id.
 *
 * Not every file system has sockets. Where there are none, there is no lock, and the caller is
 * told.
 */

import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

export const LOCK_FILE = 'zabra.lock';

/** The longest address of a local socket that every system takes, bytes. */
const ADDRESS_BYTES_MAX = 103;
const ASK_MS_MAX = 2000;
/** Times that a lock of a dead holder is cleared away before somebody else's is believed. */
const TRIES = 3;

export type LockOutcome =
  | { readonly kind: 'taken'; readonly lock: DirectoryLock }
  /** `holder` is the process id, or empty when it did not say. */
  | { readonly kind: 'held'; readonly holder: string }
  | { readonly kind: 'impossible'; readonly reason: string };

export class DirectoryLock {
  readonly #server: net.Server;
  /** Keeps a short address valid; -1 when there is none. */
  readonly #directoryFd: number;
  /** A process that ends by itself leaves no file behind. */
  readonly #onExit: () => void;

  private constructor(server: net.Server, directory: string, directoryFd: number) {
    this.#server = server;
    this.#directoryFd = directoryFd;
    this.#onExit = () => fs.rmSync(path.join(directory, LOCK_FILE), { force: true });
    process.once('exit', this.#onExit);
  }

  static async take(directory: string): Promise<LockOutcome> {
    const { address, directoryFd } = addressIn(directory);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const bound = await listen(address);
      if (bound instanceof net.Server) {
        return { kind: 'taken', lock: new DirectoryLock(bound, directory, directoryFd) };
      }
      if (bound !== 'EADDRINUSE') {
        closeFd(directoryFd);
        return { kind: 'impossible', reason: bound };
      }
      const holder = await askHolder(address);
      if (holder !== null) {
        closeFd(directoryFd);
        return { kind: 'held', holder };
      }
      await clearAway(directory);
    }
    closeFd(directoryFd);
    return { kind: 'held', holder: '' };
  }

  release(): Promise<void> {
    process.off('exit', this.#onExit);
    return new Promise((resolve) => {
      this.#server.close(() => {
        closeFd(this.#directoryFd);
        resolve();
      });
    });
  }
}

/** Who holds the lock of the directory, without taking it; null when nobody is seen to. */
export async function lockHolder(directory: string): Promise<string | null> {
  let directoryFd = -1;
  try {
    const at = addressIn(directory);
    directoryFd = at.directoryFd;
    return await askHolder(at.address);
  } catch {
    // A directory that may not be opened.
    return null;
  } finally {
    closeFd(directoryFd);
  }
}

/** What a dead holder left goes; one that another start has put there meanwhile stays. */
async function clearAway(directory: string): Promise<void> {
  const aside = `${LOCK_FILE}.${process.pid}`;
  const [from, to] = [path.join(directory, LOCK_FILE), path.join(directory, aside)];
  fs.renameSync(from, to);
  const { address, directoryFd } = addressIn(directory, aside);
  if ((await askHolder(address)) === null) fs.rmSync(to);
  else fs.renameSync(to, from);
  closeFd(directoryFd);
}

/** Long paths are no addresses; Linux has a short name for every open directory. */
function addressIn(directory: string, name = LOCK_FILE): { address: string; directoryFd: number } {
  const address = path.join(directory, name);
  const isShort = Buffer.byteLength(address) <= ADDRESS_BYTES_MAX;
  if (isShort || process.platform !== 'linux') return { address, directoryFd: -1 };
  const directoryFd = fs.openSync(directory, 'r');
  return { address: `/proc/self/fd/${directoryFd}/${name}`, directoryFd };
}

function listen(address: string): Promise<net.Server | string> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${process.pid}\n`);
    });
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ path: address }, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Null when nobody listens there; empty when whoever does says nothing, or may not be asked. */
function askHolder(address: string): Promise<string | null> {
  return new Promise((resolve) => {
    let said = '';
    const socket = net.connect({ path: address });
    socket.setEncoding('utf8');
    socket.setTimeout(ASK_MS_MAX, () => socket.destroy());
    socket.once('connect', () => {
      socket.on('data', (text: string) => {
        said += text;
      });
      // What a later version may say behind its process id is not for us.
      socket.on('close', () => resolve(said.split('\n')[0]?.trim() ?? ''));
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? null : '');
    });
  });
}

function closeFd(fd: number): void {
  if (fd >= 0) fs.closeSync(fd);
}
