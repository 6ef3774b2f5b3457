/**
 * What the machine gives the server: its directories and their owner, room on disk, memory, ports
 * and names. A port is tried by listening on it for a moment, which disturbs nobody who has it.
 */

import { lookup } from 'node:dns/promises';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { DataDirectories } from '../../config/data-directories.ts';
import type { ServerSettings } from '../../config/settings.ts';
import { PemFiles } from '../../io/pem-files.ts';
import { memberOf } from '../../zab/ensemble-config.ts';
import { memoryLimitBytes } from '../memory-limit.ts';
import { type Findings, mebibytes, someOf } from './findings.ts';

export interface PortReport {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly state: 'free' | 'taken' | 'refused';
}

const MIB = 1 << 20;
/** A server without a tree, and what it needs to work. */
const PROCESS_BYTES = 100 * MIB;
/** Copies that a snapshot in progress may hold, at the most. */
const SNAPSHOT_BYTES_MAX = 256 * MIB;

/** What a user may do with a file, and whose it is. */
export interface FileAccess {
  /** User id; -1 when the file is gone. */
  owner(file: string): number;
  /** Read and write it, and search it when it is a directory. */
  mayUse(file: string, isDirectory: boolean): boolean;
}

const { R_OK, W_OK, X_OK } = fs.constants;

/** That of the user who runs this process. */
export const OWN_ACCESS: FileAccess = {
  owner: (file) => fs.statSync(file, { throwIfNoEntry: false })?.uid ?? -1,
  mayUse(file, isDirectory) {
    try {
      fs.accessSync(file, R_OK | W_OK | (isDirectory ? X_OK : 0));
      return true;
    } catch {
      return false;
    }
  },
};

/** Whether the directories can be read at all. */
export function examineDirectories(
  directories: DataDirectories,
  access: FileAccess,
  findings: Findings,
): boolean {
  let isReadable = true;
  const owners = new Set<number>();
  for (const directory of new Set([directories.snap, directories.log])) {
    if (!fs.existsSync(directory)) {
      findings.add('DATA-MISSING', `"${directory}" does not exist`);
      isReadable = false;
      continue;
    }
    const denied = deniedIn(directory, access, owners);
    if (denied.length === 0) continue;
    findings.add(
      'DATA-PERMISSION',
      someOf(
        denied.map((name) => `"${name}"`),
        3,
      ),
    );
    isReadable = false;
  }
  if (owners.size > 1) {
    findings.add('DATA-OWNERS', `They belong to the user ids ${[...owners].join(', ')}`);
  }
  return isReadable;
}

function deniedIn(directory: string, access: FileAccess, owners: Set<number>): string[] {
  owners.add(access.owner(directory));
  if (!access.mayUse(directory, true)) return [directory];
  const denied: string[] = [];
  for (const name of fs.readdirSync(directory)) {
    const file = path.join(directory, name);
    const isDenied = !access.mayUse(file, false);
    const owner = access.owner(file);
    // A server that runs may have taken it away.
    if (owner === -1) continue;
    owners.add(owner);
    if (isDenied) denied.push(file);
  }
  return denied;
}

/** Room for one more snapshot, which is smaller than the tree, and for one more log file. */
export function examineDiskSpace(
  directories: DataDirectories,
  treeBytes: number,
  preAllocBytes: number,
  findings: Findings,
): void {
  for (const [directory, wanted] of [
    [directories.snap, treeBytes],
    [directories.log, preAllocBytes],
  ] as const) {
    const { bavail, bsize } = fs.statfsSync(directory);
    const free = bavail * bsize;
    if (free >= wanted) continue;
    const sentence = `"${directory}" has ${mebibytes(free)} left, wanted ${mebibytes(wanted)}`;
    findings.add('DISK-SPACE', sentence);
  }
}

export interface MemoryFacts {
  /** What a server with this tree needs, a snapshot in progress included. */
  readonly neededBytes: number;
  /** 0 is none. */
  readonly budgetBytes: number;
  readonly machineBytes: number;
}

export function examineMemory(
  treeBytes: number,
  budgetBytes: number,
  findings: Findings,
): MemoryFacts {
  const neededBytes = PROCESS_BYTES + treeBytes + Math.min(SNAPSHOT_BYTES_MAX, treeBytes);
  const machineBytes = memoryLimitBytes();
  for (const [name, bytes] of [
    ['the budget (-Xmx, zabra.memory)', budgetBytes],
    ['the memory of this machine', machineBytes],
  ] as const) {
    if (bytes === 0 || bytes >= neededBytes) continue;
    findings.add('MEMORY', `${name} is ${mebibytes(bytes)}, needed are ${mebibytes(neededBytes)}`);
  }
  return { neededBytes, budgetBytes, machineBytes };
}

/** `isServerHere`: a server of this configuration runs and has the ports. */
export async function examinePorts(
  settings: ServerSettings,
  isServerHere: boolean,
  findings: Findings,
): Promise<readonly PortReport[]> {
  const reports: PortReport[] = [];
  for (const [name, host, port] of portsOf(settings)) {
    const reason = await tryListen(host, port);
    const state = reason === null ? 'free' : reason === 'EADDRINUSE' ? 'taken' : 'refused';
    reports.push({ name, host, port, state });
    if (state === 'refused') findings.add('PORT-REFUSED', `${name} ${host}:${port}: ${reason}`);
    if (state === 'taken' && !isServerHere) findings.add('PORT-TAKEN', `${name} ${host}:${port}`);
  }
  return reports;
}

function portsOf({ peer, edge }: ServerSettings): readonly (readonly [string, string, number])[] {
  const { clientAddress, secureClientAddress, ensemble, sid, quorumListenOnAllIps } = peer;
  const ports: [string, string, number][] = [];
  const add = (name: string, host: string, port: number): void => {
    if (port > 0) ports.push([name, host, port]);
  };
  add('client port', clientAddress.host, clientAddress.port);
  if (secureClientAddress !== null) {
    add('secure client port', secureClientAddress.host, secureClientAddress.port);
  }
  const own = ensemble === null ? null : memberOf(ensemble, sid);
  for (const address of own?.addresses ?? []) {
    const host = quorumListenOnAllIps ? '0.0.0.0' : address.host;
    add('quorum port', host, address.quorumPort);
    add('election port', host, address.electionPort);
  }
  if (edge.health !== null) add('health port', edge.health.host, edge.health.port);
  return ports;
}

function tryListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Keys and certificates, as the server would read them; it would not start without. */
export function examineTls({ edge }: ServerSettings, findings: Findings): void {
  for (const identity of [edge.tls, edge.quorumTls]) {
    try {
      if (identity !== null) new PemFiles(identity).read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      findings.add('TLS-FILES', error.message);
    }
  }
}

/** Names of members that have no address. */
export async function examineNames(settings: ServerSettings, findings: Findings): Promise<void> {
  const members = settings.peer.ensemble?.members ?? [];
  const hosts = new Set(members.flatMap(({ addresses }) => addresses.map(({ host }) => host)));
  for (const host of hosts) {
    if (net.isIP(host) !== 0) continue;
    try {
      await lookup(host);
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      findings.add('NAME-UNKNOWN', `"${host}": ${reason}`);
    }
  }
}
