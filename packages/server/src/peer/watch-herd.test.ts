/**
 * A change that many clients watch: no turn writes to all of them, and yet each hears of it before
 * it can see it in any reply (client-protocol.md 6, traps 45 and 46).
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  JuteReader,
  type JuteWriter,
  OpCode,
  Perms,
  readWatcherEvent,
  writeAclVector,
} from '@zabra/protocol';
import { type BedClient, eventsOf } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const COUNT = 1000;
const DATA = new Uint8Array(3);
/** What the credentials `u:p` make of a client. */
const U_P = `u:${createHash('sha1').update('u:p').digest('base64')}`;

interface Herd {
  readonly bed: ServerBed;
  readonly writer: BedClient;
  readonly herd: readonly BedClient[];
}

/** Many clients that watch the data of /a. */
function herdOf(count = COUNT): Herd {
  const bed = new ServerBed({ maxClientCnxns: 0, maxSessionTimeoutMs: 1_000_000 });
  const writer = bed.client(1_000_000);
  writer.create(1, '/a');
  bed.run();
  writer.replies();
  const herd = Array.from({ length: count }, () => bed.connect());
  for (const client of herd) client.greet({ timeoutMs: 1_000_000 });
  bed.run();
  for (const client of herd) {
    client.response();
    client.getData(1, '/a', true);
  }
  bed.run();
  for (const client of herd) assert.deepEqual(client.xids(), [1]);
  return { bed, writer, herd };
}

/** The change is applied, and the first turn of telling is over. */
function change({ bed, writer }: Herd): void {
  writer.setData(2, '/a', DATA);
  for (let turn = 0; turn < 10; turn++) {
    bed.turn();
    if (writer.xids().length > 0) return;
  }
  assert.fail('The change is not made');
}

/** Beyond the handshake and the reply to its read. */
function toldCount({ herd }: Herd): number {
  return herd.filter(({ connection }) => connection.packetsSent > 2).length;
}

/** What the client gets, in order: events as `type path`, replies as their xids. */
function heard(client: BedClient): string[] {
  return client.replies().map(({ xid, body }) => {
    if (xid !== -1) return String(xid);
    const { type, path } = readWatcherEvent(new JuteReader().reset(body, 0, body.length));
    return `${type} ${path}`;
  });
}

describe('a herd of watchers', () => {
  it('is told over several turns, each watcher once, and the writer does not wait for it', () => {
    const scene = herdOf();
    change(scene);
    const first = toldCount(scene);
    assert.ok(first > 0 && first < COUNT / 2, `${first} are told in the turn of the change`);
    let last = first;
    let turns = 0;
    while (last < COUNT && turns++ < 50) {
      scene.bed.turn();
      const told = toldCount(scene);
      assert.ok(told - last <= first + 1, `${told - last} in one turn`);
      last = told;
    }
    scene.bed.run();
    for (const client of scene.herd) assert.deepEqual(eventsOf(client.replies()), ['3 /a']);
    assert.equal(scene.bed.core.state.core.watches.pathCount, 0);
  });

  it('hears of the change before any reply, to whatever it asked', () => {
    const scene = herdOf();
    const [reader, pinger, creator, rearmer] = scene.herd.slice(-4) as [
      BedClient,
      BedClient,
      BedClient,
      BedClient,
    ];
    change(scene);
    reader.getData(7, '/a');
    pinger.request(-2, OpCode.ping);
    creator.create(8, '/b');
    rearmer.getData(9, '/a', true);
    scene.bed.run();
    assert.deepEqual(heard(reader), ['3 /a', '7']);
    assert.deepEqual(heard(pinger), ['3 /a', '-2']);
    assert.deepEqual(heard(creator), ['3 /a', '8']);
    assert.deepEqual(heard(rearmer), ['3 /a', '9']);
    scene.writer.setData(3, '/a', DATA);
    scene.bed.run();
    assert.deepEqual(heard(rearmer), ['3 /a'], 'the new watch fires for the next change');
    assert.deepEqual(heard(reader), []);
  });

  it('may speak all at once, and is told over several turns all the same', () => {
    const scene = herdOf();
    change(scene);
    for (const client of scene.herd) client.request(-2, OpCode.ping);
    let last = toldCount(scene);
    let turns = 0;
    for (; last < COUNT; turns++) {
      assert.ok(turns < COUNT, 'each turn tells somebody');
      scene.bed.turn();
      const told = toldCount(scene);
      assert.ok(told - last < COUNT / 10, `${told - last} in one turn`);
      last = told;
    }
    scene.bed.run();
    for (const client of scene.herd) assert.deepEqual(heard(client), ['3 /a', '-2']);
  });

  it('is heard to the end when it hangs up behind what it was not told yet', () => {
    const scene = herdOf();
    change(scene);
    for (const client of scene.herd) client.request(2, OpCode.closeSession);
    scene.bed.turn();
    for (const client of scene.herd) client.hangUp();
    scene.bed.run();
    const { sessions } = scene.bed.core.state.core;
    assert.equal(sessions.size, 1, 'only that of the writer is left');
  });

  it('hears of the change before replies that had to wait', () => {
    const scene = herdOf();
    const { bed } = scene;
    const waiting = scene.herd.at(-1) as BedClient;
    scene.writer.setData(2, '/a', DATA);
    bed.turn();
    // Behind its own write, a read and a setWatches wait for their turn.
    waiting.create(5, '/w');
    bed.turn();
    waiting.getData(6, '/a');
    waiting.request(7, OpCode.setWatches, (w) => {
      w.zxid(0);
      w.int(1);
      w.string('/a');
      w.int(0);
      w.int(0);
    });
    bed.run();
    assert.deepEqual(heard(waiting), ['3 /a', '5', '6', '3 /a', '7']);
  });

  it('is judged by who it was when the change was made', () => {
    const scene = herdOf();
    const { bed, writer } = scene;
    writer.request(3, OpCode.setACL, (w) => {
      w.string('/a');
      writeAclVector(w, [{ perms: Perms.ALL, scheme: 'digest', id: U_P }]);
      w.int(-1);
    });
    authenticate(writer, 4);
    bed.run();
    writer.replies();
    const [early, late] = scene.herd.slice(-2) as [BedClient, BedClient];
    authenticate(early, 5);
    bed.run();
    early.replies();
    change(scene);
    authenticate(late, 6);
    bed.run();
    assert.deepEqual(heard(early), ['3 /a']);
    assert.deepEqual(heard(late), ['6'], 'it was nobody then, and its watch is used up');
    writer.setData(9, '/a', DATA);
    bed.run();
    assert.deepEqual(heard(late), []);
  });

  it('gets the events of one transaction, and of the next, in order and together', () => {
    const scene = herdOf();
    const { bed, writer } = scene;
    for (const client of scene.herd) {
      client.request(2, OpCode.addWatch, (w) => {
        w.string('/');
        w.int(1);
      });
    }
    bed.run();
    for (const client of scene.herd) client.replies();
    for (let xid = 10; xid < 15; xid++) writer.create(xid, `/n${xid}`);
    writer.setData(15, '/a', DATA);
    bed.run();
    const wanted = [...[10, 11, 12, 13, 14].map((xid) => `1 /n${xid}`), '3 /a'];
    for (const client of scene.herd) assert.deepEqual(heard(client), wanted);
  });

  it('may lose members while it is told', () => {
    const scene = herdOf();
    change(scene);
    for (const client of scene.herd.slice(100, 300)) client.hangUp();
    scene.bed.run();
    for (const client of [...scene.herd.slice(0, 100), ...scene.herd.slice(300)]) {
      assert.deepEqual(heard(client), ['3 /a']);
    }
    const late = scene.bed.client();
    late.getData(1, '/a', true);
    scene.bed.run();
    assert.deepEqual(heard(late), ['1']);
  });
});

function authenticate(client: BedClient, xid: number): void {
  client.request(xid, OpCode.auth, (w: JuteWriter) => {
    w.int(0);
    w.string('digest');
    w.bytes(new TextEncoder().encode('u:p'));
  });
}
