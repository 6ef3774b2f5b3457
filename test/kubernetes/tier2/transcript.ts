/**
 * Transcript: what was typed, what was shown, what was asserted of it and how that came out, step
 * by step. It counts, it is printed as the run goes on, and it becomes a document at the end. A
 * check that fails stops nothing; a step that throws ends its part, since those behind rely on it.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Ran, Shell, Started } from './commands.ts';

const LINES_SHOWN_MAX = 24;
const SECONDS_MAX = 60;

interface Check {
  readonly what: string;
  readonly isGood: boolean;
  readonly found: string;
}

export interface CommandOptions {
  readonly secondsMax?: number;
  /** The exit code that it must have. */
  readonly code?: number;
  /** How many lines of it the document shows, from the beginning. */
  readonly linesMax?: number;
  /** Shown instead of the command, where that has names of the laboratory's own. */
  readonly shownAs?: string;
}

export class Step {
  readonly id: string;
  readonly title: string;
  readonly shown: string[] = [];
  readonly checks: Check[] = [];
  readonly #shell: Shell;

  constructor(id: string, title: string, shell: Shell) {
    this.id = id;
    this.title = title;
    this.#shell = shell;
  }

  /** Runs it, shows it and checks its exit code. */
  async command(command: string, options: CommandOptions = {}): Promise<Ran> {
    const ran = await this.#shell.run(command, options.secondsMax ?? SECONDS_MAX);
    this.show(options.shownAs ?? command, ran.output, options.linesMax);
    const wanted = options.code ?? 0;
    if (ran.code !== wanted) this.same(`exit code of "${command}"`, ran.code, wanted);
    return ran;
  }

  /** In another terminal, until the caller stops and shows it. */
  watch(command: string): Started {
    return this.#shell.start(command);
  }

  show(command: string, output: string, linesMax = LINES_SHOWN_MAX): void {
    const text = output.replaceAll('\r', '').trimEnd();
    const lines = text === '' ? [] : text.split('\n');
    const left = lines.length - linesMax;
    const shown = left > 0 ? [...lines.slice(0, linesMax), `... ${left} lines more`] : lines;
    this.shown.push([`$ ${command}`, ...shown].join('\n'));
  }

  holds(what: string, isGood: boolean, found = ''): void {
    this.checks.push({ what, isGood, found });
    console.log(`${isGood ? 'ok' : 'not ok'} ${this.id} ${what}${isGood ? '' : `: ${found}`}`);
  }

  same(what: string, found: unknown, wanted: unknown): void {
    const details = `found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`;
    this.holds(what, isDeepStrictEqual(found, wanted), details);
  }

  matches(what: string, found: string, pattern: RegExp): void {
    this.holds(what, pattern.test(found), `found ${JSON.stringify(found)}, wanted ${pattern}`);
  }

  /** The number is part of what the document says. */
  less(what: string, found: number, limit: number, unit: string): void {
    const said = `${what}: ${Math.round(found)} ${unit}, less than ${limit}`;
    this.holds(said, found < limit, `found ${found}`);
  }
}

interface Part {
  readonly title: string;
  readonly text: string;
  readonly steps: Step[];
}

export class Transcript {
  readonly #shell: Shell;
  readonly #parts: Part[] = [];

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  begin(title: string, text: string): void {
    this.#parts.push({ title, text, steps: [] });
  }

  async step(id: string, title: string, body: (step: Step) => Promise<void>): Promise<void> {
    const step = new Step(id, title, this.#shell);
    this.#parts.at(-1)?.steps.push(step);
    console.log(`== ${id} ${title}`);
    try {
      await body(step);
    } catch (error) {
      step.holds('the step comes to its end', false, String(error));
      throw error;
    }
    if (step.checks.length === 0) step.holds('something is asserted', false);
  }

  get #checks(): readonly Check[] {
    return this.#parts.flatMap(({ steps }) => steps).flatMap(({ checks }) => checks);
  }

  get passed(): number {
    return this.#checks.filter(({ isGood }) => isGood).length;
  }

  get failed(): number {
    return this.#checks.length - this.passed;
  }

  /** Everything from the first part on, in Markdown. */
  document(): string {
    return this.#parts.map(partText).join('\n');
  }
}

function partText({ title, text, steps }: Part): string {
  return `## ${title}\n\n${text}\n\n${steps.map(stepText).join('\n')}`;
}

function stepText({ id, title, shown, checks }: Step): string {
  const fences = shown.map((one) => `\`\`\`\n${one}\n\`\`\`\n\n`).join('');
  const rows = checks.map(({ what, isGood, found }) => {
    return isGood ? `- ok: ${what}\n` : `- **not ok**: ${what}: ${found}\n`;
  });
  return `### ${id}: ${title}\n\n${fences}${rows.join('')}`;
}
