/** Observers at followers, all of our kind, over TLS and SASL on the port of observer masters. */

import { describe, it } from 'node:test';
import { drillSecuredMasters, MASTER_SECURITY } from './observer-masters.test-kit.ts';

describe('an observer at followers', { concurrency: 1 }, () => {
  for (const [name, lines] of MASTER_SECURITY) {
    it(`finds one, and another when that is gone, over ${name}`, async () => {
      await drillSecuredMasters(['zabra', 'zabra', 'zabra', 'zabra'], lines);
    });
  }
});
