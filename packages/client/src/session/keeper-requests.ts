/**
 * The requests that ClickHouse Keeper added to the protocol, one class per operation that stands
 * alone. A server answers them only where its `zabra.keeperExtensions` is on; any other ends the
 * connection with UNIMPLEMENTED.
 */

import {
  type Acl,
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  type ListType,
  type ListWithDataResponse,
  OpCode,
  readGetChildren2Response,
  readListWithDataResponse,
  ROOT_PATH,
  writeCreateRequest,
  writeFilteredListRequest,
  writeListWithDataRequest,
  writePathVersionRequest,
  writeRemoveRecursiveRequest,
} from '@zabra/protocol';
import type { Chroot } from './chroot.ts';
import { Request, WATCH_KIND_NONE } from './request.ts';
import type { ChildrenReply } from './requests.ts';
import { WatchKind } from './watch-registry.ts';
import type { Watcher } from './watcher.ts';

/** Answers with the path, whether or not the znode was there. */
export class CreateIfNotExistsRequest extends Request<string> {
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** One of `CreateMode` that is not sequential. */
  readonly flags: number;

  constructor(path: string, data: Uint8Array | null, acl: readonly Acl[], flags: number) {
    super(OpCode.createIfNotExists, path);
    this.data = data;
    this.acl = acl;
    this.flags = flags;
  }

  writeBody(w: JuteWriter): void {
    const { serverPath: path, data, acl, flags } = this;
    writeCreateRequest(w, { path, data, acl, flags });
  }

  readBody(r: JuteReader, chroot: Chroot): string {
    return chroot.toClient(r.string() ?? '');
  }
}

export class CheckNotExistsRequest extends Request<null> {
  /** The only one that may not be there, -1 for any. */
  readonly version: number;

  constructor(path: string, version: number) {
    super(OpCode.checkNotExists, path);
    this.version = version;
  }

  writeBody(w: JuteWriter): void {
    writePathVersionRequest(w, { path: this.serverPath, version: this.version });
  }

  readBody(): null {
    return null;
  }
}

export class RemoveRecursiveRequest extends Request<null> {
  /** 0 to 2^32 - 1. */
  readonly nodesMax: number;

  constructor(path: string, nodesMax: number) {
    super(OpCode.removeRecursive, path);
    this.nodesMax = nodesMax;
  }

  /** As with delete: the root of a chroot cannot be removed through it. */
  override resolvePath(chroot: Chroot): string {
    return this.path === ROOT_PATH ? ROOT_PATH : chroot.toServer(this.path);
  }

  writeBody(w: JuteWriter): void {
    writeRemoveRecursiveRequest(w, { path: this.serverPath, nodesMax: this.nodesMax });
  }

  readBody(): null {
    return null;
  }
}

/** A list of children, whose watch is that of getChildren. */
abstract class ListRequest<Reply> extends Request<Reply> {
  readonly listType: ListType;

  constructor(op: OpCode, path: string, listType: ListType, watcher: Watcher | null) {
    super(op, path, watcher);
    this.listType = listType;
  }

  override watchKind(code: number): WatchKind | typeof WATCH_KIND_NONE {
    return code === ErrorCode.OK ? WatchKind.CHILD : WATCH_KIND_NONE;
  }
}

export class FilteredListRequest extends ListRequest<ChildrenReply> {
  constructor(path: string, listType: ListType, watcher: Watcher | null = null) {
    super(OpCode.filteredList, path, listType, watcher);
  }

  writeBody(w: JuteWriter): void {
    const { serverPath: path, watcher, listType } = this;
    writeFilteredListRequest(w, { path, watch: watcher !== null, listType });
  }

  readBody(r: JuteReader): ChildrenReply {
    return readGetChildren2Response(r);
  }
}

/** The Stats and the data of all that it names. */
export class ListWithDataRequest extends ListRequest<ListWithDataResponse> {
  constructor(path: string, listType: ListType, watcher: Watcher | null = null) {
    super(OpCode.filteredListWithStatsAndData, path, listType, watcher);
  }

  writeBody(w: JuteWriter): void {
    const { serverPath: path, watcher, listType } = this;
    const watch = watcher !== null;
    writeListWithDataRequest(w, { path, watch, listType, withStat: true, withData: true });
  }

  readBody(r: JuteReader): ListWithDataResponse {
    const reply = readListWithDataResponse(r);
    const { children, stats, data } = reply;
    if (stats.length !== children.length || data.length !== children.length) r.failed = true;
    return reply;
  }
}
