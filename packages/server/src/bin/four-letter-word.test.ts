/** Asking a four-letter word, and reading what `srvr` says of each role. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { askWord, parseSrvr } from './four-letter-word.ts';
import { freePort } from './program.test-kit.ts';

async function serve(answer: (socket: net.Socket, word: string) => void): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('data', (chunk: Buffer) => answer(socket, chunk.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port;
}

describe('askWord', () => {
  it('gives everything that comes until the end of the stream', async () => {
    const server = await serve((socket, word) => {
      socket.write(`${word}: `);
      setTimeout(() => socket.end('y'.repeat(200_000)), 20);
    });
    assert.equal((await askWord('127.0.0.1', portOf(server), 'mntr', 1000)).length, 200_006);
    server.close();
  });

  it('rejects when nobody answers in time', async () => {
    const server = await serve(() => {});
    await assert.rejects(askWord('127.0.0.1', portOf(server), 'ruok', 50), /nothing within 50 ms/);
    server.close();
  });

  it('rejects when nobody listens', async () => {
    await assert.rejects(askWord('127.0.0.1', await freePort(), 'ruok', 500), /ECONNREFUSED/);
  });
});

describe('parseSrvr', () => {
  it('reads role, zxid and clients without the one that asks', () => {
    const text =
      'Zookeeper version: 3.9.5-x, built on 2026-07-17 18:55 UTC\nLatency min/avg/max: 0/5.4/19\n' +
      'Received: 22\nSent: 23\nConnections: 3\nOutstanding: 0\nZxid: 0x100000020\n' +
      'Mode: leader\nNode count: 9\nProposal sizes last/min/max: 95/36/95\n';
    assert.deepEqual(parseSrvr(text), { mode: 'leader', zxid: '0x100000020', clientCount: 2 });
  });

  it('has no role for a server that does not serve', () => {
    const text = 'This ZooKeeper instance is not currently serving requests\n';
    assert.equal(parseSrvr(text).mode, null);
  });
});
