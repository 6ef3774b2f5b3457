/** Every method of the client against three of our servers. */

import { after, before, describe } from 'node:test';
import { ClientBed } from './client-bed.test-kit.ts';
import { sessionMethods } from './client-sessions.test-kit.ts';
import { watchMethods } from './client-watches.test-kit.ts';
import { znodeMethods } from './client-znodes.test-kit.ts';

describe('the client against three servers', { concurrency: 1 }, () => {
  let bed: ClientBed;
  before(async () => {
    bed = await ClientBed.start('zabra');
  });
  after(() => bed.end(false));
  znodeMethods(() => bed);
  watchMethods(() => bed);
  sessionMethods(() => bed);
});
