/**
 * One class per operation, but for those about watches and those of many operations, which have
 * files of their own. Each is its record of client-protocol.md 3 with the answer it expects; which
 * fields are sensible is judged by whoever makes the request and in the end by the server.
 */

import {
  type Acl,
  type ClientInfo,
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  OpCode,
  readAclVector,
  readStat,
  readStringVector,
  readWhoAmIResponse,
  ROOT_PATH,
  type Stat,
  writeAclVector,
} from '@zabra/protocol';
import type { Chroot } from './chroot.ts';
import { Request, WATCH_KIND_NONE } from './request.ts';
import { WatchKind } from './watch-registry.ts';
import type { Watcher } from './watcher.ts';

export interface CreateReply {
  readonly path: string;
  /** Null for plain create, whose reply has none. */
  readonly stat: Stat | null;
}

/** create, create2, createContainer and createTTL. */
export class CreateRequest extends Request<CreateReply> {
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[];
  /** One of `CreateMode`. */
  readonly flags: number;
  /** Written for createTTL alone. */
  readonly ttlMs: number;

  constructor(
    op: OpCode,
    path: string,
    data: Uint8Array | null,
    acl: readonly Acl[],
    flags: number,
    ttlMs = -1,
  ) {
    super(op, path);
    this.data = data;
    this.acl = acl;
    this.flags = flags;
    this.ttlMs = ttlMs;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.bytes(this.data);
    writeAclVector(w, this.acl);
    w.int(this.flags);
    if (this.op === OpCode.createTTL) w.number(this.ttlMs);
  }

  readBody(r: JuteReader, chroot: Chroot): CreateReply {
    const path = chroot.toClient(r.string() ?? '');
    return { path, stat: this.op === OpCode.create ? null : readStat(r) };
  }
}

export class DeleteRequest extends Request<null> {
  /** Expected version, -1 for any. */
  readonly version: number;

  constructor(path: string, version: number) {
    super(OpCode.delete, path);
    this.version = version;
  }

  /** The root of a chroot cannot be deleted through it: the server refuses its own root. */
  override resolvePath(chroot: Chroot): string {
    return this.path === ROOT_PATH ? ROOT_PATH : chroot.toServer(this.path);
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.int(this.version);
  }

  readBody(): null {
    return null;
  }
}

/** A request of a path and a watch flag. */
abstract class WatchableRequest<Reply> extends Request<Reply> {
  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.bool(this.watcher !== null);
  }
}

/** NONODE is an answer here, and arms the watch too. */
export class ExistsRequest extends WatchableRequest<Stat> {
  constructor(path: string, watcher: Watcher | null = null) {
    super(OpCode.exists, path, watcher);
  }

  readBody(r: JuteReader): Stat {
    return readStat(r);
  }

  override watchKind(code: number): WatchKind | typeof WATCH_KIND_NONE {
    if (code === ErrorCode.OK) return WatchKind.DATA;
    return code === ErrorCode.NONODE ? WatchKind.EXIST : WATCH_KIND_NONE;
  }
}

export interface DataReply {
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}

export class GetDataRequest extends WatchableRequest<DataReply> {
  /** The configuration is one per ensemble, so its path is the same under every chroot. */
  readonly isConfig: boolean;

  constructor(path: string, watcher: Watcher | null = null, isConfig = false) {
    super(OpCode.getData, path, watcher);
    this.isConfig = isConfig;
  }

  override resolvePath(chroot: Chroot): string {
    return this.isConfig ? this.path : chroot.toServer(this.path);
  }

  readBody(r: JuteReader): DataReply {
    return { data: r.bytes(), stat: readStat(r) };
  }

  override watchKind(code: number): WatchKind | typeof WATCH_KIND_NONE {
    return code === ErrorCode.OK ? WatchKind.DATA : WATCH_KIND_NONE;
  }
}

export class SetDataRequest extends Request<Stat> {
  readonly data: Uint8Array | null;
  readonly version: number;

  constructor(path: string, data: Uint8Array | null, version: number) {
    super(OpCode.setData, path);
    this.data = data;
    this.version = version;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    w.bytes(this.data);
    w.int(this.version);
  }

  readBody(r: JuteReader): Stat {
    return readStat(r);
  }
}

export interface AclReply {
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

export class GetACLRequest extends Request<AclReply> {
  constructor(path: string) {
    super(OpCode.getACL, path);
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
  }

  readBody(r: JuteReader): AclReply {
    return { acl: readAclVector(r) ?? [], stat: readStat(r) };
  }
}

export class SetACLRequest extends Request<Stat> {
  readonly acl: readonly Acl[];
  /** Expected aversion, -1 for any. */
  readonly aversion: number;

  constructor(path: string, acl: readonly Acl[], aversion: number) {
    super(OpCode.setACL, path);
    this.acl = acl;
    this.aversion = aversion;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
    writeAclVector(w, this.acl);
    w.int(this.aversion);
  }

  readBody(r: JuteReader): Stat {
    return readStat(r);
  }
}

export interface ChildrenReply {
  /** Names, in no particular order. */
  readonly children: readonly string[];
  readonly stat: Stat;
}

/** getChildren2: the children and the Stat of one moment. */
export class GetChildrenRequest extends WatchableRequest<ChildrenReply> {
  constructor(path: string, watcher: Watcher | null = null) {
    super(OpCode.getChildren2, path, watcher);
  }

  readBody(r: JuteReader): ChildrenReply {
    return { children: readStringVector(r) ?? [], stat: readStat(r) };
  }

  override watchKind(code: number): WatchKind | typeof WATCH_KIND_NONE {
    return code === ErrorCode.OK ? WatchKind.CHILD : WATCH_KIND_NONE;
  }
}

export class SyncRequest extends Request<string> {
  constructor(path: string) {
    super(OpCode.sync, path);
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
  }

  readBody(r: JuteReader, chroot: Chroot): string {
    return chroot.toClient(r.string() ?? '');
  }
}

/** Answers with paths as the server names them: this operation knows no chroot, as in Java. */
export class GetEphemeralsRequest extends Request<readonly string[]> {
  /** `path` is a prefix of text, not a parent. */
  constructor(path: string) {
    super(OpCode.getEphemerals, path);
  }

  override resolvePath(): string {
    return this.path;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
  }

  readBody(r: JuteReader): readonly string[] {
    return readStringVector(r) ?? [];
  }
}

export class GetAllChildrenNumberRequest extends Request<number> {
  constructor(path: string) {
    super(OpCode.getAllChildrenNumber, path);
  }

  writeBody(w: JuteWriter): void {
    w.string(this.serverPath);
  }

  readBody(r: JuteReader): number {
    return r.int();
  }
}

export class WhoAmIRequest extends Request<readonly ClientInfo[]> {
  constructor() {
    super(OpCode.whoAmI, '');
  }

  writeBody(): void {}

  readBody(r: JuteReader): readonly ClientInfo[] {
    return readWhoAmIResponse(r).clientInfo;
  }
}

/** Answers with the configuration that was committed; every chroot has the same. */
export class ReconfigRequest extends Request<DataReply> {
  /** Null for no change of that kind; `members` that are not null replace everything. */
  readonly joining: string | null;
  readonly leaving: string | null;
  readonly members: string | null;
  /** Of the configuration that is expected; -1 for any. */
  readonly version: number;

  constructor(
    joining: string | null,
    leaving: string | null,
    members: string | null,
    version: number,
  ) {
    super(OpCode.reconfig, '');
    this.joining = joining;
    this.leaving = leaving;
    this.members = members;
    this.version = version;
  }

  writeBody(w: JuteWriter): void {
    w.string(this.joining);
    w.string(this.leaving);
    w.string(this.members);
    w.number(this.version);
  }

  readBody(r: JuteReader): DataReply {
    return { data: r.bytes(), stat: readStat(r) };
  }
}

export class CloseSessionRequest extends Request<null> {
  constructor() {
    super(OpCode.closeSession, '', null, true);
  }

  writeBody(): void {}

  readBody(): null {
    return null;
  }
}
