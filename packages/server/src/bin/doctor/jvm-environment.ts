/**
 * JvmEnvironment: the flags that a server would be started with: those of the command line, of the
 * environment, and of the files beside zoo.cfg that `bin/zkServer.sh` sources as Apache's script
 * does. Nothing is executed.
 */

import fs from 'node:fs';
import path from 'node:path';
import { isJvmFlag, readJvmFlags, splitFlags } from '../../config/jvm-flags.ts';
import { type Findings, someOf } from './findings.ts';
import { readAssignments } from './shell-assignments.ts';

const FILES = ['zookeeper-env.sh', 'java.env'];
const SERVER_FLAGS = 'SERVER_JVMFLAGS';
const FLAGS = 'JVMFLAGS';
const HEAP = 'ZK_SERVER_HEAP';
const WANTED: ReadonlySet<string> = new Set([SERVER_FLAGS, FLAGS, HEAP]);

export interface JvmEnvironment {
  /** In the order in which they are read: the later win. */
  readonly flags: readonly string[];
  /** What they set, by the full name of the property. */
  readonly properties: ReadonlyMap<string, string>;
}

export function readJvmEnvironment(
  configFile: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  findings: Findings,
): JvmEnvironment {
  let variables: ReadonlyMap<string, string> = new Map(
    [...WANTED].map((name) => [name, environment[name] ?? '']),
  );
  for (const name of FILES) {
    const file = path.join(path.dirname(configFile), name);
    const text = textOf(file);
    if (text === null) continue;
    const read = readAssignments(text, WANTED, variables);
    const isChanged = [...WANTED].some((word) => read.variables.get(word) !== variables.get(word));
    if (isChanged) findings.add('FLAGS-FROM-FILE', `"${file}" sets flags of the server`);
    for (const line of read.unreadable) {
      findings.add('FLAGS-UNREADABLE', `"${file}": ${line.split('=', 1)[0]}=...`);
    }
    variables = read.variables;
  }
  const heap = variables.get(HEAP) ?? '';
  const flags = [
    ...(heap === '' ? [] : [`-Xmx${heap}m`]),
    ...splitFlags(variables.get(SERVER_FLAGS)),
    ...splitFlags(variables.get(FLAGS)),
    ...args.filter(isJvmFlag),
  ];
  const properties = new Map<string, string>();
  readJvmFlags(flags, properties);
  return { flags, properties };
}

/** Flags of a JVM that runs and that a new server would not get; keys of zoo.cfg win over them. */
export function missingFlags(
  commandLine: readonly string[],
  properties: ReadonlyMap<string, string>,
  keysInFile: readonly string[],
): readonly string[] {
  const overridden = new Set(keysInFile.flatMap((key) => [key, `zookeeper.${key}`]));
  const running = new Map<string, string>();
  readJvmFlags(commandLine.filter(isJvmFlag), running);
  return [...running]
    .filter(([name]) => isOfServer(name) && !overridden.has(name))
    .filter(([name, value]) => properties.get(name) !== value)
    .map(([name]) => name);
}

/**
 * What Apache's scripts set for themselves is left out, and so is the heap, which is no heap here.
 */
function isOfServer(name: string): boolean {
  if (name.startsWith('zookeeper.log.') || name === 'zookeeper.root.logger') return false;
  return /^(zookeeper\.|znode\.|jute\.|java\.security\.|readonlymode\.)/.test(name);
}

export function flagNames(names: readonly string[]): string {
  return someOf(names.map((name) => `-D${name}`));
}

function textOf(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
