/** Addresses come out as Java prints them. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { IpProvider } from '../ops/ip-provider.ts';
import { isWildcard, plainAddress } from './address.ts';

describe('plainAddress', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['10.1.2.3', '10.1.2.3'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:10.1.2.3', '10.1.2.3'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1%eth0'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['2001:0DB8:0:0:8:800:200C:417A', '2001:db8:0:0:8:800:200c:417a'],
    ['64:ff9b::192.0.2.33', '64:ff9b:0:0:0:0:c000:221'],
    ['zoo1.example', 'zoo1.example'],
  ];
  for (const [given, wanted] of rows) {
    it(`writes ${given} as ${wanted}`, () => assert.equal(plainAddress(given), wanted));
  }

  it('trap 11: makes an IPv4 client of a dual-stack socket one that an ACL can name', async () => {
    const ip = new IpProvider();
    assert.equal(ip.matches(plainAddress('::ffff:10.1.2.3'), '10.1.0.0/16'), true);
    assert.equal(ip.matches('::ffff:10.1.2.3', '10.1.0.0/16'), false, 'as the socket has it');
    // Without an address Node listens on :: where there is IPv6.
    const server = net.createServer().listen(0);
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const client = net.connect(port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    const address = plainAddress(socket.remoteAddress ?? '');
    for (const end of [client, socket]) end.destroy();
    server.close();
    assert.equal(address, '127.0.0.1');
    assert.equal(ip.matches(address, '127.0.0.1'), true);
  });
});

describe('isWildcard', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['*', true],
    ['0.0.0.0', true],
    ['::', true],
    ['0:0:0:0:0:0:0:0', true],
    ['127.0.0.1', false],
    ['::1', false],
    ['localhost', false],
  ];
  for (const [given, wanted] of rows) {
    it(`says ${wanted} of "${given}"`, () => assert.equal(isWildcard(given), wanted));
  }
});
