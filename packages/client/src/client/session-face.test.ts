/**
 * The client and its servers, over real sockets: which one it is on, other lists of them, moves
 * from a read-only one to one that takes writes, and logins that go wrong.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, OpCode } from '@zabra/protocol';
import { connect } from './connect.ts';
import { ScriptedServer, stateOf } from './scripted-server.test-kit.ts';

test('updateServerList moves the session to another server, calls included', async () => {
  await using first = await ScriptedServer.listen();
  await using second = await ScriptedServer.listen(({ xid, connection }) =>
    connection.reply({ xid }, 8, ErrorCode.OK, (w) => w.string('/app')),
  );
  await using client = await connect(`${first.address}/app`);
  assert.equal(client.server, first.address);
  const answers: (() => void)[] = [];
  const asked = new Promise<void>((resolve) => {
    first.script = ({ xid, connection }) => {
      answers.push(() => connection.reply({ xid }, 7, ErrorCode.OK, (w) => w.string('/app')));
      resolve();
    };
  });
  const sent = client.sync();
  await asked;
  client.updateServerList(`${second.address}/app`);
  const waiting = client.sync();
  const left = stateOf(client, 'CONNECTING');
  for (const answer of answers) answer();
  await left;
  assert.equal(client.server, '');
  await Promise.all([sent, waiting]);
  assert.equal(client.server, second.address);
  assert.deepEqual([first.asked, second.asked], [[OpCode.sync], [OpCode.sync]]);
  assert.equal(second.connects[0]?.sessionLo, 77);
  assert.equal(client.state, 'CONNECTED');
});

const LISTS: readonly [string, RegExp][] = [
  ['', /^Cannot take the servers "": it names no server$/],
  ['a b', /^Cannot take the servers "a b": "a b" is not host:port$/],
  ['h:1/other', /its chroot is "\/other", that of the client is "\/app"$/],
];

test('updateServerList refuses what is no list of servers', async () => {
  await using server = await ScriptedServer.listen();
  await using client = await connect(`${server.address}/app`);
  for (const [list, message] of LISTS) {
    assert.throws(() => client.updateServerList(list), { code: 'BADARGUMENTS', message });
  }
  assert.equal(client.server, server.address);
});

test('a client on a read-only server finds the one that takes writes', async () => {
  await using one = await ScriptedServer.listen();
  await using other = await ScriptedServer.listen();
  one.isReadOnly = true;
  other.isReadOnly = true;
  const servers = `${one.address},${other.address}`;
  await using client = await connect(servers, { readOnly: true });
  assert.equal(client.state, 'CONNECTEDREADONLY');
  const target = client.server === one.address ? other : one;
  const connected = stateOf(client, 'CONNECTED');
  target.isReadOnly = false;
  await connected;
  assert.equal(client.server, target.address);
});

test('connect says why the login failed, and does not go on without it', async () => {
  await using server = await ScriptedServer.listen(({ xid, connection }) =>
    connection.reply({ xid }, 0, ErrorCode.OK, (w) => w.bytes(null)),
  );
  const sasl = { username: 'bob', password: 'bobsecret' };
  await assert.rejects(connect(server.address, { sasl }), {
    code: 'AUTHFAILED',
    outcome: 'session-over',
    message: 'Cannot connect: the server offers no SASL',
  });
  assert.deepEqual(server.asked, [OpCode.sasl]);
  const nobody = { username: '', password: 'x' };
  await assert.rejects(connect(server.address, { sasl: nobody }), { code: 'BADARGUMENTS' });
});
