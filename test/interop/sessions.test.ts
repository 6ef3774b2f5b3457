/**
 * The drills of local sessions and of read-only mode on Apache's servers, which are right by
 * definition, and on ensembles of both kinds with either leading.
 */

import { describe, it } from 'node:test';
import { drillLocalSessions } from '../process/local-sessions.test-kit.ts';
import { drillReadOnly } from '../process/read-only.test-kit.ts';
import type { ServerKind } from '../process/server-process.ts';

const APACHE = 'apache-3.9.5';

/** The last one leads mostly, and the first one is left alone in read-only mode. */
const ENSEMBLES: readonly (readonly [ServerKind, ServerKind, ServerKind])[] = [
  [APACHE, APACHE, APACHE],
  [APACHE, APACHE, 'zabra'],
  ['zabra', 'zabra', APACHE],
];

describe('sessions of servers of both kinds', { concurrency: 1 }, () => {
  for (const kinds of ENSEMBLES) {
    it(`${kinds.join(', ')}: local sessions`, () => drillLocalSessions(kinds));
    it(`${kinds.join(', ')}: read-only mode`, () => drillReadOnly(kinds));
  }
});
