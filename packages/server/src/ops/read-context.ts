/**
 * ReadContext: a read under way. One object, filled for each request. It holds the request and
 * whose watches it may set, and offers the lookup that most reads begin with: the path as bytes, so
 * that no string is made unless a watch is set (client-protocol.md 10).
 */

import {
  EMPTY_BYTES,
  ErrorCode,
  JUTE_BYTES_MAX_DEFAULT,
  JuteReader,
  type JuteWriter,
  utf8Decode,
} from '@zabra/protocol';
import type { WatchMode } from '../tree/watch-mode.ts';
import type { OpRequest } from './request.ts';
import type { StateCore } from './state-core.ts';
import type { Watcher } from './watcher.ts';

const NO_REQUEST: OpRequest = {
  sessionHi: 0,
  sessionLo: 0,
  cxid: 0,
  opcode: 0,
  buffer: EMPTY_BYTES,
  start: 0,
  end: 0,
  identities: [],
};

export class ReadContext {
  readonly core: StateCore;
  readonly reader: JuteReader;
  request: OpRequest;
  /** Whose watches are set; null sets none. */
  watcher: Watcher | null;
  /** Of the path read last, -1 for null; bytes. */
  pathLength: number;
  pathStart: number;
  pathEnd: number;
  /** Of the znode found last, 0 for none; valid until the tree changes. */
  ref: number;
  readonly #replyBytesMax: number;
  /** Where the reply begins in its writer. */
  #replyStart: number;

  constructor(core: StateCore) {
    this.core = core;
    this.reader = new JuteReader(core.options.txnBytesMax ?? JUTE_BYTES_MAX_DEFAULT);
    this.request = NO_REQUEST;
    this.watcher = null;
    this.pathLength = 0;
    this.pathStart = 0;
    this.pathEnd = 0;
    this.ref = 0;
    this.#replyBytesMax = core.options.replyBytesMax ?? Number.POSITIVE_INFINITY;
    this.#replyStart = 0;
  }

  /** The reply is going to be written from `replyStart` on. */
  begin(request: OpRequest, watcher: Watcher | null, replyStart: number): void {
    this.reader.reset(request.buffer, request.start, request.end);
    this.request = request;
    this.watcher = watcher;
    this.#replyStart = replyStart;
  }

  /**
   * True when the reply is longer than any client is given. A few bytes can ask for gigabytes, so
   * whoever gathers the data of many znodes looks before each of them.
   */
  isTooLong(w: JuteWriter): boolean {
    return w.position - this.#replyStart > this.#replyBytesMax;
  }

  readPath(): void {
    const r = this.reader;
    this.pathLength = r.range();
    this.pathStart = r.rangeStart;
    this.pathEnd = r.rangeEnd;
  }

  /** Of the path read last. */
  pathText(): string {
    return utf8Decode(this.reader.buffer, this.pathStart, this.pathEnd);
  }

  /** Finds the znode of the path read last and checks any of the bits; OK or why not. */
  locate(wanted: number): number {
    const { core, reader, request } = this;
    if (reader.failed || this.pathLength < 0) return ErrorCode.MARSHALLINGERROR;
    this.ref = core.tree.nodes.findBytes(reader.buffer, this.pathStart, this.pathEnd);
    if (this.ref === 0) return ErrorCode.NONODE;
    const acl = core.aclOf(this.ref);
    if (acl === null) return ErrorCode.MARSHALLINGERROR;
    return core.permits(acl, wanted, request.identities) ? ErrorCode.OK : ErrorCode.NOAUTH;
  }

  /** Sets a watch on the path read last, exactly as it was written. */
  watch(mode: WatchMode): void {
    if (this.watcher === null) return;
    const { buffer } = this.reader;
    const { watcherId } = this.watcher;
    this.core.watches.addBytes(buffer, this.pathStart, this.pathEnd, watcherId, mode);
  }
}
