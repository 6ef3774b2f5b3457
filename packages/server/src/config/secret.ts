/**
 * Secret: a text that must be used and never shown. It keeps the text in a private field, which
 * neither logs nor dumps of a configuration reach; whoever uses it says so by `reveal`.
 */

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }
}
