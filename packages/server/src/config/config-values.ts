/**
 * ConfigValues: what zoo.cfg and the system properties say, key by key. zoo.cfg's keys that are not
 * ZooKeeper's own words become properties, over those given by `-D`, because that is how most
 * tunables are set; so nothing unknown is ever an error (storage-and-config.md 13).
 */

import { ACCEPTED_KEYS, ACCEPTED_PREFIXES, isTriggered } from './accepted-keys.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigKey, OWN_PREFIX, spelling } from './config-key.ts';
import { KEYS } from './server-keys.ts';

const OWN_KEYS: readonly ConfigKey<unknown>[] = Object.values(KEYS);
const ALL_KEYS: readonly ConfigKey<unknown>[] = [...OWN_KEYS, ...ACCEPTED_KEYS];
const FILE_KEYS: ReadonlySet<string> = new Set(
  ALL_KEYS.filter((row) => row.property === null).map((row) => row.key ?? ''),
);
const KNOWN: ReadonlySet<string> = new Set(
  ALL_KEYS.flatMap((row) => [row.key ?? '', row.property ?? '']),
);

const TLS_PREFIX = 'ssl.';

/** What the script of the Kubernetes tutorial writes, so that its servers never purged. */
const MISSPELT: Readonly<Record<string, string>> = {
  'autopurge.purgeInteval': 'autopurge.purgeInterval',
};

/** Keys of the dynamic part: the server list and the shape of its quorums. */
export function isDynamicKey(name: string): boolean {
  return name.startsWith('server.') || name.startsWith('group') || name.startsWith('weight');
}

export class ConfigValues {
  readonly #file = new Map<string, string>();
  readonly #properties: Map<string, string>;
  readonly #dynamic: [string, string][] = [];
  /** Values that were read already, so that a bad one is told of once. */
  readonly #read = new Map<ConfigKey<unknown>, unknown>();
  readonly warnings: string[] = [];
  /** Path of zoo.cfg, absolute; null when the values came from elsewhere. */
  readonly configFile: string | null;

  constructor(
    entries: ReadonlyMap<string, string>,
    properties: ReadonlyMap<string, string>,
    configFile: string | null = null,
  ) {
    this.configFile = configFile;
    this.#properties = new Map(properties);
    for (const [written, value] of entries) {
      const name = this.#spelt(written, entries);
      // `server.realm` is a word of its own, whatever it begins with.
      if (FILE_KEYS.has(name)) this.#file.set(name, value);
      else if (isDynamicKey(name) && !KNOWN.has(name)) this.#dynamic.push([name, value]);
      else if (name.startsWith(OWN_PREFIX)) this.#setOwn(name, value);
      else this.#setForeign(name, value);
    }
  }

  /** `server.N`, `group.N` and `weight.N` of zoo.cfg. */
  get dynamicEntries(): readonly (readonly [string, string])[] {
    return this.#dynamic;
  }

  has(row: ConfigKey<unknown>): boolean {
    return this.#text(row) !== undefined;
  }

  get<T>(row: ConfigKey<T>): T {
    if (this.#read.has(row)) return this.#read.get(row) as T;
    const text = this.#text(row);
    const warn = (message: string) => this.warnings.push(message);
    const value = text === undefined ? row.rule.fallback : row.rule.read(text, spelling(row), warn);
    this.#read.set(row, value);
    return value;
  }

  /** Reads what is set but not acted upon, for the sake of its errors; warns or refuses. */
  checkAccepted(): void {
    for (const row of ACCEPTED_KEYS) {
      const text = this.#text(row);
      if (text === undefined) continue;
      this.get(row);
      if (!isTriggered(row, text)) continue;
      const message = `"${spelling(row)}=${text}": ${row.meaning}`;
      if (row.effect === 'refuse') throw new ConfigError(`Cannot start with ${message}`);
      this.warnings.push(`There is no effect of ${message}`);
    }
  }

  /** A system property by its full name. */
  property(name: string): string | undefined {
    return this.#properties.get(name);
  }

  /** The values of `name.X` for every X, in no order that means anything. */
  family(name: string): string[] {
    const prefix = `zookeeper.${name}.`;
    return [...this.#properties].flatMap(([key, value]) => (key.startsWith(prefix) ? [value] : []));
  }

  #spelt(name: string, entries: ReadonlyMap<string, string>): string {
    const meant = MISSPELT[name];
    if (meant === undefined || entries.has(meant)) return name;
    this.warnings.push(`There is no key "${name}", it is read as "${meant}"`);
    return meant;
  }

  /** ZooKeeper's, ours or nobody's: a misspelt key of TLS is the one that an operator must see. */
  #setForeign(name: string, value: string): void {
    if (name.startsWith(TLS_PREFIX) && !isKnownKey(name)) {
      this.warnings.push(`There is no key "${name}"`);
    }
    this.#properties.set(`zookeeper.${name}`, value);
  }

  #setOwn(name: string, value: string): void {
    if (!KNOWN.has(name)) this.warnings.push(`There is no key "${name}"`);
    this.#properties.set(name, value);
  }

  #text(row: ConfigKey<unknown>): string | undefined {
    if (row.property !== null) return this.#properties.get(row.property);
    return row.key === null ? undefined : this.#file.get(row.key);
  }
}

/** Whether ZooKeeper or we know the key at all; for the documentation's check. */
export function isKnownKey(name: string): boolean {
  return KNOWN.has(name) || ACCEPTED_PREFIXES.some((prefix) => name.startsWith(prefix));
}
