/**
 * ZooKeeperClient: the client as programs use it. Each operation is a promise of its result or of
 * a `ZooKeeperError`; watches are streams or callbacks; the session outlives lost connections by
 * itself. What a session does stands in `session/`, what sockets do in the driver; here is the
 * face. From client-protocol.md 8 to 10 and 18.
 */

import {
  type Acl,
  type ClientInfo,
  CONFIG_PATH,
  ErrorCode,
  OpCode,
  type Stat as WireStat,
} from '@zabra/protocol';
import { MultiReadRequest, MultiRequest } from '../session/multi-request.ts';
import * as requests from '../session/requests.ts';
import * as args from './arguments.ts';
import { errorOf } from './calls.ts';
import type * as options from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import { KeeperFace } from './keeper-face.ts';
import * as multi from './multi.ts';
import * as multiRead from './multi-read.ts';
import { publicStat, type Stat } from './public-records.ts';
import { WatchFace } from './watch-face.ts';

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

/** Made by `connect`. Methods reject with `ZooKeeperError` unless they say otherwise. */
export class ZooKeeperClient extends WatchFace {
  readonly #session: ClientSession;
  /** What ClickHouse Keeper has beyond ZooKeeper, on servers that speak it. */
  readonly keeper: KeeperFace;

  /** Begins to connect at once; `connected` tells when it has. */
  constructor(session: ClientSession) {
    super(session);
    this.#session = session;
    this.keeper = new KeeperFace(session);
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
  async multi<const Ops extends readonly multi.MultiOp[]>(
    ops: Ops,
    callOptions: options.CallOptions = {},
  ): Promise<multi.MultiResults<Ops>> {
    const request = new MultiRequest(multi.toWireOps(ops));
    const results = await this.#session.run(request, callOptions.signal);
    return multi.multiResults(ops, results);
  }

  /**
   * Several reads in one trip, of one moment; results stand in the order of the reads. A read that
   * fails does not fail the others: its result is an `error`.
   */
  async multiRead<const Ops extends readonly multiRead.ReadOp[]>(
    ops: Ops,
    callOptions: options.CallOptions = {},
  ): Promise<multiRead.ReadResults<Ops>> {
    const request = new MultiReadRequest(multiRead.toWireReads(ops));
    await this.#session.run(request, callOptions.signal);
    return multiRead.readResults(ops, request);
  }

  /** After it, this session sees at least what was committed when the leader got it. */
  async sync(path = '/', callOptions: options.CallOptions = {}): Promise<void> {
    args.checkPath('sync', path);
    await this.#session.run(new requests.SyncRequest(path), callOptions.signal);
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
    const request = new requests.ReconfigRequest(
      args.listText(change.joining),
      args.listText(change.leaving),
      args.listText(change.members),
      Number(change.version ?? -1n),
    );
    const { data, stat } = await this.#session.run(request, change.signal);
    return { data, stat: publicStat(stat) };
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
}
