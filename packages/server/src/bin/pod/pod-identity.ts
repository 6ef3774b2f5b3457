/**
 * PodIdentity: who a pod of a StatefulSet is and who the others are, from its host name: `zk-0` is
 * server 1, and all have the same domain. The domain is that of the machine and never a constant.
 */

import { spawnSync } from 'node:child_process';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';

export interface PodIdentity {
  /** Server id of this pod: ordinals begin with 0, ids with 1. */
  readonly id: number;
  /** Full names of the servers 1, 2 and so on. */
  readonly hosts: readonly string[];
}

export interface HostName {
  /** As `hostname -s` prints it. */
  readonly short: string;
  /** As `hostname -d` does; empty where the machine knows none. */
  readonly domain: string;
}

const ORDINAL_MAX = 254;

/** Throws a ConfigError when the name is not that of one of so many pods of a StatefulSet. */
export function podIdentity({ short, domain }: HostName, servers: number): PodIdentity {
  const [, set = '', digits = ''] = /^(.+)-([0-9]{1,3})$/.exec(short) ?? [];
  const ordinal = Number(digits);
  if (set === '' || ordinal > ORDINAL_MAX) {
    const wanted = `one that ends in an ordinal from 0 to ${ORDINAL_MAX}, as "zk-0" does`;
    throw refusal(`Cannot tell who this server is: the host name is "${short}", wanted ${wanted}`);
  }
  if (servers > 1 && ordinal >= servers) {
    const others = `the ${servers} servers are "${set}-0" to "${set}-${servers - 1}"`;
    throw refusal(`Cannot start "${short}": ${others}; there must be as many as replicas`);
  }
  const suffix = domain === '' ? '' : `.${domain}`;
  const hosts = Array.from({ length: servers }, (_, index) => `${set}-${index}${suffix}`);
  return { id: ordinal + 1, hosts };
}

/** By a list that names this machine, in its short or its full form. */
export function listedIdentity({ short, domain }: HostName, hosts: readonly string[]): PodIdentity {
  const index = hosts.findIndex((host) => host === short || host === `${short}.${domain}`);
  const found = index < 0 ? hosts.findIndex((host) => host.split('.', 1)[0] === short) : index;
  if (found >= 0) return { id: found + 1, hosts };
  const list = hosts.join(', ');
  throw refusal(`Cannot tell who this server is: the host name "${short}" is not among ${list}`);
}

/** Of this machine, by its command of that name; without a domain it says nothing or fails. */
export function ownHostName(): HostName {
  return { short: hostnameSays('-s'), domain: hostnameSays('-d') };
}

function hostnameSays(option: string): string {
  const { status, stdout } = spawnSync('hostname', [option], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : '';
}

function refusal(message: string): ConfigError {
  return new ConfigError(message, EXIT_UNEXPECTED);
}
