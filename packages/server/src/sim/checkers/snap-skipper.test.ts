/** The body of a SNAP, made by the room that makes it, cut anywhere. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, PacketType, writeQuorumPacket } from '@zabra/protocol';
import { DataTree } from '../../tree/data-tree.ts';
import { SessionTable } from '../../tree/session-table.ts';
import { StateStream } from '../../tree/state-stream.ts';
import { sidOf } from '../member-config.ts';
import { SnapSkipper } from './snap-skipper.ts';
import { ONE, WireBench } from './wire.test-kit.ts';

const { SNAP, UPTODATE } = PacketType;

describe('SnapSkipper', () => {
  it('finds the packet behind the body of a SNAP, however the bytes are cut', () => {
    const body = new JuteWriter();
    const sessions = new SessionTable();
    sessions.put(1, 2, 4000);
    const tree = new DataTree({ digestEnabled: true, extendedTypes: false });
    const stream = new StateStream(tree, sessions);
    while (stream.next(body, 1000));
    body.string('BenWasHere');
    for (const step of [1, 7, 100_000]) {
      const w = new JuteWriter();
      writeQuorumPacket(w, SNAP, ONE, null, null);
      w.raw(body.buffer, 0, body.position);
      writeQuorumPacket(w, UPTODATE, -1, null, null);
      const bench = new WireBench();
      const bytes = w.toBytes();
      const feed = () => {
        for (let at = 0; at < bytes.length; at += step) {
          bench.wire.onSent(bench.leader, sidOf, bytes.slice(at, at + step));
        }
      };
      assert.throws(feed, /UPTODATE .* before its ACK/);
      const skipper = new SnapSkipper();
      assert.equal(skipper.push(bytes, 20, bytes.length), body.position);
      assert.equal(skipper.isEnded, true);
    }
  });
});
