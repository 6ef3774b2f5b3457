/**
 * The configuration as the server would read it at its start: the settings when it would start, and
 * every reason why not that can be told apart. Files that it names are read, none is written.
 */

import fs from 'node:fs';
import { ConfigError } from '../../config/config-error.ts';
import { ConfigValues } from '../../config/config-values.ts';
import { dataDirectories, type DataDirectories } from '../../config/data-directories.ts';
import { decodeProperties, parseProperties } from '../../config/properties-file.ts';
import { KEYS } from '../../config/server-keys.ts';
import type { ServerSettings } from '../../config/settings.ts';
import { settingsOf } from '../../config/zoo-cfg.ts';
import type { Findings } from './findings.ts';
import { examineIdentity } from './identity-examination.ts';
import type { JvmEnvironment } from './jvm-environment.ts';
import { examineKeys, type KeyReport } from './key-examination.ts';

export interface ExaminedConfig {
  /** Without the keys that cannot be read or are refused; null when that is no help. */
  readonly settings: ServerSettings | null;
  /** By these the data can be read even when the server would not start. */
  readonly dataSettings: ServerSettings | null;
  /** Null when dataDir is not known. */
  readonly directories: DataDirectories | null;
  readonly isEnsemble: boolean;
  readonly keys: readonly KeyReport[];
}

const NOTHING: ExaminedConfig = {
  settings: null,
  dataSettings: null,
  directories: null,
  isEnsemble: false,
  keys: [],
};

export function examineConfig(
  file: string,
  jvm: JvmEnvironment,
  findings: Findings,
): ExaminedConfig {
  const entries = readEntries(file, findings);
  if (entries === null) return NOTHING;
  const keys = examineKeys(entries, jvm.properties, findings);
  const values = new ConfigValues(entries, jvm.properties);
  const isEnsemble = examineIdentity(values, findings);
  const settings = loadWithout(file, keys, entries, jvm.properties, findings);
  const dataDir = values.get(KEYS.dataDir);
  const dataLogDir = values.get(KEYS.dataLogDir);
  const directories =
    dataDir === '' ? null : dataDirectories(dataDir, dataLogDir === '' ? dataDir : dataLogDir);
  const dataSettings = settings ?? settingsOfData(dataDir, dataLogDir);
  return { settings, dataSettings, directories, isEnsemble, keys };
}

function readEntries(file: string, findings: Findings): ReadonlyMap<string, string> | null {
  try {
    return parseProperties(decodeProperties(fs.readFileSync(file)));
  } catch (error) {
    findings.add('CONFIG-UNREADABLE', `Cannot read "${file}": ${(error as Error).message}`);
    return null;
  }
}

/** What is wrong with a key was said already; this is about what keys must be together. */
function loadWithout(
  file: string,
  keys: readonly KeyReport[],
  entries: ReadonlyMap<string, string>,
  properties: ReadonlyMap<string, string>,
  findings: Findings,
): ServerSettings | null {
  const told = findings.list.map(({ sentence }) => sentence);
  const wrong = keys.filter(({ verdict }) => verdict === 'bad' || verdict === 'refused');
  const names = new Set(wrong.map(({ name }) => name));
  const without = (map: ReadonlyMap<string, string>) =>
    new Map([...map].filter(([name]) => !names.has(name)));
  try {
    const values = new ConfigValues(without(entries), without(properties), file);
    const settings = settingsOf(values, [], '');
    for (const { level, message } of settings.notes) {
      if (level !== 'warn' || told.some((sentence) => message.endsWith(sentence))) continue;
      findings.add('CONFIG-WARNING', message);
    }
    return settings;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const isMyid = findings.list.some(({ code }) => code === 'MYID');
    if (!isMyid || !/\bid\b|myid/.test(error.message)) {
      findings.add('CONFIG-REFUSED', error.message);
    }
    return null;
  }
}

/** Those of a server alone with these directories, all else being default. */
function settingsOfData(dataDir: string, dataLogDir: string): ServerSettings | null {
  if (dataDir === '') return null;
  const entries = new Map([
    ['dataDir', dataDir],
    ['dataLogDir', dataLogDir],
    ['clientPort', '0'],
  ]);
  return settingsOf(new ConfigValues(entries, new Map()), [], '');
}
