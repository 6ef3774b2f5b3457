/**
 * The end of a session by its client: behind everything that is under way, on the server if one can
 * be reached, and in any case.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@zabra/protocol';
import { SyncRequest } from './requests.ts';
import { ScriptedPeer } from './scripted-peer.test-kit.ts';

/** Longer than any pause between attempts, ms. */
const PAUSE_MS = 1000;

function established(): ScriptedPeer {
  const peer = new ScriptedPeer();
  peer.establish();
  peer.take();
  return peer;
}

test('SessionMachine closes the session behind everything that is under way', () => {
  const peer = established();
  peer.submit(new SyncRequest('/a'));
  peer.close();
  peer.submit(new SyncRequest('/b'));
  peer.answer(3, ErrorCode.OK, (w) => w.string('/a'));
  peer.answer(4);
  assert.deepEqual(peer.take(), [
    '> sync xid=1',
    '> closeSession xid=2',
    'reply sync /b CLOSING zxid=0',
    'reply sync /a OK zxid=3',
    'hang up 1',
    'state CLOSED: closed by the client',
  ]);
});

test('SessionMachine reconnects once more to close a session, and gives up after one pass', () => {
  const peer = established();
  peer.cut();
  peer.close();
  peer.pass(PAUSE_MS);
  peer.establish();
  peer.answer(4);
  assert.equal(peer.take().at(-1), 'state CLOSED: closed by the client');

  const alone = established();
  alone.cut();
  alone.close();
  alone.pass(PAUSE_MS);
  alone.refuse('ECONNREFUSED');
  assert.equal(alone.take().at(-1), 'state CLOSED: closed, but ECONNREFUSED');
});

test('SessionMachine closes once more when a connection took the answer with it', () => {
  for (const isGone of [false, true]) {
    const peer = established();
    peer.close();
    peer.cut();
    assert.equal(peer.machine.state, 'CONNECTING');
    peer.pass(PAUSE_MS);
    peer.accept();
    if (isGone) peer.reject();
    else {
      peer.grant(5);
      peer.answer(4);
    }
    assert.equal(peer.take().at(-1), 'state CLOSED: closed by the client');
  }
  const unlucky = established();
  unlucky.close();
  unlucky.cut();
  unlucky.pass(PAUSE_MS);
  unlucky.establish();
  unlucky.cut();
  assert.equal(unlucky.take().at(-1), 'state CLOSED: closed by the client, but reset');
});

test('SessionMachine that never had a session closes at once', () => {
  const peer = new ScriptedPeer();
  peer.take();
  peer.close();
  assert.deepEqual(peer.take(), ['hang up 1', 'state CLOSED: closed by the client']);
});
