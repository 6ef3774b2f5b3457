/**
 * What passes between a learner and its leader behind ACK(e:0), and what must not pass at all
 * (quorum-protocol.md 9, 11 and 12).
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { JuteWriter, makeZxid, OpCode, PacketType } from '@zabra/protocol';
import { LearnerRig } from './learner-rig.test-kit.ts';
import { txn } from './script-host.test-kit.ts';

const z = makeZxid;
const { PROPOSAL, COMMIT, INFORM, NEWLEADER, UPTODATE, DIFF, SNAP } = PacketType;

function left(rig: LearnerRig): string {
  return rig.host.deeds.filter((deed) => deed.startsWith('leave')).join();
}

type Packet = readonly [type: number, zxid: number, data?: string];

interface Misplaced {
  readonly name: string;
  readonly from: 'connect' | 'discover' | 'serve';
  readonly packets: readonly Packet[];
  readonly wanted: RegExp;
}

const LEADERINFO: Packet = [PacketType.LEADERINFO, z(1, 0), '\0\u0001\0\0'];

const misplaced: readonly Misplaced[] = [
  {
    name: 'NEWLEADER of a leader before 3.4',
    from: 'connect',
    packets: [[NEWLEADER, z(1, 0)]],
    wanted: /wanted LEADERINFO/,
  },
  {
    name: 'LEADERINFO that is no epoch mark',
    from: 'connect',
    packets: [[PacketType.LEADERINFO, z(1, 1)]],
    wanted: /wanted LEADERINFO/,
  },
  {
    name: 'LEADERINFO without data',
    from: 'connect',
    packets: [[PacketType.LEADERINFO, z(1, 0)]],
    wanted: /LEADERINFO is too short/,
  },
  {
    name: 'a packet before our promise',
    from: 'connect',
    packets: [LEADERINFO, [DIFF, 0]],
    wanted: /DIFF in step "promising"/,
  },
  {
    name: 'UPTODATE first',
    from: 'discover',
    packets: [[UPTODATE, -1]],
    wanted: /wanted DIFF, TRUNC or SNAP/,
  },
  {
    name: 'a snapshot of a later epoch',
    from: 'discover',
    packets: [[SNAP, z(3, 1)]],
    wanted: /wanted DIFF, TRUNC or SNAP/,
  },
  {
    name: 'NEWLEADER of another epoch',
    from: 'discover',
    packets: [
      [DIFF, 0],
      [NEWLEADER, z(3, 0), 'cfg'],
    ],
    wanted: /not of epoch 2/,
  },
  {
    name: 'a COMMIT of what is not the oldest',
    from: 'serve',
    packets: [
      [PROPOSAL, z(2, 1), 'x'],
      [PROPOSAL, z(2, 2), 'x'],
      [COMMIT, z(2, 2)],
    ],
    wanted: /COMMIT of 200000002 where 200000001 came last/,
  },
  {
    name: 'a COMMIT of what was never proposed',
    from: 'serve',
    packets: [[COMMIT, z(2, 1)]],
    wanted: /COMMIT without PROPOSAL/,
  },
  {
    name: 'a jump within an epoch',
    from: 'serve',
    packets: [[PROPOSAL, z(2, 2), 'x']],
    wanted: /PROPOSAL of 200000002/,
  },
  {
    name: 'a proposal of another epoch',
    from: 'serve',
    packets: [[PROPOSAL, z(3, 1), 'x']],
    wanted: /not of the leader's epoch/,
  },
  {
    name: 'an answer to no sync',
    from: 'serve',
    packets: [[PacketType.SYNC, 0]],
    wanted: /nobody asked for/,
  },
  {
    name: 'a short answer to REVALIDATE',
    from: 'serve',
    packets: [[PacketType.REVALIDATE, -1, 'x']],
    wanted: /REVALIDATE is too short/,
  },
  {
    name: 'an activation without a leader',
    from: 'serve',
    packets: [[PacketType.COMMITANDACTIVATE, z(2, 1), 'x']],
    wanted: /COMMITANDACTIVATE is too short/,
  },
  {
    name: 'too much that is never committed',
    from: 'serve',
    packets: [1, 2, 3, 4, 5].map((c): Packet => [PROPOSAL, z(2, c), 'y'.repeat(1000)]),
    wanted: /bytes of proposals wait/,
  },
];

test('packets out of place end the role', () => {
  for (const { name, from, packets, wanted } of misplaced) {
    const rig = new LearnerRig();
    rig[from]();
    for (const [type, zxid, data] of packets) rig.hear(type, zxid, data ?? null);
    assert.match(left(rig), wanted, name);
    assert.notEqual(rig.link.closedFor, null, name);
    assert.equal(rig.learner.phase, 'over');
  }
});

test('the end of the connection is the end of the role', () => {
  const rig = new LearnerRig();
  rig.serve();
  rig.learner.onLinkClosed(rig.link, 'reset');
  assert.match(left(rig), /connection ended: reset/);
});

test('ACKs are one for each proposal, in order, when its log is on disk', () => {
  const rig = new LearnerRig();
  rig.serve();
  for (let counter = 1; counter <= 5; counter++) rig.hear(PROPOSAL, z(2, counter), 'x');
  rig.learner.onSynced(z(2, 3));
  rig.learner.onSynced(z(2, 3));
  rig.hear(COMMIT, z(2, 1));
  assert.deepEqual(rig.link.take(), ['ACK 200000001', 'ACK 200000002', 'ACK 200000003']);
  rig.learner.onSynced(z(2, 5));
  assert.deepEqual(rig.link.take(), ['ACK 200000004', 'ACK 200000005']);
});

test('the connection lives with PINGs, which take the touch table along', () => {
  const rig = new LearnerRig();
  rig.synchronise();
  rig.link.take();
  rig.hear(PacketType.PING, z(2, 0));
  assert.deepEqual(rig.link.take(), ['PING 200000000 '], 'empty, and not null');
  rig.host.touches = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 16, 0);
  rig.hear(UPTODATE, -1);
  rig.hear(PacketType.PING, z(2, 7));
  assert.deepEqual(rig.link.take(), ['PING 200000007 000000010000000200001000']);
});

test('requests go to the leader whole, and answers find their way back', () => {
  const rig = new LearnerRig();
  rig.serve();
  const body = txn(1, 'body').buffer;
  const auth = [{ scheme: 'ip', id: 'a' }];
  rig.learner.forward(5, 6, 7, OpCode.create, body, 1, 3, auth);
  rig.learner.forward(5, 6, 8, OpCode.sync, body, 0, 0, null);
  rig.learner.forward(5, 6, 9, OpCode.sync, body, 0, 0, null);
  rig.learner.revalidate(5, 6, 4000);
  assert.deepEqual(rig.link.take(), [
    'REQUEST ffffffffffffffff 000000050000000600000007000000016f64',
    'REQUEST ffffffffffffffff 00000005000000060000000800000009',
    'REQUEST ffffffffffffffff 00000005000000060000000900000009',
    'REVALIDATE ffffffffffffffff 000000050000000600000fa0',
  ]);
  rig.hear(PacketType.SYNC, 0);
  rig.hear(PacketType.SYNC, 0);
  rig.hear(PacketType.REVALIDATE, -1, Uint8Array.of(0, 0, 0, 5, 0, 0, 0, 6, 1));
  assert.deepEqual(rig.host.takeDeeds(), [
    'sync answered',
    'sync answered',
    'revalidated 5.6 true',
  ]);
});

test('an observer logs what is committed, acknowledges NEWLEADER and nothing else', () => {
  const rig = new LearnerRig();
  rig.host.isObserver = true;
  rig.discover();
  assert.match(rig.link.take()[0] as string, /^OBSERVERINFO/);
  rig.hear(DIFF, z(1, 1));
  rig.hear(PROPOSAL, z(1, 1), 'x');
  rig.hear(COMMIT, z(1, 1));
  rig.newLeader();
  rig.hear(UPTODATE, -1);
  rig.host.takeDeeds();
  rig.hear(INFORM, z(2, 1), 'x');
  rig.hear(PROPOSAL, z(2, 5), 'x');
  rig.hear(COMMIT, z(2, 5));
  rig.hear(INFORM, z(2, 1), 'x');
  rig.learner.onSynced(z(2, 1));
  assert.deepEqual(rig.host.takeDeeds(), ['commit 200000001']);
  assert.deepEqual(rig.link.take(), ['ACK 200000000']);
  rig.hear(INFORM, z(2, 3), 'x');
  assert.match(left(rig), /INFORM of 200000003 where 200000001 came last/);
});

test('an activated configuration is applied and told with the leader that is to come', () => {
  const rig = new LearnerRig();
  rig.serve();
  rig.hear(PROPOSAL, z(2, 1), 'x');
  const w = new JuteWriter();
  w.zxid(2);
  rig.hear(PacketType.COMMITANDACTIVATE, z(2, 1), w.toBytes());
  assert.deepEqual(rig.host.takeDeeds(), ['commit 200000001', 'activate 200000001 2']);
  w.raw(txn(0, 'x').buffer, 0, 1);
  rig.hear(PacketType.INFORMANDACTIVATE, z(2, 2), w.toBytes());
  assert.deepEqual(rig.host.takeDeeds(), ['commit 200000002', 'activate 200000002 2']);
});

test('unknown packets are passed over', () => {
  const rig = new LearnerRig();
  rig.serve();
  rig.hear(99, 0);
  assert.equal(left(rig), '');
});
