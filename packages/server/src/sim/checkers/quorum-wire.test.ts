/** Words of leaders and learners against the disks of those who say them. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode, PacketType } from '@zabra/protocol';
import { txnBytes } from './txn.test-kit.ts';
import { EPOCH_1, ONE, TWO, WireBench } from './wire.test-kit.ts';

const { FOLLOWERINFO, LEADERINFO, ACKEPOCH, ACK, UPTODATE, PROPOSAL, COMMIT } = PacketType;

function proposal(zxid: number): Uint8Array {
  return txnBytes({ zxid, type: OpCode.createSession });
}

describe('QuorumWire', () => {
  it('lets a leader and a learner do all in their order', () => {
    const bench = new WireBench().synchronise().epoch(2, 'currentEpoch', 1);
    bench.says(bench.learner, ACK, EPOCH_1).says(bench.leader, UPTODATE, -1);
    bench.says(bench.leader, PROPOSAL, ONE, proposal(ONE));
  });

  const wrong: readonly [string, RegExp, (bench: WireBench) => void][] = [
    [
      'LEADERINFO before the epoch is stored',
      /before it is on disk/,
      (b) => b.says(b.leader, LEADERINFO, EPOCH_1, new Uint8Array(4)),
    ],
    [
      'ACKEPOCH before the epoch is stored',
      /before it is on disk/,
      (b) => {
        b.epoch(1, 'acceptedEpoch', 1).says(b.leader, LEADERINFO, EPOCH_1, new Uint8Array(4));
        b.says(b.learner, ACKEPOCH, 0, new Uint8Array(4));
      },
    ],
    [
      'FOLLOWERINFO of another epoch',
      /before it is on disk/,
      (b) => b.says(b.learner, FOLLOWERINFO, EPOCH_1),
    ],
    [
      'ACK of NEWLEADER before currentEpoch is stored',
      /currentEpoch on disk 0/,
      (b) => b.synchronise().says(b.learner, ACK, EPOCH_1),
    ],
    [
      'ACK of a proposal that is not on disk',
      /it is not on its disk/,
      (b) => {
        b.synchronise().epoch(2, 'currentEpoch', 1).says(b.learner, ACK, EPOCH_1);
        b.says(b.leader, PROPOSAL, ONE, proposal(ONE)).says(b.learner, ACK, ONE);
      },
    ],
    [
      'ACK of a proposal before that of NEWLEADER',
      /before its ACK of NEWLEADER/,
      (b) => b.synchronise().says(b.learner, ACK, ONE),
    ],
    [
      'UPTODATE before the ACK of NEWLEADER',
      /before its ACK of NEWLEADER/,
      (b) => b.synchronise().says(b.leader, UPTODATE, -1),
    ],
    [
      'COMMIT before its PROPOSAL',
      /before its PROPOSAL/,
      (b) => b.synchronise().says(b.leader, COMMIT, ONE),
    ],
    [
      'COMMIT before a quorum has it on disk',
      /is on the disks of $/,
      (b) =>
        b.synchronise().says(b.leader, PROPOSAL, ONE, proposal(ONE)).says(b.leader, COMMIT, ONE),
    ],
    [
      'proposals out of order',
      /in order/,
      (b) =>
        b
          .synchronise()
          .says(b.leader, PROPOSAL, TWO, proposal(TWO))
          .says(b.leader, PROPOSAL, ONE, proposal(ONE)),
    ],
  ];
  for (const [name, message, act] of wrong) {
    it(`objects to ${name}`, () => {
      assert.throws(() => act(new WireBench()), message);
    });
  }
});
