/** The bucket of tokens, the chance of a refusal, and what a client of a throttled server sees. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '@zabra/protocol';
import { ConnectionThrottle } from './connection-throttle.ts';
import { ServerBed } from './server-bed.test-kit.ts';
import { type ConnectionThrottleConfig, NO_THROTTLE } from './throttle-config.ts';

function configOf(changes: Partial<ConnectionThrottleConfig>): ConnectionThrottleConfig {
  return { ...NO_THROTTLE.connections, ...changes };
}

function throttle(changes: Partial<ConnectionThrottleConfig>): ConnectionThrottle {
  return new ConnectionThrottle(configOf(changes), new Prng(1), 0);
}

/** How many of so many are admitted at that time. */
function admitted(
  of: ConnectionThrottle,
  count: number,
  nowMs: number,
  kind: 'new' | 'local' | 'renew' = 'new',
): number {
  let total = 0;
  for (let index = 0; index < count; index++) if (of.admits(kind, nowMs)) total++;
  return total;
}

describe('ConnectionThrottle', () => {
  it('admits as many at once as the bucket holds, and then as many as come back', () => {
    const bucket = throttle({ tokensMax: 10, fillMs: 100, fillTokens: 2 });
    assert.equal(admitted(bucket, 20, 0), 10);
    assert.equal(bucket.deficit, 10);
    assert.equal(admitted(bucket, 20, 99), 0);
    assert.equal(admitted(bucket, 20, 100), 2);
    assert.equal(admitted(bucket, 20, 250), 2);
    assert.equal(admitted(bucket, 20, 300), 2, 'a part of the time is not lost');
  });

  it('never holds more than its size', () => {
    const bucket = throttle({ tokensMax: 3, fillMs: 1 });
    assert.equal(admitted(bucket, 20, 1_000_000), 3);
  });

  it('weighs sessions, in a bucket that is as many times larger', () => {
    const weights = { tokensMax: 4, fillMs: 10, isWeighted: true, newWeight: 3, renewWeight: 2 };
    assert.equal(admitted(throttle(weights), 20, 0), 4);
    assert.equal(admitted(throttle(weights), 20, 0, 'renew'), 6);
    assert.equal(admitted(throttle(weights), 20, 0, 'local'), 12);
    const bucket = throttle(weights);
    admitted(bucket, 20, 0);
    assert.equal(admitted(bucket, 20, 10), 1, 'the refill too');
  });

  it('refuses by chance more and more while the bucket is empty, and less while it is full', () => {
    const bucket = throttle({
      tokensMax: 5,
      fillMs: 1000,
      fillTokens: 5,
      freezeMs: 10,
      dropIncrease: 0.25,
      dropDecrease: 0.125,
    });
    const probabilities: number[] = [];
    for (let nowMs = 0; nowMs < 100; nowMs += 11) {
      admitted(bucket, 6, nowMs);
      probabilities.push(bucket.dropProbability);
    }
    assert.deepEqual(probabilities.slice(0, 6), [0, 0.25, 0.5, 0.75, 1, 1]);
    // Full again, and everybody is refused, so it stays full: each freeze time takes a step off.
    const falling: number[] = [];
    for (let nowMs = 2000; nowMs < 2080; nowMs += 11) {
      bucket.admits('new', nowMs);
      falling.push(bucket.dropProbability);
    }
    assert.ok((falling.at(-1) ?? 1) < 1, falling.join());
    assert.deepEqual(
      [...falling].sort((a, b) => b - a),
      falling,
    );
  });

  it('changes the chance at most once in a freeze time', () => {
    const bucket = throttle({ tokensMax: 1, fillMs: 100_000, freezeMs: 50, dropIncrease: 0.1 });
    admitted(bucket, 2, 0);
    for (let nowMs = 1; nowMs <= 51; nowMs++) bucket.admits('new', nowMs);
    assert.equal(bucket.dropProbability, 0.1);
  });

  it('refuses about as often as the chance says', () => {
    const bucket = throttle({ tokensMax: 1, fillMs: 1, freezeMs: 0, dropIncrease: 0.3 });
    admitted(bucket, 2, 0);
    bucket.admits('new', 0.5);
    assert.equal(bucket.dropProbability, 0.3);
    const frozen = new ConnectionThrottle(
      configOf({ tokensMax: 1, freezeMs: 1e9 }),
      new Prng(7),
      0,
    );
    assert.equal(admitted(frozen, 1000, 0), 1, 'without a step there is no chance of refusal');
  });
});

describe('connection_throttle_tokens', () => {
  const throttled = (changes: Partial<ConnectionThrottleConfig>): ServerBed =>
    new ServerBed({
      maxClientCnxns: 0,
      throttle: { ...NO_THROTTLE, connections: configOf(changes) },
    });

  it('closes a session that connects too soon without a word, and counts it', () => {
    const bed = throttled({ tokensMax: 3, fillMs: 100 });
    const clients = Array.from({ length: 5 }, () => bed.connect());
    for (const client of clients) client.greet({});
    bed.run();
    assert.deepEqual(
      clients.map(({ closed }) => closed),
      ['', '', '', 'cut', 'cut'],
    );
    assert.equal(clients[4]?.raw().length, 0);
    assert.equal(bed.core.stats.connectionRejectedCount, 2);
    assert.equal(bed.core.stats.connectionRequestCount, 3);
    assert.equal(bed.core.stats.connectionTokenDeficit.max, 3);
    bed.pass(100);
    assert.notEqual(bed.connect().handshake(), null);
  });

  it('counts sessions that come back as well', () => {
    const bed = throttled({ tokensMax: 2, fillMs: 1_000_000 });
    const client = bed.connect();
    const session = client.handshake();
    assert.deepEqual(bed.connect().handshake({ session }), session);
    const third = bed.connect();
    assert.equal(third.handshake({ session }), null);
    assert.equal(third.closed, 'cut');
  });

  it('shows the chance of a refusal as a metric', () => {
    const bed = throttled({ tokensMax: 1, fillMs: 1_000_000, freezeMs: 10, dropIncrease: 0.5 });
    const value = (): number | undefined =>
      bed.view.metrics().find(({ name }) => name === 'connection_drop_probability')?.value;
    bed.client();
    assert.equal(value(), 0);
    bed.pass(100);
    bed.connect().handshake();
    assert.equal(value(), 0.5);
  });
});
