/**
 * The forms of an operation: a write has five moments (skip, prepare, apply, reply, and who may ask
 * for it), a read has two. Each operation's file exports one constant of such a form, and
 * `table.ts` lists them. Functions take contexts that are made once and filled anew for each
 * request, so that nothing is allocated for the call itself. Beside its functions each says what it
 * asks of the requester and how it refuses: its tests hold it to that, and docs/protocol.md is
 * written from it.
 */

import type { CONFIG_PATH, ErrorCode, JuteReader, JuteWriter } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { ApplyResult } from './apply-result.ts';
import type { Preparation } from './preparation.ts';
import type { ReadContext } from './read-context.ts';
import type { OpRequest } from './request.ts';
import type { StateCore } from './state-core.ts';

/**
 * Who may send it. `client`: a top-level request of a client. `keeper`: the same, where Keeper's
 * extensions are on; no transaction has its number. `sub`: only inside a multi. `server`: only the
 * servers among themselves; a client gets UNIMPLEMENTED.
 */
export type Admission = 'client' | 'keeper' | 'sub' | 'server';

/** Any of these bits of `Perms`, by the ACL of that znode: the one named, or its parent. */
export interface Permission {
  readonly perms: number;
  readonly on: 'znode' | 'parent' | typeof CONFIG_PATH;
}

export interface OperationFacts {
  /** As requests and transactions name it: one of `OpCode`. */
  readonly opcode: number;
  /** What the requester must be permitted; `parts`: what each operation inside of it asks for. */
  readonly permission: Permission | 'parts' | null;
  /** How it refuses what was decoded, of a session that lives, in the order of its checks. */
  readonly errors: readonly ErrorCode[];
}

export interface WriteOperation extends OperationFacts {
  readonly admission: Admission;
  /** True when it may stand in a multi. */
  readonly inMulti: boolean;
  /** Steps over the body of a request; false when it cannot be decoded and must get no zxid. */
  skip(r: JuteReader): boolean;
  /**
   * Decodes the request at `p.reader`, judges it, and when it is fit writes the transaction's body
   * to `p.entry` and announces the changes. Returns OK or the first refusal, having changed nothing
   * then. A body that cannot be decoded is left to `p.reader.failed`.
   */
  prepare(p: Preparation): number;
  /** Decodes the body of a transaction at `a.reader` and changes the tree; a code of the result. */
  apply(a: Application): number;
  /** Writes the body of the success reply; returns the error code of the header. */
  reply(core: StateCore, result: ApplyResult, w: JuteWriter, request: OpRequest | null): number;
}

export interface ReadOperation extends OperationFacts {
  /**
   * Decodes the request at `c.reader`, leaving the cursor behind it whatever comes out; writes a
   * body only when it returns OK.
   */
  read(c: ReadContext, w: JuteWriter): number;
}

/** What multi needs of the table that lists it. */
export interface WriteLookup {
  find(opcode: number): WriteOperation | undefined;
  /** False of Keeper's operations on a server that does not speak them to its clients. */
  isSpoken(opcode: number): boolean;
}

/** What multiRead needs of it. */
export interface ReadLookup {
  findRead(opcode: number): ReadOperation | undefined;
}
