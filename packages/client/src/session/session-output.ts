/**
 * SessionOutput: frames from the session to its server, appended to one writer that the owner
 * empties once a turn. It knows how each frame looks and when the last one was written; what is
 * written when is the machine's affair.
 */

import {
  type ConnectRequest,
  type JuteWriter,
  OpCode,
  writeConnectRequest,
  Xid,
} from '@zabra/protocol';
import type { Chroot } from './chroot.ts';
import type { Request } from './request.ts';
import type { Auth } from './session-ready.ts';

const LENGTH_BYTES = 4;

export class SessionOutput {
  /** Of the last frame. */
  lastSentMs: number;
  readonly #bytes: JuteWriter;
  readonly #chroot: Chroot;
  readonly #requestBytesMax: number;

  constructor(bytes: JuteWriter, chroot: Chroot, requestBytesMax: number) {
    this.lastSentMs = 0;
    this.#bytes = bytes;
    this.#chroot = chroot;
    this.#requestBytesMax = requestBytesMax;
  }

  connect(request: ConnectRequest, nowMs: number): void {
    const start = this.#bytes.reserve(LENGTH_BYTES);
    writeConnectRequest(this.#bytes, request);
    this.#end(start, nowMs);
  }

  /** False, and nothing is written, when the frame would be too long; `fault` then says so. */
  request(request: Request, xid: number, nowMs: number): boolean {
    const start = this.#bytes.reserve(LENGTH_BYTES);
    this.#bytes.int(xid);
    this.#bytes.int(request.op);
    request.writeBody(this.#bytes, this.#chroot);
    const length = this.#bytes.position - start - LENGTH_BYTES;
    if (length > this.#requestBytesMax) {
      request.fault = `the request has ${length} bytes, the limit is ${this.#requestBytesMax}`;
      this.#bytes.reset(start);
      return false;
    }
    request.xid = xid;
    this.#end(start, nowMs);
    return true;
  }

  auth(auth: Auth, nowMs: number): void {
    const start = this.#bytes.reserve(LENGTH_BYTES);
    this.#bytes.int(Xid.AUTH);
    this.#bytes.int(OpCode.auth);
    this.#bytes.int(0);
    this.#bytes.string(auth.scheme);
    this.#bytes.bytes(auth.auth);
    this.#end(start, nowMs);
  }

  ping(nowMs: number): void {
    const start = this.#bytes.reserve(LENGTH_BYTES);
    this.#bytes.int(Xid.PING);
    this.#bytes.int(OpCode.ping);
    this.#end(start, nowMs);
  }

  #end(start: number, nowMs: number): void {
    this.#bytes.patchInt(start, this.#bytes.position - start - LENGTH_BYTES);
    this.lastSentMs = nowMs;
  }
}
