/**
 * LearnerMasters: whom an observer attaches to. Without `observerMasterPort` it is the leader. With
 * it, the voters take turns, in an order of our own drawing, so that observers spread over them
 * (quorum-protocol.md 13, upstream `QuorumPeer.findLearnerMaster`). Who does not answer is passed
 * over in the next role, and who has served us is asked once more. Followers alone listen there, so
 * the leader is left out while we know of one; where nobody else votes, there is only the leader.
 */

import type { HostPort, Prng } from '@zabra/protocol';
import type { Membership } from './membership.ts';

export interface LearnerMaster {
  readonly sid: number;
  readonly addresses: readonly HostPort[];
  /** We are up to date with it. */
  onServing(): void;
}

export class LearnerMasters {
  readonly #membership: Membership;
  /** 0: observers follow the leader. */
  readonly #port: number;
  readonly #prng: Prng;
  /** Version of the configuration that the order was drawn for; -1 before. */
  #version: number;
  #order: readonly number[];
  #next: number;
  /** Has served us last, and is next; -1 for none. */
  #keptSid: number;

  constructor(membership: Membership, port: number, prng: Prng) {
    this.#membership = membership;
    this.#port = port;
    this.#prng = prng;
    this.#version = -1;
    this.#order = [];
    this.#next = 0;
    this.#keptSid = -1;
  }

  /** For the next role as a learner of that leader. */
  next(leaderSid: number): LearnerMaster {
    const membership = this.#membership;
    if (this.#port > 0 && membership.isObserver) {
      const sid = this.#nextVoter(leaderSid);
      const onServing = (): void => {
        this.#keptSid = sid;
      };
      if (sid >= 0) return { sid, addresses: this.#addressesOf(sid), onServing };
    }
    const addresses = membership.quorumAddresses(leaderSid);
    return { sid: leaderSid, addresses, onServing: () => undefined };
  }

  #nextVoter(leaderSid: number): number {
    const { voters, committed } = this.#membership;
    if (committed.version !== this.#version) {
      this.#version = committed.version;
      const order = [...voters];
      this.#prng.fork().shuffle(order);
      this.#order = order;
      this.#next = 0;
    }
    const keptSid = this.#keptSid;
    this.#keptSid = -1;
    if (keptSid !== leaderSid && voters.includes(keptSid)) return keptSid;
    const others = this.#order.filter((sid) => sid !== leaderSid);
    return others[this.#next++ % others.length] ?? -1;
  }

  #addressesOf(sid: number): readonly HostPort[] {
    const hosts = new Set(this.#membership.quorumAddresses(sid).map(({ host }) => host));
    return [...hosts].map((host) => ({ host, port: this.#port }));
  }
}
