/** Watches against the past of the tree: missed, false and caught-up events. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventType, OpCode, ZXID_NONE } from '@zabra/protocol';
import { votersOf } from './configurations.test-kit.ts';
import { Ledger } from './ledger.ts';
import { makeTxn, SESSION, type TxnSketch } from './txn.test-kit.ts';
import { ModelWatch, Watches } from './watches.ts';

const PAST: readonly TxnSketch[] = [
  SESSION,
  { zxid: 2, type: OpCode.create, path: '/a', value: 1 },
  { zxid: 4, type: OpCode.setData, path: '/a', value: 1 },
  { zxid: 6, type: OpCode.setData, path: '/a', value: 2 },
  { zxid: 8, type: OpCode.create, path: '/a/b', value: 1 },
];

function bench(): { watches: Watches; watch: ModelWatch } {
  const ledger = new Ledger(
    votersOf(1),
    () => null,
    () => undefined,
  );
  for (const sketch of PAST) ledger.model.apply(makeTxn(sketch));
  return { watches: new Watches(ledger), watch: new ModelWatch('/a') };
}

function changed(zxid: number) {
  return { type: EventType.NODE_DATA_CHANGED, path: '/a', zxid };
}

describe('Watches', () => {
  it('wants the event before any reply that is as new', () => {
    const { watches, watch } = bench();
    watches.arm(watch, 'data', 2);
    watches.onReply('client', 3);
    assert.throws(() => watches.onReply('client', 4), /A watch fires before/);
    watches.onEvent('client', changed(4), [watch]);
    watches.onReply('client', 9);
  });

  it('takes the first change and no other', () => {
    const { watches, watch } = bench();
    watches.arm(watch, 'data', 2);
    assert.throws(() => watches.onEvent('client', changed(6), [watch]), /first was 4/);
    watches.arm(watch, 'data', 5);
    watches.onEvent('client', changed(6), [watch]);
  });

  it('refuses events that did not happen, and those that nobody waits for', () => {
    const { watches, watch } = bench();
    watches.arm(watch, 'data', 2);
    assert.throws(() => watches.onEvent('client', changed(5), [watch]));
    const deleted = { type: EventType.NODE_DELETED, path: '/a', zxid: 4 };
    assert.throws(() => watches.onEvent('client', deleted, [watch]));
    watches.onEvent('client', changed(4), [watch]);
    assert.throws(() => watches.onEvent('client', changed(6), [watch]), /nobody waits for/);
  });

  it('knows the kinds of watches by what they wait for', () => {
    const { watches, watch } = bench();
    watches.arm(watch, 'child', 6);
    watches.onReply('client', 7);
    assert.throws(() => watches.onReply('client', 8), /children/);
    const exist = bench();
    exist.watches.arm(exist.watch, 'exist', 1);
    assert.throws(() => exist.watches.onReply('client', 2), /created/);
  });

  it('accepts an event without a zxid after a reconnection only', () => {
    const { watches, watch } = bench();
    watches.arm(watch, 'data', 2);
    assert.throws(() => watches.onEvent('client', changed(ZXID_NONE), [watch]), /on a new watch/);
    watches.arm(watch, 'data', 2);
    watches.onReconnected();
    watches.onEvent('client', changed(ZXID_NONE), [watch]);
    watches.onReply('client', 9);
  });

  it('lets a creation be missed that was undone while nobody was connected', () => {
    const { watches, watch } = bench();
    watches.arm(watch, 'exist', 1);
    watches.onReconnected();
    watches.onReply('client', 7);
    watches.onReply('client', 9);
  });
});
