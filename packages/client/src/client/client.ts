/**
 * ZooKeeperClient: the client as programs use it. Each operation is a promise of its result or of
 * a `ZooKeeperError`; watches are streams or callbacks; the session outlives lost connections by
 * itself. What a session does stands in `session/`, what sockets do in the driver; here is the
 * face. From client-protocol.md 8 to 10 and 18.
 */

import {
  type Acl,
  AddWatchMode,
  type ClientInfo,
  CONFIG_PATH,
  ErrorCode,
  int64ToBigInt,
  OpCode,
  type Stat as WireStat,
  utf8Encode,
  WatcherType,
} from '@zabra/protocol';
import { MultiRequest } from '../session/multi-request.ts';
import * as requests from '../session/requests.ts';
import type { SessionState } from '../session/session-ready.ts';
import * as args from './arguments.ts';
import { errorOf } from './calls.ts';
import type * as options from './client-options.ts';
import type { ClientSession, StateListener } from './client-session.ts';
import { fromWireResults, type MultiOp, type MultiResult, toWireOps } from './multi.ts';
import { publicStat, type Stat, zxidToBigInt } from './public-records.ts';
import { WatchStream } from './watch-stream.ts';

export interface DataResult {
  /** Null when the znode has no data, which differs from empty data. */
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}

export interface ChildrenResult {
  /** Names, in no particular order. */
  readonly children: readonly string[];
  readonly stat: Stat;
}

export interface AclResult {
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

const WATCHER_TYPES = {
  children: WatcherType.CHILDREN,
  data: WatcherType.DATA,
  persistent: WatcherType.PERSISTENT,
  'persistent-recursive': WatcherType.PERSISTENT_RECURSIVE,
  any: WatcherType.ANY,
} as const;

/** Made by `connect`. Methods reject with `ZooKeeperError` unless they say otherwise. */
export class ZooKeeperClient {
  readonly #session: ClientSession;

  /** Begins to connect at once; `connected` tells when it has. */
  constructor(session: ClientSession) {
    this.#session = session;
  }

  get state(): SessionState {
    return this.#session.machine.state;
  }

  /** 0n until the first connection. */
  get sessionId(): bigint {
    const { sessionHi, sessionLo } = this.#session.machine;
    return int64ToBigInt(sessionHi, sessionLo);
  }

  /** Whoever has this and the id can take the session over. */
  get sessionPassword(): Uint8Array {
    return this.#session.machine.password.slice();
  }

  /** What the server granted, or what is asked for until it has, ms. */
  get sessionTimeoutMs(): number {
    return this.#session.machine.sessionTimeoutMs;
  }

  /** The newest transaction that this session has seen. */
  get lastZxid(): bigint {
    return zxidToBigInt(this.#session.machine.lastZxid);
  }

  /** Why the last connection or attempt ended; empty while none has. */
  get lastFailure(): string {
    return this.#session.machine.lastFailure;
  }

  /** Calls `listener` at each change of state; the result takes it off again. */
  onState(listener: StateListener): () => void {
    return this.#session.onState(listener);
  }

  /** Resolves once a server has granted the session; rejects when there can be none any more. */
  connected(callOptions: options.CallOptions = {}): Promise<void> {
    return this.#session.connected(callOptions.signal);
  }

  /** As `connected`, but gives up once every server was tried in vain. @throws CONNECTIONLOSS */
  reached(): Promise<void> {
    return this.#session.reached();
  }

  /**
   * Creates a znode and returns its path, which differs from the one given when it is sequential.
   * @throws NODEEXISTS, NONODE (no parent), NOCHILDRENFOREPHEMERALS, NOAUTH, INVALIDACL
   */
  async create(
    path: string,
    data: options.Data = null,
    createOptions: options.CreateOptions = {},
  ): Promise<string> {
    return (await this.#create(path, data, createOptions, OpCode.create)).path;
  }

  /** As `create`, with the Stat of the new znode. */
  async create2(
    path: string,
    data: options.Data = null,
    createOptions: options.CreateOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const reply = await this.#create(path, data, createOptions, OpCode.create2);
    // Plain create alone, which this is not, has no Stat in its reply.
    return { path: reply.path, stat: publicStat(reply.stat as WireStat) };
  }

  /** @throws NOTEMPTY, NONODE, BADVERSION, NOAUTH */
  async delete(path: string, deleteOptions: options.VersionOptions = {}): Promise<void> {
    args.checkPath('delete', path);
    const { signal, version = -1 } = deleteOptions;
    const request = new requests.DeleteRequest(path, version);
    await this.#session.attempt(request, signal);
    if (request.code === ErrorCode.OK) return;
    const childCount = request.code === ErrorCode.NOTEMPTY ? await this.#childCount(path) : 0;
    throw errorOf(request, this.lastFailure, childCount);
  }

  /** Null when there is none; a watch is told of the creation, the deletion or new data. */
  async exists(path: string, readOptions: options.ReadOptions = {}): Promise<Stat | null> {
    args.checkPath('exists', path);
    const watcher = this.#session.watcherOf(readOptions.watch);
    const request = new requests.ExistsRequest(path, watcher);
    await this.#session.attempt(request, readOptions.signal);
    if (request.code === ErrorCode.NONODE) return null;
    if (request.code !== ErrorCode.OK) throw errorOf(request, this.lastFailure);
    return publicStat(request.reply as WireStat);
  }

  /**
   * A watch is told of new data or of the deletion.
   * @throws NONODE, NOAUTH
   */
  async getData(path: string, readOptions: options.ReadOptions = {}): Promise<DataResult> {
    args.checkPath('getData', path);
    return this.#getData(path, readOptions, false);
  }

  /** Sets the data and returns the new Stat. @throws NONODE, BADVERSION, NOAUTH */
  async setData(
    path: string,
    data: options.Data,
    setOptions: options.VersionOptions = {},
  ): Promise<Stat> {
    args.checkPath('setData', path);
    const { signal, version = -1 } = setOptions;
    const request = new requests.SetDataRequest(path, args.dataBytes(data), version);
    return publicStat(await this.#session.run(request, signal));
  }

  /** A watch is told of children that come or go, or of the deletion. @throws NONODE, NOAUTH */
  async getChildren(path: string, readOptions: options.ReadOptions = {}): Promise<ChildrenResult> {
    args.checkPath('getChildren', path);
    const watcher = this.#session.watcherOf(readOptions.watch);
    const request = new requests.GetChildrenRequest(path, watcher);
    const { children, stat } = await this.#session.run(request, readOptions.signal);
    return { children, stat: publicStat(stat) };
  }

  /** @throws NONODE, NOAUTH */
  async getACL(path: string, callOptions: options.CallOptions = {}): Promise<AclResult> {
    args.checkPath('getACL', path);
    const request = new requests.GetACLRequest(path);
    const { acl, stat } = await this.#session.run(request, callOptions.signal);
    return { acl, stat: publicStat(stat) };
  }

  /** `version` is that of the ACL, `aversion`. @throws NONODE, BADVERSION, INVALIDACL, NOAUTH */
  async setACL(
    path: string,
    acl: readonly Acl[],
    setOptions: options.VersionOptions = {},
  ): Promise<Stat> {
    args.checkPath('setACL', path);
    args.checkAcl('setACL', path, acl);
    const { signal, version = -1 } = setOptions;
    const request = new requests.SetACLRequest(path, acl, version);
    return publicStat(await this.#session.run(request, signal));
  }

  /**
   * All of them or none; results stand in the order of the operations. The error of one that
   * failed carries its place in `opIndex`.
   */
  async multi(
    ops: readonly MultiOp[],
    callOptions: options.CallOptions = {},
  ): Promise<readonly MultiResult[]> {
    const request = new MultiRequest(toWireOps(ops));
    return fromWireResults(await this.#session.run(request, callOptions.signal));
  }

  /** After it, this session sees at least what was committed when the leader got it. */
  async sync(path = '/', callOptions: options.CallOptions = {}): Promise<void> {
    args.checkPath('sync', path);
    await this.#session.run(new requests.SyncRequest(path), callOptions.signal);
  }

  /**
   * Claims an identity now and on every later connection. A refusal ends the session, as it does
   * with ZooKeeper's own client. @throws AUTHFAILED
   */
  addAuth(
    scheme: string,
    auth: string | Uint8Array,
    callOptions: options.CallOptions = {},
  ): Promise<void> {
    const bytes = typeof auth === 'string' ? utf8Encode(auth) : auth;
    return this.#session.authenticate({ scheme, auth: bytes }, callOptions.signal);
  }

  /** A stream of every change from now on; closing it takes the watch off. */
  async addWatch(path: string, watchOptions: options.AddWatchOptions = {}): Promise<WatchStream> {
    const { recursive = false, signal } = watchOptions;
    const type = recursive ? 'persistent-recursive' : 'persistent';
    const stream: WatchStream = new WatchStream(() => this.#removeStream(path, type, stream));
    await this.addWatchTo(path, stream, { recursive, signal });
    return stream;
  }

  /** As `addWatch`, for a stream or callback that is there already. */
  async addWatchTo(
    path: string,
    watch: options.Watch,
    watchOptions: options.AddWatchOptions = {},
  ): Promise<void> {
    args.checkPath('addWatch', path);
    const { recursive = false, signal } = watchOptions;
    const mode = recursive ? AddWatchMode.PERSISTENT_RECURSIVE : AddWatchMode.PERSISTENT;
    const watcher = this.#session.watcherOf(watch);
    await this.#session.run(new requests.AddWatchRequest(path, mode, watcher), signal);
  }

  /** @throws NOWATCHER */
  async removeWatches(
    path: string,
    removeOptions: options.RemoveWatchesOptions = {},
  ): Promise<void> {
    args.checkPath('removeWatches', path);
    const { type = 'any', watch, local = false, signal } = removeOptions;
    const watcher = this.#session.watcherOf(watch);
    const watcherType = WATCHER_TYPES[type];
    const request = new requests.RemoveWatchesRequest(path, watcherType, watcher, local);
    await this.#session.run(request, signal);
  }

  /** The identities that the server knows this connection by. */
  async whoAmI(callOptions: options.CallOptions = {}): Promise<readonly ClientInfo[]> {
    return await this.#session.run(new requests.WhoAmIRequest(), callOptions.signal);
  }

  /** This session's ephemerals whose paths start with `prefix`; neither knows the chroot. */
  async getEphemerals(
    prefix = '/',
    callOptions: options.CallOptions = {},
  ): Promise<readonly string[]> {
    const request = new requests.GetEphemeralsRequest(prefix);
    return await this.#session.run(request, callOptions.signal);
  }

  /** How many znodes there are below `path`, at any depth. @throws NONODE, NOAUTH */
  async getAllChildrenNumber(path: string, callOptions: options.CallOptions = {}): Promise<number> {
    args.checkPath('getAllChildrenNumber', path);
    const request = new requests.GetAllChildrenNumberRequest(path);
    return await this.#session.run(request, callOptions.signal);
  }

  /** The ensemble's configuration, the same under every chroot. */
  async getConfig(readOptions: options.ReadOptions = {}): Promise<DataResult> {
    return this.#getData(CONFIG_PATH, readOptions, true);
  }

  /**
   * Changes the members of the ensemble and returns the new configuration.
   * @throws RECONFIGDISABLED, NOAUTH, BADVERSION, NEWCONFIGNOQUORUM, RECONFIGINPROGRESS
   */
  async reconfig(change: options.ReconfigOptions): Promise<DataResult> {
    const { joining = null, leaving = null, members = null, version = -1n } = change;
    const request = new requests.ReconfigRequest(joining, leaving, members, Number(version));
    const { data, stat } = await this.#session.run(request, change.signal);
    return { data, stat: publicStat(stat) };
  }

  /** Ends the session and deletes its ephemerals; what is under way is answered first. */
  close(): Promise<void> {
    return this.#session.close();
  }

  /** Hangs up and leaves the session, with its ephemerals, to its timeout. */
  abandon(): void {
    this.#session.abandon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #create(
    path: string,
    data: options.Data,
    createOptions: options.CreateOptions,
    plainOp: args.CreateOp,
  ): Promise<requests.CreateReply> {
    const acl = args.aclOrOpen(createOptions.acl);
    args.checkNewPath('create', path, createOptions);
    args.checkAcl('create', path, acl);
    const { op, flags, ttlMs } = args.createFlags(path, createOptions, plainOp);
    const bytes = args.dataBytes(data);
    const request = new requests.CreateRequest(op, path, bytes, acl, flags, ttlMs);
    return await this.#session.run(request, createOptions.signal);
  }

  async #getData(
    path: string,
    readOptions: options.ReadOptions,
    isConfig: boolean,
  ): Promise<DataResult> {
    const watcher = this.#session.watcherOf(readOptions.watch);
    const request = new requests.GetDataRequest(path, watcher, isConfig);
    const { data, stat } = await this.#session.run(request, readOptions.signal);
    return { data, stat: publicStat(stat) };
  }

  /** For a message alone: 0 when it cannot be had, and it may have changed since. */
  async #childCount(path: string): Promise<number> {
    const request = new requests.ExistsRequest(path);
    await this.#session.attempt(request, undefined);
    return request.reply?.numChildren ?? 0;
  }

  /** A watch that is gone already, with the session or otherwise, is as good as removed. */
  async #removeStream(
    path: string,
    type: keyof typeof WATCHER_TYPES,
    stream: WatchStream,
  ): Promise<void> {
    const watcherType = WATCHER_TYPES[type];
    const request = new requests.RemoveWatchesRequest(path, watcherType, stream, true);
    await this.#session.attempt(request, undefined);
  }
}
