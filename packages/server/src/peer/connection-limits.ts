/**
 * ConnectionLimits: how many connections one listener may have, in all (`maxCnxns`) and from one
 * address (`maxClientCnxns`). A refused connection counts until it is gone.
 */

export class ConnectionLimits {
  readonly #countMax: number;
  readonly #perHostMax: number;
  readonly #perHost: Map<string, number>;
  #count: number;

  /** 0 is no limit. */
  constructor(countMax: number, perHostMax: number) {
    this.#countMax = countMax;
    this.#perHostMax = perHostMax;
    this.#perHost = new Map();
    this.#count = 0;
  }

  /** Null, or why there is one too many. */
  onOpen(host: string): string | null {
    const fromHost = this.#perHost.get(host) ?? 0;
    const all = this.#count;
    this.#perHost.set(host, fromHost + 1);
    this.#count++;
    if (this.#countMax > 0 && all >= this.#countMax) {
      return `Too many connections ${all} - max is ${this.#countMax}`;
    }
    if (this.#perHostMax > 0 && fromHost >= this.#perHostMax) {
      return `Too many connections from ${host} - max is ${this.#perHostMax}`;
    }
    return null;
  }

  onClosed(host: string): void {
    this.#count--;
    const fromHost = (this.#perHost.get(host) ?? 1) - 1;
    if (fromHost > 0) this.#perHost.set(host, fromHost);
    else this.#perHost.delete(host);
  }
}
