/**
 * Messages that are no requests: ConnectRequests good and bad, four-letter words, and what comes
 * to a port by mistake: TLS, HTTP, rubbish, a length with nothing behind it. In a ConnectRequest
 * marks stand for the session and password that are only known when it is sent.
 */

import { JuteWriter, PASSWORD_BYTES, type Prng } from '@zabra/protocol';
import { INTS, LONGS } from './dictionary.ts';
import type { Draft } from './grammar.ts';

/** Stand for the id of the client's own session, and for its password. */
export const SESSION_MARK = Uint8Array.of(0xa5, 0x5e, 0x55, 0x10, 0xa5, 0x5e, 0x55, 0x11);
export const PASSWORD_MARK = new Uint8Array(PASSWORD_BYTES).map((_, index) => 0xc0 ^ (index * 7));

const WORDS: readonly string[] = [
  'ruok',
  'srvr',
  'stat',
  'mntr',
  'conf',
  'envi',
  'isro',
  'dirs',
  'srst',
  'cons',
  'crst',
  'dump',
  'wchs',
  'wchc',
  'wchp',
  'gtmk',
  'stmk',
  'hash',
  'lcmt',
  'rcvr',
  'xyzw',
  'RUOK',
  'kill',
  '\x7f\x7f\x7f\x7f',
];
const HTTP: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /commands HTTP/1.0\r\nContent-Length: 99999999\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
];
/** The opening of a TLS 1.2 ClientHello. */
const CLIENT_HELLO: readonly number[] = [
  0x16, 0x03, 0x01, 0x00, 0xc8, 0x01, 0x00, 0x00, 0xc4, 0x03, 0x03,
];
const LENGTHS: readonly number[] = [
  0, 1, 3, 4, 7, 8, 9, 44, 255, 0xffff, 0x10000, 0xfffff, 0x100000, 0x1000000, 0x7fffffff, -1, -2,
  -0x80000000,
];

export type OpeningKind = 'connect' | 'word' | 'tls hello' | 'http' | 'rubbish' | 'length alone';

export const OPENING_KINDS: readonly OpeningKind[] = [
  'connect',
  'word',
  'tls hello',
  'http',
  'rubbish',
  'length alone',
];

export function opening(kind: OpeningKind, prng: Prng): Draft {
  switch (kind) {
    case 'connect':
      return connectRequest(prng);
    case 'word':
      return raw(latin1(prng.pick(WORDS) + (prng.chance(1, 4) ? '\n' : '')));
    case 'tls hello':
      return raw(Uint8Array.from([...CLIENT_HELLO, ...rubbish(prng, 200)]));
    case 'http':
      return raw(latin1(prng.pick(HTTP)));
    case 'rubbish':
      return raw(rubbish(prng, 1 + prng.below(prng.chance(1, 20) ? 3000 : 40)));
    case 'length alone':
      return lengthAlone(prng);
  }
}

function connectRequest(prng: Prng): Draft {
  const w = new JuteWriter(64);
  w.int(0);
  w.int(prng.chance(1, 8) ? prng.pick(INTS) : 0);
  // Mostly what this server cannot have missed.
  if (prng.chance(1, 4)) w.long(...prng.pick(LONGS));
  else w.long(0, 0);
  w.int(prng.chance(1, 3) ? prng.pick(INTS) : 3000);
  writeSession(w, prng);
  if (prng.chance(3, 4)) w.byte(prng.chance(1, 10) ? prng.below(256) : prng.below(2));
  if (prng.chance(1, 20)) w.raw(rubbish(prng, 9), 0, 9);
  w.patchInt(0, w.position - 4);
  return { bytes: w.toBytes(), lengthOffsets: [0, 28] };
}

function writeSession(w: JuteWriter, prng: Prng): void {
  const draw = prng.below(10);
  if (draw < 4) {
    w.long(0, 0);
    w.bytes(new Uint8Array(PASSWORD_BYTES));
  } else if (draw < 8) {
    w.raw(SESSION_MARK, 0, SESSION_MARK.length);
    w.bytes(prng.chance(3, 4) ? PASSWORD_MARK : new Uint8Array(PASSWORD_BYTES));
  } else {
    w.long(...prng.pick(LONGS));
    w.bytes(prng.chance(1, 4) ? null : rubbish(prng, prng.below(40)));
  }
}

/** A frame that is announced and does not come, or comes in part. */
function lengthAlone(prng: Prng): Draft {
  const w = new JuteWriter(64);
  w.int(prng.pick(LENGTHS));
  const rest = rubbish(prng, prng.chance(1, 2) ? 0 : prng.below(30));
  w.raw(rest, 0, rest.length);
  return raw(w.toBytes());
}

export function rubbish(prng: Prng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => prng.below(256));
}

function raw(bytes: Uint8Array): Draft {
  return { bytes, lengthOffsets: [0] };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
}
