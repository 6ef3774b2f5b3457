/**
 * The grammar: from a seed to the bytes of one message as a client would write it, well-formed in
 * its outline and often odd in its values. Requests come with the offsets of their lengths and
 * counts, which is where mutations hurt most.
 */

import { JuteWriter, OpCode, type Prng } from '@zabra/protocol';
import * as words from './dictionary.ts';
import { ALL_OPCODES, type Field, MULTI_READS, MULTI_WRITES, SCHEMAS } from './schema.ts';

/** A message before its mutation. */
export interface Draft {
  /** With the frame's length in front, unless it is no frame. */
  readonly bytes: Uint8Array;
  /** Where int32 lengths and counts stand, that of the frame first. */
  readonly lengthOffsets: readonly number[];
}

const HEADER_BYTES = 9;
const ORDINARY_MODES: readonly number[] = [0, 0, 1, 2, 3];
const ADD_WATCH_MODES: readonly number[] = [0, 1];
/** What makes znodes, and with which flags. */
const MODES: ReadonlyMap<number, readonly number[]> = new Map([
  [OpCode.create, ORDINARY_MODES],
  [OpCode.create2, ORDINARY_MODES],
  [OpCode.createIfNotExists, ORDINARY_MODES],
  [OpCode.createContainer, [4]],
  [OpCode.createTTL, [5, 6]],
]);
const RANDOM_FIELDS: readonly Field[] = ['path', 'int', 'long', 'byte', 'data', 'paths', 'acl'];
const XIDS: readonly number[] = [0, -1, -2, -4, -8, -9, 0x7fffffff, -0x80000000];

export class Grammar {
  readonly #prng: Prng;
  /** Valid answers to a challenge, as far as they are known; SASL tokens are drawn from here. */
  readonly #tokens: readonly Uint8Array[];
  readonly #w: JuteWriter;
  #offsets: number[];
  #xid: number;
  /** The request is one that a careful client would send. */
  #isCareful: boolean;
  /** Of the operation that is written now. */
  #opcode: number;

  constructor(prng: Prng, tokens: readonly Uint8Array[]) {
    this.#prng = prng;
    this.#tokens = tokens;
    this.#w = new JuteWriter(4096);
    this.#offsets = [];
    this.#xid = 0;
    this.#isCareful = false;
    this.#opcode = 0;
  }

  request(opcode: number): Draft {
    const w = this.#w;
    const prng = this.#prng;
    w.reset();
    this.#offsets = [0];
    w.int(0);
    this.#xid++;
    this.#isCareful = prng.chance(1, 2);
    w.int(prng.chance(1, 12) ? prng.pick(XIDS) : this.#xid);
    w.int(opcode);
    this.#opcode = opcode;
    this.#fields(SCHEMAS.get(opcode) ?? this.#randomFields());
    w.patchInt(0, w.position - 4);
    return { bytes: w.toBytes(), lengthOffsets: this.#offsets };
  }

  #randomFields(): readonly Field[] {
    const prng = this.#prng;
    const count = prng.below(6);
    return ['path', ...Array.from({ length: count }, () => prng.pick(RANDOM_FIELDS))];
  }

  #fields(fields: readonly Field[]): void {
    for (const field of fields) this.#field(field);
  }

  #field(field: Field): void {
    if (!this.#isCareful || !this.#carefulField(field)) this.#anyField(field);
  }

  /** False for a field that is as good as any. */
  #carefulField(field: Field): boolean {
    const prng = this.#prng;
    const w = this.#w;
    switch (field) {
      case 'path':
        this.#string(words.carefulPath(prng, MODES.has(this.#opcode)));
        return true;
      case 'credentials':
        this.#string('bob:bob');
        return true;
      case 'scheme':
        this.#string('digest');
        return true;
      case 'acl':
        this.#openAcl();
        return true;
      case 'version':
        w.int(-1);
        return true;
      case 'mode':
        w.int(prng.pick(MODES.get(this.#opcode) ?? ADD_WATCH_MODES));
        return true;
      case 'kind':
        w.int(prng.pick([1, 2, 3, 3]));
        return true;
      case 'long':
        w.long(0, 1 + prng.below(1000));
        return true;
      default:
        return false;
    }
  }

  #anyField(field: Field): void {
    const prng = this.#prng;
    const w = this.#w;
    switch (field) {
      case 'path':
      case 'text':
        return this.#string(words.anyPath(prng));
      case 'members':
        return this.#string(prng.pick(words.MEMBER_TEXTS));
      case 'scheme':
        return this.#string(prng.pick(words.SCHEMES));
      case 'credentials':
        return this.#string(prng.pick(words.CREDENTIALS));
      case 'token':
        return this.#bytes(prng.chance(1, 2) ? this.#data() : prng.pick(this.#tokens));
      case 'data':
        return this.#bytes(this.#data());
      case 'acl':
        return this.#acl();
      case 'int':
        return w.int(prng.pick(words.INTS));
      case 'version':
        return w.int(prng.pick(words.VERSIONS));
      case 'mode':
        return w.int(prng.pick(words.MODES));
      case 'kind':
        return w.int(prng.pick(words.KINDS));
      case 'long':
        return w.long(...prng.pick(words.LONGS));
      case 'byte':
        return w.byte(prng.chance(1, 20) ? prng.below(256) : prng.below(2));
      case 'paths':
        return this.#paths();
      case 'writes':
        return this.#operations(MULTI_WRITES);
      case 'reads':
        return this.#operations(MULTI_READS);
    }
  }

  #string(text: string | null): void {
    this.#offsets.push(this.#w.position);
    this.#w.string(text);
  }

  #bytes(bytes: Uint8Array | null): void {
    this.#offsets.push(this.#w.position);
    this.#w.bytes(bytes);
  }

  #data(): Uint8Array | null {
    const prng = this.#prng;
    const draw = prng.below(40);
    if (draw < 3) return null;
    if (draw < 10) return new Uint8Array(0);
    return new Uint8Array(draw < 39 ? prng.below(60) : prng.below(3000)).fill(0x61 + draw);
  }

  #acl(): void {
    const prng = this.#prng;
    const w = this.#w;
    if (prng.chance(2, 3)) {
      this.#openAcl();
      return;
    }
    this.#offsets.push(w.position);
    const count = prng.chance(1, 30) ? 200 : prng.below(4);
    w.int(prng.chance(1, 10) ? -1 : count);
    for (let index = 0; index < count; index++) {
      w.int(prng.chance(1, 4) ? prng.pick(words.INTS) : 1 + prng.below(31));
      this.#string(prng.pick(words.SCHEMES));
      this.#string(prng.pick(words.IDS));
    }
  }

  #openAcl(): void {
    const w = this.#w;
    this.#offsets.push(w.position);
    w.int(1);
    w.int(31);
    this.#string('world');
    this.#string('anyone');
  }

  #paths(): void {
    const prng = this.#prng;
    this.#offsets.push(this.#w.position);
    const count = prng.chance(1, 40) ? 100 : prng.below(4);
    this.#w.int(prng.chance(1, 20) ? -1 : count);
    for (let index = 0; index < count; index++) this.#string(words.anyPath(prng));
  }

  #operations(allowed: readonly number[]): void {
    const prng = this.#prng;
    const count = prng.chance(1, 50) ? 60 : prng.below(5);
    for (let index = 0; index < count; index++) this.#operation(prng.pick(allowed));
    // Now and then something that may not stand there, or only for Keeper, or a multi in a multi.
    if (prng.chance(1, 8)) this.#operation(prng.pick(ALL_OPCODES));
    if (prng.chance(1, 40)) this.#operation(OpCode.multi);
    if (!prng.chance(1, 40)) this.#header(OpCode.error, 1);
  }

  #operation(opcode: number): void {
    this.#header(opcode, 0);
    this.#opcode = opcode;
    // Each level of nesting ends by chance, and soon.
    this.#fields(SCHEMAS.get(opcode) ?? []);
  }

  #header(opcode: number, done: number): void {
    const w = this.#w;
    w.ensure(HEADER_BYTES);
    w.int(opcode);
    w.byte(done);
    w.int(-1);
  }
}
