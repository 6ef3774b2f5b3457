/**
 * Our shell against recordings of ZooKeeper's own, byte by byte, on all three of its channels:
 * standard output, standard error, exit code. What differs on purpose stands in one table.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acl, Perms } from '@zabra/client';
import { FakeServer } from './fake-client.test-kit.ts';
import { type Outcome, recorded, replay, type Transcript } from './transcripts.test-kit.ts';

process.env['TZ'] = 'UTC';

const at = (hour: number, minute: number, second: number): number =>
  Date.UTC(2026, 10, 23, hour, minute, second);

const BLOCK = '\nWATCHER::\n\nWatchedEvent state:';

/**
 * Why a case differs, and what it then is. A failed command exits with 1 where the original said 0,
 * a Java stack trace is a line of our own, an interactive shell ends its output with a newline.
 */
const DIFFERENCES: readonly [RegExp, (recording: Transcript) => Partial<Outcome>][] = [
  [/^set -b \S+ !!$/, () => ({ stderr: '-b data must be in base64\n' })],
  [/^set -v abc /, () => ({ stderr: '-v argument must be an int value\n' })],
  [/^setAcl -R \/cli\/acl1 /, () => ({ exitCode: 1 })],
  [
    /^addauth nosuch x$/,
    ({ stdout }) => ({
      // The original does not wait for the answer, so its block comes too late to be seen.
      stdout: `${stdout}${BLOCK}AuthFailed type:None path:null zxid: -1\n`,
      stderr: 'KeeperErrorCode = AuthFailed\n',
      exitCode: 1,
    }),
  ],
  [/^setquota -n (?:0|abc) |^setquota -b -5 |^setquota -n 5 \/zookeeper/, () => ({ exitCode: 1 })],
  [/^listquota \/nope$/, () => ({ exitCode: 1 })],
  [/^delquota \/q$/, ({ stdout }) => ({ exitCode: stdout.includes('not exist') ? 1 : 0 })],
  [/^listquota \/q$/, ({ stderr }) => ({ exitCode: stderr.includes('not exist') ? 1 : 0 })],
  // The recordings are of 3.10, which has one command more.
  [/^help$/, ({ stderr }) => ({ stderr: stderr.replace('\texit \n', '') })],
  // Hosts of no particular order; ours is that of the configuration.
  [/^config -c$/, ({ stdout }) => ({ stdout: stdout.replace(/127\S+\n$/, CLIENTS) })],
];

const CLIENTS = '127.0.0.1:25201,127.0.0.1:25202,127.0.0.1:25203,127.0.0.1:25204\n';

/** Cases that show nothing of ours: the version of the original, a warning of its line editor. */
const LEFT_OUT = /^(?:version|)$/;

const CONFIG = [
  'server.1=127.0.0.1:25211:25221:participant;127.0.0.1:25201',
  'server.2=127.0.0.1:25212:25222:participant;127.0.0.1:25202',
  'server.3=127.0.0.1:25213:25223:participant;127.0.0.1:25203',
  'server.4=127.0.0.1:25214:25224:observer;127.0.0.1:25204',
  'version=100000000',
].join('\n');

function world(perms: number): Acl[] {
  return [{ scheme: 'world', id: 'anyone', perms }];
}

/** The tree that the recordings of reading and writing were made on. */
function recordedTree(): FakeServer {
  const server = new FakeServer();
  const made = (zxid: number, ms: number) => {
    const z = BigInt(zxid);
    return { czxid: z, mzxid: z, pzxid: z, ctimeMs: ms, mtimeMs: ms };
  };
  server.put('/a', 'hello');
  const cliStat = { ...made(0xb, at(19, 34, 24)), pzxid: 0x35n };
  server.put('/cli', null, cliStat, world(Perms.ALL), 2);
  server.put('/cli/a', 'hello world', made(0x10, at(19, 34, 27)));
  server.put('/cli/acl1', 'd', {}, world(Perms.READ | Perms.WRITE));
  server.put('/cli/acl2', 'd', {}, [{ scheme: 'digest', id: 'bob:x', perms: Perms.ALL }]);
  for (const name of ['acl4', 'cont', 'seq-0000000001', 'seq-0000000002', 'ttl']) {
    server.put(`/cli/${name}`, 'x');
  }
  server.put('/cli/ttlseq-0000000007', 'x');
  server.put('/cli/utf8', '"héllo wörld"', made(0x2f, at(19, 34, 57)));
  return server;
}

function configured(): FakeServer {
  const server = new FakeServer();
  const stat = { mzxid: 0x100000000n, mtimeMs: at(19, 32, 14), version: -1, aversion: -1 };
  server.put('/zookeeper/config', CONFIG, stat, world(Perms.READ));
  server.node('exists', '/zookeeper').childCounter--;
  server.nodes.delete('/svc');
  server.put('/svc', null);
  return server;
}

const FILES: readonly [string, () => FakeServer][] = [
  ['create.txt', () => new FakeServer()],
  ['read.txt', recordedTree],
  ['write-acl.txt', recordedTree],
  ['config.txt', configured],
  ['quota.txt', () => new FakeServer()],
];

for (const [file, makeServer] of FILES) {
  const server = makeServer();
  for (const recording of recorded(file)) {
    const command = recording.args.slice(recording.args.indexOf('-waitforconnection') + 1);
    const words = command.join(' ');
    if (LEFT_OUT.test(words)) continue;
    test(`zkCli.sh ${words} prints what ${file} has recorded`, async () => {
      if (words === 'set -s /cli/a v3') {
        server.zxid = 0x68n;
        server.nowMs = at(19, 36, 11);
      }
      const difference = DIFFERENCES.find(([pattern]) => pattern.test(words))?.[1];
      const { stdout, stderr, exitCode } = { ...recording, ...difference?.(recording) };
      assert.deepEqual(await replay(server, recording.args), { stdout, stderr, exitCode });
    });
  }
}

test('zkCli.sh that is fed by a pipe prints what interactive-piped.txt has recorded', async () => {
  const server = new FakeServer();
  for (const path of ['/a', '/cli', '/q']) server.put(path, 'hello');
  const lines = [
    'ls /',
    'history',
    'redo 0',
    'redo 99',
    'redo 0x0',
    'redo',
    'printwatches',
    'printwatches off',
    'printwatches',
    '',
    'get /a',
    'foo',
    'close',
    'ls /',
    'connect 127.0.0.1:25110',
    'ls /',
    'history',
  ];
  const [recording] = recorded('interactive-piped.txt');
  assert.ok(recording !== undefined);
  const outcome = await replay(server, ['-server', '127.0.0.1:25110'], `${lines.join('\n')}\n`);
  assert.equal(outcome.stdout, recording.stdout);
  // Two lines of the original's line editor, and the command that only 3.10 has.
  const stderr = recording.stderr.split('\n').slice(2).join('\n').replace('\texit \n', '');
  assert.equal(outcome.stderr, stderr);
  assert.equal(outcome.exitCode, 0);
});

test('zkCli.sh without a server prints what connect-fail.txt has recorded', async () => {
  const server = new FakeServer();
  server.isReachable = false;
  const [recording] = recorded('connect-fail.txt');
  assert.ok(recording !== undefined);
  const { stdout, stderr, exitCode } = recording;
  assert.deepEqual(await replay(server, recording.args), { stdout, stderr, exitCode });
});

test('a one-shot closes its session, unless it created an ephemeral', async () => {
  const server = new FakeServer();
  await replay(server, ['create', '/a']);
  await replay(server, ['get', '/nope']);
  await replay(server, ['nosuchcommand']);
  assert.deepEqual([server.closedCount, server.abandonedCount], [3, 0]);
  const { stdout } = await replay(server, ['create', '-e', '/e']);
  assert.deepEqual([server.closedCount, server.abandonedCount], [3, 1]);
  assert.ok(!stdout.includes('Closed'));
});

test('a piped shell that quits closes the session and keeps the last exit code', async () => {
  const server = new FakeServer();
  const { stdout, exitCode } = await replay(server, [], 'create -e /e\nget /nope\nquit\nls /\n');
  assert.equal(exitCode, 1);
  assert.ok(stdout.endsWith(`2] ${BLOCK}Closed type:None path:null zxid: -1\n`));
  assert.deepEqual([server.closedCount, server.abandonedCount], [1, 0]);
});

test('ls -? prints its options, and the usage when there is no path', async () => {
  const server = new FakeServer();
  const alone = await replay(server, ['ls', '-?']);
  assert.match(alone.stdout, /usage: ls \[options\] path\n -\? {3}help\n/);
  assert.deepEqual([alone.stderr, alone.exitCode], ['ls [-s] [-w] [-R] path\n', 1]);
  const { stdout, exitCode } = await replay(server, ['ls', '-?', '/']);
  assert.match(stdout, / -w {3}watch\n\[.*\]\n$/);
  assert.equal(exitCode, 0);
});

test('a watch is printed before the result of the command that set it off', async () => {
  const server = new FakeServer();
  server.put('/a', 'x');
  const { stdout } = await replay(server, [], 'get -w /a\nset -s /a y\n');
  assert.match(stdout, /NodeDataChanged path:\/a zxid: 1\ncZxid = 0x0/);
});
