/**
 * `zabra k8s backup`: a copy of the whole state while the ensemble works. A server that is no
 * member follows until it has everything that was committed when the command began, ends, and
 * leaves its directories as the backup: what a server starts from, and nothing else. Nothing is
 * asked of the members but what a new one asks.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { zxidToHex } from '@zabra/protocol';
import { makeDirectory } from '../../config/make-directory.ts';
import { withoutKeys } from '../../config/properties-file.ts';
import { formatEnsembleText } from '../../zab/ensemble-text.ts';
import type { EnsembleView } from './ensemble-view.ts';
import { highestZxid, parseZxid } from './leave-plan.ts';
import { readBase } from './pod-start.ts';

export interface BackupOptions {
  /** Directory of all backups. */
  readonly to: string;
  /** How many are kept, the newest; 0: all. */
  readonly keep: number;
  /** What members share, for TLS between servers; empty: nothing. */
  readonly config: string;
  /** Of the server that follows; no member may have it. */
  readonly id: number;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
}

const POLL_MS = 100;
const TAIL_LINES = 20;
const EXIT_SIGTERM = 143;
const UNFINISHED = '.unfinished-';
/** Of what members share, this server has its own. */
const OWN_KEYS: ReadonlySet<string> = new Set([
  'dataDir',
  'dataLogDir',
  'clientPort',
  'secureClientPort',
  'reconfigEnabled',
  'standaloneEnabled',
  'zabra.healthAddress',
  'zabra.healthPort',
]);

/** Rejects when there is no backup; nothing is left of one that was begun. */
export async function backUp(view: EnsembleView, options: BackupOptions): Promise<void> {
  const { to, say, id } = options;
  const config = await view.config();
  if (config.members.some(({ sid }) => sid === id)) {
    throw new Error(`Cannot back up as server ${id}: it is a member. Name another --id`);
  }
  const wantedZxid = highestZxid(await view.states(config));
  const work = path.join(to, `${UNFINISHED}${process.pid}`);
  makeDirectory(work);
  try {
    const lines = formatEnsembleText(config).split('\n');
    const members = lines.filter((line) => !line.startsWith('version='));
    const zooCfg = writeFiles(work, members, options);
    const zxid = await follow(zooCfg, wantedZxid, options);
    const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const name = `zookeeper-${stamp}-0x${zxidToHex(zxid)}`;
    fs.rmSync(path.join(work, 'conf'), { recursive: true });
    fs.rmSync(path.join(work, 'data/myid'));
    fs.renameSync(work, path.join(to, name));
    say(`Backed up to "${path.join(to, name)}"`);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  dropOld(options);
}

function writeFiles(work: string, members: readonly string[], options: BackupOptions): string {
  const { config, id, quorumPort, electionPort } = options;
  const shared = config === '' ? 'initLimit=10\nsyncLimit=5\n' : readBase(config);
  const text = [
    withoutKeys(shared, (key) => OWN_KEYS.has(key)),
    `dataDir=${path.join(work, 'data')}`,
    `dataLogDir=${path.join(work, 'log')}`,
    'reconfigEnabled=true',
    'standaloneEnabled=false',
    'zabra.healthAddress=127.0.0.1',
    'zabra.healthPort=0',
    ...members,
    // Nobody connects to a server that is in no list.
    `server.${id}=127.0.0.1:${quorumPort}:${electionPort}:observer`,
  ];
  fs.mkdirSync(path.join(work, 'data'));
  fs.mkdirSync(path.join(work, 'conf'));
  fs.writeFileSync(path.join(work, 'data/myid'), `${id}\n`);
  const file = path.join(work, 'conf/zoo.cfg');
  fs.writeFileSync(file, `${text.join('\n')}\n`);
  return file;
}

/** Runs the server until it has that zxid; what it has in the end. */
async function follow(
  zooCfg: string,
  wantedZxid: number,
  { timeoutMs }: BackupOptions,
): Promise<number> {
  const program = process.argv[1] ?? '';
  const child = spawn(process.execPath, [program, 'server', zooCfg], { stdio: 'pipe' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => log.push(...chunk.toString().split('\n')));
  }
  try {
    const zxid = await caughtUp(child, log, wantedZxid, performance.now() + timeoutMs);
    child.kill('SIGTERM');
    const code = await ended;
    if (code !== EXIT_SIGTERM) throw new Error(`The server that followed ended with ${code}`);
    return zxid;
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    const tail = log.filter((line) => line !== '').slice(-TAIL_LINES);
    const lines = [`Cannot back up: ${(error as Error).message}`, ...tail];
    throw new Error(lines.join('\n  '), { cause: error });
  }
}

async function caughtUp(
  child: ChildProcess,
  log: readonly string[],
  wantedZxid: number,
  endMs: number,
): Promise<number> {
  for (let reason = 'it does not start'; ; ) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if (performance.now() > endMs) throw new Error(`it takes too long: ${reason}`);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(log.join('\n')) ?? [];
    if (url !== undefined) {
      const answer = await fetch(`${url}/quorum`);
      const view = (await answer.json()) as { ok: boolean; zxid: string; reason: string | null };
      const zxid = parseZxid(view.zxid);
      if (view.ok && zxid >= wantedZxid) return zxid;
      reason = view.reason ?? `it is at 0x${zxidToHex(zxid)} of 0x${zxidToHex(wantedZxid)}`;
    }
    await sleep(POLL_MS);
  }
}

/** The oldest beyond those that are kept; names begin with the time. */
function dropOld({ to, keep, say }: BackupOptions): void {
  const names = fs.readdirSync(to).filter((name) => /^zookeeper-\d{8}T\d{6}Z-0x/.test(name));
  const old = keep === 0 ? [] : names.sort().slice(0, -keep);
  for (const name of old) {
    fs.rmSync(path.join(to, name), { recursive: true });
    say(`Removed the old "${path.join(to, name)}"`);
  }
}
