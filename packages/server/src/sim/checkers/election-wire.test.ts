/** Votes against the disks of those who cast them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, ServerState, writeInit, writeNotification } from '@zabra/protocol';
import { ELECTION_PORT } from '../member-config.ts';
import { ElectionWire } from './election-wire.ts';
import { ONE, WireBench } from './wire.test-kit.ts';

describe('ElectionWire', () => {
  function votes(bench: WireBench, wire: ElectionWire, epoch: number, zxid: number): void {
    const w = new JuteWriter();
    const start = w.reserve(4);
    const vote = { state: ServerState.LOOKING, leader: 2, zxid, electionEpoch: 1 };
    writeNotification(w, { ...vote, peerEpoch: epoch, version: 2, config: null });
    w.patchInt(start, w.position - 4);
    wire.onSent(bench.learner, 2, w.toBytes());
  }

  it('wants votes for oneself to be what is or was on the disk', () => {
    const bench = new WireBench(ELECTION_PORT);
    const wire = new ElectionWire(() => undefined);
    const history = bench.durability.history(2);
    wire.onStarted(2, history);
    const w = new JuteWriter();
    writeInit(w, 2, [{ host: '10.0.0.2', port: 3888 }], false);
    wire.onSent(bench.learner, 2, w.toBytes().slice(0, 10));
    wire.onSent(bench.learner, 2, w.toBytes().slice(10));
    votes(bench, wire, 0, 0);
    bench.epoch(2, 'currentEpoch', 1);
    assert.throws(() => votes(bench, wire, 1, 0), /votes for epoch 1/);
    wire.onDisk(2, history);
    votes(bench, wire, 1, 0);
    votes(bench, wire, 0, 0);
    assert.throws(() => votes(bench, wire, 1, ONE), /zxid 100000001/);
  });

  it('forgets what was before the process began', () => {
    const bench = new WireBench(ELECTION_PORT).epoch(2, 'currentEpoch', 1);
    const wire = new ElectionWire(() => undefined);
    wire.onStarted(2, bench.durability.history(2));
    const w = new JuteWriter();
    writeInit(w, 2, [{ host: '10.0.0.2', port: 3888 }], false);
    wire.onSent(bench.learner, 2, w.toBytes());
    assert.throws(() => votes(bench, wire, 0, 0), /votes for epoch 0/);
  });
});
