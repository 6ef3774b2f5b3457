/**
 * What comes to the ports between servers from somebody who is no member, or lies: bytes that are
 * no message, and the first words of a learner with whatever epoch, zxid and sid.
 */

import net from 'node:net';
import { JuteWriter, PacketType, writeInit } from '@zabra/protocol';

/** Longest time that a server may take to hang up. */
const PATIENCE_MS = 20_000;
const PROTOCOL_VERSION = 0x10000;

/** Each is malformed on the election port and on the quorum port alike. */
export function refusedBytes(): Uint8Array[] {
  const noise = Uint8Array.from({ length: 400 }, (_, index) => (index * 89 + 7) & 255);
  const http = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const huge = Buffer.concat([initOf(99), Uint8Array.from([127, 255, 255, 255])]);
  return [noise, http, huge];
}

/** INIT of a server with that sid, as it dials the election port. */
export function initOf(sid: number): Uint8Array {
  const w = new JuteWriter();
  writeInit(w, sid, [{ host: '127.0.0.1', port: 9 }], false);
  return w.toBytes();
}

function packet(type: number, [hi, lo]: readonly [number, number], data: Uint8Array): Uint8Array {
  const w = new JuteWriter();
  w.int(type);
  w.long(hi, lo);
  w.bytes(data);
  w.int(-1);
  return w.toBytes();
}

/** FOLLOWERINFO: the first word of a server that has promised that epoch. */
export function followerInfo(sid: number, acceptedEpoch: number): Uint8Array {
  const data = new JuteWriter();
  data.long(0, sid);
  data.int(PROTOCOL_VERSION);
  data.long(0, 0);
  return packet(PacketType.FOLLOWERINFO, [acceptedEpoch, 0], data.toBytes());
}

/** ACKEPOCH: the history that it claims to have, up to a counter within an epoch. */
export function ackEpoch(currentEpoch: number, counter: number): Uint8Array {
  const data = new JuteWriter();
  data.int(currentEpoch);
  return packet(PacketType.ACKEPOCH, [currentEpoch, counter], data.toBytes());
}

/** Says these one after another, each behind an answer, and waits until the server hangs up. */
export async function converse(port: number, words: readonly Uint8Array[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const rest = [...words];
  const socket = net.connect(port, '127.0.0.1');
  socket.setTimeout(PATIENCE_MS, () => {
    socket.destroy(new Error(`The server on port ${port} does not hang up`));
  });
  const say = (): void => {
    const word = rest.shift();
    if (word !== undefined) socket.write(word);
  };
  say();
  return await new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      say();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

/** Sends these bytes and hangs up when they have left. */
export async function sendAndForget(port: number, bytes: Uint8Array): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.end(bytes);
    socket.resume();
    socket.setTimeout(1000, () => socket.destroy());
  });
}
