/**
 * ClickHouse Keeper's extensions from the client port on: which server takes which request, what
 * reaches a leader of which kind, and that without them a server is Apache's to the byte.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeKeeperFeatures,
  JuteReader,
  type JuteWriter,
  type MultiOp,
  OpCode,
  PacketType,
  readMultiResponse,
  readMultiTxn,
  readTxnHeader,
} from '@zabra/protocol';
import { filteredBody, removeBody, txnText } from '../ops/keeper-bed.test-kit.ts';
import {
  type Body,
  createBody,
  multiBody,
  pathVersionBody,
  pathWatchBody,
  worldAcl,
} from '../ops/state-bed.test-kit.ts';
import { encodeLeaderInfo } from '../zab/learner-info.ts';
import type { BedClient, Reply } from './bed-client.test-kit.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { finish, follow, forward, History, lead, written } from './ensemble-script.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const KEEPER = { keeper: { availabilityZone: 'zone-a' } };
const { createIfNotExists, removeRecursive, filteredList, checkNotExists } = OpCode;

const create = (path: string): MultiOp => ({
  type: OpCode.create,
  request: { path, data: null, acl: worldAcl(31), flags: 0 },
});
const checkNot = (path: string): MultiOp => ({
  type: checkNotExists,
  request: { path, version: -1 },
});

function bytesOf(body: Body): Uint8Array {
  return written((w: JuteWriter) => body(w));
}

function readerOf(reply: Reply | undefined): JuteReader {
  const { body } = reply ?? assert.fail('there is no reply');
  return new JuteReader().reset(body, 0, body.length);
}

function featuresOf(reply: Reply | undefined): string[] {
  return decodeKeeperFeatures(readerOf(reply).bytes() ?? new Uint8Array(0));
}

function codes(client: BedClient): [xid: number, err: string][] {
  return client.replies().map(({ xid, err }) => [xid, err]);
}

describe('a server that stands alone', () => {
  it('answers what was asked at once in its order, reads seeing the writes before them', () => {
    const bed = new ServerBed(KEEPER);
    const client = bed.client();
    client.create(1, '/r');
    client.request(2, createIfNotExists, createBody('/r/a'));
    client.request(3, filteredList, filteredBody('/r', { watch: true, listType: 1 }));
    client.request(4, createIfNotExists, createBody('/r/a'));
    client.request(5, removeRecursive, removeBody('/r', 1));
    client.request(6, removeRecursive, removeBody('/r', 2));
    client.request(7, checkNotExists, pathVersionBody('/r', -1));
    client.request(8, OpCode.multi, multiBody([checkNot('/r'), create('/r'), checkNot('/r')]));
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid, err }) => [xid, err]),
      [
        [1, 'OK'],
        [2, 'OK'],
        [3, 'OK'],
        [4, 'OK'],
        [5, 'NOTEMPTY'],
        // Its children watch, set by the third.
        [-1, 'OK'],
        [6, 'OK'],
        [7, 'OK'],
        [8, 'OK'],
      ],
    );
    assert.equal(readerOf(replies[1]).string(), '/r/a');
    const zxids = replies.map(({ zxid }) => zxid);
    assert.deepEqual(zxids, [2, 3, 3, 4, 5, 6, 6, 6, 7], 'each write has a zxid');
    const results = readMultiResponse(readerOf(replies[8])) ?? [];
    assert.deepEqual(
      results.map((result) => ('err' in result ? result.err : 0)),
      [0, 0, -110],
    );
  });

  it('says at /keeper what it can do', () => {
    const bed = new ServerBed(KEEPER);
    const client = bed.client();
    client.getData(1, '/keeper/feature_flags');
    client.getData(2, '/keeper/availability_zone');
    client.getData(3, '/keeper/none');
    bed.run();
    const [flags, zone, none] = client.replies();
    assert.ok(featuresOf(flags).includes('REMOVE_RECURSIVE'));
    assert.equal(readerOf(zone).string(), 'zone-a');
    assert.equal(none?.err, 'NONODE');
  });

  it('that is not told to closes on each of them, as on any that it does not know', () => {
    for (const opcode of [500, 501, 502, 503, 506, 504]) {
      const bed = new ServerBed();
      const client = bed.client();
      client.request(1, opcode, pathVersionBody('/a', -1));
      client.getData(2, '/');
      bed.run();
      const [reply, ...rest] = client.replies();
      assert.deepEqual([reply?.xid, reply?.zxid, reply?.err], [1, -1, 'UNIMPLEMENTED']);
      assert.deepEqual([rest.length, client.closed], [0, 'gently']);
    }
  });

  it('that is not told to refuses a multi with one of them in its place, with a zxid', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.request(1, OpCode.multi, multiBody([create('/a'), checkNot('/b')]));
    client.create(2, '/b');
    client.request(3, OpCode.exists, pathWatchBody('/a'));
    client.request(4, OpCode.exists, pathWatchBody('/keeper'));
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ zxid, err }) => [zxid, err]),
      [
        [2, 'MARSHALLINGERROR'],
        [3, 'OK'],
        [3, 'NONODE'],
        [3, 'NONODE'],
      ],
    );
  });
});

/** A follower that serves, and what its leader gets. */
class Following {
  readonly bed: MemberBed;
  readonly link: BedLink;
  readonly history: History;

  constructor(
    leaderInfo?: Uint8Array,
    changes: ConstructorParameters<typeof MemberBed>[0] = KEEPER,
  ) {
    this.bed = new MemberBed(changes);
    this.link = follow(this.bed, 1, leaderInfo);
    this.link.say(PacketType.DIFF, 0);
    finish(this.bed, this.link, 1);
    this.history = new History(1);
    this.take();
  }

  /** What was forwarded: operation and body. */
  take(): { opcode: number; body: Uint8Array; order: () => void }[] {
    this.bed.run();
    const packets = this.link.packets().filter(({ type }) => type === PacketType.REQUEST);
    return packets.map(({ data }) => {
      const bytes = data ?? assert.fail('a REQUEST has data');
      const r = new JuteReader().reset(bytes, 0, bytes.length);
      r.long();
      const { hi, lo } = r;
      const cxid = r.int();
      const opcode = r.int();
      const body = bytes.slice(16);
      return { opcode, body, order: () => this.#order(hi, lo, cxid, opcode, body) };
    });
  }

  client(): BedClient {
    const client = this.bed.connect();
    client.greet({});
    for (const { order } of this.take()) order();
    assert.equal(client.response()?.timeoutMs, 10_000);
    return client;
  }

  #order(hi: number, lo: number, cxid: number, opcode: number, body: Uint8Array): void {
    const entry = this.history.nextOf(hi, lo, cxid, opcode, body);
    this.link.say(PacketType.PROPOSAL, this.history.zxid, entry);
    this.link.say(PacketType.COMMIT, this.history.zxid);
    this.bed.run();
  }
}

describe('a follower with the extensions', () => {
  it('forwards them to a leader of its own kind, and answers as the client asked', () => {
    const side = new Following(encodeLeaderInfo());
    const client = side.client();
    client.getData(1, '/keeper/feature_flags');
    client.request(2, createIfNotExists, createBody('/r'));
    client.request(3, createIfNotExists, createBody('/r'));
    client.request(4, OpCode.multi, multiBody([create('/r/a'), checkNot('/r/b')]));
    client.request(5, removeRecursive, removeBody('/r'));
    const forwarded = side.take();
    assert.deepEqual(
      forwarded.map(({ opcode }) => opcode),
      [createIfNotExists, createIfNotExists, OpCode.multi, removeRecursive],
    );
    for (const { order } of forwarded) order();
    const replies = client.replies();
    assert.ok(featuresOf(replies[0]).includes('CREATE_IF_NOT_EXISTS'));
    assert.deepEqual(
      replies.map(({ xid, err }) => [xid, err]),
      [1, 2, 3, 4, 5].map((xid) => [xid, 'OK']),
    );
    assert.deepEqual(
      [1, 2].map((at) => readerOf(replies[at]).string()),
      ['/r', '/r'],
    );
    const results = readMultiResponse(readerOf(replies[3])) ?? [];
    assert.deepEqual(
      results.map(({ type }) => type),
      [OpCode.create, checkNotExists],
    );
    assert.equal(replies[4]?.body.length, 0);
  });

  it('sends an Apache leader none of their writes, says so at /keeper, and still reads', () => {
    const side = new Following();
    const client = side.client();
    client.create(1, '/a');
    client.request(2, createIfNotExists, createBody('/r'));
    client.request(3, removeRecursive, removeBody('/r'));
    client.getData(4, '/keeper/feature_flags');
    client.request(5, filteredList, filteredBody('/', { listType: 2 }));
    client.request(6, checkNotExists, pathVersionBody('/r', -1));
    const forwarded = side.take();
    assert.deepEqual(
      forwarded.map(({ opcode }) => opcode),
      [OpCode.create],
    );
    for (const { order } of forwarded) order();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid, err }) => [xid, err]),
      [
        [1, 'OK'],
        [2, 'UNIMPLEMENTED'],
        [3, 'UNIMPLEMENTED'],
        [4, 'OK'],
        [5, 'OK'],
        [6, 'OK'],
      ],
    );
    const features = featuresOf(replies[3]);
    assert.ok(features.includes('FILTERED_LIST') && !features.includes('CREATE_IF_NOT_EXISTS'));
    assert.equal(client.closed, '');
  });
});

describe('a follower without the extensions', () => {
  it('lets no multi with one of them reach a leader that would know them', () => {
    const side = new Following(encodeLeaderInfo(), {});
    const client = side.client();
    client.request(1, OpCode.multi, multiBody([checkNot('/a')]));
    client.request(2, OpCode.multi, multiBody([create('/a')]));
    const forwarded = side.take();
    assert.deepEqual(
      forwarded.map(({ opcode, body }) => [opcode, body.length > 0]),
      [
        [OpCode.multi, false],
        [OpCode.multi, true],
      ],
    );
    for (const { order } of forwarded) order();
    assert.deepEqual(codes(client), [
      [1, 'MARSHALLINGERROR'],
      [2, 'OK'],
    ]);
    client.request(3, createIfNotExists, createBody('/b'));
    assert.deepEqual(side.take(), []);
    assert.deepEqual(codes(client), [[3, 'UNIMPLEMENTED']]);
    assert.equal(client.closed, 'gently');
  });
});

describe('a leader', () => {
  it('orders them for its learners, with or without the extensions, as Apache writes', () => {
    for (const changes of [{}, KEEPER]) {
      const bed = new MemberBed(changes);
      const link = lead(bed, 0, 0);
      link.packets();
      forward(link, 0, 0, createIfNotExists, bytesOf(createBody('/r')));
      forward(link, 0, 0, createIfNotExists, bytesOf(createBody('/r')));
      forward(link, 0, 0, OpCode.multi, bytesOf(multiBody([checkNot('/r/a'), create('/r/a')])));
      forward(link, 0, 0, removeRecursive, bytesOf(removeBody('/r')));
      forward(link, 0, 0, removeRecursive, bytesOf(removeBody('/zookeeper')));
      bed.run();
      const proposals = link.packets().filter(({ type }) => type === PacketType.PROPOSAL);
      const entries = proposals.map(({ data }) => data ?? assert.fail('a PROPOSAL has data'));
      assert.deepEqual(entries.map(txnText), [
        '1 /r',
        'multi 13 /r',
        'multi 13 /r/a, 1 /r/a',
        'multi 2 /r/a, 2 /r',
        'error -8',
      ]);
      for (const entry of entries) {
        const r = new JuteReader().reset(entry, 0, entry.length);
        const { type } = readTxnHeader(r);
        const parts = type === OpCode.multi ? readMultiTxn(r).txns : [];
        for (const one of [type, ...parts.map((part) => part.type)]) assert.ok(one < 100);
      }
    }
  });
});
