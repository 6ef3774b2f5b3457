/**
 * ConfigKey: one row of the registry of configuration keys, from which the parser,
 * `docs/configuration.md` and their tests derive. A row says how a key is spelled in zoo.cfg and as
 * a system property, how its text is read, and what it does.
 */

import type { Rule } from './parse-rules.ts';

export interface ConfigKey<T> {
  /** Spelling in zoo.cfg; null for what only a property can set. */
  readonly key: string | null;
  /** Full name of the system property; null for what only zoo.cfg can set. */
  readonly property: string | null;
  readonly rule: Rule<T>;
  readonly unit: string;
  /** One sentence for the operator. */
  readonly meaning: string;
}

/** A key that zoo.cfg alone can set. */
export function fileKey<T>(
  name: string,
  rule: Rule<T>,
  unit: string,
  meaning: string,
): ConfigKey<T> {
  return { key: name, property: null, rule, unit, meaning };
}

/** A key that is also the system property `zookeeper.<key>`. */
export function key<T>(name: string, rule: Rule<T>, unit: string, meaning: string): ConfigKey<T> {
  return { key: name, property: `zookeeper.${name}`, rule, unit, meaning };
}

/** What only a system property can set. */
export function propertyKey<T>(
  property: string,
  rule: Rule<T>,
  unit: string,
  meaning: string,
): ConfigKey<T> {
  return { key: null, property, rule, unit, meaning };
}

export const OWN_PREFIX = 'zabra.';

/** A key of our own: `zabra.<name>` in zoo.cfg and as a property alike. */
export function ownKey<T>(
  name: string,
  rule: Rule<T>,
  unit: string,
  meaning: string,
): ConfigKey<T> {
  return { key: OWN_PREFIX + name, property: OWN_PREFIX + name, rule, unit, meaning };
}

/** Spelling that a message about the key uses. */
export function spelling(of: ConfigKey<unknown>): string {
  return of.key ?? of.property ?? '';
}
