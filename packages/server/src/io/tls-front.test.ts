/**
 * TLS on client ports, over loopback with certificates made on the spot: who gets in and as whom,
 * who does not and why, and both kinds on one port.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import type tls from 'node:tls';
import type { TlsFrontSettings } from './tls-front.ts';
import { readToEnd } from './fake-machine.test-kit.ts';
import {
  ALICE,
  alice,
  connect,
  hello,
  open,
  openings,
  ours,
  stale,
  stranger,
  until,
  useSeats,
} from './tls-seat.test-kit.ts';

useSeats();

describe('TlsFront, a secure port', () => {
  it('carries bytes both ways and names the client by its certificate', async () => {
    const seat = await open();
    assert.equal(await hello(seat, alice), '<hello>');
    assert.deepEqual(openings(seat), ['client over TLS x509 CN=alice,O=Acme\\, Inc.']);
    assert.match(seat.log[0] ?? '', /^info Serving TLS with the certificate of "CN=server", valid/);
    assert.equal(seat.log.length, 1);
  });

  it('carries long streams, and closes behind the last byte', async () => {
    const seat = await open();
    const { machine } = seat.world;
    const total = 5 << 20;
    let received = 0;
    machine.onInput = (heard, output) => {
      if (heard.what !== 'client bytes' || output === undefined) return;
      received = machine.bytesReceived;
      if (received < total) return;
      machine.write(output, `${'y'.repeat(total)}end`);
      output.closeAfterFlush = true;
    };
    const socket = connect(seat, alice);
    socket.write(Buffer.alloc(total));
    const text = await readToEnd(socket);
    assert.equal(received, total);
    assert.equal(text.length, total + 3);
    assert.ok(text.endsWith('end'));
  });

  it('does not resume sessions: each client is judged by the authorities of now', async () => {
    const seat = await open();
    const first = connect(seat, alice, { maxVersion: 'TLSv1.2' });
    await once(first, 'secureConnect');
    const session = first.getSession();
    assert.ok(session !== undefined);
    const second = connect(seat, alice, { session, maxVersion: 'TLSv1.2' });
    await once(second, 'secureConnect');
    assert.equal(second.isSessionReused(), false);
    first.destroy();
    second.destroy();
  });

  const refused: readonly (readonly [
    string,
    Partial<TlsFrontSettings>,
    string | null,
    tls.ConnectionOptions,
    RegExp,
  ])[] = [
    ['without a certificate', {}, null, {}, /it shows no certificate/],
    ["of another authority's making", {}, stranger, {}, /its certificate is not good: /],
    [
      "of another authority's making, though none is needed",
      { clientAuth: 'want' },
      stranger,
      {},
      /its certificate is not good: /,
    ],
    ['that has expired', {}, stale, {}, /CERT_HAS_EXPIRED/],
    ['that does not name its address', { checksClientAddress: true }, alice, {}, /127\.0\.0\.1$/],
    [
      'with too old a version',
      { minVersion: 'TLSv1.3' },
      alice,
      { maxVersion: 'TLSv1.2' },
      /unsupported protocol/,
    ],
    [
      'with no suite in common',
      { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' },
      alice,
      { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
      /no shared cipher/,
    ],
  ];
  for (const [name, changes, pem, more, says] of refused) {
    it(`refuses a client ${name}`, async () => {
      const seat = await open(changes);
      assert.notEqual(await hello(seat, pem, more), '<hello>');
      await until(() => seat.log.length > 1);
      assert.match(seat.log[1] ?? '', /^warn Refused TLS with \/127\.0\.0\.1:\d+: /);
      assert.match(seat.log[1] ?? '', says);
      assert.deepEqual(openings(seat), []);
    });
  }

  it('refuses plain bytes', async () => {
    const seat = await open();
    const socket = await seat.world.connect();
    socket.write('a connect request of a plain client');
    assert.equal(await readToEnd(socket), '');
    assert.deepEqual(openings(seat), []);
  });

  it('lets in whoever has no certificate where none is needed, as nobody', async () => {
    for (const clientAuth of ['want', 'none'] as const) {
      const seat = await open({ clientAuth });
      assert.equal(await hello(seat, null), '<hello>');
      assert.deepEqual(openings(seat), ['client over TLS']);
    }
    const asked = await open({ clientAuth: 'want' });
    assert.equal(await hello(asked, alice), '<hello>');
    assert.match(openings(asked)[0] ?? '', /CN=alice/);
    const unasked = await open({ clientAuth: 'none', trustFile: '' });
    assert.equal(await hello(unasked, alice), '<hello>');
    assert.deepEqual(openings(unasked), ['client over TLS']);
  });

  it('lets in a certificate that names the address where that is wanted', async () => {
    const seat = await open({ checksClientAddress: true });
    assert.equal(await hello(seat, ours.issue({ subject: ALICE, ips: ['127.0.0.1'] })), '<hello>');
  });

  it('bounds handshakes under way, and forgets those that fail', async () => {
    const seat = await open({ handshakesMax: 2 });
    for (let count = 0; count < 6; count++) {
      assert.notEqual(await hello(seat, null), '<hello>');
      const plain = await seat.world.connect();
      plain.end('x');
      await readToEnd(plain);
    }
    assert.equal(await hello(seat, alice), '<hello>');
    const silent = [await seat.world.connect(), await seat.world.connect()];
    assert.notEqual(await hello(seat, alice), '<hello>');
    assert.match(seat.log.at(-1) ?? '', /2 handshakes are under way already/);
    for (const socket of silent) socket.destroy();
    await until(() => true);
    for (let count = 0; count < 50 && (await hello(seat, alice)) !== '<hello>'; count++);
    assert.equal(await hello(seat, alice), '<hello>');
  });
});

describe('TlsFront, a unified port', () => {
  it('takes plain connections and TLS, told apart by the first byte', async () => {
    const seat = await open({}, 'client');
    assert.equal(await hello(seat, alice), '<hello>');
    const plain = await seat.world.connect();
    plain.write('ruok');
    assert.equal(String((await once(plain, 'data'))[0]), '<ruok>');
    plain.destroy();
    assert.deepEqual(openings(seat), ['client over TLS x509 CN=alice,O=Acme\\, Inc.', 'client']);
  });

  it('takes them byte by byte', async () => {
    const seat = await open({}, 'client');
    const plain = await seat.world.connect();
    plain.setNoDelay(true);
    plain.write('r');
    assert.equal(String((await once(plain, 'data'))[0]), '<r>');
    plain.destroy();
    // A client behind a relay that hands on one byte at a time.
    const relay = net.createServer((near) => {
      const far = net.connect({ port: seat.world.port, host: '127.0.0.1', noDelay: true });
      near.on('data', (chunk: Buffer) => {
        for (const byte of chunk) far.write(Buffer.from([byte]));
      });
      far.pipe(near);
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const { port } = relay.address() as net.AddressInfo;
    assert.equal(await hello(seat, alice, { port }), '<hello>');
    relay.close();
  });

  it('judges certificates as a secure port does, and forgets who leaves in silence', async () => {
    const seat = await open({ handshakesMax: 2 }, 'client');
    assert.notEqual(await hello(seat, null), '<hello>');
    for (let count = 0; count < 5; count++) {
      const socket = await seat.world.connect();
      socket.end();
      await readToEnd(socket);
    }
    assert.equal(await hello(seat, alice), '<hello>');
    assert.match(openings(seat).join(), /^client over TLS x509/);
  });
});
