/**
 * StateRecovery: what the log's recovery finds becomes the replicated state again: the body of a
 * snapshot, then the transactions behind it (storage-and-config.md 8 and 9). It also refills the
 * committed log, from which DIFFs are served.
 */

import { opName } from '@zabra/protocol';
import type { RecoverySink, TreeDigest } from '../log/storage-types.ts';
import type { ReplicatedState } from '../ops/replicated-state.ts';
import type { StateLoad } from '../ops/whole-state.ts';
import type { CommittedLog } from '../zab/committed-log.ts';

export class StateRecovery implements RecoverySink {
  readonly #state: ReplicatedState;
  readonly #committed: CommittedLog;
  #load: StateLoad | null;
  txnError: string | null;

  constructor(state: ReplicatedState, committed: CommittedLog) {
    this.#state = state;
    this.#committed = committed;
    this.#load = null;
    this.txnError = null;
  }

  /** Also before each further snapshot that is tried: nothing of the last one may remain. */
  begin(): void {
    this.#committed.clear();
    this.#state.reset();
    this.#load = this.#state.beginLoad();
  }

  pushBody(buffer: Uint8Array, start: number, end: number): number {
    return this.#load?.push(buffer, start, end) ?? 0;
  }

  get bodyEnded(): boolean {
    return this.#load?.ended ?? false;
  }

  get bodyError(): string | null {
    return this.#load?.error ?? null;
  }

  installBody(zxid: number, exactZxid: number): void {
    this.#load?.install(zxid, exactZxid);
    this.#load = null;
  }

  applyTxn(buffer: Uint8Array, start: number, end: number): void {
    const result = this.#state.replay(buffer, start, end);
    if (result.isMalformed) {
      this.txnError = `its body is not that of a ${opName(result.type)}`;
      return;
    }
    this.#committed.add({ zxid: result.zxid, buffer, start, end });
  }

  get digest(): TreeDigest {
    return this.#state.digest();
  }
}
