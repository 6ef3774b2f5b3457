/**
 * From ConnectRequest to ConnectResponse: what is answered, what is closed without a word, and in
 * which order things are looked at (client-protocol.md 2 and its traps 1 to 13).
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  bytesFromHex,
  bytesToHex,
  ErrorCode,
  OpCode,
  sessionPassword,
  ZXID_MAX,
} from '@zabra/protocol';
import { pathWatchBody } from '../ops/state-bed.test-kit.ts';
import { WALL_START_MS } from './bed-config.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const ZEROS = '00'.repeat(16);
/** A ConnectRequest of 44 bytes: without the readOnly byte. */
const OLD_CONNECT = bytesFromHex(
  `0000002c00000000000000000000000000000fa0000000000000000000000010${ZEROS}`,
) as Uint8Array;

describe('a new session', () => {
  it('trap 8: gets the clamped timeout, which is the one that the server enforces', () => {
    const bed = new ServerBed();
    const rows: [asked: number, given: number][] = [
      [-1, 4000],
      [0, 4000],
      [3999, 4000],
      [12_345, 12_345],
      [40_001, 40_000],
      [0x7fffffff, 40_000],
    ];
    for (const [timeoutMs, given] of rows) {
      assert.equal(bed.connect().handshake({ timeoutMs })?.timeoutMs, given);
    }
    const other = new ServerBed();
    const silent = [3999, 12_345].map((timeoutMs) => other.client(timeoutMs));
    const closed = (): boolean[] => silent.map((client) => client.closed !== '');
    other.pass(3900);
    assert.deepEqual(closed(), [false, false]);
    other.pass(2200);
    assert.deepEqual(closed(), [true, false]);
    other.pass(6200);
    assert.deepEqual(closed(), [true, false]);
    other.pass(2200);
    assert.deepEqual(closed(), [true, true]);
  });

  it('trap 9: has a negative id on a high server, exact in every bit and unsigned in print', () => {
    const bed = new ServerBed({ sid: 254 });
    const client = bed.connect();
    const session = client.handshake();
    assert.ok(session !== null && session.sessionHi < 0);
    const { sessionHi, sessionLo } = session;
    const id = (BigInt(sessionHi >>> 0) << 32n) | BigInt(sessionLo >>> 0);
    assert.ok(id > 0xfe00_0000_0000_0000n && BigInt(Number(id)) !== id, 'no double could hold it');
    assert.equal(client.connection.session?.name, `0x${id.toString(16)}`);
    client.create(1, '/e', null, 1);
    client.request(2, OpCode.exists, pathWatchBody('/e'));
    bed.run();
    const [, reply] = client.replies();
    assert.equal(bytesToHex(reply?.body ?? new Uint8Array(0), 44, 52), id.toString(16));
    assert.deepEqual(bed.connect().handshake({ session }), session);
  });

  it('gets an id of this server and the password that belongs to it', () => {
    const bed = new ServerBed();
    const first = bed.connect().handshake();
    const second = bed.connect().handshake();
    assert.equal((first?.sessionHi ?? 0) >>> 24, 1);
    assert.equal(second?.sessionLo, (first?.sessionLo ?? 0) + 1);
    assert.equal(first?.password?.length, 16);
    assert.notDeepEqual(first?.password, second?.password);
  });

  it('gets an id with the time of day, which no restart of the machine sets back', () => {
    for (const wallShiftMs of [0, 86_400_000]) {
      // The monotonic clock says the same in both.
      const bed = new ServerBed();
      bed.wallShiftMs = wallShiftMs;
      const session = bed.connect().handshake();
      assert.ok(session !== null);
      const { sessionHi, sessionLo } = session;
      const clock = (sessionHi & 0xffffff) * 2 ** 16 + (sessionLo >>> 16);
      assert.equal(clock, (WALL_START_MS + wallShiftMs) % 2 ** 40);
    }
  });

  it('takes any password, a null one too', () => {
    const bed = new ServerBed();
    for (const password of [null, new Uint8Array(0), new Uint8Array(33).fill(1)]) {
      assert.equal(bed.connect().handshake({ password })?.timeoutMs, 10_000);
    }
  });

  it('trap 12: is answered when its transaction is on disk; what came behind waits for it', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    bed.disk.isLogStuck = true;
    client.greet({});
    client.getData(1, '/');
    bed.run();
    assert.equal(client.raw().length, 0);
    bed.disk.isLogStuck = false;
    bed.run();
    const [response, reply] = client.frames();
    assert.equal(response?.length, 36);
    assert.equal(bytesToHex(reply ?? new Uint8Array(0), 0, 4), '00000001');
  });

  it('trap 12: serves what came in the same chunk as the ConnectRequest', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    const ping = [0, 0, 0, 8, 255, 255, 255, 254, 0, 0, 0, 11];
    client.sendRaw(Uint8Array.from([...OLD_CONNECT, ...ping]));
    bed.run();
    assert.equal(client.frames().length, 2);
  });
});

describe('the readOnly byte of the response', () => {
  it('trap 1: is there exactly when the request had one', () => {
    const rows: [readOnly: boolean | null, bytes: number][] = [
      [null, 36],
      [false, 37],
      [true, 37],
    ];
    for (const [readOnly, bytes] of rows) {
      const bed = new ServerBed();
      const client = bed.connect();
      client.greet({ readOnly });
      bed.run();
      const frame = client.frames()[0];
      assert.equal(frame?.length, bytes);
      if (bytes === 37) assert.equal(frame?.[36], 0, 'this server is never read-only');
    }
  });

  it('trap 1: is as in the request in a refusal, too', () => {
    const bed = new ServerBed();
    const session = bed.connect().handshake();
    for (const [readOnly, bytes] of [
      [null, 36],
      [true, 37],
    ] as const) {
      const client = bed.connect();
      client.greet({ session, password: new Uint8Array(16), readOnly });
      bed.run();
      const frame = client.frames()[0];
      assert.equal(frame?.length, bytes);
      assert.equal(bytesToHex(frame?.subarray(4, 16) ?? new Uint8Array(0)), '00'.repeat(12));
      assert.equal(client.closed, 'gently');
    }
  });
});

describe('the order of checks', () => {
  it('closes without a word while the server does not serve', () => {
    const bed = new ServerBed();
    bed.endRole();
    const client = bed.connect();
    assert.equal(client.handshake(), null);
    assert.equal(client.closed, 'cut');
  });

  it('trap 5: closes without a word a client that has seen more, whose session lives on', () => {
    const bed = new ServerBed();
    const session = bed.connect().handshake();
    const last = bed.core.state.lastProcessedZxid;
    for (const lastZxidSeen of [last + 1, ZXID_MAX]) {
      const client = bed.connect();
      assert.equal(client.handshake({ session, lastZxidSeen }), null);
      assert.equal(client.closed, 'cut');
    }
    for (const lastZxidSeen of [last, -1, 0]) {
      assert.deepEqual(bed.connect().handshake({ session, lastZxidSeen }), session);
    }
  });

  it('looks at what the client has seen before it throws anybody out', () => {
    const bed = new ServerBed();
    const holder = bed.connect();
    const session = holder.handshake();
    bed.connect().handshake({ session, lastZxidSeen: ZXID_MAX });
    assert.equal(holder.closed, '');
  });

  it('trap 4: throws the holder out before it looks at the password', () => {
    const bed = new ServerBed();
    const holder = bed.connect();
    const session = holder.handshake();
    const intruder = bed.connect();
    const answer = intruder.handshake({ session, password: new Uint8Array(16) });
    assert.equal(holder.closed, 'cut');
    assert.equal(answer?.timeoutMs, 0);
    assert.deepEqual(bed.connect().handshake({ session }), session, 'the session lives');
  });

  it('closes on a ConnectRequest that ends too soon', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    client.sendRaw(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0));
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
  });
});

/** The raw answers to everything that is no session of the asker. */
function rejections(readOnly: boolean | null): string[] {
  const bed = new ServerBed();
  const [alive, expired] = [bed.connect(), bed.connect()];
  const session = alive.handshake({ timeoutMs: 40_000 });
  const dead = expired.handshake({ timeoutMs: 4000 });
  assert.ok(session !== null && dead !== null);
  bed.pass(6500);
  assert.equal(expired.closed, 'cut');
  const unknown = { ...session, sessionLo: session.sessionLo + 99 };
  const greetings = [
    { session, password: new Uint8Array(16) },
    { session, password: new Uint8Array(3) },
    { session, password: null },
    { session: dead },
    { session: unknown },
    { session: unknown, password: sessionPassword(unknown.sessionHi, unknown.sessionLo) },
  ];
  return greetings.map((greeting) => {
    const client = bed.connect();
    client.greet({ ...greeting, readOnly });
    bed.run();
    assert.equal(client.closed, 'gently');
    return bytesToHex(client.raw());
  });
}

describe('a session that is refused', () => {
  const zeros = `00000000 00000000 0000000000000000 00000010 ${ZEROS}`.replaceAll(' ', '');

  it('trap 2: gets no timeout and no id, and a password of 16 bytes all the same', () => {
    for (const bytes of rejections(null)) assert.equal(bytes, `00000024${zeros}`);
    for (const bytes of rejections(false)) assert.equal(bytes, `00000025${zeros}00`);
  });

  it('trap 3: cannot tell whether it expired or its password is wrong', () => {
    assert.equal(new Set(rejections(null)).size, 1);
    assert.equal(new Set(rejections(true)).size, 1);
  });
});

describe('a session that comes back', () => {
  it('trap 44: takes its new timeout, keeps its ephemerals and loses its watches', () => {
    const bed = new ServerBed();
    const first = bed.connect();
    const session = first.handshake({ timeoutMs: 5000 });
    first.create(1, '/e', null, 1);
    first.getData(2, '/e', true);
    bed.run();
    const second = bed.connect();
    const answer = second.handshake({ session, timeoutMs: 20_000 });
    assert.equal(answer?.timeoutMs, 20_000);
    assert.equal(answer?.sessionLo, session?.sessionLo);
    assert.equal(first.closed, 'cut');
    second.setData(1, '/e', Uint8Array.of(1));
    bed.run();
    assert.deepEqual(second.xids(), [1]);
    bed.pass(15_000);
    assert.equal(second.closed, '', 'it lives as long as it was told');
  });

  it('goes to whoever asked last when two ask at once', () => {
    const bed = new ServerBed();
    const session = bed.connect().handshake();
    const clients = [bed.connect(), bed.connect()];
    for (const client of clients) client.greet({ session });
    bed.run();
    assert.deepEqual(
      clients.map(({ closed }) => closed),
      ['cut', ''],
    );
    assert.deepEqual(clients[1]?.response(), session);
  });

  it('is closed by a closeSession that came in while it was away', () => {
    const bed = new ServerBed();
    const holder = bed.connect();
    const session = holder.handshake();
    const killer = bed.connect();
    killer.handshake({ session });
    killer.request(1, OpCode.closeSession);
    bed.run();
    assert.deepEqual(killer.xids(), [1]);
    assert.equal(killer.closed, 'gently');
    assert.equal(bed.connect().handshake({ session })?.timeoutMs, 0);
  });
});

describe('a session that could not be made', () => {
  it('costs its connection: there is nothing to answer', () => {
    const bed = new ServerBed();
    const client = bed.connect();
    bed.disk.isLogStuck = true;
    client.greet({});
    bed.run();
    const pending = client.connection.queue.peek();
    assert.ok(pending !== undefined);
    const { state } = bed.core;
    const entry = new Uint8Array(36);
    const view = new DataView(entry.buffer);
    view.setInt32(16, 0);
    view.setInt32(20, 99);
    view.setInt32(28, OpCode.error);
    view.setInt32(32, ErrorCode.SESSIONEXPIRED);
    bed.port.orderClient.onApplied(pending, state.apply(entry, 0, entry.length));
    bed.run();
    assert.equal(client.closed, 'cut');
    assert.equal(client.raw().length, 0);
  });
});
