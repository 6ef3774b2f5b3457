/**
 * A whole server from its start to its end: ports, the first history, a graceful stop, and what
 * ends it otherwise (operations.md 7).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeZxid, PacketType } from '@zabra/protocol';
import { follow, forwardCreate, History, lead } from './ensemble-script.test-kit.ts';
import { AGREE, MemberBed } from './member-bed.test-kit.ts';

const ALONE = { sid: 1, ensemble: null } as const;

function existsNode(bed: MemberBed, path: string): string | undefined {
  const client = bed.connect();
  assert.equal(client.handshake()?.timeoutMs, 10_000);
  client.getData(1, path);
  bed.run();
  return client.replies()[0]?.err;
}

describe('a server that stands alone', () => {
  it('opens its port at once, serves its history when loaded, keeps what it answered', () => {
    const bed = new MemberBed(ALONE);
    const early = bed.connect();
    bed.turn();
    assert.deepEqual([...bed.ports], ['client:2181']);
    bed.run();
    early.hangUp();
    const client = bed.connect();
    client.handshake();
    client.create(1, '/a');
    bed.run();
    assert.deepEqual(client.xids(), [1]);
    const killed = new MemberBed(ALONE, bed.disk.copy());
    killed.run();
    assert.equal(existsNode(killed, '/a'), 'OK');
    assert.equal(existsNode(killed, '/b'), 'NONODE');
  });

  it('begins a history even where members of an ensemble may not', () => {
    const bed = new MemberBed({ ...ALONE, dbAutocreate: false });
    bed.run();
    assert.equal(existsNode(bed, '/'), 'OK');
  });
});

describe('stop', () => {
  it('reads no more, answers what was asked, and ends when all that was logged is on disk', () => {
    const bed = new MemberBed(ALONE);
    bed.run();
    const client = bed.connect();
    client.handshake();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    bed.run();
    bed.peer.stop();
    client.create(2, '/b');
    bed.run();
    assert.deepEqual([client.closed, bed.connect().handshake(), bed.exit], ['', null, null]);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual([client.xids(), client.closed], [[1], 'gently']);
    assert.deepEqual(bed.exit, { code: 0, reason: 'stopped' });
    const other = new MemberBed(ALONE, bed.disk.copy());
    other.run();
    assert.deepEqual([existsNode(other, '/a'), existsNode(other, '/b')], ['OK', 'NONODE']);
  });

  it('waits a second for answers, and for the disk as long as that takes', () => {
    const bed = new MemberBed(ALONE);
    bed.run();
    const client = bed.connect();
    client.handshake();
    bed.disk.isLogStuck = true;
    client.create(1, '/a');
    bed.run();
    bed.peer.stop();
    bed.pass(980);
    assert.equal(client.closed, '');
    bed.pass(40);
    assert.deepEqual([client.xids(), client.closed, bed.exit], [[], 'gently', null]);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.deepEqual(bed.exit, { code: 0, reason: 'stopped' });
    const next = new MemberBed(ALONE, bed.disk.copy());
    next.run();
    assert.equal(existsNode(next, '/a'), 'OK');
  });

  it('ends a server that is loading, electing, leading or following', () => {
    const prepare: readonly ((bed: MemberBed) => void)[] = [
      () => undefined,
      (bed) => bed.pass(500),
      (bed) => void lead(bed, 0, 0),
      (bed) => void follow(bed, 1),
    ];
    for (const toRole of prepare) {
      const bed = new MemberBed();
      toRole(bed);
      bed.peer.stop();
      bed.pass(200);
      assert.equal(bed.exit?.code, 0);
      assert.ok(!bed.ports.has('quorum:2888'));
      assert.ok(bed.quorum.every(({ closed }) => closed !== ''));
    }
  });

  it('takes up no role that was won in its very turn', () => {
    const bed = new MemberBed();
    bed.run();
    let isStopped = false;
    bed.voter = (sid, heard) => {
      if (!isStopped) bed.peer.stop();
      isStopped = true;
      return AGREE(sid, heard);
    };
    bed.pass(1000);
    assert.equal(bed.exit?.code, 0);
    assert.ok(!bed.ports.has('quorum:2888'));
  });
});

describe('a port that cannot be opened', () => {
  it('ends the server when it is the clients', () => {
    const bed = new MemberBed(ALONE);
    bed.peer.onListenFailed('client', '', 2181, 'EADDRINUSE');
    bed.run();
    assert.equal(bed.exit?.code, 1);
  });

  it('is tried again for elections, three times, then ends the server', () => {
    const bed = new MemberBed();
    bed.run();
    for (let count = 0; count < 3; count++) {
      bed.ports.delete('election:3888');
      bed.peer.onListenFailed('election', 'h3', 3888, 'EADDRINUSE');
      bed.pass(900);
      assert.ok(!bed.ports.has('election:3888'));
      bed.pass(200);
      assert.ok(bed.ports.has('election:3888'));
      assert.ok(bed.exit === null);
    }
    bed.peer.onListenFailed('election', 'h3', 3888, 'EADDRINUSE');
    bed.run();
    assert.equal(bed.exit?.code, 14);
  });

  it('costs a leader its role when nobody can join it (S17)', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    bed.voter = () => null;
    bed.peer.onListenFailed('quorum', 'h3', 2888, 'EADDRINUSE');
    bed.run();
    assert.equal(bed.peer.status().role, 'looking');
    assert.equal(link.closed, 'by us');
  });
});

describe('a disk that fails', () => {
  it('ends the server, and no word is spoken on its strength', () => {
    const bed = new MemberBed();
    const link = follow(bed, 1);
    const history = new History(1);
    link.say(PacketType.DIFF, 0);
    link.say(PacketType.NEWLEADER, makeZxid(1, 0), new Uint8Array(0));
    link.say(PacketType.UPTODATE, -1);
    bed.run();
    link.heard();
    bed.diskError = 'EIO';
    link.say(PacketType.PROPOSAL, makeZxid(1, 1), history.create('/a'));
    bed.run();
    assert.equal(bed.exit?.code, 1);
    assert.deepEqual(link.heard(), []);
  });

  it('is no quorum for a leader', () => {
    const bed = new MemberBed();
    const link = lead(bed, 0, 0);
    link.heard();
    bed.diskError = 'EIO';
    forwardCreate(link, '/a');
    bed.run();
    assert.equal(bed.exit?.code, 1);
    assert.deepEqual(link.heard(), ['PROPOSAL 100000001']);
  });
});
