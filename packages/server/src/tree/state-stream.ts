/**
 * StateStream: the whole replicated state as it was when the stream was made, in the form of the
 * body of a snapshot (storage-and-config.md 5.1, items 2 to 5), a slice at a time: what goes into a
 * snapshot file, and to a learner that is too far behind. Sessions and the table of ACLs are few
 * and copied at once; znodes are read through a reader of the past. What precedes and follows the
 * body is not its affair.
 */

import { type Acl, type JuteWriter, ROOT_PATH, writeAclVector } from '@zabra/protocol';
import type { DataTree } from './data-tree.ts';
import type { SessionTable } from './session-table.ts';
import type { TreeReader } from './tree-reader.ts';

const SESSION_WORDS = 3;

const Phase = { SESSIONS: 0, ACLS: 1, NODES: 2, END: 3 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

export class StateStream {
  /** Halves of the tree's digest, uint32 each. */
  readonly digestHi: number;
  readonly digestLo: number;
  /** Id, as two halves, and timeout in ms of each session. */
  readonly #sessions: Int32Array;
  readonly #aclIds: number[];
  readonly #acls: (readonly Acl[])[];
  readonly #reader: TreeReader;
  #phase: Phase;
  /** Next session or ACL; 0 also before the count. */
  #index: number;
  #isCounted: boolean;

  constructor(tree: DataTree, sessions: SessionTable) {
    this.digestHi = tree.digestHi;
    this.digestLo = tree.digestLo;
    this.#sessions = copyOf(sessions);
    this.#aclIds = [];
    this.#acls = [];
    tree.acls.forEach((id, acl) => {
      this.#aclIds.push(id);
      this.#acls.push(acl);
    });
    this.#reader = tree.openReader();
    this.#phase = Phase.SESSIONS;
    this.#index = 0;
    this.#isCounted = false;
  }

  /** True once too much had to be kept alive for the stream; it must be begun anew. */
  get failed(): boolean {
    return this.#reader.failed;
  }

  /**
   * Appends about `bytesMax`, a record more at most, and at least something. False when the last
   * was written, or when the stream failed.
   */
  next(w: JuteWriter, bytesMax: number): boolean {
    const start = w.position;
    const limit = start + bytesMax;
    if (this.#phase === Phase.SESSIONS) this.#writeSessions(w, limit);
    if (this.#phase === Phase.ACLS) this.#writeAcls(w, limit);
    if (this.#phase === Phase.NODES && (w.position < limit || w.position === start)) {
      this.#writeNodes(w, limit);
    }
    return this.#phase !== Phase.END && !this.failed;
  }

  /** Gives back what was kept for the stream; may be called at any time, and more than once. */
  close(): void {
    this.#phase = Phase.END;
    this.#reader.close();
  }

  #writeSessions(w: JuteWriter, limit: number): void {
    const words = this.#sessions;
    const count = words.length / SESSION_WORDS;
    this.#writeCount(w, count);
    while (this.#index < count) {
      if (w.position >= limit) return;
      const at = this.#index * SESSION_WORDS;
      w.long(words[at] as number, words[at + 1] as number);
      w.int(words[at + 2] as number);
      this.#index++;
    }
    this.#begin(Phase.ACLS);
  }

  #writeAcls(w: JuteWriter, limit: number): void {
    this.#writeCount(w, this.#acls.length);
    while (this.#index < this.#acls.length) {
      if (w.position >= limit) return;
      w.long(0, this.#aclIds[this.#index] as number);
      writeAclVector(w, this.#acls[this.#index] as readonly Acl[]);
      this.#index++;
    }
    this.#begin(Phase.NODES);
  }

  #writeNodes(w: JuteWriter, limit: number): void {
    if (this.#reader.next(w, Math.max(limit - w.position, 1)) || this.failed) return;
    w.string(ROOT_PATH);
    this.#begin(Phase.END);
  }

  #writeCount(w: JuteWriter, count: number): void {
    if (!this.#isCounted) w.int(count);
    this.#isCounted = true;
  }

  #begin(phase: Phase): void {
    this.#phase = phase;
    this.#index = 0;
    this.#isCounted = false;
  }
}

function copyOf(sessions: SessionTable): Int32Array {
  const words = new Int32Array(sessions.size * SESSION_WORDS);
  let at = 0;
  sessions.forEach((hi, lo, timeoutMs) => {
    words[at++] = hi;
    words[at++] = lo;
    words[at++] = timeoutMs;
  });
  return words;
}
