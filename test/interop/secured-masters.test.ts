/**
 * Observers at followers over TLS and SASL, where either is of either kind, on the port of observer
 * masters. The first row is Apache's alone: what the others are measured by.
 */

import { describe, it } from 'node:test';
import { drillSecuredMasters, MASTER_SECURITY } from '../process/observer-masters.test-kit.ts';

const APACHE = 'apache-3.9.5';
const ROWS = [
  ['Apache observes at followers of its own', [APACHE, APACHE, APACHE, APACHE]],
  ['Apache observes at followers of ours', ['zabra', 'zabra', 'zabra', APACHE]],
  ["we observe at Apache's followers", [APACHE, APACHE, APACHE, 'zabra']],
] as const;

describe('secured observers at followers', { concurrency: 1 }, () => {
  for (const [name, kinds] of ROWS) {
    for (const [security, lines] of MASTER_SECURITY) {
      it(`${name} over ${security}`, async () => {
        await drillSecuredMasters(kinds, lines);
      });
    }
  }
});
