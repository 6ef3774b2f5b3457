/**
 * A typed line as words: split at blanks; a word may be wrapped in double or single quotes, which
 * are taken off. There are no escapes, and a quote inside a word stands for itself (operations.md
 * 4.3).
 */

const WORD = /\s*(?:"([^"]*)"|'([^']*)'|([^"'\s]\S*))\s*/g;

/** @example splitLine('create /a "two words"') // ['create', '/a', 'two words'] */
export function splitLine(line: string): string[] {
  return [...line.matchAll(WORD)].map(
    ([, double, single, bare]) => double ?? single ?? (bare as string),
  );
}
