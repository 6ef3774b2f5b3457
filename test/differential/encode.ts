/**
 * From the symbols of a program to the bytes of one run: frames of requests and of the handshake.
 * Knows the run through `Names` alone.
 */

import {
  type JuteWriter,
  PASSWORD_BYTES,
  sessionPassword,
  writeConnectRequest,
} from '@zabra/protocol';
import type { Names } from './names.ts';
import type { ConnectStep, Field, PasswordChoice, Request } from './program.ts';

const FILLING = 0x66;
/** Of a frame's and a buffer's length, and of an int. */
const LENGTH_BYTES = 4;
/** Resumed by programs that never made the session they name. */
const NO_SUCH_SESSION = { hi: 0x0100_0000, lo: 0x1234_0000 };

export function encodeRequest(w: JuteWriter, request: Request, names: Names): void {
  const start = w.reserve(4);
  w.int(request.xid);
  w.int(request.opcode);
  const body = w.position;
  for (const field of request.fields) encodeField(w, field, names, start);
  for (let extra = request.cut; extra < 0; extra++) w.byte(FILLING);
  if (request.cut > 0) w.reset(Math.max(body, w.position - request.cut));
  w.patchInt(start, w.position - start - 4);
}

export function encodeConnect(w: JuteWriter, step: ConnectStep, names: Names): void {
  const start = w.reserve(4);
  const resumed = step.session.kind === 'resume';
  const id = resumed ? (names.sessionOf(step.session.label) ?? NO_SUCH_SESSION) : { hi: 0, lo: 0 };
  writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: names.lastZxid - step.zxidBack,
    timeoutMs: step.timeoutMs,
    sessionHi: id.hi,
    sessionLo: id.lo,
    password: passwordOf(step.password, resumed, id.hi, id.lo),
    readOnly: step.readOnly,
  });
  w.reset(Math.max(start + LENGTH_BYTES, w.position - step.cut));
  w.patchInt(start, w.position - start - 4);
}

function passwordOf(
  choice: PasswordChoice,
  resumed: boolean,
  hi: number,
  lo: number,
): Uint8Array | null {
  switch (choice) {
    case 'null':
      return null;
    case 'short':
      return new Uint8Array(3);
    case 'wrong':
      return new Uint8Array(PASSWORD_BYTES).fill(7);
    case 'right':
      return resumed ? sessionPassword(hi, lo) : new Uint8Array(PASSWORD_BYTES);
  }
}

function encodeField(w: JuteWriter, field: Field, names: Names, frameStart: number): void {
  switch (field.t) {
    case 'int':
      w.int(field.v);
      break;
    case 'long':
      w.number(field.v);
      break;
    case 'bool':
      w.bool(field.v);
      break;
    case 'text':
      w.string(field.v);
      break;
    case 'path':
      w.string(field.v === null ? null : names.realPath(field.v));
      break;
    case 'paths':
      w.int(field.v === null ? -1 : field.v.length);
      for (const path of field.v ?? []) w.string(names.realPath(path));
      break;
    case 'data':
      if (typeof field.v === 'number') w.bytes(new Uint8Array(field.v).fill(FILLING));
      else w.bytes(field.v === null ? null : Buffer.from(field.v));
      break;
    case 'fill': {
      const before = w.position - frameStart - LENGTH_BYTES;
      w.bytes(new Uint8Array(field.v - before - 2 * LENGTH_BYTES).fill(FILLING));
      break;
    }
    case 'acl':
      w.int(field.v === null ? -1 : field.v.length);
      for (const { perms, scheme, id } of field.v ?? []) {
        w.int(perms);
        w.string(scheme);
        w.string(id);
      }
      break;
    case 'zxid':
      w.zxid(Math.max(0, names.lastZxid - field.v));
      break;
  }
}
