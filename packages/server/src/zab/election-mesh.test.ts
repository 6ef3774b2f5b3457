/**
 * The election mesh of one member (quorum-protocol.md 2), its links played by hand.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { SID_ANONYMOUS } from '@zabra/protocol';
import { frame, Host, init, join, said, vote } from './election-mesh-rig.test-kit.ts';
import { bytesOf, type ScriptLink, THREE_TEXT } from './script-host.test-kit.ts';

test('the larger sid dials, says INIT and its newest message, and keeps the connection', () => {
  const host = new Host(3);
  host.mesh.send(1, vote(7));
  host.mesh.send(1, vote(8));
  assert.deepEqual(
    host.dials.map(({ to }) => to),
    ['a:2'],
    'one dial in progress per sid',
  );
  const { link } = host.lastDial;
  host.mesh.onDialed(link);
  assert.deepEqual(said(link), ['INIT v1 3 own:5', 'vote 8']);
  assert.deepEqual(host.connected, [1]);
  assert.deepEqual(host.mesh.connected(), [1]);
  host.say(link, frame(42));
  assert.deepEqual(host.heard, ['1: 42']);
  host.mesh.send(1, vote(9));
  assert.deepEqual(said(link), ['vote 9']);
});

test('INIT names every address when the ensemble understands that', () => {
  const host = new Host(3, true);
  host.mesh.send(1, vote(7));
  host.mesh.onDialed(host.lastDial.link);
  assert.deepEqual(said(host.lastDial.link), ['INIT v2 3 own:5 ::1:6', 'vote 7']);
});

test('where servers authenticate, a dial is no connection before that has succeeded', () => {
  for (const sid of [1, 3]) {
    const host = new Host(sid, false, undefined, true);
    host.mesh.send(2, vote(7));
    const { link } = host.lastDial;
    host.mesh.onDialed(link);
    assert.deepEqual(said(link), [`INIT v1 ${sid} own:5`]);
    host.after(999);
    assert.deepEqual([link.closedFor, link.finishedFor, host.connected], [null, null, []]);
    host.mesh.onAuthenticated(link);
    assert.equal(link.finishedFor, sid < 2 ? 'the larger sid dials back' : null);
    assert.deepEqual(said(link), sid < 2 ? [] : ['vote 7']);
    host.mesh.onAuthenticated(link);
    assert.equal(link.closedFor, 'this dial was given up');
  }
  const host = new Host(3, false, undefined, true);
  host.mesh.send(2, vote(7));
  const { link } = host.lastDial;
  host.mesh.onDialed(link);
  host.after(1000);
  assert.equal(link.closedFor, 'the dial takes too long');
  host.after(99);
  assert.equal(host.dials.length, 1, 'not in a tight loop');
});

test('the smaller sid only knocks: INIT, hang up, and again after 1 to 2 s', () => {
  const host = new Host(1);
  host.mesh.send(3, vote(7));
  const knock = host.lastDial.link;
  host.mesh.onDialed(knock);
  assert.deepEqual(said(knock), ['INIT v1 1 own:5']);
  assert.equal(knock.closedFor, null, 'INIT must leave before the connection is closed');
  assert.equal(knock.finishedFor, 'the larger sid dials back');
  host.mesh.onLinkClosed(knock, 'closed');
  host.after(999);
  assert.equal(host.dials.length, 1);
  host.after(1001);
  assert.equal(host.dials.length, 2);
});

test('the larger sid calls back whoever knocks, at the address that it names', () => {
  const host = new Host(3);
  const knock = host.accept(init(1));
  assert.equal(knock.closedFor, null, 'what was said to it before may still be on its way');
  assert.equal(knock.finishedFor, 'the larger sid dials back');
  assert.deepEqual(
    host.dials.map(({ to }) => to),
    ['peer:9'],
  );
  host.mesh.onDialed(host.lastDial.link);
  assert.deepEqual(host.mesh.connected(), [1]);
  // It knocks again: whatever connection we believe in is gone at its end.
  const second = host.accept(init(1));
  assert.notEqual(second.finishedFor, null);
  assert.match(String(host.dials[0]?.link.closedFor), /its other end asks for a new one/);
  assert.equal(host.dials.length, 2);
});

test('a knock without an address is answered where the configuration says', () => {
  const host = new Host(3);
  host.accept(init(1, [{ host: '0.0.0.0', port: 9 }]));
  assert.deepEqual(
    host.dials.map(({ to }) => to),
    ['a:2'],
  );
});

test('a knock whose names lead nowhere is answered where it came from', () => {
  const host = new Host(3);
  const dialed: string[] = [];
  const failDials = (count: number) => {
    for (let n = 0; n < count; n++) {
      dialed.push(host.lastDial.to);
      host.mesh.onLinkClosed(host.lastDial.link, 'ENOTFOUND');
      host.after(2000);
    }
  };
  // The pod of server 1 has a name when it is ready, and wants us before.
  host.accept(init(1, [{ host: 'pod', port: 9 }]), '10.0.0.7:40001');
  failDials(3);
  assert.deepEqual(dialed.splice(0), ['pod:9', 'a:2', '10.0.0.7:9']);
  failDials(4);
  assert.ok(!dialed.splice(0).includes('10.0.0.7:9'), 'once for each knock');
  host.mesh.onLinkClosed(host.lastDial.link, 'ENOTFOUND');
  host.accept(init(1, [{ host: 'pod', port: 9 }]), 'fd00::7:40002');
  failDials(2);
  assert.deepEqual(dialed.splice(0), ['pod:9', 'a:2']);
  assert.equal(host.lastDial.to, 'fd00::7:9');
  const { link } = host.lastDial;
  host.mesh.onDialed(link);
  assert.deepEqual(host.mesh.connected(), [1]);
  // The address may be another's by the time of the next call.
  host.mesh.onLinkClosed(link, 'closed');
  host.mesh.send(1, vote(1));
  failDials(4);
  assert.ok(!dialed.includes('fd00::7:9'));
});

test('the connection of a larger sid is kept, and replaces an older one', () => {
  const host = new Host(1);
  host.mesh.send(3, vote(7));
  const dial = host.lastDial.link;
  const first = host.accept(join(init(3), frame(1)));
  assert.deepEqual(host.heard, ['3: 1'], 'what follows INIT in the same bytes is a frame');
  assert.equal(dial.closedFor, 'no longer needed');
  assert.deepEqual(said(first), ['vote 7'], 'what it was told last is said once more');
  const second = host.accept(init(3));
  assert.equal(first.closedFor, 'replaced by a newer connection');
  host.mesh.onLinkClosed(first, 'closed');
  assert.deepEqual(host.mesh.connected(), [3], 'the end of the old one does not touch the new one');
  assert.deepEqual(said(second), ['vote 7']);
});

test('INIT and frames may arrive cut anywhere', () => {
  const bytes = join(
    init(3, [
      { host: 'x', port: 1 },
      { host: 'y', port: 2 },
    ]),
    frame(1),
    frame(2),
  );
  for (let cut = 1; cut < bytes.length; cut++) {
    const host = new Host(1);
    const link = host.accept(bytes.slice(0, cut));
    host.say(link, bytes.slice(cut));
    assert.deepEqual(host.heard, ['3: 1', '3: 2'], `cut at ${cut}`);
  }
  const host = new Host(1);
  const link = host.accept();
  for (const byte of bytes) host.say(link, Uint8Array.of(byte));
  assert.deepEqual(host.heard, ['3: 1', '3: 2']);
});

test('while a connection does not take it, the newest message replaces the older ones', () => {
  const host = new Host(3);
  host.mesh.send(1, vote(1));
  const { link } = host.lastDial;
  host.mesh.onDialed(link);
  said(link);
  link.unsentBytes = 1 << 20;
  for (const zxid of [2, 3, 4]) host.mesh.send(1, vote(zxid));
  host.after(10);
  assert.deepEqual(said(link), []);
  link.unsentBytes = 0;
  host.after(10);
  host.after(10);
  assert.deepEqual(said(link), ['vote 4']);
});

test('a member out of reach is told of once for each reason, and named until it is reached', () => {
  const host = new Host(3);
  const fail = (reason: string): void => {
    host.after(3000);
    host.mesh.onLinkClosed(host.lastDial.link, reason);
  };
  host.mesh.send(1, vote(7));
  host.mesh.onLinkClosed(host.lastDial.link, 'no such name');
  for (const reason of ['no such name', 'no such name', 'refused', 'no such name']) fail(reason);
  assert.deepEqual(host.told, [
    'Cannot reach server 1 at script:1: no such name',
    'Cannot reach server 1 at script:1: refused',
  ]);
  assert.deepEqual(host.mesh.unreachable(), ['server 1 at script:1: no such name']);
  host.after(3000);
  host.after(5000);
  assert.deepEqual(host.mesh.unreachable(), ['server 1 at script:1: the dial takes too long']);
  host.after(3000);
  host.mesh.onDialed(host.lastDial.link);
  assert.deepEqual(host.mesh.unreachable(), []);
  host.mesh.onLinkClosed(host.lastDial.link, 'closed');
  host.mesh.send(1, vote(8));
  fail('no such name');
  assert.equal(host.told.length, 4, 'it was reached in between, so this is news');
});

test('failed dials are repeated with growing pauses of at most 2 s, over all addresses', () => {
  const text = 'server.1=a:1:2|b:1:2\nserver.3=c:1:2';
  const host = new Host(3, true, text);
  host.mesh.send(1, vote(1));
  const pauses: number[] = [];
  let last = 0;
  while (host.dials.length < 9) {
    const { link } = host.lastDial;
    host.mesh.onLinkClosed(link, 'refused');
    const before = host.dials.length;
    while (host.dials.length === before) host.after(1);
    pauses.push(host.now - last);
    last = host.now;
  }
  assert.deepEqual(
    host.dials.slice(0, 4).map(({ to }) => to),
    ['a:2', 'b:2', 'a:2', 'b:2'],
  );
  const bounds = [100, 200, 400, 800, 1000, 1000, 1000, 1000];
  for (const [index, pause] of pauses.entries()) {
    const least = bounds[index] as number;
    assert.ok(pause >= least && pause < 2 * least, `pause ${index} is ${pause}`);
  }
});

test('a dial that hangs is given up after its time', () => {
  const host = new Host(3);
  host.mesh.connectAll();
  assert.deepEqual(
    host.dials.map(({ to }) => to),
    ['a:2', 'b:2', 'd:2'],
  );
  host.after(4999);
  assert.equal(host.dials.length, 3);
  host.after(1);
  assert.deepEqual(
    host.dials.map(({ link }) => link.closedFor),
    Array(3).fill('the dial takes too long'),
  );
  const late = host.dials[0]?.link as ScriptLink;
  host.mesh.onDialed(late);
  assert.deepEqual(host.mesh.connected(), []);
  host.after(400);
  assert.equal(host.dials.length, 6);
});

test('connections that stay silent time out, and only so many may wait', () => {
  const host = new Host(3);
  const silent = host.accept();
  const slow = host.accept(init(1).slice(0, 10));
  host.after(999);
  assert.equal(silent.closedFor, null);
  host.after(1);
  assert.equal(silent.closedFor, 'it did not say INIT in time');
  assert.equal(slow.closedFor, 'it did not say INIT in time');
  const links = Array.from({ length: 70 }, () => host.accept());
  assert.equal(links.filter((link) => link.closedFor !== null).length, 6);
  assert.notEqual(links[0]?.closedFor, null, 'the oldest goes first');
});

test('what does not begin with INIT is closed', () => {
  const rows: [string, RegExp][] = [
    ['ffffffffffff0002 0000000000000001 00000001 61', /did not begin with INIT/],
    ['ffffffffffff0000 0000000000000001 00000000', /did not begin with INIT/],
    ['ffffffffffff0000 0000000000000003 00000003 613a31', /its sid is ours/],
    ['ffffffffffff0000 ffffffffffffffff 00000003 613a31', /its sid is ours, or none/],
  ];
  for (const [hex, wanted] of rows) {
    const host = new Host(3);
    assert.match(String(host.accept(bytesOf(hex)).closedFor), wanted);
    assert.equal(host.warnings.length, 1);
  }
});

test('a peer from before 3.5 says its sid alone', () => {
  const host = new Host(1);
  host.accept(join(bytesOf('0000000000000003'), frame(5)));
  assert.deepEqual(host.heard, ['3: 5']);
});

test('a malformed vote costs itself, a malformed frame its connection', () => {
  const host = new Host(1);
  const link = host.accept(init(3));
  host.say(link, join(bytesOf('00000004 00000000'), frame(6)));
  assert.deepEqual(host.heard, ['3: 6']);
  assert.equal(link.closedFor, null);
  for (const hex of ['ffffffff', '00080001', '00000000']) {
    const other = host.accept(init(3));
    host.say(other, join(bytesOf(hex), frame(7)));
    assert.notEqual(other.closedFor, null, hex);
    assert.deepEqual(host.mesh.connected(), []);
  }
  assert.equal(host.heard.filter((line) => line === '3: 7').length <= 1, true);
});

test('a sid outside the configuration is answered and forgotten when it goes', () => {
  const host = new Host(1);
  host.mesh.send(9, vote(1));
  assert.equal(host.dials.length, 0, 'nobody knows where it is');
  const link = host.accept(join(init(9), frame(5)));
  assert.deepEqual(host.heard, ['9: 5']);
  host.mesh.send(9, vote(2));
  assert.deepEqual(said(link), ['vote 2']);
  host.mesh.onLinkClosed(link, 'closed');
  host.mesh.send(9, vote(3));
  assert.equal(host.dials.length, 0);
  assert.deepEqual(host.mesh.connected(), []);
});

test('a smaller stranger that knocks is called back', () => {
  const host = new Host(3, false, THREE_TEXT.replace('server.2=b:1:2:participant\n', ''));
  host.accept(init(2));
  assert.equal(host.lastDial.to, 'peer:9');
  host.mesh.onDialed(host.lastDial.link);
  assert.deepEqual(said(host.lastDial.link), ['INIT v1 3 own:5']);
  host.say(host.lastDial.link, frame(4));
  assert.deepEqual(host.heard, ['2: 4']);
});

test('an observer without a sid gets one of its own, below all others', () => {
  const host = new Host(1);
  const links = [1, 2].map(() => host.accept(join(init(SID_ANONYMOUS), frame(5))));
  assert.deepEqual(host.heard, ['-3: 5', '-4: 5']);
  host.mesh.send(-4, vote(2));
  assert.deepEqual(
    links.map((link) => said(link)),
    [[], ['vote 2']],
  );
});

test('only so many strangers are kept', () => {
  const host = new Host(1);
  const links = Array.from({ length: 40 }, (_, index) => host.accept(init(100 + index)));
  assert.equal(links.filter((link) => link.closedFor !== null).length, 8);
  assert.equal(host.mesh.connected().length, 32);
});

test('a lost connection is dialled again when something waits for it', () => {
  const host = new Host(3);
  host.mesh.send(1, vote(1));
  const { link } = host.lastDial;
  host.mesh.onDialed(link);
  host.mesh.onLinkClosed(link, 'reset');
  assert.equal(host.dials.length, 1, 'nothing waits');
  host.mesh.send(1, vote(2));
  assert.equal(host.dials.length, 2);
});

test('stop closes everything, and nothing is accepted from then on', () => {
  const host = new Host(2);
  const kept = host.accept(init(3));
  const hello = host.accept();
  host.mesh.send(1, vote(1));
  const { link } = host.lastDial;
  host.mesh.stop();
  for (const one of [kept, hello, link, host.accept()]) {
    assert.equal(one.closedFor, 'the election is stopped');
  }
  host.mesh.send(1, vote(2));
  host.mesh.connectAll();
  host.after(5000);
  assert.equal(host.dials.length, 1);
});
