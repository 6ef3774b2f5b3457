/**
 * Changes of the ensemble that clients ask for in a run: members come, go, change their role or
 * move their ports, one by one or all at once, the leader not spared. Each is drawn over the
 * configuration that was committed last; whether it is possible just then is for the servers to
 * say.
 */

import { ReconfigRequest } from '@zabra/client/session';
import type { Prng } from '@zabra/protocol';
import type { Configuration } from './checkers/configurations.ts';
import { CLIENT_PORTS, ELECTION_PORTS, hostOf, QUORUM_PORTS } from './member-config.ts';

const NOBODY = 'server.0=10.0.0.200:2888:3888:observer;10.0.0.200:2181';

type Change = (changes: Changes, latest: Configuration) => ReconfigRequest;

const CHANGES: readonly Change[] = [
  (changes) => changes.join('participant'),
  (changes) => changes.join('participant'),
  (changes) => changes.join('observer'),
  (changes, latest) => changes.leave(latest),
  (changes, latest) => changes.leave(latest),
  (changes, latest) => changes.exchange(latest),
  (changes, latest) => changes.replaceAll(latest),
  (changes, latest) => changes.replaceAll(latest),
  (changes, latest) => changes.nothing(latest),
];

export class Changes {
  readonly #prng: Prng;
  readonly #everyUs: number;
  readonly #serverCount: number;
  readonly #latest: () => Configuration;
  #dueAtUs: number;

  /** `everyUs` is the mean time between two of them. */
  constructor(prng: Prng, everyUs: number, serverCount: number, latest: () => Configuration) {
    this.#prng = prng;
    this.#everyUs = everyUs;
    this.#serverCount = serverCount;
    this.#latest = latest;
    this.#dueAtUs = prng.below(2 * everyUs);
  }

  /** The next change, or null while it is not its time. */
  takeDue(nowUs: number): ReconfigRequest | null {
    if (nowUs < this.#dueAtUs) return null;
    this.#dueAtUs = nowUs + 1 + this.#prng.below(2 * this.#everyUs);
    return this.#prng.pick(CHANGES)(this, this.#latest());
  }

  /** Any server, a member or not; a member comes back changed. */
  join(role: string): ReconfigRequest {
    return new ReconfigRequest(this.#line(this.#server(), role), null, null, -1);
  }

  leave(latest: Configuration): ReconfigRequest {
    return new ReconfigRequest(null, String(this.#member(latest)), null, this.#version(latest));
  }

  exchange(latest: Configuration): ReconfigRequest {
    const joining = this.#line(this.#server(), this.#role());
    return new ReconfigRequest(joining, String(this.#member(latest)), null, -1);
  }

  /** Some of all servers, with at least one voter; now and then in groups. */
  replaceAll(latest: Configuration): ReconfigRequest {
    const sids = Array.from({ length: this.#serverCount }, (_, index) => index + 1);
    this.#prng.shuffle(sids);
    const some = sids.slice(0, 1 + this.#prng.below(sids.length));
    const voterCount = 1 + this.#prng.below(some.length);
    const voters = some.slice(0, voterCount);
    const lines = some.map((sid, index) =>
      this.#line(sid, index < voterCount ? 'participant' : 'observer'),
    );
    if (voterCount > 2 && this.#prng.chance(1, 3)) {
      const cut = 1 + this.#prng.below(voterCount - 1);
      lines.push(`group.1=${voters.slice(0, cut).join(':')}`);
      lines.push(`group.2=${voters.slice(cut).join(':')}`);
      lines.push(`weight.${voters[0]}=${this.#prng.below(3)}`);
    }
    return new ReconfigRequest(null, null, lines.join('\n'), this.#version(latest));
  }

  nothing(latest: Configuration): ReconfigRequest {
    const joining = this.#prng.chance(1, 3) ? NOBODY : null;
    return new ReconfigRequest(joining, '0', null, this.#version(latest));
  }

  #server(): number {
    return 1 + this.#prng.below(this.#serverCount);
  }

  #member({ members }: Configuration): number {
    return this.#prng.pick([...members.keys()]);
  }

  #role(): string {
    return this.#prng.chance(2, 3) ? 'participant' : 'observer';
  }

  #version({ zxid }: Configuration): number {
    // The first configuration gets a version from its first leader, which nobody here knows.
    return zxid > 0 && this.#prng.chance(1, 3) ? zxid : -1;
  }

  /** Mostly where it is; ports move now and then. */
  #line(sid: number, role: string): string {
    const host = hostOf(sid);
    const quorumPort = this.#port(QUORUM_PORTS);
    const electionPort = this.#port(ELECTION_PORTS);
    const clientPort = this.#port(CLIENT_PORTS);
    return `server.${sid}=${host}:${quorumPort}:${electionPort}:${role};${host}:${clientPort}`;
  }

  #port([usual, other]: readonly [number, number]): number {
    return this.#prng.chance(1, 8) ? other : usual;
  }
}
