/**
 * The forms of an operation: a write has five moments (skip, prepare, apply, reply, and who may ask
 * for it), a read has two. Each operation's file exports one constant of such a form, and
 * `table.ts` lists them. Functions take contexts that are made once and filled anew for each
 * request, so that nothing is allocated for the call itself.
 */

import type { JuteReader, JuteWriter } from '@zabra/protocol';
import type { Application } from './application.ts';
import type { ApplyResult } from './apply-result.ts';
import type { Preparation } from './preparation.ts';
import type { ReadContext } from './read-context.ts';
import type { OpRequest } from './request.ts';
import type { StateCore } from './state-core.ts';

/**
 * Who may send it. `client`: a top-level request of a client. `sub`: only inside a multi. `server`:
 * only the servers among themselves; a client gets UNIMPLEMENTED.
 */
export type Admission = 'client' | 'sub' | 'server';

export interface WriteOperation {
  /** As requests and transactions name it: one of `OpCode`. */
  readonly opcode: number;
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

export interface ReadOperation {
  readonly opcode: number;
  /**
   * Decodes the request at `c.reader`, leaving the cursor behind it whatever comes out; writes a
   * body only when it returns OK.
   */
  read(c: ReadContext, w: JuteWriter): number;
}

/** What multi needs of the table that lists it. */
export interface WriteLookup {
  find(opcode: number): WriteOperation | undefined;
}
