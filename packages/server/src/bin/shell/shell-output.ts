/**
 * ShellOutput: standard output of a shell whose user may be typing. What is printed meanwhile goes
 * above the line being typed, which is then drawn again.
 */

import { clearLine, cursorTo } from 'node:readline';
import type { TextSink } from './printer.ts';

/** The part of Node's line editor that drawing again needs. */
export interface LineEditor {
  prompt(preserveCursor?: boolean): void;
}

export class ShellOutput implements TextSink {
  readonly stream: NodeJS.WriteStream;
  /** The line editor while its user may be typing, else null. */
  editor: LineEditor | null;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.editor = null;
  }

  write(text: string): void {
    if (this.editor === null) {
      this.stream.write(text);
      return;
    }
    cursorTo(this.stream, 0);
    clearLine(this.stream, 0);
    this.stream.write(text);
    this.editor.prompt(true);
  }
}
