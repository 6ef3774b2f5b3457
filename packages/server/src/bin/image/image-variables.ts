/**
 * The variables of the three images that people run ZooKeeper from: docker-library's, bitnami's and
 * Confluent's. One row a line of zoo.cfg; where several images have a name for it, the first that
 * is set wins. docker-library's names come last, because its image gives them values of its own.
 */

import fs from 'node:fs';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

interface Line {
  readonly key: string;
  readonly names: readonly string[];
}

const line = (key: string, ...names: readonly string[]): Line => ({ key, names });

/** In docker-library's order; every image writes these. */
export const MAIN_LINES: readonly (Line & { readonly fallback: string })[] = [
  { ...line('dataDir', 'ZOOKEEPER_DATA_DIR', 'ZOO_DATA_DIR'), fallback: '/data' },
  { ...line('dataLogDir', 'ZOOKEEPER_DATA_LOG_DIR', 'ZOO_DATA_LOG_DIR'), fallback: '/datalog' },
  { ...line('tickTime', 'ZOOKEEPER_TICK_TIME', 'ZOO_TICK_TIME'), fallback: '2000' },
  { ...line('initLimit', 'ZOOKEEPER_INIT_LIMIT', 'ZOO_INIT_LIMIT'), fallback: '5' },
  { ...line('syncLimit', 'ZOOKEEPER_SYNC_LIMIT', 'ZOO_SYNC_LIMIT'), fallback: '2' },
  {
    ...line(
      'autopurge.snapRetainCount',
      'ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT',
      'ZOO_AUTOPURGE_RETAIN_COUNT',
      'ZOO_AUTOPURGE_SNAPRETAINCOUNT',
    ),
    fallback: '3',
  },
  {
    ...line(
      'autopurge.purgeInterval',
      'ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL',
      'ZOO_AUTOPURGE_INTERVAL',
      'ZOO_AUTOPURGE_PURGEINTERVAL',
    ),
    fallback: '0',
  },
  {
    ...line('maxClientCnxns', 'ZOOKEEPER_MAX_CLIENT_CNXNS', 'ZOO_MAX_CLIENT_CNXNS'),
    fallback: '60',
  },
  { ...line('standaloneEnabled', 'ZOO_STANDALONE_ENABLED'), fallback: 'true' },
  {
    ...line('admin.enableServer', 'ZOO_ENABLE_ADMIN_SERVER', 'ZOO_ADMINSERVER_ENABLED'),
    fallback: 'true',
  },
];

/** Written when one of the names is set. */
export const MORE_LINES: readonly Line[] = [
  line('snapCount', 'ZOO_SNAPCOUNT', 'ZOOKEEPER_SNAP_COUNT'),
  line('preAllocSize', 'ZOO_PRE_ALLOC_SIZE', 'ZOOKEEPER_PRE_ALLOC_SIZE'),
  line('maxCnxns', 'ZOO_MAX_CNXNS', 'ZOOKEEPER_MAX_CNXNS'),
  line('minSessionTimeout', 'ZOO_MIN_SESSION_TIMEOUT', 'ZOOKEEPER_MIN_SESSION_TIMEOUT'),
  line('maxSessionTimeout', 'ZOO_MAX_SESSION_TIMEOUT', 'ZOOKEEPER_MAX_SESSION_TIMEOUT'),
  line('quorumListenOnAllIPs', 'ZOO_LISTEN_ALLIPS_ENABLED', 'ZOOKEEPER_QUORUM_LISTEN_ON_ALL_IPS'),
  line('reconfigEnabled', 'ZOO_RECONFIG_ENABLED', 'ZOOKEEPER_RECONFIG_ENABLED'),
  line('4lw.commands.whitelist', 'ZOO_4LW_COMMANDS_WHITELIST', 'ZOOKEEPER_4LW_COMMANDS_WHITELIST'),
];

const ON: ReadonlySet<string> = new Set(['yes', 'true', '1', 'on']);
const YES_NO: Readonly<Record<string, string>> = { yes: 'true', no: 'false' };

/** Values of variables; an empty one counts as unset, as in the scripts of these images. */
export class ImageVariables {
  readonly #variables: Variables;

  constructor(variables: Variables) {
    this.#variables = variables;
  }

  /** Of the first name that is set, else empty. `NAME_FILE` is a file that holds the value. */
  text(...names: readonly string[]): string {
    for (const name of names) {
      const value = this.#variables[name] ?? '';
      if (value !== '') return this.#oneLine(name, value);
      const file = this.#variables[`${name}_FILE`] ?? '';
      if (file !== '' && this.#isSecret(name)) return this.#oneLine(name, readSecret(name, file));
    }
    return '';
  }

  /** As zoo.cfg has it: bitnami says yes and no. */
  setting(names: readonly string[], fallback = ''): string {
    const value = this.text(...names);
    return YES_NO[value.toLowerCase()] ?? (value === '' ? fallback : value);
  }

  isOn(name: string): boolean {
    return ON.has(this.text(name).toLowerCase());
  }

  isOff(name: string): boolean {
    const value = this.text(name);
    return value !== '' && !ON.has(value.toLowerCase());
  }

  /** Those that begin so and are set, in the order of their names. */
  namesOf(prefix: string): readonly string[] {
    const names = Object.keys(this.#variables).filter((name) => name.startsWith(prefix));
    return names.filter((name) => this.#variables[name] !== '').toSorted();
  }

  /** Other names end in _FILE because they name files. */
  #isSecret(name: string): boolean {
    return name.includes('PASSWORD');
  }

  #oneLine(name: string, value: string): string {
    if (!/[\r\n]/.test(value.trim())) return value.trim();
    // ZOO_SERVERS of a compose file may stand on several lines.
    if (!this.#isSecret(name)) return value.trim().split(/\s+/).join(' ');
    throw new ConfigError(`Cannot use ${name}: it has several lines`, EXIT_UNEXPECTED);
  }
}

function readSecret(name: string, file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    const message = `Cannot read ${name} from "${file}": ${(error as Error).message}`;
    throw new ConfigError(message, EXIT_UNEXPECTED);
  }
}
