/**
 * The interactive shell: lines from a terminal or a pipe, one at a time, each run to its end before
 * the next is read. A terminal gets a line editor with completion, and what a watch has to tell is
 * printed above the line being typed; a pipe gets the same prompts and no echo (operations.md 4.3).
 */

import { createInterface, type Interface } from 'node:readline/promises';
import { RingQueue } from '@zabra/protocol';
import { complete } from './completion.ts';
import type { Shell } from './shell.ts';
import type { ShellOutput } from './shell-output.ts';

export async function runInteractive(
  shell: Shell,
  input: NodeJS.ReadStream,
  output: ShellOutput,
): Promise<void> {
  const lines = new LineReader(shell, input, output);
  while (!shell.hasQuit) {
    const line = await lines.next();
    if (line === null) {
      shell.printer.line('');
      break;
    }
    // An interrupt ends the shell even while a command waits for a server that does not come.
    await Promise.race([shell.runLine(line), lines.interrupted]);
    if (lines.isInterrupted) break;
  }
  lines.close();
}

class LineReader {
  /** Resolves at a ctrl-C; the end of input is no interrupt. */
  readonly interrupted: Promise<void>;
  isInterrupted: boolean;
  readonly #shell: Shell;
  readonly #output: ShellOutput;
  readonly #editor: Interface;
  readonly #isTerminal: boolean;
  readonly #lines: RingQueue<string>;
  #isEnded: boolean;
  #wake: () => void;

  constructor(shell: Shell, input: NodeJS.ReadStream, output: ShellOutput) {
    this.#shell = shell;
    this.#output = output;
    this.#isTerminal = input.isTTY === true && output.stream.isTTY === true;
    this.#lines = new RingQueue();
    this.isInterrupted = false;
    this.#isEnded = false;
    this.#wake = () => {};
    this.#editor = this.#isTerminal
      ? createInterface({
          input,
          output: output.stream,
          completer: (line) => complete(shell.client, line),
        })
      : createInterface({ input, terminal: false });
    this.#editor.on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#editor.on('close', () => {
      this.#isEnded = true;
      this.#wake();
    });
    this.interrupted = new Promise((resolve) => {
      this.#editor.on('SIGINT', () => {
        this.isInterrupted = true;
        this.#editor.close();
        resolve();
      });
    });
  }

  /** Shows the prompt and waits; null at the end. */
  async next(): Promise<string | null> {
    this.#prompt();
    while (this.#lines.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#output.editor = null;
    return this.#lines.shift() ?? null;
  }

  close(): void {
    this.#output.editor = null;
    this.#editor.close();
  }

  #prompt(): void {
    const { prompt } = this.#shell;
    if (!this.#isTerminal || this.#isEnded) return this.#shell.printer.raw(prompt);
    this.#editor.setPrompt(prompt);
    this.#editor.prompt();
    this.#output.editor = this.#editor;
  }
}
