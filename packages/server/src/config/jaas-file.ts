/**
 * A JAAS file: sections of login modules with options, in which ZooKeeper's servers and clients
 * find their SASL credentials. Read as Java reads it, with its two kinds of comments:
 *
 *   file     = *( name "{" *module "}" ";" )
 *   module   = class flag *( name "=" value ) ";"
 *   flag     = "required" | "requisite" | "sufficient" | "optional", in any case
 *   name, class, value = word | '"' characters with escapes '"'
 *
 * `${name}` in a value stands for a system property. Messages name lines and never what stands
 * there: it may be a password.
 */

import { ConfigError, EXIT_UNEXPECTED } from './config-error.ts';

export interface LoginModule {
  readonly className: string;
  readonly options: ReadonlyMap<string, string>;
}

const FLAGS: ReadonlySet<string> = new Set(['required', 'requisite', 'sufficient', 'optional']);
/** Comments and blanks, quoted texts, words, and single characters: a group for each. */
const BLANK = /(\/\/[^\n\r]*|\/\*[^]*?\*\/|\s+)/;
const QUOTED = /"((?:[^"\\\n\r]|\\[^\n\r])*)"/;
const WORD = /([\w$.*\-\u00a0-\uffff]+)/;
const TOKEN = new RegExp(`${BLANK.source}|${QUOTED.source}|${WORD.source}|([^])`, 'gy');
const ESCAPE = /\\([0-3]?[0-7]{1,2}|[^])/g;
const ESCAPED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\x0b',
};

/** Sections by name. `property` gives what `${name}` stands for. Throws ConfigError. */
export function parseJaas(
  text: string,
  property: (name: string) => string | undefined,
): ReadonlyMap<string, readonly LoginModule[]> {
  const tokens = new Tokens(text);
  const sections = new Map<string, readonly LoginModule[]>();
  while (!tokens.isAtEnd) {
    const name = tokens.text('the name of a section');
    if (sections.has(name)) tokens.fail('another name: this section stands there already');
    tokens.symbol('{');
    const modules: LoginModule[] = [];
    while (!tokens.takes('}')) modules.push(readModule(tokens, property));
    tokens.symbol(';');
    sections.set(name, modules);
  }
  return sections;
}

function readModule(tokens: Tokens, property: (name: string) => string | undefined): LoginModule {
  const className = tokens.text('the class of a login module');
  const flag = tokens.text('a control flag');
  if (!FLAGS.has(flag.toLowerCase())) tokens.fail(`one of ${[...FLAGS].join(', ')}`);
  const options = new Map<string, string>();
  while (!tokens.takes(';')) {
    const name = tokens.text('the name of an option, or ";"');
    tokens.symbol('=');
    const value = tokens.text('the value of an option');
    options.set(name, expanded(value, property, tokens));
  }
  return { className, options };
}

function expanded(
  value: string,
  property: (name: string) => string | undefined,
  tokens: Tokens,
): string {
  return value.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (name === '/') return '/';
    return property(name) ?? tokens.fail('a system property that is set');
  });
}

interface Token {
  readonly kind: 'text' | 'symbol' | 'end';
  readonly text: string;
  readonly line: number;
}

class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get isAtEnd(): boolean {
    return this.#next.kind === 'end';
  }

  /** The next word or quoted text. */
  text(wanted: string): string {
    const { kind, text } = this.#next;
    if (kind !== 'text') this.fail(wanted);
    this.#at++;
    return text;
  }

  symbol(symbol: string): void {
    if (!this.takes(symbol)) this.fail(`"${symbol}"`);
  }

  /** True when the symbol is next, which is passed then. */
  takes(symbol: string): boolean {
    const { kind, text } = this.#next;
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#at++;
    return true;
  }

  fail(wanted: string): never {
    throw new ConfigError(`line ${this.#next.line}: wanted ${wanted}`, EXIT_UNEXPECTED);
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const [whole, blank, quoted, word, symbol] of text.matchAll(TOKEN)) {
    if (quoted !== undefined) tokens.push({ kind: 'text', text: unescaped(quoted), line });
    else if (word !== undefined) tokens.push({ kind: 'text', text: word, line });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, line });
    if (blank !== undefined) line += whole.split('\n').length - 1;
  }
  tokens.push({ kind: 'end', text: '', line });
  return tokens;
}

function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, (_, escaped: string) => {
    if (/^[0-7]/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8));
    return ESCAPED[escaped] ?? escaped;
  });
}
