/**
 * From the arguments of `zabra server` and the environment to checked settings: zoo.cfg or the
 * short form `port dataDir [tickTime [maxClientCnxns]]`, system properties from the JVM flags of
 * scripts written for Apache's server, and ZooKeeper's checks in ZooKeeper's order
 * (storage-and-config.md 13). Whatever is wrong is one ConfigError, one sentence.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { LogEvent } from '../peer/ready.ts';
import { ConfigError, EXIT_UNEXPECTED } from './config-error.ts';
import { ConfigValues } from './config-values.ts';
import { checkWritable, readProposed } from './dynamic-files.ts';
import { clientAddress, portAddress, readEnsembleSection, readMyid } from './ensemble-section.ts';
import { isJvmFlag, readJvmFlags, splitFlags } from './jvm-flags.ts';
import { decodeProperties, parseProperties } from './properties-file.ts';
import { checkQuorumSasl, securitySettings } from './security-settings.ts';
import { KEYS } from './server-keys.ts';
import { type Identity, buildSettings } from './build-settings.ts';
import type { ServerSettings } from './settings.ts';

export const USAGE = 'zabra server <zoo.cfg> | <port> <dataDir> [tickTime [maxClientCnxns]]';

const SNAP_RETAIN_MIN = 3;
/** High byte of an ephemeral owner that marks a TTL znode; no server may make such session ids. */
const EXTENDED_SID_MAX = 254;

export interface Environment {
  readonly SERVER_JVMFLAGS?: string | undefined;
  readonly JVMFLAGS?: string | undefined;
}

export function loadSettings(
  args: readonly string[],
  environment: Environment,
  versionText: string,
): ServerSettings {
  const properties = new Map<string, string>();
  readJvmFlags(splitFlags(environment.SERVER_JVMFLAGS), properties);
  readJvmFlags(splitFlags(environment.JVMFLAGS), properties);
  readJvmFlags(args.filter(isJvmFlag), properties);
  const words = args.filter((argument) => !isJvmFlag(argument));
  if (words.length < 1 || words.length > 4) throw new ConfigError(`Usage: ${USAGE}`);
  if (words.length > 1) {
    return settingsOf(new ConfigValues(shortForm(words), properties), [], versionText);
  }
  const file = path.resolve(words[0] as string);
  const note: LogEvent = {
    level: 'info',
    thread: 'main',
    source: 'QuorumPeerConfig',
    message: `Reading configuration from: ${file}`,
  };
  try {
    return settingsOf(new ConfigValues(readFile(file), properties, file), [note], versionText);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`Cannot use "${file}": ${error.message}`, error.exitCode);
  }
}

function readFile(file: string): Map<string, string> {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
  return parseProperties(decodeProperties(bytes));
}

function shortForm(words: readonly string[]): Map<string, string> {
  const [port = '', dataDir = '', tickTime, maxClientCnxns = '0'] = words;
  const entries = new Map([
    ['clientPort', port],
    ['dataDir', dataDir],
    ['maxClientCnxns', maxClientCnxns],
  ]);
  if (tickTime !== undefined) entries.set('tickTime', tickTime);
  return entries;
}

/** The settings of values that were read elsewhere; throws ConfigError as `loadSettings` does. */
export function settingsOf(
  values: ConfigValues,
  notes: readonly LogEvent[],
  versionText: string,
): ServerSettings {
  checkEachKey(values);
  const warn = (message: string) => values.warnings.push(message);
  if (values.get(KEYS.snapshotCompression) !== '') {
    warn('snapshot.compression.method is set, but snapshots are written without compression');
  }
  const purgeCount = values.get(KEYS.autopurgeSnapRetainCount);
  if (purgeCount < SNAP_RETAIN_MIN) {
    warn(`autopurge.snapRetainCount is ${purgeCount}, ${SNAP_RETAIN_MIN} snapshots are kept`);
  }
  const identity = checkTogether(values, warn);
  return buildSettings(values, identity, notes, versionText);
}

/** Each key by its own rule: bad numbers and words, and what this server will not start with. */
function checkEachKey(values: ConfigValues): void {
  for (const row of Object.values(KEYS)) values.get<unknown>(row);
  const algorithm = values.get(KEYS.electionAlg);
  if (algorithm !== 3) throw new ConfigError(`Cannot use electionAlg=${algorithm}: only 3 exists`);
  values.checkAccepted();
  checkQuorumSasl(values);
}

/** What keys must be together, in ZooKeeper's order. */
function checkTogether(values: ConfigValues, warn: (message: string) => void): Identity {
  const dataDir = values.get(KEYS.dataDir);
  if (dataDir === '') throw new ConfigError('dataDir is not set');
  const fixed = portAddress(values, KEYS.clientPort, KEYS.clientPortAddress);
  const secureClient = portAddress(values, KEYS.secureClientPort, KEYS.secureClientPortAddress);
  const tickTimeMs = values.get(KEYS.tickTime);
  if (tickTimeMs <= 0) throw new ConfigError(`tickTime is ${tickTimeMs}, wanted more than 0`);
  const minSessionTimeoutMs = orDefault(values.get(KEYS.minSessionTimeout), 2 * tickTimeMs);
  const maxSessionTimeoutMs = orDefault(values.get(KEYS.maxSessionTimeout), 20 * tickTimeMs);
  if (minSessionTimeoutMs > maxSessionTimeoutMs) {
    throw new ConfigError(
      `minSessionTimeout is ${minSessionTimeoutMs}, more than maxSessionTimeout, ` +
        `which is ${maxSessionTimeoutMs}`,
    );
  }
  const { members, isDistributed } = readEnsembleSection(values, warn);
  const myid = readMyid(dataDir);
  const ensemble = isDistributed ? members : null;
  const configFile =
    ensemble !== null && values.get(KEYS.reconfigEnabled) ? values.configFile : null;
  const proposed = configFile === null ? null : readProposed(configFile);
  const lines = [...(members?.members ?? []), ...(proposed?.members ?? [])];
  const own = lines.find(({ sid }) => sid === myid) ?? null;
  const client = clientAddress(fixed, own?.client ?? null);
  if (own !== null && values.has(KEYS.peerType) && values.get(KEYS.peerType) !== own.role) {
    warn(`peerType is ${values.get(KEYS.peerType)}, the server list says ${own.role} and decides`);
  }
  if (client === null && secureClient === null) {
    warn('clientPort is not set: no client can connect');
  }
  if (ensemble !== null) checkMember(values, myid, own !== null);
  if (configFile !== null) checkWritable(configFile);
  const security = securitySettings(values, secureClient !== null, ensemble !== null, warn);
  const timeouts = { minSessionTimeoutMs, maxSessionTimeoutMs };
  const dynamic = { ensemble, proposed, configFile };
  return { myid, ...dynamic, client, secureClient, ...timeouts, security };
}

function checkMember(values: ConfigValues, myid: number | null, isListed: boolean): void {
  for (const row of [KEYS.initLimit, KEYS.syncLimit]) {
    if (values.get(row) <= 0) throw new ConfigError(`${row.key} is not set`);
  }
  const dataDir = values.get(KEYS.dataDir);
  if (myid === null) throw new ConfigError(`"${path.join(dataDir, 'myid')}" is missing`);
  if (!isListed) {
    throw new ConfigError(
      `My id ${myid} is not in the server list: a member that a reconfiguration has removed, or ` +
        'has not added yet, needs a server line of its own to join',
      EXIT_UNEXPECTED,
    );
  }
  if (values.get(KEYS.extendedTypesEnabled) && myid > EXTENDED_SID_MAX) {
    throw new ConfigError(
      `My id ${myid} is above ${EXTENDED_SID_MAX}, the most that extendedTypesEnabled allows`,
      EXIT_UNEXPECTED,
    );
  }
}

function orDefault(value: number, fallback: number): number {
  return value === -1 ? fallback : value;
}
