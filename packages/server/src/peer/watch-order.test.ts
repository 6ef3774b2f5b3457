/**
 * Watches and replies on one connection: which comes first, and that nothing is lost between what a
 * read returned and the watch that it set (client-protocol.md 6, traps 44 to 46).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteReader, OpCode, readStat, ZXID_NONE } from '@zabra/protocol';
import { type BedClient, eventsOf, type Reply } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const ONE = Uint8Array.of(1);
const TWO = Uint8Array.of(2);

describe('watches', () => {
  it('trap 46: tell the writer itself before its own reply', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/a', ONE);
    client.getData(2, '/a', true);
    client.setData(3, '/a', TWO);
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [1, 2, -1, 3],
    );
    assert.equal(replies[2]?.zxid, replies[3]?.zxid);
  });

  it('trap 46: tell a reader before it can see what changed', () => {
    const bed = new ServerBed();
    const [reader, writer] = [bed.client(), bed.client()];
    writer.create(1, '/a', ONE);
    bed.run();
    reader.getData(1, '/a', true);
    bed.run();
    writer.setData(2, '/a', TWO);
    bed.run();
    reader.getData(2, '/a');
    bed.run();
    const replies = reader.replies();
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [1, -1, 2],
    );
    assert.deepEqual(eventsOf(replies), ['3 /a']);
  });

  it('trap 46: of a setWatches that comes too late tell before its reply', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/a');
    bed.run();
    client.request(-8, OpCode.setWatches, (w) => {
      w.zxid(0);
      for (const paths of [['/a', '/gone'], ['/a'], []]) {
        w.int(paths.length);
        for (const path of paths) w.string(path);
      }
    });
    bed.run();
    const replies = client.replies().slice(1);
    assert.deepEqual(eventsOf(replies), ['3 /a', '2 /gone', '1 /a']);
    assert.deepEqual(
      replies.map(({ xid, zxid }) => [xid, zxid === -1]),
      [
        [-1, true],
        [-1, true],
        [-1, true],
        [-8, false],
      ],
    );
  });

  it('trap 44: end with their connection', () => {
    const bed = new ServerBed();
    const [watcher, writer] = [bed.client(), bed.client()];
    writer.create(1, '/a');
    bed.run();
    watcher.getData(1, '/a', true);
    bed.run();
    assert.equal(bed.view.watchCount, 1);
    watcher.hangUp();
    assert.equal(bed.view.watchCount, 0);
  });
});

/** More turns than a write takes from its client's socket to its reply. */
const TURNS_MAX = 12;

function versionOf(reply: Reply | undefined): number {
  const body = reply?.body ?? assert.fail('The read is not answered');
  const r = new JuteReader().reset(body, 0, body.length);
  r.bytes();
  return readStat(r).version;
}

type Ask = (client: BedClient) => void;

/** Asked at once, or behind a write of the same client, which makes it wait for its turn. */
const READS: readonly [name: string, ask: Ask][] = [
  ['a read', (client) => client.getData(9, '/a', true)],
  [
    'a read behind a write',
    (client) => {
      client.create(8, '/w');
      client.getData(9, '/a', true);
    },
  ],
];

describe('trap 45', () => {
  for (const [name, ask] of READS) {
    it(`trap 45: ${name} sees a change or is told of it, whenever the change is made`, () => {
      const outcomes = new Set<string>();
      for (let turns = 0; turns <= TURNS_MAX; turns++) {
        for (const readerIsFirst of [true, false]) {
          const bed = new ServerBed();
          const [reader, writer] = [bed.client(), bed.client()];
          writer.create(1, '/a', ONE);
          bed.run();
          const [first, second] = readerIsFirst ? [reader, writer] : [writer, reader];
          const act = (client: BedClient): void => {
            if (client === reader) ask(client);
            else client.setData(2, '/a', TWO);
          };
          act(first);
          for (let count = 0; count < turns; count++) bed.turn();
          act(second);
          bed.run();
          const replies = reader.replies();
          const at = replies.findIndex(({ xid }) => xid === 9);
          const told = replies.findIndex(({ xid }) => xid === -1);
          const sees = versionOf(replies[at]) === 1;
          assert.equal(told >= 0, !sees, `${turns} turns between, reader first: ${readerIsFirst}`);
          if (told >= 0) assert.ok(told > at, 'the event follows the data that it is about');
          outcomes.add(sees ? 'sees' : 'told');
        }
      }
      assert.deepEqual([...outcomes].sort(), ['sees', 'told'], 'both happen, or it tests nothing');
    });
  }

  it('trap 45: setWatches tells of a change or sets the watch, whenever the change is made', () => {
    for (let turns = 0; turns <= TURNS_MAX; turns++) {
      const bed = new ServerBed();
      const [watcher, writer] = [bed.client(), bed.client()];
      writer.create(1, '/a', ONE);
      bed.run();
      const seen = bed.core.state.lastProcessedZxid;
      writer.setData(2, '/a', TWO);
      for (let count = 0; count < turns; count++) bed.turn();
      watcher.request(7, OpCode.setWatches, (w) => {
        w.zxid(seen);
        w.int(1);
        w.string('/a');
        w.int(0);
        w.int(0);
      });
      bed.run();
      const events = watcher.replies().filter(({ xid }) => xid === ZXID_NONE);
      assert.deepEqual(eventsOf(events), ['3 /a'], `${turns} turns between`);
    }
  });
});
