/**
 * A follower that serves observers, with observers played by hand: the handshake without any wait,
 * the history, INFORM, and what is refused (quorum-protocol.md 13).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteWriter, makeZxid, OpCode, PacketType, writeAckEpochData } from '@zabra/protocol';
import { ZABRA_VERSION } from './declaration.ts';
import { encodeLearnerInfo } from './learner-info.ts';
import { ObserverMaster, type ObserverMasterHost } from './observer-master.ts';
import { ScriptHistory } from './script-history.test-kit.ts';
import { ScriptLeaderHost, ScriptLink, txn } from './script-host.test-kit.ts';

const EPOCH = 2;
const START = makeZxid(EPOCH, 0);
const NOTHING = new Uint8Array(0);

class ScriptFollower extends ScriptLeaderHost implements ObserverMasterHost {
  leaderVersion = ZABRA_VERSION;
  retainedBytesMax = 1000;
  readonly syncs: (() => void)[] = [];

  onLearnerSync(answer: () => void): void {
    this.syncs.push(answer);
  }
}

/** A follower at 2:3, whose ring begins at 1:4. */
class MasterRig {
  readonly host: ScriptFollower;
  readonly master: ObserverMaster;

  constructor() {
    this.host = new ScriptFollower();
    const zxids = [makeZxid(1, 4), makeZxid(1, 5), START + 1, START + 2, START + 3];
    this.host.holds(zxids, EPOCH);
    this.master = new ObserverMaster(this.host, EPOCH);
  }

  packet(link: ScriptLink, type: number, zxid: number, data: Uint8Array | null = null): void {
    const end = data === null ? -1 : data.length;
    this.master.onPacket(link, type, zxid, data ?? NOTHING, data === null ? -1 : 0, end, null);
  }

  hello(acceptedEpoch = EPOCH, type: number = PacketType.OBSERVERINFO, sid = 4): ScriptLink {
    const link = new ScriptLink();
    this.master.onLearnerConnected(link);
    this.packet(link, type, makeZxid(acceptedEpoch, 0), encodeLearnerInfo(sid, 0));
    return link;
  }

  ackEpoch(link: ScriptLink, lastZxid: number): void {
    const w = new JuteWriter();
    writeAckEpochData(w, -1);
    this.packet(link, PacketType.ACKEPOCH, lastZxid, w.toBytes());
  }

  /** An observer in step at `lastZxid`. */
  join(lastZxid = START + 3): ScriptLink {
    const link = this.hello();
    this.ackEpoch(link, lastZxid);
    this.packet(link, PacketType.ACK, START);
    link.take();
    return link;
  }

  commit(zxid: number, leaderSid = -1): void {
    this.host.committedLog.add(txn(zxid));
    this.host.commit(txn(zxid));
    this.host.takeDeeds();
    this.master.onCommitted(txn(zxid), leaderSid);
  }

  after(ms: number): void {
    this.host.now += ms;
    this.master.tick();
  }
}

const idle = (lines: string[]): string[] => lines.filter((line) => !line.startsWith('PING'));

describe('an observer that comes to a follower', () => {
  it('is told the epoch, its missing history and NEWLEADER, and is up to date at its ACK', () => {
    const rig = new MasterRig();
    const link = rig.hello(1);
    assert.deepEqual(link.take(), ['LEADERINFO 200000000 000100005a41425200000002']);
    rig.ackEpoch(link, START + 1);
    assert.deepEqual(link.take(), [
      'DIFF 200000003',
      'PROPOSAL 200000002 x',
      'COMMIT 200000002',
      'PROPOSAL 200000003 x',
      'COMMIT 200000003',
      'NEWLEADER 200000000 cfg',
    ]);
    assert.equal(rig.master.syncedCount, 0);
    rig.packet(link, PacketType.ACK, START);
    assert.deepEqual(link.take(), ['UPTODATE ffffffffffffffff']);
    assert.equal(rig.master.syncedCount, 1);
  });

  it('is not told that its master is of our kind where Apache leads', () => {
    const rig = new MasterRig();
    rig.host.leaderVersion = 0;
    assert.deepEqual(rig.hello().take(), ['LEADERINFO 200000000 00010000']);
  });

  it('gets what is older out of the log files, and INFORM for what came meanwhile', () => {
    const rig = new MasterRig();
    const history = new ScriptHistory();
    rig.host.openHistory = () => history;
    const link = rig.hello();
    link.take();
    rig.ackEpoch(link, makeZxid(1, 1));
    rig.commit(START + 4);
    assert.deepEqual(link.take(), []);
    history.state = 'found';
    history.read.push(makeZxid(1, 2), makeZxid(1, 3), makeZxid(1, 4));
    rig.after(1);
    const found = idle(link.take());
    assert.deepEqual(found.slice(0, 3), [
      'DIFF 200000004',
      'PROPOSAL 100000002 old',
      'COMMIT 100000002',
    ]);
    assert.deepEqual(found.slice(-3), [
      'PROPOSAL 200000004 x',
      'COMMIT 200000004',
      'NEWLEADER 200000000 cfg',
    ]);
    assert.equal(found.length, 2 * 8 + 2);
    rig.commit(START + 5);
    rig.packet(link, PacketType.ACK, START);
    assert.deepEqual(idle(link.take()), ['UPTODATE ffffffffffffffff', 'INFORM 200000005 x']);
  });

  it('gets the whole state when it lacks more than is known', () => {
    const rig = new MasterRig();
    const link = rig.hello();
    rig.ackEpoch(link, makeZxid(1, 1));
    link.rawBytes = 'snap'.length + 4 + 'BenWasHere'.length;
    const [, snap, , newLeader] = link.take();
    assert.deepEqual([snap, newLeader], ['SNAP 200000003', 'NEWLEADER 200000000 cfg']);
  });

  it('comes back by DIFF from what is retained beyond the ring', () => {
    const rig = new MasterRig();
    for (let counter = 4; counter <= 20; counter++)
      rig.master.onCommitted(txn(START + counter), -1);
    rig.host.committedLog.clear();
    rig.host.lastProcessedZxid = START + 20;
    const link = rig.hello();
    rig.ackEpoch(link, START + 18);
    assert.deepEqual(link.take().slice(1, 4), [
      'DIFF 200000014',
      'PROPOSAL 200000013 x',
      'COMMIT 200000013',
    ]);
  });

  it('that is ahead in this epoch waits until we are there as well', () => {
    const rig = new MasterRig();
    const link = rig.hello();
    rig.ackEpoch(link, START + 5);
    assert.equal(link.take().length, 1);
    rig.commit(START + 4);
    assert.deepEqual(link.take(), []);
    rig.commit(START + 5);
    assert.deepEqual(link.take(), ['DIFF 200000005', 'NEWLEADER 200000000 cfg']);
  });

  it('that is ahead for too long is sent away', () => {
    const rig = new MasterRig();
    const link = rig.hello();
    rig.ackEpoch(link, START + 5);
    rig.after(1000);
    assert.equal(link.closedFor, null);
    rig.after(1);
    assert.equal(link.closedFor, 'it is ahead of us');
  });

  it('is refused when it is none, has another leader, or speaks out of turn', () => {
    const rig = new MasterRig();
    const early = rig.hello();
    rig.packet(early, PacketType.PING, 0);
    const beyond = rig.hello();
    rig.ackEpoch(beyond, makeZxid(3, 1));
    const links = [rig.hello(2, PacketType.FOLLOWERINFO), rig.hello(3), early, beyond];
    assert.deepEqual(
      links.map(({ closedFor }) => closedFor),
      [
        'its first packet is FOLLOWERINFO, wanted OBSERVERINFO',
        'it has promised epoch 3, beyond our 2',
        'it sent PING, wanted a whole ACKEPOCH',
        'its history ends at 0x300000001, beyond epoch 2',
      ],
    );
  });
});

describe('an observer in step', () => {
  it('hears of commits by INFORM, and who leads from a reconfiguration on', () => {
    const rig = new MasterRig();
    const link = rig.join();
    rig.commit(START + 4);
    rig.commit(START + 5, 3);
    assert.deepEqual(idle(link.take()), [
      'INFORM 200000004 x',
      'INFORMANDACTIVATE 200000005 000000000000000378',
    ]);
  });

  it('that is being synchronised hears of commits behind UPTODATE', () => {
    const rig = new MasterRig();
    const link = rig.hello();
    rig.ackEpoch(link, START + 3);
    rig.commit(START + 4);
    link.take();
    rig.packet(link, PacketType.ACK, START);
    assert.deepEqual(link.take(), ['UPTODATE ffffffffffffffff', 'INFORM 200000004 x']);
  });

  it('gets a PING every half tick, and is closed when it is silent', () => {
    const rig = new MasterRig();
    const link = rig.join();
    for (let count = 0; count < 4; count++) rig.after(50);
    assert.deepEqual(link.take(), Array<string>(4).fill('PING 200000003'));
    rig.after(301);
    assert.equal(link.closedFor, 'it was silent for 501 ms');
  });

  it('has its touches, requests and revalidations passed on, and its syncs answered', () => {
    const rig = new MasterRig();
    const link = rig.join();
    rig.host.takeDeeds();
    const data = (write: (w: JuteWriter) => void): Uint8Array => {
      const w = new JuteWriter();
      w.long(0, 1);
      write(w);
      return w.toBytes();
    };
    rig.packet(
      link,
      PacketType.PING,
      0,
      data((w) => w.int(4000)),
    );
    const request = (opcode: number): Uint8Array =>
      data((w) => {
        w.int(7);
        w.int(opcode);
        w.raw(new Uint8Array([0x61]), 0, 1);
      });
    rig.packet(link, PacketType.REQUEST, -1, request(OpCode.create));
    rig.packet(
      link,
      PacketType.REVALIDATE,
      -1,
      data((w) => w.int(4000)),
    );
    rig.packet(link, PacketType.REQUEST, -1, request(OpCode.sync));
    assert.deepEqual(rig.host.takeDeeds(), [
      'touch 0.1 4000',
      'request of 4: 0.1 7 1 a ',
      'revalidate of 4: 0.1',
    ]);
    assert.deepEqual(link.take(), ['REVALIDATE ffffffffffffffff 000000000000000101']);
    for (const answer of rig.host.syncs) answer();
    assert.deepEqual(link.take(), ['SYNC 0']);
  });

  it('may acknowledge UPTODATE, and no transaction', () => {
    const rig = new MasterRig();
    const link = rig.join();
    rig.packet(link, PacketType.ACK, START);
    assert.equal(link.closedFor, null);
    rig.packet(link, PacketType.ACK, START + 3);
    assert.equal(link.closedFor, 'it acknowledges 0x200000003');
  });

  it('gives up an older connection by coming anew, and is let go when the role ends', () => {
    const rig = new MasterRig();
    const [first, second] = [rig.join(), rig.join()];
    assert.equal(first.closedFor, 'it connected anew');
    const third = rig.hello(EPOCH, PacketType.OBSERVERINFO, 5);
    rig.master.stop('over');
    assert.deepEqual([second.finishedFor, third.closedFor], ['over', 'over']);
    const late = new ScriptLink();
    rig.master.onLearnerConnected(late);
    assert.notEqual(late.closedFor, null);
  });
});
