/**
 * The words with a line for each connection, session or watch, against what real servers printed
 * (test/golden/operations/4lw); then on a server: what they count, and that long answers neither
 * hold it up nor wait in its memory.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddWatchMode, OpCode, OPEN_ACL_UNSAFE } from '@zabra/protocol';
import { DataTree } from '../tree/data-tree.ts';
import { SessionTable } from '../tree/session-table.ts';
import { WatchMode } from '../tree/watch-mode.ts';
import { WatchTable } from '../tree/watch-table.ts';
import { AnswerStats } from './answer-stats.ts';
import type { LongWordView } from './long-words.ts';
import { ServerBed } from './server-bed.test-kit.ts';
import { SessionTracker } from './session-tracker.ts';
import { answerOf, connectionOf, golden, listsOf, viewOf } from './word-view.test-kit.ts';

const SESSION = 0x01000019;
const NO_DATA = new Uint8Array(0);

/** Of the golden answers: all sets of both kinds have their bounds there. */
const BOOT_MS = Date.UTC(2026, 10, 23, 19, 47, 55);

function utc(wallMs: number): string {
  const [, day, date, month, year, time] =
    /^(\w+), (\d+) (\w+) (\d+) (\S+) GMT$/.exec(new Date(wallMs).toUTCString()) ?? [];
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}

/** ZooKeeper lists sets that have become empty, until their time has come. */
function withoutEmptySets(text: string): string {
  const filled = text.replace(/^0 expire at .*\n/gm, '');
  return filled.replace(
    /Sets \(\d+\)\/\((\d+)\):\n((?:\d+ expire.*\n(?:\t.*\n)+)*)/g,
    (...found) => {
      const [, count, sets = ''] = found;
      return `Sets (${sets.match(/ expire at /g)?.length ?? 0})/(${count}):\n${sets}`;
    },
  );
}

function statsOf(cxid: number, zxid: number, lastMs: number, elapsed: readonly number[]) {
  const answers = new AnswerStats();
  for (const ms of elapsed) answers.onAnswered(OpCode.create, cxid, zxid, lastMs, ms);
  answers.onAnswered(OpCode.ping, -2, zxid, lastMs, elapsed.at(-1) ?? 0);
  return answers;
}

function treeOf(owners: readonly [path: string, hi: number, lo: number][]): DataTree {
  const tree = new DataTree({ digestEnabled: false, extendedTypes: false });
  const add = (path: string, hi: number, lo: number) => {
    return tree.createNode(path, NO_DATA, 0, 0, OPEN_ACL_UNSAFE, hi, lo, -1, 1, 1);
  };
  add('/svc', 0, 0);
  for (const [path, hi, lo] of owners) assert.equal(add(path, hi, lo), 0);
  return tree;
}

const OWNERS: readonly [path: string, hi: number, lo: number][] = [
  ['/svc/eph-sesse', 0x04000019, 0x21b90002],
  ['/svc/eph-sessc', 0x03000019, 0x21bd0002],
  ['/svc/eph-sessb', 0x01000019, 0x250f000d],
];

function dumpView(changes: Partial<LongWordView>, port: number, own: number, session: string) {
  const connections = [
    connectionOf(port, null, 1, 0, { openedMs: own - 10_000 }),
    connectionOf(port, session, 1, 0, { heardMs: 25_000 }),
  ];
  return listsOf({
    nowMs: 25_500,
    wallMs: BOOT_MS + 25_500,
    dateText: utc,
    connections: () => connections.values(),
    connectionCount: 2,
    tree: treeOf(OWNERS),
    ...changes,
  });
}

/** Ports of connections, in the order in which they are listed. */
function portsAs(ports: readonly number[], text: string): string {
  let at = 0;
  return text.replace(/127\.0\.0\.1:\d+/g, () => `127.0.0.1:${ports[at++]}`);
}

function listed(word: string, lists: LongWordView): string | null {
  return answerOf(word, viewOf({ lists }));
}

describe('long words of real servers', () => {
  it('cons', () => {
    const rows = [
      connectionOf(34_758, null, 1, 0),
      connectionOf(41_622, '0x10000190a200087', 20, 20, {
        answers: statsOf(0xb, 0x159, 2_596_785, [6, 0, 0, 1]),
        openedMs: 1_795_463_192_050,
      }),
    ];
    const view = listsOf({ connections: () => rows.values() });
    assert.equal(listed('cons', view), golden('cons-standalone.txt'));
  });

  it('dump of a leader', () => {
    const tracker = new SessionTracker(2000, 0);
    tracker.track(0x04000019, 0x21b90002, 30_000, 15_000);
    tracker.track(0x01000019, 0x250f000d, 30_000, 19_000);
    tracker.track(0x03000019, 0x21bd0002, 30_000, 19_000);
    const session = '0x300001921bd0002';
    const text = listed('dump', dumpView({ sessionTracker: tracker }, 1, 35_000, session));
    const wanted = withoutEmptySets(golden('dump-leader.txt'));
    assert.equal(portsAs([40_926, 55_774], text ?? ''), wanted);
  });

  it('dump of a follower', () => {
    const sessions = new SessionTable();
    for (const [, hi, lo] of OWNERS) sessions.put(hi, lo, 30_000);
    const view = dumpView({ sessions }, 1, 25_000, '0x1000019250f000d');
    const [, second] = [...view.connections()];
    if (second !== undefined) second.heardMs = 5000;
    const wanted = withoutEmptySets(golden('dump-follower.txt'));
    assert.equal(portsAs([57_606, 43_258], listed('dump', view) ?? ''), wanted);
  });

  it('wchs, wchc, wchp', () => {
    const watches = new WatchTable();
    for (const path of ['/svc', '/future', '/svc/eph-sessc']) watches.add(path, 7, WatchMode.DATA);
    watches.add('/svc', 7, WatchMode.CHILD);
    watches.add('/svc', 8, WatchMode.CHILD);
    watches.add('/child', 8, WatchMode.CHILD);
    const view = listsOf({
      connection: () => connectionOf(1, '0x300001921bd0002', 0, 0),
      dataWatchCount: watches.dataWatchCount,
      watchReport: () => watches.report(),
    });
    for (const word of ['wchs', 'wchc', 'wchp']) {
      const text = listed(word, view) ?? '';
      // The order of paths is nobody's.
      const parts = (whole: string) =>
        whole
          .trimEnd()
          .split(/\n(?=\t?\/)/)
          .toSorted();
      const wanted = golden(`${word}-leader.txt`);
      if (word === 'wchs') assert.equal(text, wanted);
      else assert.deepEqual(parts(text), parts(wanted), word);
      assert.equal(text.endsWith('\n\n'), word !== 'wchs');
    }
  });

  it('wchs, wchc, wchp of a server without watches', () => {
    const view = listsOf({});
    assert.equal(listed('wchs', view), '0 connections watching 0 paths\nTotal watches:0\n');
    assert.equal(listed('wchc', view), '\n');
    assert.equal(listed('wchp', view), '\n');
  });

  it('dump with local sessions, of a leader and of others', () => {
    const local = new SessionTracker(2000, 0);
    const of = (tracker: SessionTracker | null) =>
      listed('dump', listsOf({ localTracker: local, sessionTracker: tracker })) ?? '';
    assert.match(of(local), /^.*\nLocal Session Sets \(0\)\/\(0\):\nGlobal Session Sets \(0\)/);
    assert.match(of(null), /^.*\nLocal Session Sets \(0\)\/\(0\):\nGlobal Sessions\(0\):\n/);
  });
});

/** All that a connection gets for a word. */
function ask(bed: ServerBed, word: string): string {
  const asker = bed.connect();
  asker.sendRaw(Buffer.from(word));
  bed.run();
  assert.equal(asker.closed, 'gently');
  return Buffer.from(asker.raw()).toString();
}

describe('long words of a server', () => {
  it('cons tells of the answers, crst begins anew', () => {
    const bed = new ServerBed();
    const client = bed.client(20_000);
    client.create(1, '/a');
    bed.run();
    client.getData(2, '/a');
    bed.run();
    const line = new RegExp(
      '^ /10\\.0\\.0\\.1:\\d+\\[1\\]\\(queued=0,recved=3,sent=3,sid=0x1[0-9a-f]+,lop=GETD,' +
        'est=\\d{13},to=20000,lcxid=0x2,lzxid=0x2,lresp=\\d+,llat=\\d+,minlat=0,avglat=\\d+,' +
        'maxlat=\\d+\\)\\n /10\\.0\\.0\\.1:\\d+\\[0\\]\\(queued=0,recved=1,sent=0\\)\\n\\n$',
    );
    assert.match(ask(bed, 'cons'), line);
    assert.equal(ask(bed, 'crst'), 'Connection stats reset.\n');
    const after = /recved=0,sent=0,sid=0x\w+,lop=NA,est=\d+,to=20000,lzxid=0xf{16},lresp=0,/;
    assert.match(ask(bed, 'cons'), after);
    client.request(-2, OpCode.ping);
    bed.run();
    assert.match(ask(bed, 'cons'), /lop=PING,est=\d+,to=20000,lzxid=0x2,lresp=\d+,llat=0,minlat=0/);
  });

  it('cons of a new session, and of one that came back', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    const session = client.handshake({ timeoutMs: 10_000 });
    assert.match(ask(bed, 'cons'), /lop=SESS,est=\d+,to=10000,lcxid=0x0,lzxid=0x1,/);
    const again = bed.connect();
    again.handshake({ session, password: session?.password ?? null });
    assert.match(ask(bed, 'cons'), /lop=null,est=\d+,to=10000,lcxid=0x0,lzxid=0x0,lresp=0,/);
  });

  it('dump names session, ephemerals and connections', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.create(1, '/e', null, 1);
    bed.run();
    const name = client.connection.session?.name;
    const text = ask(bed, 'dump');
    assert.match(text, new RegExp(`^1 expire at at \\d+:\\n\\t${name}\\n`, 'm'));
    assert.match(text, new RegExp(`Sessions with Ephemerals \\(1\\):\\n${name}:\\n\\t/e\\n`));
    assert.match(text, new RegExp(`\\tip: /10\\.0\\.0\\.1:\\d+ sessionId: ${name}\\n`));
  });

  it('wchs counts the data table alone', () => {
    const bed = new ServerBed();
    const client = bed.client();
    client.getData(1, '/', true);
    client.request(2, OpCode.getChildren, (w) => {
      w.string('/zookeeper');
      w.bool(true);
    });
    client.request(3, OpCode.addWatch, (w) => {
      w.string('/later');
      w.int(AddWatchMode.PERSISTENT_RECURSIVE);
    });
    bed.run();
    assert.equal(ask(bed, 'wchs'), '1 connections watching 2 paths\nTotal watches:2\n');
    client.hangUp();
    assert.equal(ask(bed, 'wchs'), '0 connections watching 0 paths\nTotal watches:0\n');
  });
});

describe('a long answer', () => {
  const COUNT = 50_000;
  const pathOf = (index: number) => `/watched/${String(index).padStart(30, '0')}`;

  it('is made turn by turn, as the network takes it, while others are served', () => {
    const bed = new ServerBed();
    const client = bed.client(1_000_000);
    const { watches } = bed.core.state.core;
    const { id } = client.connection;
    for (let index = 0; index < COUNT; index++) watches.add(pathOf(index), id, WatchMode.DATA);
    const asker = bed.connect();
    asker.stopReading();
    asker.sendRaw(Buffer.from('wchc'));
    // Longer than a connection may be without a session.
    bed.pass(15_000);
    const held = asker.connection.unsentBytes;
    assert.ok(held > 100_000 && held < 400_000, `${held} bytes wait`);
    client.create(1, '/a');
    bed.run();
    assert.deepEqual(client.xids(), [1], 'others are served');
    // Half of what was to be told is gone meanwhile, and something else has come.
    for (let index = 0; index < COUNT; index += 2) watches.remove(pathOf(index), id, 2);
    for (let index = 0; index < COUNT; index++) {
      watches.add(`/other/${index}`, id, WatchMode.CHILD);
    }
    asker.startReading();
    bed.run();
    assert.equal(asker.closed, 'gently');
    const told = Buffer.from(asker.raw()).toString();
    const lines = told.split('\n');
    assert.equal(lines[0], client.connection.session?.name);
    const paths = new Set(lines.slice(1, -2));
    assert.equal(paths.size, lines.length - 3, 'no path twice');
    for (let index = 1; index < COUNT; index += 2) {
      if (!paths.has(`\t${pathOf(index)}`)) assert.fail(`${pathOf(index)} is missing`);
    }
    assert.ok(!told.includes('/other/'));
  });

  it('takes no more than some thousand steps of a turn', () => {
    const bed = new ServerBed();
    const { watches } = bed.core.state.core;
    for (let index = 0; index < COUNT; index++) watches.add(pathOf(index), 1, WatchMode.DATA);
    const asker = bed.connect();
    asker.sendRaw(Buffer.from('wchc'));
    let turns = 0;
    while (bed.turn()) turns++;
    assert.ok(turns > 20 && turns < 200, `${turns} turns`);
  });

  it('ends with its asker', () => {
    const bed = new ServerBed();
    const { watches } = bed.core.state.core;
    for (let index = 0; index < COUNT; index++) watches.add(pathOf(index), 1, WatchMode.DATA);
    const asker = bed.connect();
    asker.sendRaw(Buffer.from('wchp'));
    for (let count = 0; count < 3; count++) bed.turn();
    asker.hangUp();
    bed.run();
    assert.equal(bed.view.connectionCount, 0);
  });
});

it('a session id with the sign bit is listed first, as Java sorts it', () => {
  const sessions = new SessionTable();
  sessions.put(SESSION, 1, 4000);
  sessions.put(SESSION, -1, 4000);
  sessions.put(-2, 5, 6000);
  const text = listed('dump', listsOf({ sessions })) ?? '';
  const wanted =
    'Global Sessions(3):\n0xfffffffe00000005\t6000ms\n0x100001900000001\t4000ms\n' +
    '0x1000019ffffffff\t4000ms\n';
  assert.ok(text.includes(wanted), text);
});
