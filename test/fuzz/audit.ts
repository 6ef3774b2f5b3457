/**
 * Audit: whether a server at rest is what it must be: its state is what the transactions on its
 * disk say, and when the fuzzed clients are gone nothing of them is left.
 */

import type { Bed } from './bed.ts';
import { expectThat } from './finding.ts';
import { HealthySessions } from './healthy.ts';
import { Ledger } from './ledger.ts';

/** Of the janitor, and of the healthy sessions. */
const OWN_SESSIONS = 1 + HealthySessions.count.sessions;

export class Audit {
  readonly ledger: Ledger;
  readonly #bed: Bed;

  constructor(bed: Bed) {
    this.ledger = new Ledger();
    this.#bed = bed;
  }

  expectExplained(): void {
    const { lastProcessedZxid, digest, digestMismatchCount, sessionCount } =
      this.#bed.peer.status();
    for (const { bytes } of this.#bed.tap.take(lastProcessedZxid)) this.ledger.apply(bytes);
    const wanted = this.ledger.digest();
    expectThat(digest === wanted, () => `The tree has digest ${digest}, wanted ${wanted}`);
    expectThat(digestMismatchCount === 0, () => 'The server finds its own digests wrong');
    const sessions = this.ledger.sessions.size;
    expectThat(
      sessionCount === sessions,
      () => `The server has ${sessionCount} sessions, wanted ${sessions}`,
    );
  }

  expectNothingLeft(): void {
    const status = this.#bed.peer.status();
    const { connectionCount, outstandingRequestCount } = status;
    const rows = new Map(this.#bed.peer.metrics().map(({ name, value }) => [name, value]));
    const found = {
      sessions: status.sessionCount + status.localSessionCount,
      connections: connectionCount,
      outstanding: outstandingRequestCount,
      watches: rows.get('watch_count'),
      ephemerals: rows.get('ephemerals_count'),
    };
    const wanted = {
      sessions: OWN_SESSIONS,
      connections: OWN_SESSIONS,
      outstanding: 0,
      watches: HealthySessions.count.watches,
      ephemerals: 0,
    };
    const [says, should] = [JSON.stringify(found), JSON.stringify(wanted)];
    expectThat(says === should, () => `When all is over there are ${says}, wanted ${should}`);
  }
}
