/**
 * StateBed: a replicated state on its own, driven as a peer drives it, for the tests of this room.
 * It numbers transactions, keeps their bytes, and gives replies as records. It has no tests itself.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  type Acl,
  ErrorCode,
  errorName,
  type Id,
  JuteReader,
  JuteWriter,
  type MultiOp,
  OPEN_ACL_UNSAFE,
  OpCode,
  readStat,
  type Stat,
  writeAclVector,
  writeMultiRequest,
} from '@zabra/protocol';
import type { ApplyResult } from './apply-result.ts';
import { MultiForm } from './multi-form.ts';
import { checkAnswer } from './operation-facts.test-kit.ts';
import { ReplicatedState } from './replicated-state.ts';
import type { OpRequest } from './request.ts';
import type { Hashes, StateOptions } from './state-options.ts';
import type { Watcher } from './watcher.ts';

export const HASHES: Hashes = {
  hash: (algorithm, bytes) => new Uint8Array(createHash(algorithm).update(bytes).digest()),
  md5: (bytes) => new Uint8Array(createHash('md5').update(bytes).digest()),
  randomBytes: (count) => Uint8Array.from({ length: count }, (_, index) => index),
};

export const OPTIONS: StateOptions = {
  digestEnabled: true,
  extendedTypes: false,
  skipAcl: false,
  superDigest: '',
  enforceQuota: false,
  closeSessionTxn: true,
};

export interface Who {
  readonly hi: number;
  readonly lo: number;
  readonly identities: readonly Id[];
  /** What the session tracker says. */
  readonly error: number;
}

export const ALICE: Who = {
  hi: 0x01000000,
  lo: 0xa11ce,
  identities: [{ scheme: 'ip', id: '10.0.0.1' }],
  error: ErrorCode.OK,
};
/** Of a server with a high id: the session id is negative. */
export const BOB: Who = { ...ALICE, hi: 0xfe000000 | 0, lo: 0xb0b };
export const EXPIRED: Who = { ...ALICE, error: ErrorCode.SESSIONEXPIRED };
export const MOVED: Who = { ...ALICE, error: ErrorCode.SESSIONMOVED };

export type Body = (w: JuteWriter) => void;

export interface Prepared {
  readonly request: OpRequest;
  readonly code: number;
  readonly zxid: number;
  readonly entry: Uint8Array;
}

export interface Reply {
  /** Name of the header's error code. */
  readonly err: string;
  readonly body: Uint8Array;
}

export class StateBed {
  readonly state: ReplicatedState;
  zxid: number;
  timeMs: number;
  /** Every transaction that was prepared. */
  readonly entries: Uint8Array[];
  #cxid: number;

  constructor(options: Partial<StateOptions> = {}) {
    this.state = new ReplicatedState({ ...OPTIONS, ...options }, HASHES);
    this.zxid = 0;
    this.timeMs = 1000;
    this.entries = [];
    this.#cxid = 0;
  }

  request(opcode: number, body: Body, who: Who = ALICE): OpRequest {
    const w = new JuteWriter();
    // Bodies rarely begin at offset 0.
    w.int(0x55555555);
    body(w);
    this.#cxid++;
    return {
      sessionHi: who.hi,
      sessionLo: who.lo,
      cxid: this.#cxid,
      opcode,
      buffer: w.toBytes(),
      start: 4,
      end: w.position,
      identities: who.identities,
    };
  }

  /** Whether it may get a zxid. */
  isWellFormed(request: OpRequest): boolean {
    return this.state.form(request) !== MultiForm.FREE_FAULT;
  }

  prepare(opcode: number, body: Body, who: Who = ALICE): Prepared {
    const request = this.request(opcode, body, who);
    this.zxid++;
    this.timeMs += 10;
    const w = new JuteWriter(16);
    w.int(0x66666666);
    const code = this.state.prepare(request, who.error, this.zxid, this.timeMs, w);
    const entry = w.toBytes().slice(4);
    this.entries.push(entry);
    return { request, code, zxid: this.zxid, entry };
  }

  apply({ entry }: Pick<Prepared, 'entry'>): ApplyResult {
    return this.state.apply(entry, 0, entry.length);
  }

  commit(prepared: Prepared): Reply {
    const result = this.apply(prepared);
    assert.equal(result.isMalformed, false);
    assert.equal(this.state.lastProcessedZxid, prepared.zxid);
    assert.equal(this.state.digestMismatchCount, 0, 'the digest was computed wrongly');
    const w = new JuteWriter();
    const { request } = prepared;
    const code = this.state.reply(result, request.opcode, request, w);
    checkAnswer(request.opcode, code);
    return { err: errorName(code), body: w.toBytes() };
  }

  /** A write, from request to reply. */
  write(opcode: number, body: Body, who: Who = ALICE): Reply {
    return this.commit(this.prepare(opcode, body, who));
  }

  read(opcode: number, body: Body, who: Who = ALICE, watcher: Watcher | null = null): Reply {
    const w = new JuteWriter();
    const code = this.state.read(this.request(opcode, body, who), watcher, w);
    if (code !== ErrorCode.OK) assert.equal(w.position, 0, 'an error reply has no body');
    checkAnswer(opcode, code);
    return { err: errorName(code), body: w.toBytes() };
  }

  /** A create that must succeed; returns the final path. */
  create(path: string, options: CreateOptions = {}, who: Who = ALICE): string {
    const opcode = options.opcode ?? OpCode.create;
    const reply = this.write(opcode, createBody(path, options), who);
    assert.equal(reply.err, 'OK', `create ${path}`);
    return reader(reply).string() ?? '';
  }

  setData(path: string, data: string, version = -1, who: Who = ALICE): Stat {
    const reply = this.write(OpCode.setData, setDataBody(path, data, version), who);
    assert.equal(reply.err, 'OK', `setData ${path}`);
    return readStat(reader(reply));
  }

  delete(path: string, who: Who = ALICE): void {
    const reply = this.write(OpCode.delete, pathVersionBody(path, -1), who);
    assert.equal(reply.err, 'OK', `delete ${path}`);
  }

  /** Null when the znode does not exist; no permission is asked for. */
  stat(path: string): Stat | null {
    const { nodes } = this.state.core.tree;
    const ref = nodes.find(path);
    if (ref === 0) return null;
    const w = new JuteWriter();
    nodes.writeStat(ref, w, this.state.core.options.extendedTypes);
    return readStat(new JuteReader().reset(w.buffer, 0, w.position));
  }

  mustStat(path: string): Stat {
    const stat = this.stat(path);
    assert.ok(stat !== null, `${path} is missing`);
    return stat;
  }

  /** Text of the data, null for null data or no znode. */
  data(path: string): string | null {
    const { nodes } = this.state.core.tree;
    const ref = nodes.find(path);
    if (ref === 0) return null;
    const w = new JuteWriter();
    nodes.writeData(ref, w);
    return new JuteReader().reset(w.buffer, 0, w.position).string();
  }

  /** Everything in the tree, one line a znode, in the order of the paths. */
  dump(): string[] {
    const { nodes, acls } = this.state.core.tree;
    const lines: string[] = [];
    nodes.forEachInSubtree(nodes.find('/'), (ref) => {
      const path = nodes.path(ref);
      const w = new JuteWriter();
      nodes.writeStatPersisted(ref, w);
      const data = this.data(path);
      const acl = JSON.stringify(acls.get(nodes.aclId(ref)));
      lines.push(`${path} ${data} ${acl} ${Buffer.from(w.toBytes()).toString('hex')}`);
    });
    return lines.sort();
  }
}

export interface CreateOptions {
  readonly opcode?: number;
  readonly data?: string | Uint8Array | null;
  readonly acl?: readonly Acl[] | null;
  readonly flags?: number;
  readonly ttlMs?: number;
}

export function createBody(path: string | null, options: CreateOptions = {}): Body {
  const { data = '', acl = OPEN_ACL_UNSAFE, flags = 0, opcode = OpCode.create } = options;
  return (w) => {
    w.string(path);
    if (data instanceof Uint8Array) w.bytes(data);
    else w.string(data);
    writeAclVector(w, acl);
    w.int(flags);
    if (opcode === OpCode.createTTL) w.number(options.ttlMs ?? -1);
  };
}

export function setDataBody(path: string | null, data: string | null, version = -1): Body {
  return (w) => {
    w.string(path);
    w.string(data);
    w.int(version);
  };
}

export function setAclBody(path: string | null, acl: readonly Acl[] | null, version = -1): Body {
  return (w) => {
    w.string(path);
    writeAclVector(w, acl);
    w.int(version);
  };
}

export function pathBody(path: string | null): Body {
  return (w) => w.string(path);
}

/** Of delete and check; of addWatch, checkWatches and removeWatches with a mode or type. */
export function pathVersionBody(path: string | null, version: number): Body {
  return (w) => {
    w.string(path);
    w.int(version);
  };
}

export function pathWatchBody(path: string | null, watch = false): Body {
  return (w) => {
    w.string(path);
    w.bool(watch);
  };
}

export function multiBody(ops: readonly MultiOp[]): Body {
  return (w) => writeMultiRequest(w, ops);
}

export const NO_BODY: Body = () => undefined;

export function reader({ body }: Pick<Reply, 'body'>): JuteReader {
  return new JuteReader().reset(body, 0, body.length);
}

/** A list with one entry of scheme world. */
export function worldAcl(perms: number): readonly Acl[] {
  return [{ perms, scheme: 'world', id: 'anyone' }];
}

const EVENT_NAMES = ['', 'created', 'deleted', 'changed', 'children'];

/** Keeps its events as text: "created /a 7". */
export class TestWatcher implements Watcher {
  readonly watcherId: number;
  identities: readonly Id[];
  speaksKeeper: boolean;
  readonly events: string[];

  constructor(watcherId: number, identities: readonly Id[] = ALICE.identities) {
    this.watcherId = watcherId;
    this.identities = identities;
    this.speaksKeeper = false;
    this.events = [];
  }

  onWatchEvent(type: number, path: string, zxid: number): void {
    this.events.push(`${EVENT_NAMES[type]} ${path} ${zxid}`);
  }

  /** The events so far, which are forgotten. */
  take(): string[] {
    return this.events.splice(0);
  }
}
