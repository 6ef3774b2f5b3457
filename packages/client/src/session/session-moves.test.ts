/**
 * A session that moves to another server of its own accord: because the list of servers is another
 * one, or because its server is in read-only mode and another one is not. No call is lost to that.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, makeStat, writeStat } from '@zabra/protocol';
import { ExistsRequest, SyncRequest } from './requests.ts';
import { NamedWatcher, ScriptedPeer } from './scripted-peer.test-kit.ts';

const PAUSE_MS = 1000;

const CHANGED = 'state CONNECTING: the list of servers has changed';

/** On server "a" alone, with a watch. */
function onA(): ScriptedPeer {
  const peer = new ScriptedPeer();
  peer.establish();
  peer.submit(new ExistsRequest('/w', new NamedWatcher('w')));
  peer.answer(6, ErrorCode.OK, (w) => writeStat(w, makeStat()));
  peer.take();
  return peer;
}

function hostOf(peer: ScriptedPeer): string | undefined {
  return peer.machine.servers.current?.host;
}

test('SessionMachine stays where it is when its server stays', () => {
  const peer = onA();
  peer.replaceServers('a');
  peer.pass(100);
  assert.deepEqual(peer.take(), []);
  assert.equal(hostOf(peer), 'a');
});

test('SessionMachine leaves a server that has left the list, with its session and watches', () => {
  const peer = onA();
  peer.replaceServers('b');
  assert.deepEqual(peer.take(), ['hang up 1', CHANGED]);
  peer.pass(0);
  assert.deepEqual(peer.take(), ['dial b:1']);
  peer.establish();
  assert.deepEqual(peer.take(), [
    '> connect session=5/7 zxid=6 timeout=3000 readOnly=false',
    '> setWatches xid=2',
    'state CONNECTED',
  ]);
  assert.equal(hostOf(peer), 'b');
});

test('SessionMachine waits for what is due before it moves, and asks nothing new', () => {
  const peer = onA();
  peer.submit(new SyncRequest('/1'), new SyncRequest('/2'));
  peer.replaceServers('b');
  peer.submit(new SyncRequest('/3'));
  peer.answer(7, ErrorCode.OK, (w) => w.string('/1'));
  assert.deepEqual(peer.take(), ['> sync xid=2', '> sync xid=3', 'reply sync /1 OK zxid=7']);
  peer.answer(8, ErrorCode.OK, (w) => w.string('/2'));
  assert.deepEqual(peer.take(), ['hang up 1', 'reply sync /2 OK zxid=8', CHANGED]);
  peer.pass(0);
  peer.establish();
  assert.deepEqual(peer.take().slice(-3), [
    '> setWatches xid=4',
    '> sync xid=5',
    'state CONNECTED',
  ]);
});

test('SessionMachine that is closed before it has moved does not move', () => {
  const peer = onA();
  peer.submit(new SyncRequest('/1'));
  peer.replaceServers('b');
  peer.submit(new SyncRequest('/2'));
  peer.close();
  assert.deepEqual(peer.take(), ['> sync xid=2', '> sync xid=3', '> closeSession xid=4']);
  peer.replaceServers('c');
  for (const path of ['/1', '/2']) peer.answer(7, ErrorCode.OK, (w) => w.string(path));
  peer.answer(9);
  assert.equal(peer.take().at(-1), 'state CLOSED: closed by the client');
});

test('SessionMachine gives up an attempt at a server that has left the list', () => {
  const peer = new ScriptedPeer();
  const request = new SyncRequest('/a');
  peer.submit(request);
  peer.take();
  peer.replaceServers('b');
  peer.pass(0);
  assert.deepEqual(peer.take(), ['hang up 1', 'dial b:1']);
  peer.refuse();
  assert.deepEqual(peer.take(), ['reply sync /a CONNECTIONLOSS zxid=0', 'unreachable: refused']);
  peer.replaceServers('c');
  peer.pass(PAUSE_MS);
  assert.deepEqual(peer.take(), ['dial c:1']);
});

function readOnly(hosts: readonly string[]): ScriptedPeer {
  const servers = hosts.map((host) => ({ host, port: 1 }));
  const peer = new ScriptedPeer({ servers, readOnly: true });
  peer.accept();
  peer.grant(9, 30000, true);
  peer.take();
  return peer;
}

test('SessionMachine on a read-only server asks the others for one that takes writes', () => {
  const peer = readOnly(['a', 'b', 'c']);
  const mine = peer.machine.servers.current?.host;
  const asked: [number, string][] = [];
  let nowMs = 0;
  for (let probe = 1; probe <= 12; probe++) {
    // Each pause is twice the one before, and at most a minute.
    nowMs += Math.min(100 * 2 ** (probe - 1), 60_000);
    while (peer.nowMs < nowMs) {
      peer.pass(Math.min(5000, nowMs - peer.nowMs));
      peer.reply(-2, 1, 0);
    }
    const [line] = peer.take().filter((text) => text.startsWith('probe'));
    const [, number = '', host = ''] = /^probe (\d+) (\w)$/.exec(line ?? '') ?? [];
    asked.push([Number(number), host]);
    peer.answerProbe(probe, false);
  }
  const others = ['a', 'b', 'c'].filter((host) => host !== mine);
  assert.deepEqual(
    asked.map(([number]) => number),
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    asked
      .slice(0, 2)
      .map(([, host]) => host)
      .toSorted(),
    others,
  );
  assert.deepEqual(
    asked.slice(2, 4).map(([, host]) => host),
    asked.slice(0, 2).map(([, h]) => h),
  );
});

test('SessionMachine moves to a server that takes writes, and to that one', () => {
  for (const hosts of ['abc', 'bca', 'cab']) {
    const peer = readOnly([...hosts]);
    peer.pass(300);
    const probes = peer.take().map((line) => line.split(' '));
    const [, number, host] = probes.at(-1) ?? [];
    peer.answerProbe(Number(number) - 1, true);
    assert.deepEqual(peer.take(), [], 'an answer that comes too late');
    peer.answerProbe(Number(number), true);
    assert.deepEqual(peer.take(), ['hang up 1', 'state CONNECTING: another server takes writes']);
    peer.pass(0);
    peer.accept();
    peer.grant(5);
    assert.deepEqual(peer.take(), [
      `dial ${host}:1`,
      '> connect session=0/0 zxid=0 timeout=3000 readOnly=true',
      'state CONNECTED',
    ]);
    assert.equal(peer.machine.servers.probeMs, Number.POSITIVE_INFINITY);
  }
});

test('SessionMachine asks nobody while there is nobody else, or no need', () => {
  const alone = readOnly(['a']);
  alone.pass(5000);
  const servers = ['a', 'b'].map((host) => ({ host, port: 1 }));
  const writable = new ScriptedPeer({ servers, readOnly: true });
  writable.establish(5, 30000);
  writable.pass(5000);
  const lines = [...alone.take(), ...writable.take()];
  assert.ok(!lines.some((line) => line.startsWith('probe')));
});
