/**
 * `zabra image-files`: what `docker-entrypoint.sh` does before a server starts: zoo.cfg, the JAAS
 * file and `myid`, each only where there is none. Standard output is the flags of the server, for
 * the script; what a person reads goes to standard error.
 */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { memoryLimitBytes } from '../memory-limit.ts';
import { ownHostName } from '../pod/pod-identity.ts';
import { type ImageConfig, imageConfig } from './image-config.ts';

const EXTRA_DIRECTORY = 'zoo.cfg.d';
const SECRET_MODE = 0o600;
const PLAIN_MODE = 0o644;

export function runImageFiles(): void {
  try {
    const config = imageConfig(process.env, ownHostName(), memoryLimitBytes());
    writeImageFiles(config);
    if (config.ignored.length > 0) {
      process.stderr.write(`INFO ${config.ignored.join(', ')}: of no effect, there is no JVM\n`);
    }
    process.stdout.write(`${config.flags.join(' ')}\n`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_UNEXPECTED;
  }
}

function writeImageFiles(config: ImageConfig): void {
  const { confDir, dataDir, jaas, zooCfg } = config;
  writeMissing(path.join(confDir, 'zoo.cfg'), zooCfg + extraLines(confDir), PLAIN_MODE);
  // What a variable says of passwords is true of each start.
  if (jaas !== '') write(path.join(confDir, 'zoo_jaas.conf'), jaas, SECRET_MODE);
  writeMissing(path.join(dataDir, 'myid'), `${config.id}\n`, PLAIN_MODE);
}

/** The files of a directory for lines that no variable has, in the order of their names. */
function extraLines(confDir: string): string {
  const directory = path.join(confDir, EXTRA_DIRECTORY);
  if (!fs.existsSync(directory)) return '';
  const names = fs.readdirSync(directory).filter((name) => name.endsWith('.cfg'));
  const texts = names.toSorted().map((name) => fs.readFileSync(path.join(directory, name), 'utf8'));
  return texts.map((text) => (text.endsWith('\n') ? text : `${text}\n`)).join('');
}

function writeMissing(file: string, text: string, mode: number): void {
  if (!fs.existsSync(file)) write(file, text, mode);
}

/** Whole or not at all. */
function write(file: string, text: string, mode: number): void {
  const made = `${file}.${process.pid}.new`;
  try {
    fs.writeFileSync(made, text, { mode });
    fs.renameSync(made, file);
  } catch (error) {
    const message = `Cannot write "${file}": ${(error as Error).message}`;
    throw new ConfigError(message, EXIT_UNEXPECTED);
  }
}
