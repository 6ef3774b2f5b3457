/**
 * ServerList: which server to dial next and how long to wait before it. The list is shuffled once
 * and walked round and round. Within a pass there is no pause; a pass in which no server took the
 * session is followed by a pause that doubles up to a second, drawn at random from its upper half,
 * so that many clients of one failed ensemble do not come back as one wave. After the loss of an
 * established connection the first pause is short. ZooKeeper's Java client waits up to a second
 * before every attempt instead (client-protocol.md 18): longer than an election takes here.
 *
 * A list that replaces another moves just as many of all clients that each server has its share
 * again (Shraer and others, "Dynamic Reconfiguration of Primary/Backup Clusters", section 4;
 * ZooKeeper's `StaticHostProvider`).
 */

import { assert, type Prng } from '@zabra/protocol';
import type { ServerAddress } from './connect-string.ts';
import type { SessionProbe } from './session-ready.ts';
import { WritableSearch } from './writable-search.ts';

export type { ServerAddress } from './connect-string.ts';

/** Longest pause before the first attempt after an established connection was lost, ms. */
const LOSS_PAUSE_MAX_MS = 20;
/** Longest pause after the first failed pass, ms. */
const PASS_PAUSE_MIN_MS = 50;
/** Longest pause ever, ms. */
const PASS_PAUSE_MAX_MS = 1000;

export class ServerList {
  readonly #prng: Prng;
  readonly #search: WritableSearch;
  #servers: ServerAddress[];
  /** Of the server dialled last; -1 before the first dial of this list. */
  #index: number;
  #current: ServerAddress | null;
  /** To be dialled next, out of turn; null for none. */
  #preferred: ServerAddress | null;
  /** Attempts that failed since the last established session. */
  #failures: number;

  constructor(servers: readonly ServerAddress[], prng: Prng) {
    assert(servers.length > 0, 'Cannot make a server list without servers');
    this.#prng = prng;
    this.#search = new WritableSearch();
    this.#servers = this.#shuffled(servers);
    this.#index = -1;
    this.#current = null;
    this.#preferred = null;
    this.#failures = 0;
  }

  get length(): number {
    return this.#servers.length;
  }

  /** The server dialled last, also when the list is another one by now; null before the first. */
  get current(): ServerAddress | null {
    return this.#current;
  }

  next(): ServerAddress {
    const preferred = this.#indexOf(this.#preferred);
    this.#preferred = null;
    this.#index = preferred >= 0 ? preferred : (this.#index + 1) % this.#servers.length;
    this.#current = this.#servers[this.#index] as ServerAddress;
    return this.#current;
  }

  /** A server in read-only mode will do until another one takes writes. */
  onEstablished(isReadOnly: boolean, nowMs: number): void {
    this.#failures = 0;
    if (isReadOnly && this.#servers.length > 1) this.#search.start(nowMs);
    else this.#search.stop();
  }

  /** When a server is to be asked whether it takes writes, ms; Infinity for never. */
  get probeMs(): number {
    return this.#search.deadlineMs;
  }

  /** The server to ask now; null for none. */
  probe(nowMs: number): SessionProbe | null {
    const others = [
      ...this.#servers.slice(this.#index + 1),
      ...this.#servers.slice(0, this.#index),
    ];
    return this.#search.ask(others, nowMs);
  }

  /** Whether to move to the server that was asked, which `next` then names. */
  onProbe(probe: number, isWritable: boolean): boolean {
    if (isWritable) this.#preferred = this.#search.found(probe);
    return this.#preferred !== null;
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

  /** Takes another list; true when the client has to leave its server, which `next` replaces. */
  replace(servers: readonly ServerAddress[]): boolean {
    assert(servers.length > 0, 'Cannot replace a server list by one without servers');
    const before = this.#servers;
    const growth = servers.length - before.length;
    this.#failures = 0;
    this.#servers = this.#shuffled(servers);
    this.#index = this.#indexOf(this.#current);
    if (this.#index >= 0 && !(growth > 0 && this.#prng.chance(growth, servers.length))) {
      return false;
    }
    const isOld = (server: ServerAddress) => before.some((other) => isSame(other, server));
    const old = this.#servers.filter(isOld);
    const added = this.#servers.filter((server) => !isOld(server));
    this.#servers = growth > 0 ? [...added, ...old] : this.#mixed(old, added, before.length);
    this.#index = -1;
    return true;
  }

  /**
   * The order for a client whose server has left a list that did not grow: it goes to an old server
   * just so often that old and new ones end up with the same share of all clients.
   */
  #mixed(old: ServerAddress[], added: ServerAddress[], lengthBefore: number): ServerAddress[] {
    const length = old.length + added.length;
    const numerator = old.length * (lengthBefore - length);
    // Not below 1, which a list that names a server twice might make it.
    const denominator = Math.max(1, length * (lengthBefore - old.length));
    const mixed: ServerAddress[] = [];
    const [olds, news] = [old.values(), added.values()];
    for (let count = 0; count < length; count++) {
      const takesOld = this.#prng.chance(numerator, denominator);
      const [first, second] = takesOld ? [olds, news] : [news, olds];
      mixed.push((first.next().value ?? second.next().value) as ServerAddress);
    }
    return mixed;
  }

  /** -1 for a server that is not in the list. */
  #indexOf(wanted: ServerAddress | null): number {
    return wanted === null ? -1 : this.#servers.findIndex((server) => isSame(server, wanted));
  }

  #shuffled(servers: readonly ServerAddress[]): ServerAddress[] {
    const shuffled = servers.slice();
    this.#prng.shuffle(shuffled);
    return shuffled;
  }
}

function isSame(a: ServerAddress, b: ServerAddress): boolean {
  return a.host === b.host && a.port === b.port;
}
