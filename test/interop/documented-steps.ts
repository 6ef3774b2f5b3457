/**
 * DocumentedSteps: the commands of a document, run as they stand there, so that a procedure cannot
 * be described in one way and tested in another. A block of commands is named by the comment before
 * it:
 *
 *   <!-- step: NAME -->
 *   ```
 *   commands for bash
 *   ```
 */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Inside of a list, a block is indented. */
const STEP = /^( *)<!-- step: ([a-z-]+) -->\n *```\n([^]*?)\n *```$/gm;
const STEP_MS_MAX = 90_000;

const run = promisify(execFile);

export class DocumentedSteps {
  readonly #steps: ReadonlyMap<string, string>;
  /** Names of the steps that were run. */
  readonly done = new Set<string>();

  constructor(file: string) {
    const text = readFileSync(file, 'utf8');
    this.#steps = new Map(
      [...text.matchAll(STEP)].map(([, indent = '', name = '', body = '']) => {
        return [name, body.replaceAll(`\n${indent}`, '\n').slice(indent.length)];
      }),
    );
  }

  get names(): readonly string[] {
    return [...this.#steps.keys()];
  }

  /** What the commands print; one that fails is an error with all that they said. */
  async run(name: string, variables: Readonly<Record<string, string>>): Promise<string> {
    const commands = this.#steps.get(name);
    if (commands === undefined) throw new Error(`The document has no step "${name}"`);
    this.done.add(name);
    const env = { ...process.env, ...variables };
    try {
      const options = { env, timeout: STEP_MS_MAX };
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', commands], options);
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`Step "${name}" failed:\n${commands}\n${stdout}${stderr}`, { cause: error });
    }
  }
}
