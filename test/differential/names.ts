/**
 * Names: what one run on one server calls the things that a program names by symbols, both ways.
 * Paths lie in a subtree of their own, session ids get the labels of the program, zxids are told as
 * distances from the start of the run. So two runs that are alike read alike.
 */

import { type Int64, int64Hex, ZXID_NONE } from '@zabra/protocol';

export class Names {
  /** Path of the run's subtree; stands nowhere else in any path. */
  readonly root: string;
  /** Last zxid before the run. */
  readonly zxidBase: number;
  lastZxid: number;
  readonly #sessions: Map<string, Int64>;
  readonly #labels: Map<string, string>;

  constructor(root: string, zxidBase: number) {
    this.root = root;
    this.zxidBase = zxidBase;
    this.lastZxid = zxidBase;
    this.#sessions = new Map();
    this.#labels = new Map();
  }

  realPath(path: string): string {
    return path.replaceAll('$', this.root);
  }

  symbolicPath(path: string): string {
    return path.replaceAll(this.root, '$');
  }

  /** A zxid as `+n` behind the base, or as it is when it is older or no zxid at all. */
  zxid(zxid: number): string {
    return zxid > this.zxidBase ? `+${zxid - this.zxidBase}` : String(zxid);
  }

  onZxid(zxid: number): void {
    if (zxid !== ZXID_NONE && zxid > this.lastZxid) this.lastZxid = zxid;
  }

  onSession(label: string, hi: number, lo: number): void {
    this.#sessions.set(label, { hi, lo });
    this.#labels.set(int64Hex(hi, lo), label);
  }

  sessionOf(label: string): Int64 | undefined {
    return this.#sessions.get(label);
  }

  /** Of an id on the wire; 0 is nobody. */
  session(hi: number, lo: number): string {
    const hex = int64Hex(hi, lo);
    return hex === '0' ? '0' : (this.#labels.get(hex) ?? `unknown session 0x${hex}`);
  }

  get labels(): readonly string[] {
    return [...this.#sessions.keys()];
  }
}
