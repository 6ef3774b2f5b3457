/**
 * Finds the end of the raw body that follows a SNAP packet, which nothing else tells: sessions,
 * ACLs, znodes up to the path "/", then a signature. Bytes may come cut anywhere. From
 * quorum-protocol.md 5.4.
 */

import { JuteReader, JuteWriter } from '@zabra/protocol';
import { expectThat } from './violation.ts';

type Phase = 'sessions' | 'acl-count' | 'acls' | 'nodes' | 'signature' | 'ended';

const SIGNATURE = 'BenWasHere';
/** Of a znode behind path and data: ACL id and stat. */
const NODE_TAIL_BYTES = 8 + 60;
const SESSION_BYTES = 12;

export class SnapSkipper {
  readonly #held: JuteWriter;
  readonly #r: JuteReader;
  #phase: Phase;
  #position: number;
  #aclsLeft: number;

  constructor() {
    this.#held = new JuteWriter();
    this.#r = new JuteReader();
    this.#phase = 'sessions';
    this.#position = 0;
    this.#aclsLeft = 0;
  }

  get isEnded(): boolean {
    return this.#phase === 'ended';
  }

  /** Returns how many of the bytes belong to the body. */
  push(buffer: Uint8Array, start: number, end: number): number {
    const heldBefore = this.#held.position;
    this.#held.raw(buffer, start, end);
    while (this.#phase !== 'ended' && this.#readOne());
    return this.isEnded ? this.#position - heldBefore : end - start;
  }

  /** One record; false when it is not there in whole yet. */
  #readOne(): boolean {
    const r = this.#r.reset(this.#held.buffer, this.#position, this.#held.position);
    const next = this.#read(r);
    if (r.failed) return false;
    this.#position = r.position;
    this.#phase = next;
    return true;
  }

  #read(r: JuteReader): Phase {
    switch (this.#phase) {
      case 'sessions':
        r.skip(r.int() * SESSION_BYTES);
        return 'acl-count';
      case 'acl-count': {
        const count = r.int();
        if (!r.failed) this.#aclsLeft = count;
        return count > 0 ? 'acls' : 'nodes';
      }
      case 'acls':
        return this.#readAcl(r);
      case 'nodes': {
        const path = r.string();
        if (path === '/') return 'signature';
        r.range();
        r.skip(NODE_TAIL_BYTES);
        return 'nodes';
      }
      default: {
        const signature = r.string();
        const found = `the body ends in "${signature}"`;
        expectThat(r.failed || signature === SIGNATURE, 'A SNAP body ends in its signature', found);
        return 'ended';
      }
    }
  }

  #readAcl(r: JuteReader): Phase {
    r.long();
    const count = r.int();
    for (let index = 0; index < count && !r.failed; index++) {
      r.int();
      r.range();
      r.range();
    }
    if (!r.failed) this.#aclsLeft--;
    return this.#aclsLeft > 0 ? 'acls' : 'nodes';
  }
}
