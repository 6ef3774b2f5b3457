/**
 * MemberStorage: `Storage` as the roles of an ensemble use it. It remembers what was logged and is
 * not committed yet, so that a server that leaves its role can make its memory equal to its disk
 * without reading it again: the vote that it casts then covers everything in its log (scenario S1).
 */

import { RingQueue } from '@zabra/protocol';
import type { Storage } from '../log/storage.ts';
import type { Proposal, ZabStorage } from '../zab/zab-host.ts';

export class MemberStorage implements ZabStorage {
  readonly #storage: Storage;
  readonly #tail: RingQueue<Proposal>;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#tail = new RingQueue();
  }

  get acceptedEpoch(): number {
    return this.#storage.acceptedEpoch;
  }

  get currentEpoch(): number {
    return this.#storage.currentEpoch;
  }

  get lastLoggedZxid(): number {
    return this.#storage.lastLoggedZxid;
  }

  get syncedZxid(): number {
    return this.#storage.syncedZxid;
  }

  storeAcceptedEpoch(epoch: number): number {
    return this.#storage.storeAcceptedEpoch(epoch);
  }

  storeCurrentEpoch(epoch: number): number {
    return this.#storage.storeCurrentEpoch(epoch);
  }

  syncBeforeLeading(): number {
    return this.#storage.syncBeforeLeading();
  }

  append(zxid: number, buffer: Uint8Array, start: number, end: number): Proposal {
    const entry = this.#storage.append(zxid, buffer, start, end);
    this.#tail.push(entry);
    return entry;
  }

  /** The state holds everything up to `zxid` now. */
  onApplied(zxid: number): void {
    for (;;) {
      const head = this.#tail.peek();
      if (head === undefined || head.zxid > zxid) return;
      this.#tail.shift();
    }
  }

  /** Hands over what is logged and not applied, oldest first, and forgets it. */
  takeTail(visit: (entry: Proposal) => void): void {
    for (;;) {
      const head = this.#tail.shift();
      if (head === undefined) return;
      visit(head);
    }
  }

  /** The state was read from disk anew. */
  forgetTail(): void {
    this.#tail.clear();
  }
}
