/** Connect strings, chroots and the order in which servers are tried. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '@zabra/protocol';
import fc from 'fast-check';
import { Chroot } from './chroot.ts';
import { type ConnectTarget, parseConnectString } from './connect-string.ts';
import { ServerList } from './server-list.ts';

const GOOD: readonly [string, string][] = [
  ['a', 'a:2181 '],
  ['a:1', 'a:1 '],
  ['a:1,b:2', 'a:1 b:2 '],
  [' a:1 , b ', 'a:1 b:2181 '],
  ['a,,b,', 'a:2181 b:2181 '],
  ['a:1/', 'a:1 '],
  ['a:1/app', 'a:1 /app'],
  ['a:1,b:2/app/x', 'a:1 b:2 /app/x'],
  ['[::1]:7', '::1:7 '],
  ['[::1]', '::1:2181 '],
  ['fe80::1', 'fe80::1:2181 '],
  ['10.0.0.1:65535', '10.0.0.1:65535 '],
];

for (const [text, wanted] of GOOD) {
  test(`parseConnectString reads "${text}"`, () => {
    const { servers, chroot } = parseConnectString(text) as ConnectTarget;
    assert.equal(
      `${servers.map(({ host, port }) => `${host}:${port}`).join(' ')} ${chroot}`,
      wanted,
    );
  });
}

const BAD: readonly [string, RegExp][] = [
  ['', /names no server/],
  [',', /names no server/],
  ['/app', /names no server/],
  ['a:0', /"a:0" is not host:port/],
  ['a:65536', /is not host:port/],
  ['a:x', /is not host:port/],
  ['a:', /is not host:port/],
  [':1', /is not host:port/],
  ['a b:1', /is not host:port/],
  ['[::1:7', /is not host:port/],
  ['a:1/app/', /chroot "\/app\/" is no valid path: path ends/],
  ['a:1/b//c', /is no valid path/],
];

for (const [text, reason] of BAD) {
  test(`parseConnectString refuses "${text}"`, () => {
    const result = parseConnectString(text);
    assert.equal(typeof result, 'string');
    assert.match(result as string, reason);
  });
}

const CHROOTS: readonly [string, string, string][] = [
  ['', '/', '/'],
  ['', '/a', '/a'],
  ['/', '/a', '/a'],
  ['/app', '/', '/app'],
  ['/app', '/a', '/app/a'],
  ['/app', '/app', '/app/app'],
];

for (const [prefix, path, serverPath] of CHROOTS) {
  test(`Chroot "${prefix}" makes ${path} ${serverPath} and back`, () => {
    const chroot = new Chroot(prefix);
    assert.equal(chroot.toServer(path), serverPath);
    assert.equal(chroot.toClient(serverPath), path);
  });
}

test('Chroot leaves paths outside it alone', () => {
  const chroot = new Chroot('/app');
  for (const path of ['/', '/zookeeper/config', '/apple', '/ap']) {
    assert.equal(chroot.toClient(path), path);
  }
});

const servers = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ host: `h${index}`, port: 1 }));

test('ServerList tries every server once a pass, in the same order for the same seed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.maxSafeNat(), (count, seed) => {
      const list = new ServerList(servers(count), new Prng(seed));
      const twin = new ServerList(servers(count), new Prng(seed));
      const pass = Array.from({ length: count }, () => list.next().host);
      assert.equal(new Set(pass).size, count);
      assert.deepEqual(
        Array.from({ length: count }, () => list.next().host),
        pass,
      );
      assert.deepEqual(
        Array.from({ length: count }, () => twin.next().host),
        pass,
      );
    }),
  );
});

test('ServerList pauses between passes only, longer each time up to a second', () => {
  const list = new ServerList(servers(3), new Prng(1));
  const longest = [50, 100, 200, 400, 800, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000];
  for (const longestMs of longest) {
    assert.equal(list.onFailed(), 0);
    assert.equal(list.passOver, false);
    assert.equal(list.onFailed(), 0);
    const pauseMs = list.onFailed();
    assert.equal(list.passOver, true);
    assert.ok(pauseMs >= longestMs / 2 && pauseMs <= longestMs, `${pauseMs} of ${longestMs}`);
  }
  list.onEstablished(false, 0);
  assert.equal(list.passOver, false);
  assert.ok(list.onLost() <= 20);
  assert.equal(list.onFailed(), 0);
});
