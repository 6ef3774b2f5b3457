/**
 * KeeperFace: the operations that ClickHouse Keeper added to ZooKeeper's, as `client.keeper`. Only
 * a server whose `zabra.keeperExtensions` is on answers them, and Keeper itself; any other closes
 * the connection with UNIMPLEMENTED. `features` tells without that risk. Transactions and lists of
 * reads have Keeper's operations among theirs (`keeper-ops.ts`).
 */

import {
  decodeKeeperFeatures,
  ErrorCode,
  KEEPER_FEATURE_FLAGS_PATH,
  type KeeperFeatureName,
} from '@zabra/protocol';
import * as requests from '../session/keeper-requests.ts';
import { GetDataRequest } from '../session/requests.ts';
import * as args from './arguments.ts';
import { errorOf } from './calls.ts';
import type { CallOptions, CreateOptions, Data, ReadOptions } from './client-options.ts';
import type { ClientSession } from './client-session.ts';
import {
  checkNodesMax,
  type Child,
  type ChildKind,
  ephemeralFlags,
  listType,
  NODES_MAX_DEFAULT,
  withData,
} from './keeper-ops.ts';
import { publicStat, type Stat } from './public-records.ts';

export interface ListOptions extends ReadOptions {
  /** Default `all`. */
  readonly kind?: ChildKind | undefined;
}

export interface RemoveRecursiveOptions extends CallOptions {
  /** Most znodes that may go, the one at the path among them. Default 100. */
  readonly nodesMax?: number | undefined;
}

export class KeeperFace {
  readonly #session: ClientSession;

  constructor(session: ClientSession) {
    this.#session = session;
  }

  /**
   * What the server that this client is connected to has of Keeper; nothing for a server without
   * the extensions. It may change with the connection, and with the leader of the ensemble.
   */
  async features(callOptions: CallOptions = {}): Promise<ReadonlySet<KeeperFeatureName>> {
    // The same under every chroot, as the configuration is.
    const request = new GetDataRequest(KEEPER_FEATURE_FLAGS_PATH, null, true);
    await this.#session.attempt(request, callOptions.signal);
    if (request.code === ErrorCode.NONODE) return new Set();
    if (request.code !== ErrorCode.OK) throw this.#error(request);
    return new Set(decodeKeeperFeatures(request.reply?.data ?? new Uint8Array(0)));
  }

  /**
   * Creates the znode unless there is one, and returns its path. Which of the two it was is not
   * told. @throws NONODE (no parent), NOCHILDRENFOREPHEMERALS, NOAUTH, INVALIDACL
   */
  async createIfNotExists(
    path: string,
    data: Data = null,
    createOptions: Pick<CreateOptions, 'acl' | 'ephemeral' | 'signal'> = {},
  ): Promise<string> {
    const { ephemeral, signal } = createOptions;
    const acl = args.aclOrOpen(createOptions.acl);
    args.checkPath('createIfNotExists', path);
    args.checkAcl('createIfNotExists', path, acl);
    const flags = ephemeralFlags(ephemeral);
    const bytes = args.dataBytes(data);
    const request = new requests.CreateIfNotExistsRequest(path, bytes, acl, flags);
    return await this.#session.run(request, signal);
  }

  /**
   * Deletes the znode and everything below it, all or nothing; a znode that is not there is as good
   * as deleted. @throws NOTEMPTY (more than `nodesMax`, or than one transaction holds), NOAUTH
   */
  async removeRecursive(path: string, removeOptions: RemoveRecursiveOptions = {}): Promise<void> {
    const { nodesMax = NODES_MAX_DEFAULT, signal } = removeOptions;
    args.checkPath('removeRecursive', path);
    checkNodesMax(path, nodesMax);
    await this.#session.run(new requests.RemoveRecursiveRequest(path, nodesMax), signal);
  }

  /** That there is no znode, or none of that version. @throws NODEEXISTS, NOAUTH */
  async checkNotExists(
    path: string,
    checkOptions: CallOptions & { readonly version?: number | undefined } = {},
  ): Promise<void> {
    const { version = -1, signal } = checkOptions;
    args.checkPath('checkNotExists', path);
    await this.#session.run(new requests.CheckNotExistsRequest(path, version), signal);
  }

  /**
   * The children of one kind. A watch is told of children of whatever kind that come or go.
   * @throws NONODE, NOAUTH (also for a child that may not be read)
   */
  async getFilteredChildren(
    path: string,
    listOptions: ListOptions = {},
  ): Promise<{ readonly children: readonly string[]; readonly stat: Stat }> {
    args.checkPath('getFilteredChildren', path);
    const watcher = this.#session.watcherOf(listOptions.watch);
    const type = listType(listOptions.kind);
    const request = new requests.FilteredListRequest(path, type, watcher);
    const { children, stat } = await this.#session.run(request, listOptions.signal);
    return { children, stat: publicStat(stat) };
  }

  /** As `getFilteredChildren`, with the data and the Stat of each. */
  async getChildrenWithData(
    path: string,
    listOptions: ListOptions = {},
  ): Promise<{ readonly children: readonly Child[]; readonly stat: Stat }> {
    args.checkPath('getChildrenWithData', path);
    const watcher = this.#session.watcherOf(listOptions.watch);
    const type = listType(listOptions.kind);
    const request = new requests.ListWithDataRequest(path, type, watcher);
    return withData(await this.#session.run(request, listOptions.signal));
  }

  #error(request: GetDataRequest): Error {
    return errorOf(request, this.#session.machine.lastFailure);
  }
}
