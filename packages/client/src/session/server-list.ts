/**
 * ServerList: which server to dial next and how long to wait before it. The list is shuffled once
 * and walked round and round. Within a pass there is no pause; a pass in which no server took the
 * session is followed by a pause that doubles up to a second, drawn at random from its upper half,
 * so that many clients of one failed ensemble do not come back as one wave. After the loss of an
 * established connection the first pause is short. ZooKeeper's Java client waits up to a second
 * before every attempt instead (client-protocol.md 18): longer than an election takes here.
 */

import { assert, type Prng } from '@zabra/protocol';
import type { ServerAddress } from './connect-string.ts';

/** Longest pause before the first attempt after an established connection was lost, ms. */
const LOSS_PAUSE_MAX_MS = 20;
/** Longest pause after the first failed pass, ms. */
const PASS_PAUSE_MIN_MS = 100;
/** Longest pause ever, ms. */
const PASS_PAUSE_MAX_MS = 1000;

export class ServerList {
  readonly #servers: ServerAddress[];
  readonly #prng: Prng;
  /** Of the server dialled last; -1 before the first dial. */
  #index: number;
  /** Attempts that failed since the last established session. */
  #failures: number;

  constructor(servers: readonly ServerAddress[], prng: Prng) {
    assert(servers.length > 0, 'Cannot make a server list without servers');
    this.#servers = servers.slice();
    this.#prng = prng;
    this.#index = -1;
    this.#failures = 0;
    prng.shuffle(this.#servers);
  }

  get length(): number {
    return this.#servers.length;
  }

  next(): ServerAddress {
    this.#index = (this.#index + 1) % this.#servers.length;
    return this.#servers[this.#index] as ServerAddress;
  }

  onEstablished(): void {
    this.#failures = 0;
  }

  /** The pause before the next dial, ms, after an established connection broke. */
  onLost(): number {
    return this.#prng.below(LOSS_PAUSE_MAX_MS + 1);
  }

  /** The pause before the next dial, ms, after an attempt that established nothing. */
  onFailed(): number {
    this.#failures++;
    if (!this.passOver) return 0;
    const passes = this.#failures / this.#servers.length;
    const longestMs = Math.min(
      PASS_PAUSE_MIN_MS * 2 ** Math.min(passes - 1, 10),
      PASS_PAUSE_MAX_MS,
    );
    const halfMs = Math.floor(longestMs / 2);
    return halfMs + this.#prng.below(longestMs - halfMs + 1);
  }

  /** Whether every server was tried in vain since the last establishment or the last such time. */
  get passOver(): boolean {
    return this.#failures > 0 && this.#failures % this.#servers.length === 0;
  }
}
