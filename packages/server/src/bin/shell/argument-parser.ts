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

  has(name: string): boolean {
    return this.#flags.has(name) || this.#values.has(name);
  }

  /** The first one given, as in the original. */
  value(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Every option given, in the order of the first mention. */
  get names(): readonly string[] {
    return [...this.#flags, ...this.#values.keys()];
  }
}

/**
 * @param letters the options, each a letter, with a colon behind those that take a value
 * @param longNames options of several letters, which all take a value
 * @throws ShellFailure
 * @example parseArguments(['-s', '/a'], 'sv:').has('s') // true
 */
export function parseArguments(
  tokens: readonly string[],
  letters: string,
  longNames: readonly string[] = [],
): Arguments {
  return new ArgumentReader(tokens, letters, longNames).read();
}

class ArgumentReader {
  readonly #tokens: readonly string[];
  readonly #letters: string;
  readonly #longNames: readonly string[];
  readonly #words: string[];
  readonly #flags: Set<string>;
  readonly #values: Map<string, string>;
  #index: number;

  constructor(tokens: readonly string[], letters: string, longNames: readonly string[]) {
    this.#tokens = tokens;
    this.#letters = letters;
    this.#longNames = longNames;
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
    const name = token.slice(1);
    if (this.#longNames.includes(name)) return this.#keep(name, this.#nextValue(name));
    for (let position = 1; position < token.length; position++) {
      const letter = token.charAt(position);
      if (!this.#isKnown(letter)) throw unrecognized(token);
      if (!this.#takesValue(letter)) {
        this.#flags.add(letter);
        continue;
      }
      const joined = token.slice(position + 1);
      return this.#keep(letter, joined === '' ? this.#nextValue(letter) : unjoin(joined));
    }
  }

  #keep(name: string, value: string): void {
    if (!this.#values.has(name)) this.#values.set(name, value);
  }

  /** What looks like another option is no value, unless it is a negative number. */
  #nextValue(name: string): string {
    const token = this.#tokens[this.#index];
    if (token === undefined || token === '--' || this.#looksLikeOption(token)) {
      const reason = `Missing argument for option: ${name}`;
      throw new ShellFailure(`${EXCEPTION_PREFIX}MissingArgumentException: ${reason}`);
    }
    return this.#next();
  }

  #looksLikeOption(token: string): boolean {
    if (!/^-./.test(token)) return false;
    return this.#longNames.includes(token.slice(1)) || this.#isKnown(token.charAt(1));
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
