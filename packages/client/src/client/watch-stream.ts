/**
 * WatchStream: watch events as an async iterable. Events wait in it until they are asked for; it
 * ends when it is closed or when the session ends, and not with a lost connection. One stream may
 * serve any number of one-shot watches.
 */

import { RingQueue } from '@zabra/protocol';
import type { WatchEvent as WireWatchEvent, Watcher } from '../session/watcher.ts';
import { publicEvent, type WatchEvent } from './public-records.ts';

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * @example
 * await using changes = new WatchStream();
 * let { children } = await zk.getChildren('/jobs', { watch: changes });
 * for await (const event of changes) {
 *   ({ children } = await zk.getChildren('/jobs', { watch: changes }));
 * }
 */
export class WatchStream implements Watcher, AsyncIterableIterator<WatchEvent, undefined> {
  readonly #events: RingQueue<WatchEvent>;
  /** Invariant: empty unless `#events` is empty. */
  readonly #waiting: RingQueue<(result: IteratorResult<WatchEvent, undefined>) => void>;
  #isEnded: boolean;
  /** Takes the watch off the server; null when there is nothing to take off. */
  #onClose: (() => Promise<void>) | null;
  /** Sessions that would end this stream, to be told that it has ended. */
  readonly #endListeners: Set<() => void>;

  constructor(onClose: (() => Promise<void>) | null = null) {
    this.#events = new RingQueue();
    this.#waiting = new RingQueue();
    this.#isEnded = false;
    this.#onClose = onClose;
    this.#endListeners = new Set();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Called by the client, once a session. */
  onEnd(listener: () => void): void {
    this.#endListeners.add(listener);
  }

  /** Called by the client. */
  onWatchEvent(event: WireWatchEvent): void {
    if (this.#isEnded) return;
    const resolve = this.#waiting.shift();
    if (resolve === undefined) this.#events.push(publicEvent(event));
    else resolve({ done: false, value: publicEvent(event) });
  }

  /** Lets the events that wait be read and then ends; called by the client. */
  end(): void {
    this.#isEnded = true;
    this.#onClose = null;
    for (const listener of this.#endListeners) listener();
    this.#endListeners.clear();
    let resolve = this.#waiting.shift();
    while (resolve !== undefined) {
      resolve(DONE);
      resolve = this.#waiting.shift();
    }
  }

  /** Ends at once, drops what was not read, and takes the watch off if this stream set it. */
  async close(): Promise<void> {
    const onClose = this.#onClose;
    this.end();
    this.#events.clear();
    if (onClose !== null) await onClose();
  }

  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** A loop that is left early closes the stream. */
  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    await this.close();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
