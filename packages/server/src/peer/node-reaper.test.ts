/**
 * The sweep over containers and TTL znodes (client-protocol.md 15), on a server that stands alone:
 * what goes and when, at which pace, and that it ends with its reign.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CreateMode, OpCode, OPEN_ACL_UNSAFE, writeAclVector } from '@zabra/protocol';
import { type BedClient, eventsOf } from './bed-client.test-kit.ts';
import { REAPER_DEFAULTS, type ReaperConfig } from './node-reaper.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const MINUTE_MS = 60_000;
const DATA = new Uint8Array(3);

function bedWith(changes: Partial<ReaperConfig> = {}): ServerBed {
  return new ServerBed({
    reaper: { ...REAPER_DEFAULTS, ...changes },
    extendedTypesEnabled: true,
    maxSessionTimeoutMs: 1_000_000,
  });
}

/** A session that outlives every sweep of a test. */
function clientOf(bed: ServerBed): BedClient {
  return bed.client(1_000_000);
}

function container(client: BedClient, path: string): void {
  client.request(1, OpCode.createContainer, (w) => {
    w.string(path);
    w.bytes(DATA);
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.int(CreateMode.CONTAINER);
  });
}

/** So many in one chunk. */
function containers(client: BedClient, count: number): void {
  const parts: Uint8Array[] = [];
  const send = client.sendRaw;
  client.sendRaw = (bytes) => parts.push(bytes);
  for (let index = 0; index < count; index++) container(client, `/c${index}`);
  client.sendRaw = send;
  client.sendRaw(Uint8Array.from(Buffer.concat(parts)));
}

function ttlNode(client: BedClient, path: string, ttlMs: number): void {
  client.request(1, OpCode.createTTL, (w) => {
    w.string(path);
    w.bytes(DATA);
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.int(CreateMode.PERSISTENT_WITH_TTL);
    w.number(ttlMs);
  });
}

function remove(client: BedClient, path: string): void {
  client.request(1, OpCode.delete, (w) => {
    w.string(path);
    w.int(-1);
  });
}

/** Containers that have had a child. */
function used(bed: ServerBed, client: BedClient, paths: readonly string[]): void {
  for (const path of paths) {
    container(client, path);
    client.create(1, `${path}/child`);
    remove(client, `${path}/child`);
  }
  bed.run();
  for (const { err } of client.replies()) assert.equal(err, 'OK');
}

function exists(bed: ServerBed, path: string): boolean {
  return bed.core.state.core.tree.nodes.find(path) !== 0;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('a container', () => {
  it('goes at the next sweep once its last child is gone, by a transaction of its own', () => {
    const bed = bedWith();
    const client = clientOf(bed);
    used(bed, client, ['/c']);
    client.request(2, OpCode.exists, (w) => {
      w.string('/c');
      w.bool(true);
    });
    bed.run();
    client.replies();
    const before = bed.core.state.lastProcessedZxid;
    bed.pass(MINUTE_MS - 1000);
    assert.equal(exists(bed, '/c'), true);
    bed.pass(2000);
    assert.equal(exists(bed, '/c'), false);
    assert.equal(bed.core.state.lastProcessedZxid, before + 1);
    assert.deepEqual(eventsOf(client.replies()), ['2 /c']);
    assert.equal(bed.core.stats.containersDeletedCount, 1);
  });

  it('stays while it has a child', () => {
    const bed = bedWith();
    const client = clientOf(bed);
    used(bed, client, ['/c']);
    client.create(1, '/c/again');
    bed.pass(3 * MINUTE_MS);
    assert.equal(exists(bed, '/c'), true);
  });

  it('that never had a child stays, unless there is a limit and it is older', () => {
    for (const [neverUsedMsMax, afterMs, stays] of [
      [0, 10 * MINUTE_MS, true],
      [5 * MINUTE_MS, 4 * MINUTE_MS + 500, true],
      [5 * MINUTE_MS, 6 * MINUTE_MS + 500, false],
    ] as const) {
      const bed = bedWith({ neverUsedMsMax });
      container(clientOf(bed), '/c');
      bed.run();
      bed.pass(afterMs);
      assert.equal(exists(bed, '/c'), stays, `${neverUsedMsMax} ms, after ${afterMs} ms`);
    }
  });

  it('with a child on its way is left alone', () => {
    const bed = bedWith();
    const client = clientOf(bed);
    used(bed, client, ['/c']);
    bed.pass(MINUTE_MS - 1000);
    bed.disk.isLogStuck = true;
    client.create(5, '/c/child');
    bed.pass(2000);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(client.replies().at(-1)?.err, 'OK');
    assert.equal(bed.core.stats.containersDeletedCount, 0);
    assert.equal(exists(bed, '/c/child'), true);
  });
});

describe('a TTL znode', () => {
  it('goes at the first sweep after its time, which writing its data begins anew', () => {
    const bed = bedWith();
    const client = clientOf(bed);
    ttlNode(client, '/short', 30_000);
    ttlNode(client, '/long', 90_000);
    ttlNode(client, '/fresh', 30_000);
    bed.pass(40_000);
    client.setData(2, '/fresh', DATA);
    bed.pass(25_000);
    assert.deepEqual(
      ['/short', '/long', '/fresh'].map((path) => exists(bed, path)),
      [false, true, true],
    );
    bed.pass(MINUTE_MS);
    assert.deepEqual(
      ['/short', '/long', '/fresh'].map((path) => exists(bed, path)),
      [false, false, false],
    );
    assert.equal(bed.core.stats.ttlNodesDeletedCount, 3);
  });

  it('stays while it has children, and goes at the sweep after the last', () => {
    const bed = bedWith();
    const client = clientOf(bed);
    ttlNode(client, '/t', 1000);
    client.create(2, '/t/child');
    bed.pass(2 * MINUTE_MS + 500);
    assert.equal(exists(bed, '/t'), true);
    remove(client, '/t/child');
    bed.pass(MINUTE_MS);
    assert.equal(exists(bed, '/t'), false);
  });

  it('whose data is about to be written is left alone', () => {
    const bed = bedWith();
    const client = clientOf(bed);
    ttlNode(client, '/t', 30_000);
    bed.pass(MINUTE_MS - 1000);
    bed.disk.isLogStuck = true;
    client.setData(2, '/t', DATA);
    bed.pass(2000);
    bed.disk.isLogStuck = false;
    bed.run();
    assert.equal(exists(bed, '/t'), true);
    assert.equal(bed.core.stats.ttlNodesDeletedCount, 0);
  });

  it('stays when the wall clock goes back', () => {
    const bed = bedWith();
    ttlNode(clientOf(bed), '/t', 30_000);
    bed.run();
    bed.wallShiftMs = -MINUTE_MS;
    bed.pass(MINUTE_MS + 500);
    assert.equal(exists(bed, '/t'), true);
  });
});

describe('the pace of a sweep', () => {
  it('keeps to so many deletions a minute', () => {
    const bed = bedWith({ deletionsPerMinuteMax: 600 });
    const client = clientOf(bed);
    used(
      bed,
      client,
      range(50).map((index) => `/c${index}`),
    );
    bed.pass(MINUTE_MS);
    const { stats } = bed.core;
    const before = stats.containersDeletedCount;
    bed.pass(2000);
    const inTwoSeconds = stats.containersDeletedCount - before;
    assert.ok(inTwoSeconds >= 19 && inTwoSeconds <= 21, `${inTwoSeconds} in 2 s`);
    bed.pass(5000);
    assert.equal(stats.containersDeletedCount, 50);
  });

  it('keeps a turn short, however many are due', () => {
    const bed = bedWith({ deletionsPerMinuteMax: 1_000_000_000, neverUsedMsMax: 1 });
    const client = clientOf(bed);
    containers(client, 1000);
    bed.run();
    bed.stall(MINUTE_MS - 20);
    let longest = 0;
    let last = 0;
    for (let turn = 0; turn < 50; turn++) {
      bed.nowMs += 20;
      bed.turn();
      const { containersDeletedCount } = bed.core.stats;
      longest = Math.max(longest, containersDeletedCount - last);
      last = containersDeletedCount;
    }
    assert.equal(last, 1000);
    assert.ok(longest <= 200, `${longest} in one turn`);
  });

  it('looks at part of the znodes only in one turn', () => {
    const bed = bedWith({ deletionsPerMinuteMax: 1_000_000_000 });
    const client = clientOf(bed);
    containers(client, 12_000);
    bed.run();
    const { core } = bed;
    const { nodes } = core.state.core.tree;
    const childCount = nodes.childCount.bind(nodes);
    let looks = 0;
    nodes.childCount = (ref: number) => {
      looks++;
      return childCount(ref);
    };
    let longest = 0;
    bed.stall(MINUTE_MS - 20);
    looks = 0;
    let all = 0;
    for (let turn = 0; turn < 10; turn++) {
      bed.nowMs += 20;
      bed.turn();
      longest = Math.max(longest, looks);
      all += looks;
      looks = 0;
    }
    assert.equal(all, 12_000, 'one sweep looks at each once');
    assert.ok(longest <= 10_000, `${longest} in one turn`);
  });
});

describe('the end of a reign', () => {
  it('ends its sweep, and the next begins its own an interval later', () => {
    const bed = bedWith({ deletionsPerMinuteMax: 60 });
    const client = clientOf(bed);
    used(
      bed,
      client,
      range(20).map((index) => `/c${index}`),
    );
    bed.pass(MINUTE_MS + 3000);
    const { containersDeletedCount } = bed.core.stats;
    assert.ok(containersDeletedCount > 0 && containersDeletedCount < 20);
    bed.endRole();
    bed.pass(MINUTE_MS + 3000);
    assert.equal(bed.core.stats.containersDeletedCount, containersDeletedCount);
    bed.serve();
    bed.pass(MINUTE_MS - 1000);
    assert.equal(bed.core.stats.containersDeletedCount, containersDeletedCount);
    bed.pass(30_000);
    assert.equal(bed.core.stats.containersDeletedCount, 20);
  });

  it('lets nothing be ordered while the server stops', () => {
    const bed = bedWith();
    used(bed, clientOf(bed), ['/c']);
    const zxid = bed.core.state.lastProcessedZxid;
    bed.stop();
    bed.pass(2 * MINUTE_MS);
    assert.equal(bed.core.state.lastProcessedZxid, zxid);
  });
});
