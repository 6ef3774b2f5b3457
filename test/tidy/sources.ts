/**
 * The files of the repository as the rules of `tidy.test.ts` see them: every text file that people
 * write, none that a tool writes. Paths are relative to the root, with forward slashes.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Source {
  readonly path: string;
  readonly text: string;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Folders that tools fill, and recorded output, whose words are not ours. */
const FOREIGN = /^(?:\.git|data|coverage|\.cache|test\/golden)$|(?:^|\/)(?:node_modules|dist)$/;
const WRITTEN_BY_TOOLS = new Set(['package-lock.json']);
const TEXT = /\.(?:ts|mjs|js|json|md|sh|txt|yaml|yml|cfg|css|html)$|\.ci\/run$|^bin\//;

/** All files, in a fixed order. */
export function readSources(): readonly Source[] {
  const sources: Source[] = [];
  collect('', sources);
  return sources.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function collect(folder: string, sources: Source[]): void {
  for (const entry of readdirSync(ROOT + folder, { withFileTypes: true })) {
    const path = folder + entry.name;
    if (entry.isDirectory()) {
      if (!FOREIGN.test(path)) collect(`${path}/`, sources);
    } else if (TEXT.test(path) && !WRITTEN_BY_TOOLS.has(path)) {
      sources.push({ path, text: readFileSync(ROOT + path, 'utf8') });
    }
  }
}

/** 1 for the first line. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** `path:line` of every match. */
export function matches(source: Source, pattern: RegExp): string[] {
  return [...source.text.matchAll(pattern)].map((match) => {
    return `${source.path}:${lineAt(source.text, match.index)}  ${match[0].trim()}`;
  });
}

export const isTypeScript = (path: string): boolean => path.endsWith('.ts');
export const isTest = (path: string): boolean => /\.test(?:-kit)?\.ts$/.test(path);
