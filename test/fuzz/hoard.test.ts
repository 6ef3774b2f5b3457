/**
 * What a client can make a server keep: connections that send as much as is taken from them while
 * nothing they ask is done. Counted here is the memory of the whole process, heap and buffers, so
 * that no buffer is forgotten: at most twice `jute.maxbuffer` for each connection, and the one read
 * that was under way when the server stopped to read.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JuteWriter, JUTE_MAXBUFFER_DEFAULT, OpCode } from '@zabra/protocol';
import { Bed } from './bed.ts';
import { connectFrame, createFrame, requestFrame } from './frames.ts';
import { type FuzzClient, READ_BYTES_MAX } from './fuzz-client.ts';
import { usedBytes } from './memory.ts';
import { serverKind } from './servers.ts';

const CONNECTIONS = 12;
const FRAME_BYTES_MAX = JUTE_MAXBUFFER_DEFAULT;
const PLAIN = serverKind('plain');
/** So many requests of others in process keep nobody from being read. */
const KIND = { ...PLAIN, config: { ...PLAIN.config, globalOutstandingLimit: 1_000_000 } };
/** Objects around the bytes of a connection, its session and its buffers for output. */
const OVERHEAD_BYTES = 64 * 1024;
const ALLOWED_BYTES = 2 * FRAME_BYTES_MAX + READ_BYTES_MAX + OVERHEAD_BYTES;

/** Sends in reads of a socket, for as long as the server reads, and one read more. */
function pour(bed: Bed, client: FuzzClient, next: () => Uint8Array, bytesMax: number): number {
  const { connection } = client;
  let sent = 0;
  let isLast = false;
  while (sent < bytesMax && !isLast) {
    const bytes = next();
    for (let at = 0; at < bytes.length && !isLast; at += READ_BYTES_MAX) {
      isLast = connection.pauseReading;
      const part = bytes.subarray(at, at + READ_BYTES_MAX);
      // Straight to the machine: what it does not take is not kept here either.
      bed.peer.onClientBytes(connection.id, part, 0, part.length);
      sent += part.length;
    }
  }
  return sent;
}

function open(bed: Bed): FuzzClient {
  const client = bed.connect();
  client.feed(connectFrame(null));
  bed.run();
  assert.equal(client.connection.state, 'open');
  bed.openTurn();
  return client;
}

function filled(frameBytes: number, opcode: number, head: (w: JuteWriter) => void): Uint8Array {
  return requestFrame(1, opcode, (w) => {
    head(w);
    const rest = frameBytes - (w.position - 4) - 8;
    w.bytes(new Uint8Array(Math.max(0, rest)));
    w.int(-1);
  });
}

const longPath = (bytes: number): Uint8Array =>
  requestFrame(1, OpCode.exists, (w) => {
    w.string(`/${'x'.repeat(bytes - 20)}`);
    w.bool(false);
  });
const ROWS: readonly (readonly [name: string, sticks: boolean, make: () => Uint8Array])[] = [
  ['a frame that lacks a byte', false, () => new Uint8Array(0)],
  ['reads of a few bytes', true, () => longPath(30)],
  ['reads of some kilobytes', true, () => longPath(3000)],
  ['reads as long as a frame may be', true, () => longPath(FRAME_BYTES_MAX)],
  ['pings', true, () => requestFrame(-2, OpCode.ping)],
  ['writes of a few bytes', true, () => filled(60, OpCode.setData, (w) => w.string('/a'))],
  ['multis that fail', true, () => filled(200, OpCode.multi, (w) => w.int(OpCode.check))],
  ['syncs', true, () => requestFrame(1, OpCode.sync, (w) => w.string('/'))],
];

describe('a connection that sends as much as is taken from it', () => {
  for (const [name, sticks, make] of ROWS) {
    it(`makes the server keep twice a frame at most: ${name}`, (t) => {
      const bed = new Bed(KIND);
      const clients = Array.from({ length: CONNECTIONS }, () => open(bed));
      bed.run();
      const before = usedBytes(bed.diskBytes);
      bed.openTurn();
      for (const client of clients) {
        if (sticks) {
          bed.isLogStuck = true;
          const first = createFrame(1, '/first');
          bed.peer.onClientBytes(client.connection.id, first, 0, first.length);
          const frame = make();
          const sent = pour(bed, client, () => frame, 6 * FRAME_BYTES_MAX);
          assert.ok(sent < 6 * FRAME_BYTES_MAX, 'The server reads on and on');
        } else {
          const frame = longPath(FRAME_BYTES_MAX);
          const parts = [frame.subarray(0, 700_001), frame.subarray(700_001, frame.length - 1)];
          for (const part of parts) pour(bed, client, () => part, 1);
        }
      }
      bed.closeTurn();
      const kept = (usedBytes(bed.diskBytes) - before) / CONNECTIONS;
      assert.ok(clients.every(({ isOver }) => !isOver));
      assert.ok(kept <= ALLOWED_BYTES, `Each keeps ${kept} bytes, wanted at most ${ALLOWED_BYTES}`);
      t.diagnostic(`each connection keeps ${Math.round(kept)} bytes`);
    });
  }
});
