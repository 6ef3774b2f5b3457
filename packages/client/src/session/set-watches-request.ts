/**
 * SetWatchesRequest: what a client asks of a new connection so that no watch is lost with the old
 * one. The machine sends it by itself and nobody hears of its reply. From client-protocol.md 11.5.
 */

import { type JuteWriter, OpCode, writeSetWatches, writeSetWatches2 } from '@zabra/protocol';
import { Request } from './request.ts';
import type { WatchLists } from './watch-registry.ts';

export class SetWatchesRequest extends Request<null> {
  /** What the client has seen: later changes are caught up with. */
  readonly relativeZxid: number;
  readonly lists: WatchLists;

  constructor(relativeZxid: number, lists: WatchLists) {
    const [, , , persistent, recursive] = lists;
    const isPlain = persistent.length === 0 && recursive.length === 0;
    // Servers before 3.6 know the plain form alone.
    super(isPlain ? OpCode.setWatches : OpCode.setWatches2, '', null, true);
    this.relativeZxid = relativeZxid;
    this.lists = lists;
  }

  writeBody(w: JuteWriter): void {
    const [dataWatches, existWatches, childWatches, persistentWatches, recursiveWatches] =
      this.lists;
    const plain = { relativeZxid: this.relativeZxid, dataWatches, existWatches, childWatches };
    if (this.op === OpCode.setWatches) writeSetWatches(w, plain);
    else {
      const persistentRecursiveWatches = recursiveWatches;
      writeSetWatches2(w, { ...plain, persistentWatches, persistentRecursiveWatches });
    }
  }

  readBody(): null {
    return null;
  }
}
