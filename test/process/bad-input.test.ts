/**
 * Bad input at a real server: it costs whoever sends it the answer or the connection that the
 * protocol says, leaves a named reason in the log and a count in the metrics, and nobody else
 * notices.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ErrorCode, JuteWriter, OPEN_ACL_UNSAFE, OpCode, writeAclVector } from '@zabra/protocol';
import { HealthyServer } from './healthy-server.ts';
import { RawClient } from './raw-client.ts';
import { waitFor } from './wait-for.ts';

const MALFORMED = 'zabra_malformed_requests';
const UNKNOWN = 'zabra_unknown_opcodes';

const bytes = (write: (w: JuteWriter) => void): Uint8Array => {
  const w = new JuteWriter(64);
  write(w);
  return w.toBytes();
};

const int = (value: number): Uint8Array => bytes((w) => w.int(value));

const FIRST_FRAMES: readonly (readonly [string, Uint8Array])[] = [
  ['a negative length', int(-5)],
  ['an oversized length', int(0x7fffffff)],
  ['an unknown four-letter word', Buffer.from('xyzw')],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a truncated ConnectRequest', bytes((w) => w.range(new Uint8Array(10), 0, 10))],
  [
    'a ConnectRequest with a password of negative length',
    bytes((w) => {
      w.int(32);
      w.raw(new Uint8Array(24), 0, 24);
      w.int(-7);
      w.int(0);
    }),
  ],
];

const LATER_FRAMES: readonly (readonly [string, Uint8Array])[] = [
  ['a negative length after the handshake', int(-1)],
  ['an oversized length after the handshake', int(0x00100000)],
  ['a four-letter word after the handshake', Buffer.from('ruok')],
  [
    'a frame too short for a header',
    bytes((w) => {
      w.int(4);
      w.int(1);
    }),
  ],
  ['garbage after the handshake', Buffer.from('\xff\xfe\xfd\xfc garbage', 'latin1')],
];

function create(path: string | null, aclCount = 1): Uint8Array {
  const [anyone] = OPEN_ACL_UNSAFE;
  return bytes((w) => {
    w.string(path);
    w.bytes(new Uint8Array(1));
    writeAclVector(
      w,
      Array.from({ length: aclCount }, (_, perms) => ({
        scheme: anyone?.scheme ?? 'world',
        id: anyone?.id ?? null,
        perms,
      })),
    );
    w.int(0);
  });
}

let healthy: HealthyServer;
before(async () => {
  healthy = await HealthyServer.start();
});
after(() => healthy.end());

describe('frames that are none', { concurrency: 1 }, () => {
  for (const [name, sent] of FIRST_FRAMES) {
    it(`closes on ${name}, with a line and a count`, async () => {
      await healthy.check(async (port) => {
        const count = await healthy.counter(MALFORMED);
        const client = await RawClient.open(port);
        client.send(sent);
        await client.waitForClose();
        assert.equal(await healthy.counter(MALFORMED), count + 1);
        await waitFor('a line in the log', 5000, () => healthy.server.log().includes('WARN'));
      });
    });
  }

  for (const [name, sent] of LATER_FRAMES) {
    it(`closes on ${name}`, async () => {
      await healthy.check(async (port) => {
        const count = await healthy.counter(MALFORMED);
        const client = await RawClient.withSession(port);
        client.send(sent);
        await client.waitForClose();
        assert.equal(await healthy.counter(MALFORMED), count + 1);
      });
    });
  }
});

describe('requests that cannot be', { concurrency: 1 }, () => {
  it('answers a truncated record with MARSHALLINGERROR and goes on', async () => {
    await healthy.check(async (port) => {
      const client = await RawClient.withSession(port);
      for (const opcode of [OpCode.create, OpCode.setData, OpCode.delete, OpCode.multi]) {
        client.request(1, opcode, int(1000));
        assert.equal(await client.error(), ErrorCode.MARSHALLINGERROR);
      }
      client.request(2, OpCode.ping, new Uint8Array(0));
      assert.equal(await client.error(), ErrorCode.OK);
      client.close();
    });
  });

  it('answers an unknown opcode with UNIMPLEMENTED and closes', async () => {
    await healthy.check(async (port) => {
      for (const opcode of [999, OpCode.createSession, OpCode.check, OpCode.error, 0]) {
        const count = await healthy.counter(UNKNOWN);
        const client = await RawClient.withSession(port);
        client.request(1, opcode, new Uint8Array(0));
        assert.equal(await client.error(), ErrorCode.UNIMPLEMENTED);
        await client.waitForClose();
        assert.equal(await healthy.counter(UNKNOWN), count + 1);
      }
    });
  });
});

describe('requests that are refused', { concurrency: 1 }, () => {
  it('answers bad paths with the codes of the protocol', async () => {
    await healthy.check(async (port) => {
      const client = await RawClient.withSession(port);
      const cases: readonly (readonly [string | null, number])[] = [
        ['', ErrorCode.BADARGUMENTS],
        ['relative', ErrorCode.BADARGUMENTS],
        ['/a/', ErrorCode.NONODE],
        ['//x', ErrorCode.BADARGUMENTS],
        ['/nul\0', ErrorCode.BADARGUMENTS],
        ['/..', ErrorCode.BADARGUMENTS],
        ['/', ErrorCode.NODEEXISTS],
        [null, ErrorCode.MARSHALLINGERROR],
      ];
      for (const [path, code] of cases) {
        client.request(1, OpCode.create, create(path));
        assert.equal(await client.error(), code, `create ${JSON.stringify(path)}`);
      }
      client.close();
    });
  });

  it('bears a huge ACL list, and refuses one that is only announced', async () => {
    await healthy.check(async (port) => {
      const client = await RawClient.withSession(port);
      client.request(1, OpCode.create, create('/many-acls', 20_000));
      assert.equal(await client.error(), ErrorCode.OK);
      const announced = bytes((w) => {
        w.string('/x');
        w.bytes(null);
        w.int(0x7fffffff);
      });
      client.request(2, OpCode.create, announced);
      assert.equal(await client.error(), ErrorCode.MARSHALLINGERROR);
      client.close();
    });
  });
});
