/**
 * Janitor: the session that makes every batch begin alike: it creates the znodes that the grammar
 * counts on, and at the end removes whatever the fuzzed clients have left behind, as super user and
 * by the paths that the ledger knows.
 */

import {
  type JuteWriter,
  OPEN_ACL_UNSAFE,
  OpCode,
  READ_ACL_UNSAFE,
  writeAclVector,
  writeMultiRequest,
  type MultiOp,
} from '@zabra/protocol';
import type { Bed } from './bed.ts';
import { HEALTHY_ROOT } from './dictionary.ts';
import type { Ledger } from './ledger.ts';
import { logIn } from './log-in.ts';
import { SUPER_CREDENTIALS } from './servers.ts';
import { WireClient } from './wire-client.ts';

/** Readable by all, and big: a few replies with it choke a connection. */
export const BIG_NODE = '/big';
const BUILT_IN: ReadonlySet<string> = new Set([
  '/',
  BIG_NODE,
  '/zookeeper',
  '/zookeeper/quota',
  '/zookeeper/config',
]);
/** Znodes that the grammar counts on. */
export const STAGE: readonly (readonly [path: string, text: string])[] = [
  ['/a', 'x'],
  ['/a/a', ''],
  ['/a/b', 'x'],
  ['/b', 'hello'],
  ['/c', ''],
  ['/q', 'q'],
  ['/zookeeper/quota/q', ''],
  ['/zookeeper/quota/q/zookeeper_limits', 'count=5,bytes=400=;byteHardLimit=400;countHardLimit=5'],
  ['/zookeeper/quota/q/zookeeper_stats', 'count=0,bytes=0'],
];
/** Of one multi, so that no limit of any server is near. */
const MULTI_BYTES_MAX = 1500;
const OPERATION_BYTES = 40;

export class Janitor {
  readonly #bed: Bed;
  readonly #client: WireClient;

  constructor(bed: Bed, bigBytes: number) {
    this.#bed = bed;
    this.#client = new WireClient(bed, 'the janitor');
    this.#connect();
    this.#client.ask(OpCode.create, (w) => {
      w.string(BIG_NODE);
      w.bytes(new Uint8Array(bigBytes));
      writeAclVector(w, READ_ACL_UNSAFE);
      w.int(0);
    });
    bed.run();
  }

  setStage(): void {
    const acl = OPEN_ACL_UNSAFE;
    const ops = STAGE.map(
      ([path, text]): MultiOp => ({
        type: OpCode.create,
        request: { path, data: new TextEncoder().encode(text), acl, flags: 0 },
      }),
    );
    this.#multi(ops);
    this.#bed.run();
  }

  /** Children before their parents; what cannot be removed gets its first ACL back. */
  cleanUp(ledger: Ledger): void {
    const paths = [...ledger.tree.nodes.keys()].filter(
      (path) =>
        !BUILT_IN.has(path) && path !== HEALTHY_ROOT && !path.startsWith(`${HEALTHY_ROOT}/`),
    );
    paths.sort((a, b) => (a < b ? 1 : -1));
    let ops: MultiOp[] = [];
    let bytes = 0;
    for (const path of paths) {
      ops.push({ type: OpCode.delete, request: { path, version: -1 } });
      bytes += OPERATION_BYTES + Buffer.byteLength(path);
      if (bytes < MULTI_BYTES_MAX) continue;
      this.#multi(ops);
      ops = [];
      bytes = 0;
    }
    this.#multi(ops);
    for (const path of ['/', '/zookeeper', '/zookeeper/quota']) {
      this.#client.ask(OpCode.setACL, (w) => this.#writeOpenAcl(w, path));
    }
    this.#bed.run();
  }

  keepAlive(): void {
    if (this.#client.isOpen) this.#client.ask(OpCode.ping, () => undefined);
  }

  letGo(): void {
    this.#client.letGo();
  }

  comeBack(): void {
    if (!this.#client.isOpen) this.#connect();
  }

  #multi(ops: readonly MultiOp[]): void {
    if (ops.length > 0) this.#client.ask(OpCode.multi, (w) => writeMultiRequest(w, ops));
  }

  #connect(): void {
    this.#client.connect();
    logIn(this.#bed, this.#client, SUPER_CREDENTIALS);
  }

  #writeOpenAcl(w: JuteWriter, path: string): void {
    w.string(path);
    writeAclVector(w, OPEN_ACL_UNSAFE);
    w.int(-1);
  }
}
