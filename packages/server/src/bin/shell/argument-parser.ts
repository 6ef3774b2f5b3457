/**
 * Options of one shell command, read by the rules that users of ZooKeeper's shell know: they may
 * stand anywhere, letters may be joined (`-sw`), a value may follow or be joined (`-v 3`, `-v3`),
 * `--` ends them, and a stray `-x` is refused, even where a path or data was meant. The messages
 * are those of the library that the original uses (operations.md 4.5).
 */

import { ShellFailure } from './shell-failure.ts';

const EXCEPTION_PREFIX = 'org.apache.commons.cli.';

export class Arguments {
  /** What is not an option, in order. */
  readonly words: readonly string[];
  readonly #flags: ReadonlySet<string>;
  readonly #values: ReadonlyMap<string, string>;

  constructor(
    words: readonly string[],
    flags: ReadonlySet<string>,
    values: ReadonlyMap<string, string>,
  ) {
    this.words = words;
    this.#flags = flags;
    this.#values = values;
  }

  has(letter: string): boolean {
    return this.#flags.has(letter) || this.#values.has(letter);
  }

  value(letter: string): string | undefined {
    return this.#values.get(letter);
  }
}

/**
 * @param letters the options, each a letter, with a colon behind those that take a value
 * @throws ShellFailure
 * @example parseArguments(['-s', '/a'], 'sv:').has('s') // true
 */
export function parseArguments(tokens: readonly string[], letters: string): Arguments {
  return new ArgumentReader(tokens, letters).read();
}

class ArgumentReader {
  readonly #tokens: readonly string[];
  readonly #letters: string;
  readonly #words: string[];
  readonly #flags: Set<string>;
  readonly #values: Map<string, string>;
  #index: number;

  constructor(tokens: readonly string[], letters: string) {
    this.#tokens = tokens;
    this.#letters = letters;
    this.#words = [];
    this.#flags = new Set();
    this.#values = new Map();
    this.#index = 0;
  }

  read(): Arguments {
    while (this.#index < this.#tokens.length) {
      const token = this.#next();
      if (token === '--') {
        this.#words.push(...this.#tokens.slice(this.#index));
        break;
      }
      if (token.startsWith('-') && token.length > 1) this.#readOptions(token);
      else this.#words.push(token);
    }
    return new Arguments(this.#words, this.#flags, this.#values);
  }

  #readOptions(token: string): void {
    for (let position = 1; position < token.length; position++) {
      const letter = token.charAt(position);
      if (!this.#isKnown(letter)) throw unrecognized(token);
      if (!this.#takesValue(letter)) {
        this.#flags.add(letter);
        continue;
      }
      const joined = token.slice(position + 1);
      this.#values.set(letter, joined === '' ? this.#nextValue(letter) : unjoin(joined));
      return;
    }
  }

  /** What looks like another option is no value, unless it is a negative number. */
  #nextValue(letter: string): string {
    const token = this.#tokens[this.#index];
    const looksLikeOption =
      token !== undefined && /^-./.test(token) && this.#isKnown(token.charAt(1));
    if (token === undefined || token === '--' || looksLikeOption) {
      const reason = `Missing argument for option: ${letter}`;
      throw new ShellFailure(`${EXCEPTION_PREFIX}MissingArgumentException: ${reason}`);
    }
    return this.#next();
  }

  #next(): string {
    return this.#tokens[this.#index++] as string;
  }

  #isKnown(letter: string): boolean {
    return letter !== ':' && this.#letters.includes(letter);
  }

  #takesValue(letter: string): boolean {
    return this.#letters.charAt(this.#letters.indexOf(letter) + 1) === ':';
  }
}

function unjoin(joined: string): string {
  return joined.startsWith('=') ? joined.slice(1) : joined;
}

function unrecognized(token: string): ShellFailure {
  const reason = `Unrecognized option: ${token}`;
  return new ShellFailure(`${EXCEPTION_PREFIX}UnrecognizedOptionException: ${reason}`);
}
