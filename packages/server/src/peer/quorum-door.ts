/**
 * QuorumDoor: a member's quorum port, and who waits behind it. It is open while the member may come
 * to lead: while it looks for a leader, when it is told that it is the next one, and while it
 * leads. A learner may know who leads a moment before the leader does: it is let in and waits,
 * where a refusal would cost it a pause. Apache's members open theirs when they lead, and their
 * learners try again for half a second.
 */

import type { Leader } from '../zab/leader.ts';
import { isVoterOfAny } from '../zab/quorum-verifier.ts';
import type { MemberParts } from './member-parts.ts';
import type { QuorumLink } from './peer-links.ts';

/** Links that wait; beyond it the oldest is closed. */
const WAITING_MAX = 64;

interface Address {
  readonly host: string;
  readonly port: number;
}

export class QuorumDoor {
  readonly #parts: MemberParts;
  /** What is open; empty while nothing is. */
  #addresses: readonly Address[];
  readonly #waiting: Set<QuorumLink>;
  /** Why addresses could not be opened, since they were opened last. */
  readonly #failures: Map<string, string>;

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#addresses = [];
    this.#waiting = new Set();
    this.#failures = new Map();
  }

  /**
   * Why the port could not be opened, since it was opened last; null when it could. Of several
   * addresses one is enough, as in Apache: the others may be those of a network that is down.
   */
  get failure(): string | null {
    const { size } = this.#failures;
    if (size === 0 || size < this.#addresses.length) return null;
    return [...this.#failures.values()].join('; ');
  }

  /** Unless we have no vote: nobody elects us then. */
  open(): void {
    const { core, membership, verifiers } = this.#parts;
    const { config } = core;
    if (!isVoterOfAny(verifiers, config.sid)) return;
    if (this.#addresses.length > 0 && this.failure === null) return;
    this.#failures.clear();
    const addresses = membership.own?.addresses ?? [];
    this.#addresses = addresses.map(({ host, quorumPort }) => ({
      host: config.quorumListenOnAllIps ? '' : host,
      port: quorumPort,
    }));
    this.#listen(true);
  }

  /** Whoever waits is sent away. */
  close(): void {
    this.#listen(false);
    this.#addresses = [];
    this.#failures.clear();
    for (const link of this.#waiting) link.close('this server does not lead');
    this.#waiting.clear();
  }

  onListenFailed(host: string, port: number, reason: string): void {
    this.#failures.set(`${host}:${port}`, reason);
  }

  /** A link came in while nobody leads here. */
  onLinkOpen(link: QuorumLink): void {
    if (this.#addresses.length === 0) {
      link.close('this server does not lead');
      return;
    }
    for (const oldest of this.#waiting) {
      if (this.#waiting.size < WAITING_MAX) break;
      this.#waiting.delete(oldest);
      oldest.close('too many learners wait');
    }
    link.pause();
    this.#waiting.add(link);
  }

  onLinkClosed(link: QuorumLink): void {
    this.#waiting.delete(link);
  }

  /** We lead: who waited is a learner now. */
  admit(leader: Leader): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const link of waiting) {
      leader.onLearnerConnected(link);
      link.resume();
    }
  }

  #listen(open: boolean): void {
    const { ready } = this.#parts.core;
    for (const { host, port } of this.#addresses) {
      ready.listens.push({ kind: 'quorum', host, port, open });
    }
  }
}
