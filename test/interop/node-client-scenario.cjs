/**
 * What node-zookeeper-client does against an ensemble, run by interop.test.ts. Lines on stdout are
 * facts (`ok NAME`) or requests (`ask NAME`), after which one line is read from stdin.
 *
 * Usage: node node-client-scenario.cjs HOST:PORT[,...] DIRECTORY-WITH-node_modules
 */
'use strict';

const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const { createInterface } = require('node:readline');
const { join } = require('node:path');

const [, , hosts, modules] = process.argv;
const zookeeper = createRequire(join(modules, 'package.json'))('node-zookeeper-client');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (word, name) => process.stdout.write(`${word} ${name}\n`);
const ask = async (name) => {
  say('ask', name);
  const { done } = await lines.next();
  if (done) process.exit(2);
};

function connect() {
  const client = zookeeper.createClient(hosts, {
    sessionTimeout: 10_000,
    spinDelay: 100,
    retries: 40,
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not connected within 20 s')), 20_000);
    client.once('connected', () => {
      clearTimeout(timer);
      resolve(client);
    });
    client.connect();
  });
}

const call = (client, method, ...args) =>
  new Promise((resolve, reject) => {
    client[method](...args, (error, ...results) => (error ? reject(error) : resolve(results)));
  });

async function refuses(name, promise) {
  const error = await promise.then(
    () => null,
    (reason) => reason,
  );
  assert.equal(error?.name, name);
}

async function waitFor(what, condition, timeoutMs = 20_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await Promise.resolve()
      .then(condition)
      .catch(() => null);
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Repeats what a broken connection interrupted, as an application does. */
async function retried(client, method, ...args) {
  return await waitFor(`${method} to succeed`, () => call(client, method, ...args));
}

async function basic(client) {
  const { PERSISTENT_SEQUENTIAL } = zookeeper.CreateMode;
  assert.deepEqual(await call(client, 'create', '/node', Buffer.from('one')), ['/node']);
  const [data, stat] = await call(client, 'getData', '/node');
  assert.equal(data.toString(), 'one');
  assert.equal(stat.version, 0);
  await call(client, 'setData', '/node', Buffer.from('two'), 0);
  await refuses('BAD_VERSION', call(client, 'setData', '/node', Buffer.from('x'), 0));
  await refuses('NODE_EXISTS', call(client, 'create', '/node'));
  await refuses('NO_NODE', call(client, 'getData', '/node/none'));
  for (const expected of ['/node/s-0000000000', '/node/s-0000000001']) {
    const [path] = await call(client, 'create', '/node/s-', PERSISTENT_SEQUENTIAL);
    assert.equal(path, expected);
  }
  const [children] = await call(client, 'getChildren', '/node');
  assert.deepEqual([...children].sort(), ['s-0000000000', 's-0000000001']);
  await refuses('NOT_EMPTY', call(client, 'remove', '/node', -1));
  say('ok', 'create, get, set, sequences and their errors');
}

async function transaction(client) {
  const results = await new Promise((resolve, reject) => {
    client
      .transaction()
      .create('/node/t1', Buffer.from('1'))
      .setData('/node', Buffer.from('three'), -1)
      .check('/node/t1', 0)
      .remove('/node/s-0000000000', -1)
      .commit((error, found) => (error ? reject(error) : resolve(found)));
  });
  assert.equal(results.length, 4);
  assert.equal(results[0].path, '/node/t1');
  say('ok', 'transactions');
}

async function watches(client) {
  const events = [];
  const watcher = (event) => events.push(event.getName());
  await call(client, 'getData', '/node', watcher);
  await call(client, 'getChildren', '/node', watcher);
  await call(client, 'exists', '/node/later', watcher);
  await call(client, 'setData', '/node', Buffer.from('four'), -1);
  await call(client, 'create', '/node/later');
  await waitFor('three events', () => events.length >= 3);
  assert.deepEqual([...events].sort(), [
    'NODE_CHILDREN_CHANGED',
    'NODE_CREATED',
    'NODE_DATA_CHANGED',
  ]);
  say('ok', 'watches');
}

async function leaderIsKilled(client) {
  const { EPHEMERAL } = zookeeper.CreateMode;
  const session = client.getSessionId().toString('hex');
  await call(client, 'create', '/node/alive', EPHEMERAL);
  await ask('kill-leader');
  await retried(client, 'setData', '/node', Buffer.from('after'), -1);
  assert.equal(client.getSessionId().toString('hex'), session);
  const [stat] = await retried(client, 'exists', '/node/alive');
  assert.equal(stat.ephemeralOwner.toString('hex'), session);
  const [data] = await retried(client, 'getData', '/node');
  assert.equal(data.toString(), 'after');
  say('ok', 'session and ephemerals outlive the leader');
  await ask('restart');
}

async function main() {
  const client = await connect();
  await basic(client);
  await transaction(client);
  await watches(client);
  await leaderIsKilled(client);
  const observer = await connect();
  client.close();
  await waitFor('the ephemeral to go', async () => {
    const [stat] = await call(observer, 'exists', '/node/alive');
    return stat === null || stat === undefined;
  });
  say('ok', 'closing ends the ephemerals');
  observer.close();
  say('ok', 'done');
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
