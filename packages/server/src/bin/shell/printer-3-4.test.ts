/** The shell as the Kubernetes tutorial shows it: ZK_CLI_COMPAT=3.4. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeServer } from './fake-client.test-kit.ts';
import { replay } from './transcripts.test-kit.ts';

const HEAD = 'Connecting to localhost:2181\n';
const CONNECTED = `${HEAD}\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n`;

beforeEach(() => {
  process.env['ZK_CLI_COMPAT'] = '3.4';
  process.env['TZ'] = 'UTC';
});
afterEach(() => {
  delete process.env['ZK_CLI_COMPAT'];
});

function worldOf(): FakeServer {
  const server = new FakeServer();
  const z = 0x1_0000_0002n;
  const ms = Date.UTC(2016, 11, 8, 15, 13, 30);
  server.put('/hello', 'world', { czxid: z, mzxid: z, pzxid: z, ctimeMs: ms, mtimeMs: ms });
  return server;
}

const STAT = `cZxid = 0x100000002
ctime = Thu Dec 08 15:13:30 UTC 2016
mZxid = 0x100000002
mtime = Thu Dec 08 15:13:30 UTC 2016
pZxid = 0x100000002
cversion = 0
dataVersion = 0
aclVersion = 0
ephemeralOwner = 0x0
dataLength = 5
numChildren = 0
`;

test('get prints data on standard output and the stat on standard error', async () => {
  const outcome = await replay(worldOf(), ['get', '/hello']);
  assert.deepEqual(outcome, { stdout: `${CONNECTED}world\n`, stderr: STAT, exitCode: 0 });
});

test('stat, set and setAcl print a stat, create does not', async () => {
  const server = worldOf();
  assert.equal((await replay(server, ['stat', '/hello'])).stderr, STAT);
  assert.match((await replay(server, ['set', '/hello', 'you'])).stderr, /^cZxid[\s\S]*dataLength/);
  const { stderr } = await replay(server, ['setAcl', '/hello', 'world:anyone:r']);
  assert.match(stderr, /aclVersion/);
  const created = await replay(server, ['create', '/new', 'x']);
  assert.deepEqual(created, { stdout: CONNECTED, stderr: 'Created /new\n', exitCode: 0 });
});

test('failures keep their lines and end with a code', async () => {
  const outcome = await replay(worldOf(), ['get', '/nope']);
  assert.equal(outcome.stderr, 'Node does not exist: /nope\n');
  assert.equal(outcome.exitCode, 1);
});

test('a one-shot waits as long as its session would for a server that serves', async () => {
  const server = worldOf();
  server.isReachable = false;
  const started = Date.now();
  const outcome = await replay(server, ['-timeout', '300', 'get', '/hello']);
  assert.ok(Date.now() - started >= 290);
  const stderr = 'KeeperErrorCode = ConnectionLoss\n';
  assert.deepEqual(outcome, { stdout: HEAD, stderr, exitCode: 1 });
});
