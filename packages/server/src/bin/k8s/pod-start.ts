/**
 * `zabra k8s start`: the start of a server in a pod of a StatefulSet: it says who it is by its host
 * name, writes `myid` and `conf/zoo.cfg` on the volume, and goes on as `zabra server`. Only the
 * volume and nothing else is written to, so the root file system may be read-only.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ConfigError, EXIT_DATA_DIRECTORY } from '../../config/config-error.ts';
import { readMyid } from '../../config/ensemble-section.ts';
import { makeDirectory } from '../../config/make-directory.ts';
import { decodeProperties, parseProperties } from '../../config/properties-file.ts';
import { checkHeapVariables, fitHeap } from '../pod/heap.ts';
import { type PodPlan, podIdentity, podZooCfg } from './pod-config.ts';

export interface PodStart {
  readonly plan: PodPlan;
  /** The operator's part of zoo.cfg: a file, or a directory of which all `*.cfg` count. */
  readonly config: string;
  /** Directory on the volume; `conf` is made in it. */
  readonly home: string;
  /** File with the password of `super`, empty: there is none. */
  readonly adminPasswordFile: string;
  /** Variables that may have flags of the server. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly memoryLimitBytes: number;
}

const MEMORY_KEY = 'zabra.memory';

/** Writes the files of the pod; the arguments of `zabra server`. Throws a ConfigError. */
export function preparePod(start: PodStart): string[] {
  const { plan, config, home, adminPasswordFile, memoryLimitBytes } = start;
  const base = readBase(config);
  checkHeapVariables(start.environment, memoryLimitBytes);
  const budget = parseProperties(base).get(MEMORY_KEY);
  if (budget !== undefined) fitHeap(budget, true, memoryLimitBytes, MEMORY_KEY);
  const zooCfg = path.join(home, 'conf', 'zoo.cfg');
  const text = podZooCfg(base, plan, listedIn(zooCfg));
  const dataDir = parseProperties(base).get('dataDir') ?? '';
  if (!path.isAbsolute(dataDir)) {
    throw new ConfigError(`Cannot use "${config}": dataDir is "${dataDir}", wanted a full path`);
  }
  writeMyid(dataDir, podIdentity(plan).id);
  writeWhole(zooCfg, text);
  return [...superDigest(adminPasswordFile), zooCfg];
}

/** One text of all parts, by their names; those that begin with a dot are Kubernetes'. */
export function readBase(config: string): string {
  if (!fs.existsSync(config) || !fs.statSync(config).isDirectory()) {
    return decodeProperties(read(config));
  }
  const names = fs.readdirSync(config).filter((name) => /^[^.].*\.cfg$/.test(name));
  if (names.length === 0) throw new ConfigError(`Cannot use "${config}": it has no *.cfg files`);
  const texts = names.sort().map((name) => decodeProperties(read(path.join(config, name))));
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('');
}

/** Host name and domain of this machine, by its `hostname` command. */
export function ownName(): { readonly name: string; readonly domain: string } {
  const say = (option: string): string => {
    const { status, stdout } = spawnSync('hostname', [option], { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : '';
  };
  return { name: say('-s'), domain: say('-d') };
}

/** The member list that the ensemble left on this volume; null when it has not changed yet. */
function listedIn(zooCfg: string): { readonly file: string; readonly text: string } | null {
  if (!fs.existsSync(zooCfg)) return null;
  const file = parseProperties(decodeProperties(read(zooCfg))).get('dynamicConfigFile');
  return file === undefined ? null : { file, text: decodeProperties(read(file)) };
}

/** An id that is there already is a volume of another pod: never overwritten. */
function writeMyid(dataDir: string, id: number): void {
  const file = path.join(dataDir, 'myid');
  const found = readMyid(dataDir);
  if (found === null) writeWhole(file, `${id}\n`);
  else if (found !== id) {
    const what = `"${file}" says that this volume is of server ${found}`;
    throw new ConfigError(
      `Cannot start server ${id}: ${what}. Give the pod its own volume`,
      EXIT_DATA_DIRECTORY,
    );
  }
}

function superDigest(file: string): string[] {
  if (file === '' || !fs.existsSync(file)) return [];
  const password = decodeProperties(read(file)).trim();
  const digest = createHash('sha1').update(`super:${password}`, 'latin1').digest('base64');
  return [`-Dzookeeper.DigestAuthenticationProvider.superDigest=super:${digest}`];
}

function read(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new ConfigError(`Cannot read "${file}": ${(error as Error).message}`);
  }
}

function writeWhole(file: string, text: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    makeDirectory(path.dirname(file));
    fs.writeFileSync(aside, text);
    fs.renameSync(aside, file);
  } catch (error) {
    const message = `Cannot write "${file}": ${(error as Error).message}`;
    throw new ConfigError(message, EXIT_DATA_DIRECTORY);
  }
}
