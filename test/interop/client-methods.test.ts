/** Every method of our client against three of Apache's servers. */

import { after, before, describe } from 'node:test';
import { ClientBed } from '../process/client-bed.test-kit.ts';
import { sessionMethods } from '../process/client-sessions.test-kit.ts';
import { watchMethods } from '../process/client-watches.test-kit.ts';
import { znodeMethods } from '../process/client-znodes.test-kit.ts';

describe("our client against three of Apache's servers", { concurrency: 1 }, () => {
  let bed: ClientBed;
  before(async () => {
    bed = await ClientBed.start('apache-3.9.5');
  });
  after(() => bed.end(false));
  znodeMethods(() => bed);
  watchMethods(() => bed);
  sessionMethods(() => bed);
});
