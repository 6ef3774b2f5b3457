/** Findings: what the doctor found, in the order in which it looked, and what follows of it. */

import { FINDING_KINDS, type FindingCode, type Severity } from './finding-table.ts';

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** What was found, on what. */
  readonly sentence: string;
  readonly advice: string;
}

export type Verdict = 'ready' | 'warnings' | 'blockers';

export class Findings {
  readonly list: Finding[] = [];

  add(code: FindingCode, sentence: string): void {
    const { severity, advice } = FINDING_KINDS[code];
    this.list.push({ code, severity, sentence, advice });
  }

  count(severity: Severity): number {
    return this.list.filter((finding) => finding.severity === severity).length;
  }

  get verdict(): Verdict {
    if (this.count('blocker') > 0) return 'blockers';
    return this.count('warning') > 0 ? 'warnings' : 'ready';
  }
}

/** `a, b, c and 7 more`; names in a sentence must not become a page. */
export function someOf(names: readonly string[], countMax = 8): string {
  const shown = names.slice(0, countMax).join(', ');
  return names.length > countMax ? `${shown} and ${names.length - countMax} more` : shown;
}

/** `1 znode`, `2 znodes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

export function mebibytes(bytes: number): string {
  const mib = bytes / (1 << 20);
  return mib < 10 ? `${mib.toFixed(1)} MiB` : `${Math.round(mib)} MiB`;
}
