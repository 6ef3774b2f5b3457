/**
 * Request: one operation on its way through the session, from submission to its result. It knows
 * how to write its body and read that of its reply; numbers, order and connections are the affair
 * of the machine, which fills in the fields below. One class per shape of operation stands in
 * `requests.ts` and `multi-request.ts`; a request is used once (ZooKeeper's `ClientCnxn.Packet`).
 */

import { ErrorCode, type JuteReader, type JuteWriter, type OpCode } from '@zabra/protocol';
import type { Chroot } from './chroot.ts';
import type { WatchKind } from './watch-registry.ts';
import type { Watcher } from './watcher.ts';

/** `queued` waits for a session; `sent` was handed to a connection; `done` has its result. */
export type RequestPhase = 'new' | 'queued' | 'sent' | 'done';

/** No watch is registered. */
export const WATCH_KIND_NONE = -1;

export abstract class Request<Reply = unknown> {
  readonly op: OpCode;
  /** As the client names it; empty for operations without a path. */
  readonly path: string;
  /** With the chroot; set at submission. */
  serverPath: string;
  phase: RequestPhase;
  /** 1 to 2^31 - 1 once sent, or a special one. */
  xid: number;
  /** One of `ErrorCode`, valid once done. */
  code: number;
  /** Of the reply's header; 0 when no reply came. */
  zxid: number;
  /** Null unless the reply's header said OK and the operation's reply has a body. */
  reply: Reply | null;
  /** Whether bytes of it may have reached a server: decides what a lost connection means. */
  wasSent: boolean;
  /** What this side found wrong with it, in words; empty for nothing. */
  fault: string;
  /** Made by the machine for itself; nobody hears of its result. */
  readonly isInternal: boolean;
  /** Registered when a reply that arms the watch arrives. */
  readonly watcher: Watcher | null;

  constructor(op: OpCode, path: string, watcher: Watcher | null = null, isInternal = false) {
    this.op = op;
    this.path = path;
    this.serverPath = path;
    this.phase = 'new';
    this.xid = 0;
    this.code = ErrorCode.OK;
    this.zxid = 0;
    this.reply = null;
    this.wasSent = false;
    this.fault = '';
    this.isInternal = isInternal;
    this.watcher = watcher;
  }

  /** The path on the server; the few operations that ignore the chroot override it. */
  resolvePath(chroot: Chroot): string {
    return this.path === '' ? '' : chroot.toServer(this.path);
  }

  abstract writeBody(w: JuteWriter, chroot: Chroot): void;

  /** Called for code OK alone; the reader's `failed` says whether the body was whole. */
  abstract readBody(r: JuteReader, chroot: Chroot): Reply | null;

  /** The code of a request whose header said OK; the body of a multi may say otherwise. */
  resultCode(): number {
    return ErrorCode.OK;
  }

  /** The table its watcher goes to, given the reply's code, or `WATCH_KIND_NONE`. */
  watchKind(_code: number): WatchKind | typeof WATCH_KIND_NONE {
    return WATCH_KIND_NONE;
  }
}
