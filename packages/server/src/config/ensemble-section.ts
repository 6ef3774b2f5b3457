/**
 * The dynamic part of a configuration: who the members are, whether there is an ensemble at all,
 * which of them this server is, and where its clients come in (storage-and-config.md 12.1, 12.3,
 * 12.6 and the mode rule of 13). The grammar of a server line is `zab/ensemble-text`'s.
 */

import fs from 'node:fs';
import path from 'node:path';
import { zxidFromHex } from '@zabra/protocol';
import type { ClientAddress, EnsembleConfig } from '../zab/ensemble-config.ts';
import { type ConfigEntry, parseEnsembleEntries } from '../zab/ensemble-text.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigKey } from './config-key.ts';
import { type ConfigValues, isDynamicKey } from './config-values.ts';
import { decodeProperties, parseProperties } from './properties-file.ts';
import { KEYS } from './server-keys.ts';

/** `members` is null when no server list was given. */
export interface EnsembleSection {
  readonly members: EnsembleConfig | null;
  readonly isDistributed: boolean;
}

export function readEnsembleSection(
  values: ConfigValues,
  warn: (message: string) => void,
): EnsembleSection {
  const { entries, version } = dynamicEntries(values);
  const standaloneEnabled = values.get(KEYS.standaloneEnabled);
  if (entries.length === 0) {
    if (standaloneEnabled) return { members: null, isDistributed: false };
    throw new ConfigError('Cannot start with standaloneEnabled=false and no participant');
  }
  const { config: members, error } = parseEnsembleEntries(entries, version);
  if (members === null) throw new ConfigError(error);
  if (!values.get(KEYS.multiAddressEnabled)) refuseSeveralAddresses(members);
  const voterCount = members.members.filter(({ role }) => role === 'participant').length;
  if (voterCount === 1 && standaloneEnabled) {
    if (members.members.length > 1) {
      throw new ConfigError(
        'Cannot start observers with one participant while standaloneEnabled is true',
      );
    }
    warn('Only one server is specified and standaloneEnabled is true: the server line is ignored');
    return { members, isDistributed: false };
  }
  if (voterCount <= 2) warn('No server failure will be tolerated. You need at least 3 servers.');
  else if (voterCount % 2 === 0) warn('An even number of voters tolerates no more than one less.');
  return { members, isDistributed: true };
}

/** First line of `<dataDir>/myid`; null when there is no such file. */
export function readMyid(dataDir: string): number | null {
  const file = path.join(dataDir, 'myid');
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) return null;
  const [line = ''] = fs.readFileSync(file, 'latin1').split(/\r\n|\r|\n/);
  if (!/^[+-]?[0-9]{1,18}$/.test(line)) {
    throw new ConfigError(`Cannot use "${file}": "${line}" is not a number`);
  }
  return Number(line);
}

/**
 * The address of the client port: the server line's where it has one, and then it must agree with
 * the static keys. Null when clients are not served.
 */
export function clientAddress(
  fixed: ClientAddress | null,
  own: ClientAddress | null,
): ClientAddress | null {
  if (own === null || fixed === null) return own ?? fixed;
  const isWildcard = fixed.host === '0.0.0.0';
  if (fixed.port === own.port && (isWildcard || fixed.host === own.host)) return own;
  throw new ConfigError(
    `Cannot serve clients at ${fixed.host}:${fixed.port} (clientPort) and at ` +
      `${own.host}:${own.port} (the server line) both: they must be equal`,
  );
}

/** Null when the port is not set; the address alone is no sense. */
export function portAddress(
  values: ConfigValues,
  port: ConfigKey<number>,
  address: ConfigKey<string>,
): ClientAddress | null {
  const host = values.get(address);
  if (!values.has(port)) {
    if (host === '') return null;
    throw new ConfigError(`${address.key} is set but ${port.key} is not`);
  }
  const number = values.get(port);
  if (number < 0 || number > 65_535) {
    throw new ConfigError(`${port.key} is ${number}, which is no port`);
  }
  return { host: host === '' ? '0.0.0.0' : host, port: number };
}

interface DynamicEntries {
  readonly entries: readonly ConfigEntry[];
  readonly version: number;
}

function dynamicEntries(values: ConfigValues): DynamicEntries {
  const file = values.get(KEYS.dynamicConfigFile);
  const inline = values.dynamicEntries;
  if (file === '') return { entries: inline, version: 0 };
  const first = inline[0];
  if (first !== undefined) {
    throw new ConfigError(`Cannot use "${first[0]}" here: it belongs into dynamicConfigFile`);
  }
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new ConfigError(`Cannot read dynamicConfigFile "${file}": ${(error as Error).message}`);
  }
  const entries = [...parseProperties(decodeProperties(bytes))];
  for (const [name] of entries) {
    if (isDynamicKey(name)) continue;
    throw new ConfigError(
      `Cannot use "${name}" in dynamicConfigFile "${file}": wanted server., group. or weight.`,
    );
  }
  return { entries, version: versionOf(file) };
}

/** The hexadecimal number behind the last dot of the file's name, else 0. */
function versionOf(file: string): number {
  const suffix = file.slice(file.lastIndexOf('.') + 1);
  const version = /^[0-9a-f]{1,16}$/i.test(suffix) ? zxidFromHex(suffix) : 0;
  return version >= 0 ? version : 0;
}

function refuseSeveralAddresses(config: EnsembleConfig): void {
  for (const { sid, addresses } of config.members) {
    if (addresses.length < 2) continue;
    throw new ConfigError(
      `Cannot use several addresses for server ${sid}: the system property ` +
        'zookeeper.multiAddress.enabled is not true',
    );
  }
}
