/** A configuration and data directories of its own for each test of the doctor. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type DoctorOptions, examine } from './doctor.ts';
import type { FindingCode } from './finding-table.ts';
import type { Report } from './report.ts';

export const GOLDEN = path.resolve(import.meta.dirname, '../../../../../test/golden/apache-3.8.0');

export class Patient {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-doctor-'));
  readonly configFile = path.join(this.root, 'zoo.cfg');
  readonly dataDir = path.join(this.root, 'data');
  readonly versionDir = path.join(this.dataDir, 'version-2');

  /** With the files of a golden data set; null: without any data directory. */
  constructor(set: string | null) {
    if (set !== null) fs.cpSync(path.join(GOLDEN, set), this.dataDir, { recursive: true });
  }

  get hasLogDirectory(): boolean {
    return fs.existsSync(path.join(this.dataDir, 'datalog'));
  }

  /** Writes zoo.cfg: where the data is, and these lines. */
  configure(...lines: readonly string[]): void {
    const own = [`dataDir=${this.dataDir}`];
    if (this.hasLogDirectory) own.push(`dataLogDir=${path.join(this.dataDir, 'datalog')}`);
    fs.writeFileSync(this.configFile, `${[...own, ...lines].join('\n')}\n`);
  }

  write(name: string, text: string | Uint8Array): void {
    fs.writeFileSync(path.join(this.root, name), text);
  }

  examine(options: Partial<DoctorOptions> = {}): Promise<Report> {
    return examine(this.configFile, {
      flags: [],
      environment: {},
      isStopped: false,
      ...options,
    });
  }

  /** Of all files with their names, sizes, contents and times of change. */
  fingerprint(): string {
    const hash = createHash('sha256');
    const names = fs.readdirSync(this.root, { recursive: true }).map(String).sort();
    for (const name of names) {
      const file = path.join(this.root, name);
      const { mtimeMs, size } = fs.statSync(file);
      hash.update(`${name} ${size} ${mtimeMs}\n`);
      if (fs.statSync(file).isFile()) hash.update(fs.readFileSync(file));
    }
    return hash.digest('hex');
  }

  dispose(): void {
    fs.rmSync(this.root, { recursive: true });
  }
}

export function codesOf(report: Report): FindingCode[] {
  return [...new Set(report.findings.list.map(({ code }) => code))].sort();
}

/** Of the first finding of that code; empty when there is none. */
export function sentenceOf(report: Report, code: FindingCode): string {
  return report.findings.list.find((finding) => finding.code === code)?.sentence ?? '';
}
