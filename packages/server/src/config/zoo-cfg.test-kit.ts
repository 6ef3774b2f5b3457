/** Configurations on disk for the tests of their reading. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { ConfigError } from './config-error.ts';
import type { ServerSettings } from './settings.ts';
import { type Environment, loadSettings } from './zoo-cfg.ts';

/** The data directory of the present test, where zoo.cfg is as well. */
let root = '';

/** Gives each test of a file a directory of its own. */
export function useDirectory(): void {
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra-config-'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));
}

export function directory(): string {
  return root;
}

export interface Given {
  /** Lines of zoo.cfg; `DIR` stands for the data directory. */
  readonly lines: readonly string[];
  readonly myid?: string;
  readonly flags?: readonly string[];
  readonly environment?: Environment;
  /** Other files, by name beside zoo.cfg. */
  readonly files?: Readonly<Record<string, string>>;
}

export const STANDALONE = ['dataDir=DIR', 'clientPort=2181'];
export const SERVERS = ['server.1=a:2888:3888', 'server.2=b:2888:3888', 'server.3=c:2888:3888'];
export const ENSEMBLE = [...STANDALONE, 'initLimit=10', 'syncLimit=5', ...SERVERS];

export function load({
  lines,
  myid,
  flags = [],
  environment = {},
  files = {},
}: Given): ServerSettings {
  const file = path.join(root, 'zoo.cfg');
  fs.writeFileSync(file, lines.join('\n').replaceAll('DIR', root));
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(root, name), text);
  if (myid !== undefined) fs.writeFileSync(path.join(root, 'myid'), myid);
  return loadSettings([...flags, file], environment, '3.9.5-zabra.test');
}

export function refusal(given: Given): { code: number; message: string } {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return { code: error.exitCode, message: error.message };
  }
  assert.fail('wanted a refusal');
}

export function notes(given: Given): string {
  return load(given)
    .notes.map(({ level, message }) => `${level} ${message}`)
    .join('\n');
}
