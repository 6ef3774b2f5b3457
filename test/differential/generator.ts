/**
 * The generator: from a seed to a program. It is pure and sees no reply; it knows only which of
 * its connections should be open, so that most of what it draws does something. What it draws for
 * one batch is what a client could have in flight at once.
 */

import { isEphemeralMode, isSequentialMode, OpCode, type Prng, Xid } from '@zabra/protocol';
import { BAD_CREDENTIALS, type Credential, GOOD_CREDENTIALS, NOISE_CREDENTIALS } from './acls.ts';
import { isBarred } from './barred.ts';
import { mustBeLast, mustStandAlone } from './batch-rules.ts';
import { mayOvertake } from './link.ts';
import { multiOperation, multiReadOperation } from './multi-requests.ts';
import { PathPool } from './paths.ts';
import type { PeerVersion } from './peer-version.ts';
import {
  type ConnectStep,
  type Field,
  type FrameFault,
  operationCount,
  type PasswordChoice,
  type Program,
  type Request,
  type SessionChoice,
  SLOT_COUNT,
  type Step,
} from './program.ts';
import { flagsOf, isCreate, pathOf } from './request-parts.ts';
import {
  addWatchOperation,
  connectionOperation,
  pathOperation,
  readOperation,
  setWatchesOperation,
  syncOperation,
  watcherOperation,
} from './read-requests.ts';
import {
  bigOperation,
  createOperation,
  deleteOperation,
  firstOperations,
  type Operation,
  quotaOperation,
  quotaSetup,
  reconfigOperation,
  setAclOperation,
  setDataOperation,
} from './write-requests.ts';

type Draw = (prng: Prng, paths: PathPool) => Operation;

const READS: readonly (readonly [number, Draw])[] = [
  [20, readOperation],
  [5, pathOperation],
  [2, syncOperation],
  [4, connectionOperation],
  [6, addWatchOperation],
  [5, watcherOperation],
  [3, setWatchesOperation],
  [3, multiReadOperation],
];
const ALL: readonly (readonly [number, Draw])[] = [
  ...READS,
  [26, createOperation],
  [7, deleteOperation],
  [12, setDataOperation],
  [4, setAclOperation],
  [9, multiOperation],
  [6, quotaOperation],
  [1, reconfigOperation],
  [1, bigOperation],
];

const BATCH_MAX = 12;
const PIECES_MAX = 4;
const TRIES_MAX = 100;
const TIMEOUTS_MS: readonly number[] = [7_200_000, 5_000_000, 0, -1, 1, 9_000_000, 2_147_483_647];
const PASSWORDS: readonly PasswordChoice[] = ['right', 'right', 'right', 'wrong', 'short', 'null'];
const FAULTS: readonly FrameFault[] = [
  'negative-length',
  'too-long',
  'shorter-than-a-header',
  'word',
];
const UNKNOWN_OPCODES: readonly number[] = [0, OpCode.check, OpCode.error, 10, 99, 108, 5000, -2];
/** Xids that a request may carry without meaning anything by them. */
const ODD_XIDS: readonly number[] = [0, -3, -5, Xid.SET_WATCHES, 2_147_483_647, 1];
/** Those of auth requests are used for nothing else. */
const AUTH_XID_FIRST = 1_000_000_000;
/** Less than the fields that must be there. */
const CONNECT_CUT_MAX = 38;
const ZXID_FUTURE = -1_000_000;

interface Slot {
  /** The session of the connection, or the one that was left. */
  label: string | null;
  open: boolean;
}

export class Generator {
  readonly #prng: Prng;
  readonly #version: PeerVersion;
  readonly #paths: PathPool;
  readonly #slots: Slot[];
  readonly #steps: Step[];
  #sessionCount: number;
  #xid: number;
  #authXid: number;

  constructor(prng: Prng, version: PeerVersion) {
    this.#prng = prng;
    this.#version = version;
    this.#paths = new PathPool(prng);
    this.#slots = Array.from({ length: SLOT_COUNT }, () => ({ label: null, open: false }));
    this.#steps = [];
    this.#sessionCount = 0;
    this.#xid = 1;
    this.#authXid = AUTH_XID_FIRST;
  }

  program(operations: number): Program {
    let count = 0;
    this.#connect(0);
    this.#push(
      0,
      firstOperations().map(({ opcode, fields }) => this.#known(opcode, fields)),
    );
    while (count < operations) {
      const before = this.#steps.length;
      this.#step();
      for (const step of this.#steps.slice(before)) count += operationCount(step);
    }
    return this.#steps;
  }

  #step(): void {
    const prng = this.#prng;
    const slot = prng.below(SLOT_COUNT);
    if (this.#slots[slot]?.open !== true) {
      // The first slot is there most of the time, so that somebody does the work.
      if (slot === 0 || prng.chance(1, 2)) this.#connect(slot);
      return;
    }
    const draw = prng.below(100);
    if (draw < 2) this.#drop(slot);
    else if (draw < 5) this.#connect(slot);
    else if (draw < 6) this.#fatal(slot);
    else if (draw < 8) this.#closeSession(slot);
    else if (draw < 14) this.#readsOfAll();
    else if (draw < 17) this.#authenticate(slot);
    else if (draw < 18) this.#makeQuota(slot);
    else this.#batch(slot);
  }

  #batch(slot: number): void {
    const prng = this.#prng;
    const requests: Request[] = [];
    const count = 1 + prng.below(BATCH_MAX);
    while (requests.length < count) {
      const request = this.#request(slot, ALL);
      if (mustStandAlone(request)) {
        if (requests.length > 0) this.#push(slot, requests.splice(0));
        this.#push(slot, [request]);
        return;
      }
      requests.push(request);
      if (mustBeLast(request)) break;
      if (prng.chance(1, 60)) requests.push(this.#auth(prng.pick(NOISE_CREDENTIALS)));
    }
    this.#push(slot, requests);
  }

  /** Several connections read at the same time: nothing that they do can be told apart. */
  #readsOfAll(): void {
    const parts = this.#slots.flatMap((state, slot) => {
      if (!state.open) return [];
      const count = 1 + this.#prng.below(4);
      const requests = Array.from({ length: count }, () => this.#request(slot, READS));
      return [{ slot, requests }];
    });
    this.#steps.push({ kind: 'batch', parts, pieces: 1 });
  }

  #makeQuota(slot: number): void {
    for (const { opcode, fields } of quotaSetup(this.#prng)) {
      this.#push(slot, [this.#known(opcode, fields)]);
    }
  }

  #known(opcode: number, fields: readonly Field[]): Request {
    const request = this.#make(opcode, fields);
    this.#learn(request);
    return request;
  }

  #authenticate(slot: number): void {
    const prng = this.#prng;
    const requests = [this.#auth(prng.pick(GOOD_CREDENTIALS))];
    if (prng.chance(1, 3)) requests.push(this.#auth(prng.pick(GOOD_CREDENTIALS)));
    const count = prng.below(4);
    for (let index = 0; index < count; index++) requests.push(this.#request(slot, READS));
    this.#push(slot, requests);
  }

  #closeSession(slot: number): void {
    const prng = this.#prng;
    const before = Array.from({ length: prng.below(4) }, () => this.#request(slot, ALL));
    const requests = before.filter((request) => !mustStandAlone(request) && !mustBeLast(request));
    requests.push(this.#make(OpCode.closeSession, prng.chance(1, 4) ? [textField('x')] : []));
    const behind = prng.below(3);
    for (let index = 0; index < behind; index++) requests.push(this.#plainRead(slot));
    this.#push(slot, requests);
    this.#close(slot);
  }

  /** One thing that makes the server close the connection. */
  #fatal(slot: number): void {
    const prng = this.#prng;
    const draw = prng.below(4);
    if (draw === 0) {
      this.#push(slot, [this.#auth(prng.pick(BAD_CREDENTIALS))]);
    } else if (draw === 1) {
      const request = this.#make(prng.pick(UNKNOWN_OPCODES), []);
      if (isBarred(request, slot, this.#version)) return;
      this.#push(slot, [request]);
    } else if (draw === 2) {
      // An auth packet or token that ends early is fatal, other requests are answered.
      const token = this.#make(OpCode.sasl, [{ t: 'data', v: 'token' }]);
      const whole = prng.chance(1, 2) ? token : this.#auth(prng.pick(GOOD_CREDENTIALS));
      this.#push(slot, [{ ...whole, cut: 1 + prng.below(6) }]);
    } else {
      this.#steps.push({ kind: 'fault', slot, fault: prng.pick(FAULTS) });
    }
    this.#close(slot);
  }

  #drop(slot: number): void {
    this.#steps.push({ kind: 'drop', slot });
    this.#close(slot);
  }

  #connect(slot: number): void {
    const prng = this.#prng;
    const state = this.#slots[slot] as Slot;
    const session = this.#chooseSession(state);
    const isFuture = prng.chance(1, 20);
    const cut = prng.chance(1, 30) ? 2 + prng.below(CONNECT_CUT_MAX) : 0;
    const fails = isFuture || cut > 0;
    const password = session.kind === 'new' ? prng.pick(PASSWORDS) : this.#resumePassword();
    const step: ConnectStep = {
      kind: 'connect',
      slot,
      session,
      password,
      timeoutMs: prng.pick(TIMEOUTS_MS),
      zxidBack: isFuture ? ZXID_FUTURE : prng.below(20),
      readOnly: prng.pick([false, false, true, null]),
      cut,
      requests: this.#pipelined(slot),
    };
    this.#steps.push(step);
    for (const other of this.#slots) {
      if (other.label === session.label && !fails) other.open = false;
    }
    state.label = session.label;
    state.open = !fails && (session.kind === 'new' || password === 'right');
  }

  #chooseSession(state: Slot): SessionChoice {
    const prng = this.#prng;
    const draw = prng.below(10);
    if (state.label !== null && draw < 5) return { kind: 'resume', label: state.label };
    const other = prng.pick(this.#slots);
    if (other.label !== null && draw < 7) return { kind: 'resume', label: other.label };
    this.#sessionCount++;
    return { kind: 'new', label: `s${this.#sessionCount}` };
  }

  #resumePassword(): PasswordChoice {
    return this.#prng.chance(4, 5) ? 'right' : this.#prng.pick(PASSWORDS);
  }

  /** What is sent before the answer to the handshake. */
  #pipelined(slot: number): readonly Request[] {
    if (!this.#prng.chance(1, 4)) return [];
    return Array.from({ length: 1 + this.#prng.below(3) }, () => this.#plainRead(slot));
  }

  #plainRead(slot: number): Request {
    return this.#request(slot, [[1, readOperation]]);
  }

  #request(slot: number, table: readonly (readonly [number, Draw])[]): Request {
    const prng = this.#prng;
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      const { opcode, fields } = drawFrom(table, prng)(prng, this.#paths);
      const request = this.#damage(this.#make(opcode, fields));
      if (isBarred(request, slot, this.#version)) continue;
      this.#learn(request);
      return request;
    }
    return this.#make(OpCode.ping, []);
  }

  /** What the tree will probably look like afterwards. */
  #learn(request: Request): void {
    const path = pathOf(request);
    if (path === null) return;
    if (request.opcode === OpCode.delete) this.#paths.onDelete(path);
    if (!isCreate(request.opcode)) return;
    const flags = flagsOf(request);
    // Ephemerals go with their sessions.
    if (!isSequentialMode(flags) && !isEphemeralMode(flags)) this.#paths.onCreate(path);
  }

  /** Now and then a body ends early or goes on behind its end. */
  #damage(request: Request): Request {
    const prng = this.#prng;
    if (!prng.chance(1, 40) || request.fields.some(({ t }) => t === 'fill')) return request;
    const mayBeShort = request.opcode !== OpCode.sasl;
    const cut = mayBeShort && prng.chance(1, 2) ? 1 + prng.below(30) : -1 - prng.below(9);
    return { ...request, cut };
  }

  #make(opcode: number, fields: readonly Field[]): Request {
    const prng = this.#prng;
    // A reply out of its place is known by its xid.
    if (mayOvertake(opcode)) return { xid: this.#authXid++, opcode, fields, cut: 0 };
    const xid = prng.chance(1, 40) ? prng.pick(ODD_XIDS) : this.#xid++;
    return { xid, opcode, fields, cut: 0 };
  }

  #auth({ scheme, auth }: Credential): Request {
    const fields: Field[] = [{ t: 'int', v: 0 }, textField(scheme), { t: 'data', v: auth }];
    return { xid: this.#authXid++, opcode: OpCode.auth, fields, cut: 0 };
  }

  #push(slot: number, requests: readonly Request[]): void {
    // Bytes that follow the end of a connection would reset it, and what it said last be lost.
    const ends = requests.some(({ opcode }) => opcode === OpCode.closeSession);
    const pieces = !ends && this.#prng.chance(1, 6) ? 2 + this.#prng.below(PIECES_MAX - 1) : 1;
    this.#steps.push({ kind: 'batch', parts: [{ slot, requests }], pieces });
  }

  #close(slot: number): void {
    (this.#slots[slot] as Slot).open = false;
  }
}

function textField(text: string | null): Field {
  return { t: 'text', v: text };
}

function drawFrom(table: readonly (readonly [number, Draw])[], prng: Prng): Draw {
  const total = table.reduce((sum, [weighed]) => sum + weighed, 0);
  let drawn = prng.below(total);
  for (const [weighed, draw] of table) {
    drawn -= weighed;
    if (drawn < 0) return draw;
  }
  return readOperation;
}
