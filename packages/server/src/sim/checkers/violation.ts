/**
 * What a checker throws when a property does not hold: the property by name, what was seen, and
 * nothing that could be fixed by trying again. The run that sees it ends.
 */

export class Violation extends Error {
  override readonly name = 'Violation';
  /** The property, in words that name it in documents and tests. */
  readonly property: string;

  constructor(property: string, found: string) {
    super(`${property}: ${found}`);
    this.property = property;
  }
}

/** What was seen is said in words only when it has to be. */
export type Found = string | (() => string);

export function expectThat(condition: unknown, property: string, found: Found): asserts condition {
  if (!condition) throw new Violation(property, typeof found === 'string' ? found : found());
}
