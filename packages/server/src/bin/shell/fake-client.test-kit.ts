/**
 * A client without a server, for tests of the shell: a tree in memory, permissions of `world`
 * alone, usage of quotas, and clocks that the test sets. It answers as a server does in all that
 * the shell can show, and knows no wire.
 */

import { type Acl, OPEN_ACL_UNSAFE, Perms, type Stat } from '@zabra/client';
import { type SessionState, type StateListener, ZooKeeperError } from '@zabra/client';
import type { WatchEvent, WatchEventType, ZooKeeperErrorCode } from '@zabra/client';
import type { ShellClient } from './shell-client.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Callback = (event: WatchEvent) => void;

export interface FakeNode {
  data: Uint8Array | null;
  acl: readonly Acl[];
  /** As shown, but for what follows from the data and the children. */
  stat: Mutable<Stat>;
  /** Children ever created: the next sequential number. */
  childCounter: number;
  isEphemeral: boolean;
}

const NO_STAT: Stat = {
  czxid: 0n,
  mzxid: 0n,
  pzxid: 0n,
  ctimeMs: 0,
  mtimeMs: 0,
  version: 0,
  cversion: 0,
  aversion: 0,
  ephemeralOwner: 0n,
  dataLength: 0,
  numChildren: 0,
};

export class FakeServer {
  readonly nodes: Map<string, FakeNode>;
  /** Of the last transaction. */
  zxid: bigint;
  nowMs: number;
  isReachable: boolean;
  /** How many sessions were closed, and how many left behind. */
  closedCount: number;
  abandonedCount: number;
  readonly #watches: Map<string, Set<Callback>>;

  constructor() {
    this.nodes = new Map();
    this.zxid = 0n;
    this.nowMs = 0;
    this.isReachable = true;
    this.closedCount = 0;
    this.abandonedCount = 0;
    this.#watches = new Map();
    this.put('/', '');
    this.put('/zookeeper', '');
    this.put('/zookeeper/quota', '');
    this.put('/zookeeper/config', '', { aversion: -1 }, [
      { perms: Perms.READ, scheme: 'world', id: 'anyone' },
    ]);
  }

  /** A znode that is simply there. */
  put(
    path: string,
    data: string | null,
    stat: Partial<Stat> = {},
    acl: readonly Acl[] = OPEN_ACL_UNSAFE,
    childCounter = 0,
  ): void {
    const bytes = data === null ? null : Buffer.from(data);
    const node = {
      data: bytes,
      acl,
      stat: { ...NO_STAT, ...stat },
      childCounter,
      isEphemeral: false,
    };
    this.nodes.set(path, node);
    if (path !== '/') this.node('create', parentOf(path)).childCounter++;
  }

  node(op: string, path: string): FakeNode {
    const found = this.nodes.get(path);
    if (found === undefined) throw failure('NONODE', op, path);
    return found;
  }

  allowed(op: string, path: string, perms: number, node = this.node(op, path)): FakeNode {
    const isAllowed = node.acl.some((acl) => acl.scheme === 'world' && (acl.perms & perms) !== 0);
    if (!isAllowed) throw failure('NOAUTH', op, path);
    return node;
  }

  children(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = [...this.nodes.keys()].filter((other) => other.startsWith(prefix));
    return below.map((other) => other.slice(prefix.length)).filter((name) => /^[^/]+$/.test(name));
  }

  statOf(path: string): Stat {
    const { data, stat, childCounter } = this.node('exists', path);
    const numChildren = this.children(path).length;
    const cversion = 2 * childCounter - numChildren;
    return { ...stat, cversion, numChildren, dataLength: data?.length ?? 0 };
  }

  watch(type: 'data' | 'child', path: string, callback: unknown): void {
    if (typeof callback !== 'function') return;
    const key = `${type} ${path}`;
    const callbacks = this.#watches.get(key) ?? new Set();
    this.#watches.set(key, callbacks.add(callback as Callback));
  }

  fire(watch: 'data' | 'child', path: string, type: WatchEventType): void {
    const key = `${watch} ${path}`;
    const callbacks = this.#watches.get(key) ?? [];
    this.#watches.delete(key);
    for (const callback of callbacks) callback({ type, path, zxid: this.zxid });
  }

  /** A new transaction has been applied. */
  recount(): void {
    for (const [path, node] of this.nodes) {
      const match = /^\/zookeeper\/quota(\/.*)\/zookeeper_stats$/.exec(path);
      if (match === null) continue;
      const top = match[1] as string;
      const below = [...this.nodes].filter(([p]) => p === top || p.startsWith(`${top}/`));
      const bytes = below.reduce((sum, [, { data }]) => sum + (data?.length ?? 0), 0);
      node.data = Buffer.from(`count=${below.length},bytes=${bytes}`);
    }
  }
}

export class FakeClient implements ShellClient {
  state: SessionState;
  readonly #server: FakeServer;
  readonly #listeners: Set<StateListener>;
  readonly #reached: Promise<void>;

  constructor(server: FakeServer) {
    this.state = 'CONNECTING';
    this.#server = server;
    this.#listeners = new Set();
    this.#reached = new Promise((resolve, reject) => {
      setImmediate(() => {
        if (!server.isReachable) return reject(failure('CONNECTIONLOSS', 'connect', null));
        this.#setState('CONNECTED');
        resolve();
      });
    });
    this.#reached.catch(() => {});
  }

  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  reached(): Promise<void> {
    return this.#reached;
  }

  async close(): Promise<void> {
    if (this.state === 'CLOSED') return;
    this.#server.closedCount++;
    this.#setState('CLOSED');
  }

  abandon(): void {
    this.#server.abandonedCount++;
    this.#setState('CLOSED');
  }

  create: ShellClient['create'] = async (path, data = null, options = {}) => {
    const server = this.#begin('create', path);
    const { acl = OPEN_ACL_UNSAFE, ephemeral = false } = options;
    if (acl.length === 0) throw failure('INVALIDACL', 'create', path);
    if (acl.some(({ scheme }) => !/^(?:world|ip|digest)$/.test(scheme))) {
      throw failure('INVALIDACL', 'create', path);
    }
    const parent = server.allowed('create', parentOf(path), Perms.CREATE, this.#parent(path));
    const suffix = options.sequential === true ? String(parent.childCounter).padStart(10, '0') : '';
    const full = path + suffix;
    if (server.nodes.has(full)) throw failure('NODEEXISTS', 'create', full);
    if (parent.isEphemeral) throw failure('NOCHILDRENFOREPHEMERALS', 'create', full);
    const { zxid, nowMs } = server;
    const stat = { czxid: zxid, mzxid: zxid, pzxid: zxid, ctimeMs: nowMs, mtimeMs: nowMs };
    server.put(full, null, stat, acl);
    const node = server.node('create', full);
    node.data = data === null ? null : Buffer.from(data);
    node.isEphemeral = ephemeral;
    parent.stat.pzxid = zxid;
    server.recount();
    server.fire('data', full, 'NodeCreated');
    server.fire('child', parentOf(full), 'NodeChildrenChanged');
    return full;
  };

  delete: ShellClient['delete'] = async (path, options = {}) => {
    const server = this.#begin('delete', path);
    if (path === '/') throw failure('BADARGUMENTS', 'delete', path);
    const node = server.node('delete', path);
    checkVersion('delete', path, node.stat.version, options.version);
    if (server.children(path).length > 0) throw failure('NOTEMPTY', 'delete', path);
    server.nodes.delete(path);
    server.recount();
    server.fire('data', path, 'NodeDeleted');
    server.fire('child', parentOf(path), 'NodeChildrenChanged');
  };

  exists: ShellClient['exists'] = async (path, options = {}) => {
    const server = this.#reachable('exists', path);
    server.watch('data', path, options.watch);
    return server.nodes.has(path) ? server.statOf(path) : null;
  };

  getData: ShellClient['getData'] = async (path, options = {}) => {
    const server = this.#reachable('getData', path);
    const { data } = server.allowed('getData', path, Perms.READ);
    server.watch('data', path, options.watch);
    return { data, stat: server.statOf(path) };
  };

  setData: ShellClient['setData'] = async (path, data, options = {}) => {
    const server = this.#begin('setData', path);
    const node = server.allowed('setData', path, Perms.WRITE);
    checkVersion('setData', path, node.stat.version, options.version);
    node.data = data === null ? null : Buffer.from(data);
    node.stat.version++;
    node.stat.mzxid = server.zxid;
    node.stat.mtimeMs = server.nowMs;
    server.recount();
    server.fire('data', path, 'NodeDataChanged');
    return server.statOf(path);
  };

  getChildren: ShellClient['getChildren'] = async (path, options = {}) => {
    const server = this.#reachable('getChildren', path);
    server.allowed('getChildren', path, Perms.READ);
    server.watch('child', path, options.watch);
    return { children: server.children(path), stat: server.statOf(path) };
  };

  getACL: ShellClient['getACL'] = async (path) => {
    const server = this.#reachable('getACL', path);
    const { acl } = server.allowed('getACL', path, Perms.READ | Perms.ADMIN);
    return { acl, stat: server.statOf(path) };
  };

  setACL: ShellClient['setACL'] = async (path, acl, options = {}) => {
    const server = this.#begin('setACL', path);
    const node = server.allowed('setACL', path, Perms.ADMIN);
    checkVersion('setACL', path, node.stat.aversion, options.version);
    node.acl = acl;
    node.stat.aversion++;
    return server.statOf(path);
  };

  multi: ShellClient['multi'] = async (ops) => {
    for (const { path } of ops) await this.delete(path);
  };

  sync: ShellClient['sync'] = async (path = '/') => {
    this.#reachable('sync', path);
  };

  addAuth: ShellClient['addAuth'] = async (scheme) => {
    if (scheme === 'digest') return;
    this.#setState('AUTH_FAILED');
    throw failure('AUTHFAILED', 'addAuth', null);
  };

  addWatchTo: ShellClient['addWatchTo'] = async () => {};

  removeWatches: ShellClient['removeWatches'] = async (path) => {
    throw failure('NOWATCHER', 'removeWatches', path);
  };

  whoAmI: ShellClient['whoAmI'] = async () => [{ authScheme: 'ip', user: '127.0.0.1' }];

  getEphemerals: ShellClient['getEphemerals'] = async () => [];

  getAllChildrenNumber: ShellClient['getAllChildrenNumber'] = async (path) => {
    const prefix = path === '/' ? '/' : `${path}/`;
    const server = this.#reachable('getAllChildrenNumber', path);
    server.node('getAllChildrenNumber', path);
    return [...server.nodes.keys()].filter((p) => p !== '/' && p.startsWith(prefix)).length;
  };

  getConfig: ShellClient['getConfig'] = async (options = {}) =>
    this.getData('/zookeeper/config', options);

  reconfig: ShellClient['reconfig'] = async () => {
    throw failure('NOAUTH', 'reconfig', null);
  };

  #reachable(op: string, path: string): FakeServer {
    if (this.state !== 'CONNECTED') throw failure('CONNECTIONLOSS', op, path);
    return this.#server;
  }

  #begin(op: string, path: string): FakeServer {
    const server = this.#reachable(op, path);
    server.zxid++;
    return server;
  }

  /** A missing parent is told by the path of the child. */
  #parent(path: string): FakeNode {
    const parent = this.#server.nodes.get(parentOf(path));
    if (parent === undefined) throw failure('NONODE', 'create', path);
    return parent;
  }

  #setState(state: SessionState): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state, '');
  }
}

function failure(code: ZooKeeperErrorCode, op: string, path: string | null): ZooKeeperError {
  return new ZooKeeperError(`${op} ${path}: ${code}`, { code, op, path });
}

function checkVersion(op: string, path: string, actual: number, wanted = -1): void {
  if (wanted !== -1 && wanted !== actual) throw failure('BADVERSION', op, path);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
