/** Limits of clients and the sweep, from zoo.cfg and properties to what the machine is given. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REAPER_DEFAULTS } from '../peer/node-reaper.ts';
import type { PeerConfig } from '../peer/peer-config.ts';
import { NO_THROTTLE } from '../peer/throttle-config.ts';
import { load, notes, refusal, STANDALONE, useDirectory } from './zoo-cfg.test-kit.ts';

useDirectory();

function peerOf(lines: readonly string[], flags: readonly string[] = []): PeerConfig {
  return load({ lines: [...STANDALONE, ...lines], flags }).peer;
}

describe('loadSettings, limits', () => {
  it('has the defaults of ZooKeeper 3.9', () => {
    const { throttle, reaper, juteMaxBufferBytes, juteExtraBytes } = peerOf([]);
    assert.deepEqual(throttle, NO_THROTTLE);
    assert.deepEqual(reaper, REAPER_DEFAULTS);
    assert.deepEqual([juteMaxBufferBytes, juteExtraBytes], [1_048_575, 1_048_575]);
  });

  it('reads every key of throttling from zoo.cfg', () => {
    const { throttle } = peerOf([
      'largeRequestThreshold=1000',
      'largeRequestMaxBytes=5000',
      'request_throttle_max_requests=20',
      'request_throttle_drop_stale=false',
      'request_stale_connection_check=false',
      'request_stale_latency_check=true',
      'throttled_op_wait_time=300',
      'connection_throttle_tokens=7',
      'connection_throttle_fill_time=11',
      'connection_throttle_fill_count=13',
      'connection_throttle_freeze_time=17',
      'connection_throttle_drop_increase=0.25',
      'connection_throttle_drop_decrease=.125',
      'connection_throttle_decrease_ratio=5e-1',
      'connection_throttle_weight_enabled=TRUE',
      'connection_throttle_global_session_weight=19',
      'connection_throttle_local_session_weight=21',
      'connection_throttle_renew_session_weight=23',
    ]);
    assert.deepEqual(throttle, {
      largeRequestBytes: 1000,
      largeRequestBytesMax: 5000,
      requestsMax: 20,
      dropsStale: false,
      isStaleWhenClosed: false,
      isStaleWhenLate: true,
      waitMsMax: 300,
      connections: {
        tokensMax: 7,
        fillMs: 11,
        fillTokens: 13,
        freezeMs: 17,
        dropIncrease: 0.25,
        dropDecrease: 0.125,
        decreaseRatio: 0.5,
        isWeighted: true,
        // As the reference raises it.
        newWeight: 21,
        localWeight: 21,
        renewWeight: 23,
      },
    });
  });

  it('takes what has no prefix from properties only', () => {
    const lines = ['jute.maxbuffer=1000', 'znode.container.checkIntervalMs=5'];
    const { juteMaxBufferBytes, reaper } = peerOf(lines);
    assert.deepEqual([juteMaxBufferBytes, reaper], [1_048_575, REAPER_DEFAULTS]);
    const given = peerOf(lines, [
      '-Djute.maxbuffer=4194304',
      '-Dznode.container.checkIntervalMs=1000',
      '-Dznode.container.maxPerMinute=60',
      '-Dznode.container.maxNeverUsedIntervalMs=300000',
    ]);
    assert.equal(given.juteMaxBufferBytes, 4_194_304);
    assert.equal(given.juteExtraBytes, 4_194_304);
    assert.deepEqual(given.reaper, {
      checkIntervalMs: 1000,
      deletionsPerMinuteMax: 60,
      neverUsedMsMax: 300_000,
    });
  });

  it('keeps the extra room of transactions at 1024 or more', () => {
    const extra = (value: string): number =>
      peerOf([`jute.maxbuffer.extrasize=${value}`]).juteExtraBytes;
    assert.deepEqual(['5000', '10', '-1', 'much'].map(extra), [5000, 1024, 1024, 1_048_575]);
  });

  it('makes of values that mean nothing what is nearest', () => {
    const flags = ['-Dznode.container.checkIntervalMs=0', '-Dznode.container.maxPerMinute=-5'];
    const { throttle, reaper } = peerOf(
      [
        'request_throttle_max_requests=-1',
        'throttled_op_wait_time=-1',
        'largeRequestThreshold=0',
        'connection_throttle_fill_time=0',
      ],
      flags,
    );
    assert.deepEqual([reaper.checkIntervalMs, reaper.deletionsPerMinuteMax], [1, 1]);
    assert.deepEqual([throttle.requestsMax, throttle.waitMsMax], [0, 0]);
    assert.deepEqual([throttle.largeRequestBytes, throttle.connections.fillMs], [-1, 1]);
  });

  it('warns of some bad values and refuses others', () => {
    const warned = notes({ lines: [...STANDALONE, 'largeRequestMaxBytes=0', 'maxCnxns=-3'] });
    assert.match(warned, /"largeRequestMaxBytes=0": wanted a number from 1 on/);
    assert.match(warned, /"maxCnxns=-3": wanted a number from 0 on/);
    const lines = [...STANDALONE, 'connection_throttle_drop_increase=often'];
    const { code, message } = refusal({ lines });
    assert.equal(code, 1);
    assert.match(message, /"connection_throttle_drop_increase=often": wanted a number/);
  });
});
