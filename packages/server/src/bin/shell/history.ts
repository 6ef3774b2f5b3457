/**
 * History: the lines of an interactive shell, numbered from 0 over its whole life, connects
 * included (operations.md 4.3).
 */

/** As many lines as `history` shows. */
const SHOWN_COUNT = 11;

export class History {
  readonly #lines: string[];

  constructor() {
    this.#lines = [];
  }

  /** How many lines were run, the present one included. */
  get length(): number {
    return this.#lines.length;
  }

  add(line: string): void {
    this.#lines.push(line);
  }

  /** A line that was run before the present one. */
  earlier(index: number): string | undefined {
    return index < this.#lines.length - 1 ? this.#lines[index] : undefined;
  }

  /** A redo leaves what it ran in its own place. */
  replaceLast(line: string): void {
    this.#lines[this.#lines.length - 1] = line;
  }

  /** With their numbers, oldest first. */
  shown(): (readonly [number, string])[] {
    const first = Math.max(0, this.#lines.length - SHOWN_COUNT);
    return this.#lines.slice(first).map((line, index) => [first + index, line] as const);
  }
}
