/**
 * The files of a pod: zoo.cfg, java.env, log4j.properties and myid. Their texts are those of the
 * tutorial's image, key by key and in its order, but for the key of the purge interval, which the
 * image misspells. All is judged before anything is written, and each file is replaced whole.
 */

import fs from 'node:fs';
import path from 'node:path';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { makeDirectory } from '../../config/make-directory.ts';
import type { PodIdentity } from './pod-identity.ts';
import type { PodSettings } from './pod-options.ts';

export function zooCfg(s: PodSettings, { hosts }: PodIdentity): string {
  const lines = [
    '# Written at each start; changes here are lost',
    `clientPort=${s.clientPort}`,
    `dataDir=${s.dataDir}`,
    `dataLogDir=${s.dataLogDir}`,
    `tickTime=${s.tickTime}`,
    `initLimit=${s.initLimit}`,
    `syncLimit=${s.syncLimit}`,
    `maxClientCnxns=${s.maxClientCnxns}`,
    `minSessionTimeout=${s.minSessionTimeout}`,
    `maxSessionTimeout=${s.maxSessionTimeout}`,
    `autopurge.snapRetainCount=${s.snapRetainCount}`,
    `autopurge.purgeInterval=${s.purgeInterval}`,
  ];
  for (const [index, host] of (hosts.length > 1 ? hosts : []).entries()) {
    lines.push(`server.${index + 1}=${host}:${s.serverPort}:${s.electionPort}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Sourced by the scripts; the heap is the memory budget of the server. */
export function javaEnv({ logDir }: PodSettings, heap: string): string {
  return `ZOO_LOG_DIR=${logDir}\nJVMFLAGS="-Xmx${heap} -Xms${heap}"\n`;
}

/** The level in it is the server's. */
export function log4jProperties({ logLevel }: PodSettings): string {
  return [
    'zookeeper.root.logger=CONSOLE',
    `zookeeper.console.threshold=${logLevel}`,
    'log4j.rootLogger=${zookeeper.root.logger}',
    'log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender',
    'log4j.appender.CONSOLE.Threshold=${zookeeper.console.threshold}',
    'log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout',
    'log4j.appender.CONSOLE.layout.ConversionPattern=' +
      '%d{ISO8601} [myid:%X{myid}] - %-5p [%t:%C{1}@%L] - %m%n',
    '',
  ].join('\n');
}

export interface PodFiles {
  readonly zooCfg: string;
  readonly javaEnv: string;
  readonly log4jProperties: string;
}

/**
 * Writes everything, or throws a ConfigError and leaves what was there. A `myid` of another server
 * is never replaced: its data are that server's.
 */
export function writePodFiles(settings: PodSettings, identity: PodIdentity, files: PodFiles): void {
  const { confDir, dataDir, dataLogDir, logDir } = settings;
  const { id } = identity;
  const isEnsemble = identity.hosts.length > 1;
  const myidFile = path.join(dataDir, 'myid');
  const hasMyid = isEnsemble && checkMyid(myidFile, id);
  for (const directory of [confDir, dataDir, dataLogDir]) {
    makeAll(directory);
    const { R_OK, W_OK, X_OK } = fs.constants;
    attempt(`Cannot write into "${directory}"`, () => {
      fs.accessSync(directory, R_OK | W_OK | X_OK);
    });
  }
  makeAll(logDir);
  replaceFiles(confDir, [
    ['zoo.cfg', files.zooCfg],
    ['java.env', files.javaEnv],
    ['log4j.properties', files.log4jProperties],
  ]);
  if (isEnsemble && !hasMyid) replaceFiles(dataDir, [['myid', `${id}\n`]]);
}

/** Whether it is there. */
function checkMyid(file: string, id: number): boolean {
  if (!fs.existsSync(file)) return false;
  const found = attempt(`Cannot read "${file}"`, () => fs.readFileSync(file, 'utf8')).trim();
  if (found === String(id)) return true;
  const message = `Cannot start server ${id}: "${file}" says "${found}", the host name says ${id}`;
  throw new ConfigError(message, EXIT_UNEXPECTED);
}

/** All beside their places first, so that a full or read-only disk changes nothing. */
function replaceFiles(directory: string, files: readonly (readonly [string, string])[]): void {
  const suffix = `.${process.pid}.new`;
  const paths = files.map(([name, text]) => ({ path: path.join(directory, name), text }));
  try {
    attempt(`Cannot write the configuration into "${directory}"`, () => {
      for (const { path: to, text } of paths) fs.writeFileSync(to + suffix, text);
      for (const { path: to } of paths) fs.renameSync(to + suffix, to);
    });
  } finally {
    for (const { path: to } of paths) removeIfThere(to + suffix);
  }
}

function removeIfThere(file: string): void {
  // What could not be written is not there, and a read-only directory refuses even that.
  if (fs.existsSync(file)) fs.rmSync(file);
}

function makeAll(directory: string): void {
  attempt(`Cannot make "${directory}"`, () => makeDirectory(directory));
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new ConfigError(`${what}: ${(error as Error).message}`, EXIT_UNEXPECTED);
  }
}
