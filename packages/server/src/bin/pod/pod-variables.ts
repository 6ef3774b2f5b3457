/**
 * `zkGenConfig.sh`: the same files from variables of the environment, as the older image of the
 * tutorial makes them. Its first form names the hosts of the ensemble in ZK_ENSEMBLE; the later one
 * counts them in ZK_REPLICAS and takes names from the host name.
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { type HostName, listedIdentity, type PodIdentity, podIdentity } from './pod-identity.ts';
import { POD_OPTIONS, type PodOption, type PodSettings, readOptions } from './pod-options.ts';
import type { ReadOptions } from './pod-options.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

const KEYS = Object.keys(POD_OPTIONS) as readonly (keyof PodSettings)[];

/** Throws a ConfigError; an empty variable counts as unset. */
export function readPodVariables(variables: Variables): ReadOptions {
  const texts = new Map<string, string>();
  for (const { flag, variable } of Object.values<PodOption<unknown>>(POD_OPTIONS)) {
    const text = variables[variable];
    if (text !== undefined && text !== '') texts.set(flag, text);
  }
  const { flag: servers } = POD_OPTIONS.servers;
  const hosts = ensembleHosts(variables);
  if (hosts.length > 0) texts.set(servers, String(hosts.length));
  if (!texts.has(servers)) {
    const message = 'Cannot make a configuration: ZK_REPLICAS is not set, wanted how many servers';
    throw new ConfigError(message, EXIT_UNEXPECTED);
  }
  return readOptions(texts, ({ variable, flag }) => (variable === '' ? flag : variable));
}

/** Throws a ConfigError. */
export function variablesIdentity(
  variables: Variables,
  name: HostName,
  servers: number,
): PodIdentity {
  const hosts = ensembleHosts(variables);
  return hosts.length > 0 ? listedIdentity(name, hosts) : podIdentity(name, servers);
}

/** `ZK_REPLICAS=3`, `MY_ID=1` and so on, as the original prints them. */
export function printedVariables(settings: PodSettings, id: number): string {
  const rows = KEYS.flatMap((key) => {
    const { variable } = POD_OPTIONS[key];
    return variable === '' ? [] : [`${variable}=${settings[key]}\n`];
  });
  return [...rows.slice(0, 1), `MY_ID=${id}\n`, ...rows.slice(1)].join('');
}

function ensembleHosts({ ZK_ENSEMBLE }: Variables): readonly string[] {
  return (ZK_ENSEMBLE ?? '').split(';').filter((host) => host !== '');
}
