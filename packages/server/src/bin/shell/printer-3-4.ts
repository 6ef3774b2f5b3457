/**
 * The printing of ZooKeeper 3.4, which the Kubernetes tutorial shows and scripts of its time read:
 * events end with the path, and reading or writing a znode prints its stat, on standard error.
 * Chosen by ZK_CLI_COMPAT=3.4; exit codes and the end of the session stay those of today.
 */

import type { Stat, WatchEvent } from '@zabra/client';
import { Printer, statText, type TextSink } from './printer.ts';

export class Printer34 extends Printer {
  readonly #err: TextSink;

  constructor(out: TextSink, err: TextSink) {
    super(out, err);
    this.#err = err;
  }

  override get printsStats(): boolean {
    return true;
  }

  override sessionEvent(state: string): void {
    this.watcherBlock(`state:${state} type:None path:null`);
  }

  override watchEvent({ type, path }: WatchEvent): void {
    this.watcherBlock(`state:SyncConnected type:${type} path:${path}`);
  }

  override stat(stat: Stat): void {
    this.#err.write(`${statText(stat)}\n`);
  }
}

/** Whether the environment asks for the output of 3.4. */
export function isCompat34(environment: { readonly ZK_CLI_COMPAT?: string | undefined }): boolean {
  return environment.ZK_CLI_COMPAT === '3.4';
}
