/**
 * Page: the commands of docs/kubernetes-tutorial.md. The run may only give commands that stand
 * there, and must give all of them, so that the page and what is tried cannot part.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../process/server-process.ts';

const PAGE = 'docs/kubernetes-tutorial.md';
const IN_ANOTHER_TERMINAL = / {2,}in another terminal$/;

export class Page {
  readonly #commands: ReadonlySet<string>;
  readonly #given = new Set<string>();

  constructor() {
    const text = readFileSync(join(ROOT, PAGE), 'utf8');
    const blocks = [...text.matchAll(/^```\n([^]*?)^```$/gm)].map(([, block = '']) => block);
    const lines = blocks.flatMap((block) => block.split('\n'));
    const commands = lines.filter((line) => /^(?:kubectl|for) /.test(line));
    this.#commands = new Set(commands.map((line) => line.replace(IN_ANOTHER_TERMINAL, '')));
  }

  /** The same, when the page has it, with `<node>` replaced. */
  command(text: string, node = ''): string {
    if (!this.#commands.has(text)) throw new Error(`${PAGE} does not say "${text}"`);
    this.#given.add(text);
    return text.replace('<node>', node);
  }

  get notGiven(): readonly string[] {
    return [...this.#commands].filter((command) => !this.#given.has(command));
  }
}
