/**
 * The two records of the session handshake, which travel without a header. The readOnly byte at
 * the end is optional: clients older than 3.4 and several libraries leave it out, and a server
 * repeats it only if the request had it; null means absent. From client-protocol.md 2.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

export interface ConnectRequest {
  readonly protocolVersion: number;
  readonly lastZxidSeen: number;
  readonly timeoutMs: number;
  /** 0, 0 asks for a new session. */
  readonly sessionHi: number;
  readonly sessionLo: number;
  readonly password: Uint8Array | null;
  readonly readOnly: boolean | null;
}

/** A refusal carries timeoutMs 0, session 0 and a password of zeros. */
export interface ConnectResponse {
  readonly protocolVersion: number;
  readonly timeoutMs: number;
  readonly sessionHi: number;
  readonly sessionLo: number;
  readonly password: Uint8Array | null;
  readonly readOnly: boolean | null;
}

export function readConnectRequest(r: JuteReader): ConnectRequest {
  const protocolVersion = r.int();
  const lastZxidSeen = r.zxid();
  const timeoutMs = r.int();
  r.long();
  const sessionHi = r.hi;
  const sessionLo = r.lo;
  const password = r.bytes();
  const readOnly = readOptionalBool(r);
  return { protocolVersion, lastZxidSeen, timeoutMs, sessionHi, sessionLo, password, readOnly };
}

export function writeConnectRequest(w: JuteWriter, request: ConnectRequest): void {
  w.int(request.protocolVersion);
  w.zxid(request.lastZxidSeen);
  w.int(request.timeoutMs);
  w.long(request.sessionHi, request.sessionLo);
  w.bytes(request.password);
  if (request.readOnly !== null) w.bool(request.readOnly);
}

export function readConnectResponse(r: JuteReader): ConnectResponse {
  const protocolVersion = r.int();
  const timeoutMs = r.int();
  r.long();
  const sessionHi = r.hi;
  const sessionLo = r.lo;
  const password = r.bytes();
  const readOnly = readOptionalBool(r);
  return { protocolVersion, timeoutMs, sessionHi, sessionLo, password, readOnly };
}

export function writeConnectResponse(w: JuteWriter, response: ConnectResponse): void {
  w.int(response.protocolVersion);
  w.int(response.timeoutMs);
  w.long(response.sessionHi, response.sessionLo);
  w.bytes(response.password);
  if (response.readOnly !== null) w.bool(response.readOnly);
}

function readOptionalBool(r: JuteReader): boolean | null {
  return r.remaining() > 0 ? r.bool() : null;
}
