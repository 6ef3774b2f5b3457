/** Frames of careful clients: what brings a connection into a state. */

import {
  JuteWriter,
  type MultiOp,
  OPEN_ACL_UNSAFE,
  OpCode,
  PASSWORD_BYTES,
  sessionPassword,
  writeAclVector,
  writeConnectRequest,
  writeMultiRequest,
} from '@zabra/protocol';

export interface SessionId {
  readonly hi: number;
  readonly lo: number;
}

/** Null asks for a new session. */
export function connectFrame(session: SessionId | null, readOnly = false): Uint8Array {
  const w = new JuteWriter(64);
  w.int(0);
  writeConnectRequest(w, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeoutMs: 4000,
    sessionHi: session?.hi ?? 0,
    sessionLo: session?.lo ?? 0,
    password:
      session === null ? new Uint8Array(PASSWORD_BYTES) : sessionPassword(session.hi, session.lo),
    readOnly,
  });
  w.patchInt(0, w.position - 4);
  return w.toBytes();
}

export function requestFrame(
  xid: number,
  opcode: number,
  write: (w: JuteWriter) => void = () => undefined,
): Uint8Array {
  const w = new JuteWriter(64);
  w.int(0);
  w.int(xid);
  w.int(opcode);
  write(w);
  w.patchInt(0, w.position - 4);
  return w.toBytes();
}

export function createFrame(xid: number, path: string): Uint8Array {
  return requestFrame(xid, OpCode.create, (w) => {
    w.string(path);
    w.bytes(new Uint8Array(8));
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.int(0);
  });
}

export function getDataFrame(xid: number, path: string): Uint8Array {
  return requestFrame(xid, OpCode.getData, (w) => {
    w.string(path);
    w.bool(false);
  });
}

/** Of so many operations; every other time the last one makes it fail. */
export function bigMultiFrame(xid: number, count: number, fails: boolean): Uint8Array {
  const ops = Array.from({ length: count }, (_, index): MultiOp => {
    if (index % 3 > 0) return { type: OpCode.check, request: { path: '/', version: -1 } };
    const data = new Uint8Array(index % 7);
    return { type: OpCode.setData, request: { path: '/a', data, version: -1 } };
  });
  if (fails) ops.push({ type: OpCode.check, request: { path: '/', version: 77 } });
  return requestFrame(xid, OpCode.multi, (w) => writeMultiRequest(w, ops));
}

export function joined(frames: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(frames));
}
