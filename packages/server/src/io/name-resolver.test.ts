/** Names are asked for anew each time, once at a time, and literals never. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NameResolver } from './name-resolver.ts';

describe('NameResolver', () => {
  for (const [host, wanted] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
  ] as const) {
    it(`gives the literal ${host} back at once`, () => {
      let found: readonly string[] = [];
      new NameResolver().resolve(host, (addresses) => {
        found = addresses;
      });
      assert.deepEqual(found, [wanted]);
    });
  }

  it('answers everybody who waits for a name, IPv4 first, and asks again later', async () => {
    const resolver = new NameResolver();
    const ask = () =>
      new Promise<readonly string[]>((resolve) => resolver.resolve('localhost', resolve));
    const [a, b] = await Promise.all([ask(), ask()]);
    assert.ok(a.length > 0);
    assert.deepEqual(a, b);
    assert.equal(a[0], '127.0.0.1');
    assert.deepEqual(await ask(), a);
  });

  it('gives a reason for a name that nobody knows', async () => {
    const reason = await new Promise((resolve) =>
      new NameResolver().resolve('no-such-host.invalid', (_, why) => resolve(why)),
    );
    assert.match(String(reason), /no-such-host\.invalid/);
  });
});
