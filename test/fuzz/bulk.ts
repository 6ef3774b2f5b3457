/**
 * Requests as big as a frame may be, and a little bigger: one long field, or as many small ones as
 * there is room for, which is where memory is most easily multiplied.
 */

import {
  type JuteWriter,
  OPEN_ACL_UNSAFE,
  OpCode,
  opName,
  type Prng,
  writeAclVector,
} from '@zabra/protocol';
import { HEALTHY_ROOT } from './dictionary.ts';
import { joined, requestFrame } from './frames.ts';
import { BIG_NODE } from './janitor.ts';

export interface Bulk {
  readonly what: string;
  readonly bytes: Uint8Array;
}

const HEADER_BYTES = 8;
const MULTI_END_BYTES = 9;

/** Many small requests of one kind that come together, of about `bytesMax` in all. */
export function flood(prng: Prng, bytesMax: number): Bulk {
  if (prng.chance(1, 5)) return authFlood(bytesMax);
  const opcode = prng.pick([OpCode.getData, OpCode.exists, OpCode.ping, OpCode.setData]);
  const frame = requestFrame(1, opcode, (w) => {
    if (opcode === OpCode.ping) return;
    w.string('/a/b');
    if (opcode === OpCode.setData) setDataRest(w);
    else w.bool(false);
  });
  const count = Math.floor(bytesMax / frame.length);
  const bytes = new Uint8Array(count * frame.length);
  for (let index = 0; index < count; index++) bytes.set(frame, index * frame.length);
  return { what: opName(opcode), bytes };
}

/** Each says that it is somebody else. */
function authFlood(bytesMax: number): Bulk {
  const frames: Uint8Array[] = [];
  for (let bytes = 0; bytes < bytesMax; bytes += frames.at(-1)?.length ?? 0) {
    const credentials = `user${frames.length}:password`;
    frames.push(
      requestFrame(1, OpCode.auth, (w) => {
        w.int(0);
        w.string('digest');
        w.bytes(new TextEncoder().encode(credentials));
      }),
    );
  }
  return { what: opName(OpCode.auth), bytes: joined(frames) };
}

function setDataRest(w: JuteWriter): void {
  w.bytes(new Uint8Array(200));
  w.int(-1);
}

/** One with a frame of about `frameBytes`. */
export function bulkRequest(prng: Prng, frameBytes: number): Bulk {
  const room = frameBytes - HEADER_BYTES;
  const opcode = prng.pick([...WRITERS.keys()]);
  const write = WRITERS.get(opcode);
  return {
    what: opName(opcode),
    bytes: requestFrame(1, opcode, (w) => write?.(w, room + HEADER_BYTES + 4, prng)),
  };
}

type Write = (w: JuteWriter, end: number, prng: Prng) => void;

const WRITERS: ReadonlyMap<number, Write> = new Map<number, Write>([
  [OpCode.setData, setData],
  [OpCode.create, createWithAcls],
  [OpCode.setWatches2, setWatches],
  [OpCode.multi, multi],
  [OpCode.multiRead, multiRead],
  [OpCode.exists, longPath],
  [OpCode.auth, longCredentials],
]);

/** The one that may be exactly as long as is wanted. */
function setData(w: JuteWriter, end: number): void {
  w.string('/a');
  w.bytes(new Uint8Array(Math.max(0, end - w.position - 8)));
  w.int(-1);
}

function createWithAcls(w: JuteWriter, end: number, prng: Prng): void {
  w.string('/bulk');
  w.bytes(null);
  const countOffset = w.reserve(4);
  let count = 0;
  for (; w.position + 40 < end; count++) {
    w.int(prng.below(32));
    w.string('world');
    w.string('anyone');
  }
  w.patchInt(countOffset, count);
  w.int(0);
}

function setWatches(w: JuteWriter, end: number, prng: Prng): void {
  w.long(0, 0);
  const isEmpty = prng.chance(1, 2);
  for (let list = 0; list < 5; list++) {
    const countOffset = w.reserve(4);
    // All in the last of the lists.
    const listEnd = list === 4 ? end - 16 : 0;
    let count = 0;
    for (; w.position < listEnd; count++) w.string(isEmpty ? '' : `/w/${count}`);
    w.patchInt(countOffset, count);
  }
}

function multi(w: JuteWriter, end: number, prng: Prng): void {
  const kind = prng.below(3);
  for (let count = 0; w.position + 100 < end; count++) {
    if (kind === 0) {
      header(w, OpCode.check);
      w.string('/');
      w.int(-1);
    } else if (kind === 1) {
      header(w, OpCode.setData);
      w.string('/a');
      w.bytes(null);
      w.int(-1);
    } else {
      header(w, OpCode.create);
      w.string(`/a/${count}`);
      w.bytes(null);
      writeAclVector(w, OPEN_ACL_UNSAFE);
      w.int(1);
    }
  }
  // So much may be prepared, but not stay.
  if (kind > 0) {
    header(w, OpCode.check);
    w.string(HEALTHY_ROOT);
    w.int(77);
  }
  writeEnd(w);
}

/** Each of them asks for the biggest znode there is. */
function multiRead(w: JuteWriter, end: number, prng: Prng): void {
  const opcode = prng.pick([OpCode.getData, OpCode.getChildren]);
  while (w.position + 30 + MULTI_END_BYTES < end) {
    header(w, opcode);
    w.string(opcode === OpCode.getData ? BIG_NODE : '/');
    w.bool(true);
  }
  writeEnd(w);
}

function longPath(w: JuteWriter, end: number, prng: Prng): void {
  const name = prng.chance(1, 2) ? '/x' : 'x';
  w.string(`/${name.repeat(Math.floor((end - w.position - 8) / name.length))}x`);
  w.bool(true);
}

function longCredentials(w: JuteWriter, end: number): void {
  w.int(0);
  w.string('digest');
  w.bytes(new Uint8Array(end - w.position - 4).fill(0x3a));
}

function header(w: JuteWriter, opcode: number): void {
  w.int(opcode);
  w.bool(false);
  w.int(-1);
}

function writeEnd(w: JuteWriter): void {
  w.int(-1);
  w.bool(true);
  w.int(-1);
}
