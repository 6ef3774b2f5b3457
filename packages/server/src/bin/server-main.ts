/**
 * `zabra server`: from arguments to a running server and to its end. The first SIGTERM or SIGINT
 * ends it gracefully, a second one at once; a parent that goes away (the local ensemble) counts as
 * a signal. Everything that ends it badly is one line on standard error.
 */

import fs from 'node:fs';
import os from 'node:os';
import { ConfigError, EXIT_DATA_DIRECTORY, EXIT_UNEXPECTED } from '../config/config-error.ts';
import { openDataDirectories } from '../config/data-directories.ts';
import type { ServerSettings } from '../config/settings.ts';
import { loadSettings } from '../config/zoo-cfg.ts';
import { systemClock } from '../io/clock.ts';
import { type LogSink, makeLogSink } from '../io/log-lines.ts';
import type { LogLevel } from '../peer/ready.ts';
import { lockData } from './data-lock.ts';
import { ServerProcess } from './server-process.ts';
import { versionText } from './version.ts';

const EXIT_HEALTH_PORT = 4;
const SIGNAL_EXIT_BASE = 128;
/** A graceful end that takes longer is cut short. */
const STOP_MS_MAX = 10_000;

/** ZooKeeper's words for why a start failed, by exit code. */
const FAILURES: Readonly<Record<number, string>> = {
  1: 'Unexpected exception, exiting abnormally',
  2: 'Invalid config, exiting abnormally',
  [EXIT_DATA_DIRECTORY]: 'Unable to access datadir, exiting abnormally',
  [EXIT_HEALTH_PORT]: 'Unable to start the health server, exiting abnormally',
};

export async function runServer(args: readonly string[]): Promise<void> {
  nameProcess(process.env['ZABRA_PROCESS_NAME']);
  let log: LogSink = () => {};
  process.on('uncaughtException', (error) => {
    say(log, 'error', `${FAILURES[1]}: ${error.stack ?? error.message}`);
    die(EXIT_UNEXPECTED, error.message);
  });
  try {
    const settings = loadSettings(args, process.env, versionText());
    log = await logSink(settings);
    log(settings.notes);
    describe(settings, log);
    openDataDirectories(settings.edge.directories, settings.edge.datadirAutocreate);
    // Held until the process ends, however it does.
    const { warning } = await lockData(settings.edge.directories);
    if (warning !== null) say(log, 'warn', warning);
    await serve(settings, log);
  } catch (error) {
    const code = error instanceof ConfigError ? error.exitCode : EXIT_UNEXPECTED;
    const { message } = error as Error;
    say(log, 'error', `${FAILURES[code]}: ${message}`);
    die(code, message);
  }
}

async function serve(settings: ServerSettings, log: LogSink): Promise<void> {
  /** Exit code of a graceful end: that of the signal, as a JVM has it. */
  let stopCode = 0;
  let isStopping = false;
  const server = new ServerProcess(settings, log, ({ code, reason }) => {
    if (code !== 0) die(code, reason);
    leave(stopCode);
  });
  const stop = (code: number, why: string): void => {
    if (isStopping) leave(code);
    isStopping = true;
    stopCode = code;
    say(log, 'info', `${why}: stopping gracefully`);
    setTimeout(() => leave(code), STOP_MS_MAX).unref();
    server.stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop(SIGNAL_EXIT_BASE + os.constants.signals[signal], signal));
  }
  process.on('disconnect', () => stop(0, 'The parent process is gone'));
  try {
    await server.start();
  } catch (error) {
    throw new ConfigError((error as Error).message, EXIT_HEALTH_PORT);
  }
}

/**
 * The name that `ps` and `pkill` know the process by, where the system has one. Newer Nodes call
 * their first thread, and so the process, by a name of their own.
 */
function nameProcess(name: string | undefined): void {
  if (name === undefined || name === '') return;
  try {
    fs.writeFileSync('/proc/self/comm', name);
  } catch {
    // A name is a convenience, and not every system has a place for it.
  }
}

function logSink({ edge }: ServerSettings): Promise<LogSink> {
  // A reader of the log that goes away must not end the server.
  process.stdout.on('error', () => {});
  return makeLogSink({
    format: edge.logFormat,
    level: edge.logLevel,
    myid: edge.myid,
    wallMs: systemClock.wallMs,
    write: (text) => void process.stdout.write(text),
  });
}

/**
 * Ends the process with the code. A lookup of a name that nobody answers holds a thread for ten
 * seconds and more, for which the runtime would wait at its end; then the signal that this end
 * comes from ends the process itself, which gives its parent the same code. Process 1 of a
 * container cannot be ended so, and waits.
 */
function leave(code: number): never {
  const isAsking = process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap');
  const number = code - SIGNAL_EXIT_BASE;
  const [signal] = (['SIGTERM', 'SIGINT'] as const).filter((name) => {
    return os.constants.signals[name] === number;
  });
  if (isAsking && signal !== undefined) {
    process.emit('exit', code);
    process.removeAllListeners('exit');
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  process.exit(code);
}

/** What the operator finds at the head of every log. */
function describe({ peer, edge }: ServerSettings, log: LogSink): void {
  if (peer.ensemble === null) {
    const why = 'Either no config or no quorum defined in config, running in standalone mode';
    say(log, 'warn', why, 'QuorumPeerMain');
  } else {
    say(log, 'info', `Starting quorum peer, myid=${peer.sid}`, 'QuorumPeerMain');
  }
  const environment = [['zookeeper.version', peer.versionText] as const, ...peer.environment];
  for (const [name, value] of environment) {
    say(log, 'info', `Server environment:${name}=${value}`, 'Environment');
  }
  say(log, 'info', `tickTime set to ${peer.tickTimeMs} ms`);
  say(log, 'info', `minSessionTimeout set to ${peer.minSessionTimeoutMs} ms`);
  say(log, 'info', `maxSessionTimeout set to ${peer.maxSessionTimeoutMs} ms`);
  const { snap, log: logs } = edge.directories;
  say(log, 'info', `dataLogdir ${logs} snapdir ${snap}`);
}

function say(log: LogSink, level: LogLevel, message: string, source = 'ZooKeeperServer'): void {
  log([{ level, thread: 'main', source, message }]);
}

function die(code: number, message: string): never {
  process.stderr.write(`${FAILURES[code] ?? FAILURES[1]}: ${message.split('\n', 1)[0]}\n`);
  process.exit(code);
}
