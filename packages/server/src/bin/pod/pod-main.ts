/**
 * `zabra pod-files`: what `start-zookeeper` and `zkGenConfig.sh` do before a server starts: read
 * flags or variables, find out who this pod is, write the files. Standard output is for the script
 * that called; what a person reads goes to standard error.
 */

import process from 'node:process';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { memoryLimitBytes } from '../memory-limit.ts';
import { checkHeapVariables, fitHeap, type Heap } from './heap.ts';
import { javaEnv, log4jProperties, type PodFiles, writePodFiles, zooCfg } from './pod-files.ts';
import { parsePodFlags, podUsage } from './pod-flags.ts';
import { ownHostName, type PodIdentity, podIdentity } from './pod-identity.ts';
import { type ReadOptions, readOptions } from './pod-options.ts';
import { printedVariables, readPodVariables, variablesIdentity } from './pod-variables.ts';

/** The words that the image of the tutorial answers: all but those that list every watch. */
const TUTORIAL_WORDS = 'conf,cons,crst,dirs,dump,envi,gtmk,isro,mntr,ruok,srst,srvr,stat,stmk,wchs';

/** Young objects and code need as much, whatever the budget of the data is. */
const OLD_SPACE_MIB_MIN = 64;
const MIB = 1024 * 1024;

/** What the caller goes on by when the usage was all that was wanted. */
const EXIT_USAGE = 64;

export function runPodFiles(args: readonly string[]): void {
  try {
    if (args[0] === '--from-variables') fromVariables();
    else fromFlags(args);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_UNEXPECTED;
  }
}

function fromFlags(args: readonly string[]): void {
  const texts = parsePodFlags(args);
  if (texts === null) {
    process.stdout.write(podUsage());
    process.exitCode = EXIT_USAGE;
    return;
  }
  const read = readOptions(texts, ({ flag }) => `--${flag}`);
  const identity = podIdentity(ownHostName(), read.settings.servers);
  const { files, heap } = writeAll(read, identity, '--heap');
  process.stderr.write(files.zooCfg);
  process.stdout.write(`${startLines(read, heap).join('\n')}\n`);
}

/** What the script goes on with, a line each: directory, limit of the old space, JVM flags. */
function startLines({ settings }: ReadOptions, heap: Heap): readonly string[] {
  const flags = [
    `-Dzookeeper.4lw.commands.whitelist=${TUTORIAL_WORDS}`,
    '-Dzabra.connectionLog=true',
    `-Dzabra.log=${settings.logFormat}`,
  ];
  const oldSpaceMib = Math.max(OLD_SPACE_MIB_MIN, Math.floor(heap.bytes / MIB));
  return [settings.confDir, String(oldSpaceMib), flags.join(' ')];
}

function fromVariables(): void {
  const read = readPodVariables(process.env);
  const { settings } = read;
  const identity = variablesIdentity(process.env, ownHostName(), settings.servers);
  const { files } = writeAll(read, identity, 'ZK_HEAP_SIZE');
  process.stdout.write(printedVariables(settings, identity.id));
  for (const name of ['zoo.cfg', 'java.env', 'log4j.properties']) {
    process.stdout.write(`Wrote ${settings.confDir}/${name}\n`);
  }
  process.stdout.write(files.zooCfg);
}

function writeAll(
  { settings, given }: ReadOptions,
  identity: PodIdentity,
  heapName: string,
): { readonly files: PodFiles; readonly heap: Heap } {
  const limitBytes = memoryLimitBytes();
  const heap = fitHeap(settings.heap, given.has('heap'), limitBytes, heapName);
  checkHeapVariables(process.env, limitBytes);
  const files = {
    zooCfg: zooCfg(settings, identity),
    javaEnv: javaEnv(settings, heap.text),
    log4jProperties: log4jProperties(settings),
  };
  writePodFiles(settings, identity, files);
  if (heap.warning !== null) process.stderr.write(`WARN ${heap.warning}\n`);
  return { files, heap };
}
