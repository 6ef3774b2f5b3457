/**
 * SaslUsers: who may authenticate by SASL, and with which password. The passwords are in a private
 * field, so that no log, dump or message that shows a configuration can show them.
 */

export class SaslUsers {
  readonly #passwords: ReadonlyMap<string, string>;

  constructor(passwords: ReadonlyMap<string, string>) {
    this.#passwords = passwords;
  }

  get count(): number {
    return this.#passwords.size;
  }

  /** Null for a user who does not exist. */
  passwordOf(name: string): string | null {
    return this.#passwords.get(name) ?? null;
  }
}
