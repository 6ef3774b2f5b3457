/**
 * What clients ask for: one operation at a time, drawn over a small shared tree, so that clients
 * meet each other often. Failures that the specification foresees are as welcome as successes.
 */

import {
  CreateRequest,
  DeleteRequest,
  ExistsRequest,
  GetACLRequest,
  GetChildrenRequest,
  GetDataRequest,
  MultiRequest,
  type Request,
  SetACLRequest,
  SetDataRequest,
  SyncRequest,
} from '@zabra/client/session';
import {
  type Acl,
  CreateMode,
  type MultiOp,
  OPEN_ACL_UNSAFE,
  OpCode,
  type Prng,
  utf8Encode,
} from '@zabra/protocol';
import { ModelWatch } from './checkers/watches.ts';
import type { WorkloadOptions } from './plan.ts';

const PARENTS = ['/a', '/b', '/c', '/a/deep'];
const OTHER_ACL: readonly Acl[] = [
  ...OPEN_ACL_UNSAFE,
  { perms: 1, scheme: 'ip', id: '10.0.0.0/8' },
];

/** Sequential znodes are remembered, so that somebody removes them again. */
const REMEMBERED_MAX = 40;

type Draw = (operations: Operations) => Request;

/** In the order of the weights of a plan. */
const DRAWS: readonly Draw[] = [
  (o) => o.create(CreateMode.PERSISTENT, OpCode.create),
  (o) => o.create(CreateMode.EPHEMERAL, OpCode.create2),
  (o) => o.create(CreateMode.PERSISTENT_SEQUENTIAL, OpCode.create2),
  (o) => o.create(CreateMode.EPHEMERAL_SEQUENTIAL, OpCode.create),
  (o) => o.createParent(),
  (o) => o.setData(),
  (o) => o.setData(),
  (o) => o.delete(),
  (o) => o.deleteRemembered(),
  (o) => o.multi(),
  (o) => o.setAcl(),
  (o) => o.getData(),
  (o) => o.exists(),
  (o) => o.getChildren(),
  (o) => o.getAcl(),
  (o) => o.sync(),
];

export class Operations {
  readonly #prng: Prng;
  readonly #options: WorkloadOptions;
  readonly #weightSum: number;
  readonly #remembered: string[];
  /** Versions that reads have shown, so that some conditions hold. */
  readonly #versions: Map<string, number>;

  constructor(prng: Prng, options: WorkloadOptions) {
    this.#prng = prng;
    this.#options = options;
    this.#weightSum = options.weights.reduce((sum, weight) => sum + weight, 0);
    this.#remembered = [];
    this.#versions = new Map();
  }

  next(): Request {
    let drawn = this.#prng.below(this.#weightSum);
    for (const [index, weight] of this.#options.weights.entries()) {
      drawn -= weight;
      if (drawn < 0) return (DRAWS[index] as Draw)(this);
    }
    return this.sync();
  }

  /** What an answer teaches for later operations. */
  onReply(request: Request): void {
    if (request instanceof CreateRequest && request.reply !== null) {
      const { path } = request.reply;
      if (path !== request.path && this.#remembered.length < REMEMBERED_MAX) {
        this.#remembered.push(path);
      }
    } else if (request instanceof GetDataRequest && request.reply !== null) {
      this.#versions.set(request.path, request.reply.stat.version);
    }
  }

  create(mode: CreateMode, op: OpCode): Request {
    const isSequential = mode >= CreateMode.PERSISTENT_SEQUENTIAL;
    const path = isSequential ? `${this.#parent()}/s-` : this.#path();
    return new CreateRequest(op, path, this.#data(), OPEN_ACL_UNSAFE, mode);
  }

  createParent(): Request {
    const mode = CreateMode.PERSISTENT;
    return new CreateRequest(OpCode.create, this.#parent(), this.#data(), OPEN_ACL_UNSAFE, mode);
  }

  setData(): Request {
    const path = this.#prng.chance(1, 8) ? this.#parent() : this.#path();
    return new SetDataRequest(path, this.#data(), this.#version(path));
  }

  delete(): Request {
    const path = this.#prng.chance(1, 10) ? this.#parent() : this.#path();
    return new DeleteRequest(path, this.#version(path));
  }

  deleteRemembered(): Request {
    const index = this.#prng.below(Math.max(this.#remembered.length, 1));
    const [path = this.#path()] = this.#remembered.splice(index, 1);
    return new DeleteRequest(path, -1);
  }

  multi(): Request {
    const count = 1 + this.#prng.below(4);
    return new MultiRequest(Array.from({ length: count }, () => this.#multiOp()));
  }

  setAcl(): Request {
    const acl = this.#prng.pick([OPEN_ACL_UNSAFE, OTHER_ACL]);
    return new SetACLRequest(this.#path(), acl, this.#prng.chance(3, 4) ? -1 : 0);
  }

  getData(): Request {
    const path = this.#path();
    return new GetDataRequest(path, this.#watch(path));
  }

  exists(): Request {
    const path = this.#path();
    return new ExistsRequest(path, this.#watch(path));
  }

  getChildren(): Request {
    const path = this.#prng.chance(1, 6) ? '/' : this.#parent();
    return new GetChildrenRequest(path, this.#watch(path));
  }

  getAcl(): Request {
    return new GetACLRequest(this.#path());
  }

  sync(): Request {
    return new SyncRequest(this.#parent());
  }

  #multiOp(): MultiOp {
    const path = this.#path();
    switch (this.#prng.below(5)) {
      case 0:
        return { type: OpCode.check, request: { path, version: this.#version(path) } };
      case 1:
        return { type: OpCode.delete, request: { path, version: this.#version(path) } };
      case 2: {
        const request = { path, data: this.#data(), version: this.#version(path) };
        return { type: OpCode.setData, request };
      }
      default: {
        const type = this.#prng.pick([OpCode.create, OpCode.create2]);
        const flags = this.#prng.below(4);
        const name = flags >= CreateMode.PERSISTENT_SEQUENTIAL ? `${this.#parent()}/s-` : path;
        const request = { path: name, data: this.#data(), acl: OPEN_ACL_UNSAFE, flags };
        return { type, request };
      }
    }
  }

  #parent(): string {
    return this.#prng.pick(PARENTS);
  }

  #path(): string {
    return `${this.#parent()}/n${this.#prng.below(this.#options.namesPerParent)}`;
  }

  #version(path: string): number {
    if (this.#prng.chance(2, 3)) return -1;
    return this.#versions.get(path) ?? this.#prng.below(3);
  }

  #watch(path: string): ModelWatch | null {
    return this.#prng.chance(1, 3) ? new ModelWatch(path) : null;
  }

  #data(): Uint8Array | null {
    if (this.#prng.chance(1, 20)) return null;
    const bytes = this.#prng.below(this.#options.dataBytesMax);
    return utf8Encode(this.#prng.uint32().toString(36).padEnd(bytes, 'x').slice(0, bytes));
  }
}
