/**
 * HiddenPaths: the znodes of a run that somebody may not have been allowed to read at some time, as
 * far as its requests tell. Versions before 3.9 do not always ask for READ, so what they show of
 * these says nothing.
 */

import { isSequentialMode, OpCode } from '@zabra/protocol';
import { mayHide } from './acls.ts';
import type { Step } from './program.ts';
import { aclOf, flagsOf, isCreate, type Part, partsOf, pathOf } from './request-parts.ts';

export class HiddenPaths {
  readonly #paths: Set<string>;
  /** Of sequential creates. */
  readonly #prefixes: string[];

  constructor() {
    this.#paths = new Set();
    this.#prefixes = [];
  }

  /** Before the step runs. */
  learn(step: Step): void {
    if (step.kind !== 'batch') return;
    for (const { requests } of step.parts) {
      for (const request of requests) partsOf(request).forEach((part) => this.#learnPart(part));
    }
  }

  has(path: string): boolean {
    return this.#paths.has(path) || this.#prefixes.some((prefix) => path.startsWith(prefix));
  }

  #learnPart(part: Part): void {
    const path = pathOf(part);
    const acl = aclOf(part);
    if (path === null || acl === null || !mayHide(acl)) return;
    if (part.opcode !== OpCode.setACL && !isCreate(part.opcode)) return;
    if (isSequentialMode(flagsOf(part))) this.#prefixes.push(path);
    else this.#paths.add(path);
  }
}
