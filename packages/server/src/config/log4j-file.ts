/**
 * The level of the log from a log4j.properties, which operators of ZooKeeper up to 3.7 and of the
 * Kubernetes tutorial have beside their zoo.cfg. Of its language this knows what decides the level:
 * the root logger's and the threshold of the console, with `${...}` from the file itself or from
 * system properties. Where lines go and how they look is not taken from there.
 */

import fs from 'node:fs';
import type { LogLevel } from '../peer/ready.ts';
import type { ConfigValues } from './config-values.ts';
import { decodeProperties, parseProperties } from './properties-file.ts';
import { KEYS } from './server-keys.ts';

/** log4j's levels as ours; those that we do not have become their neighbours. */
const LEVELS: Readonly<Record<string, LogLevel>> = {
  ALL: 'debug',
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'error',
  OFF: 'error',
};
/** By weight. */
const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Values may stand for others, not for ever. */
const DEPTH_MAX = 10;

export function logLevel(values: ConfigValues): LogLevel {
  const file = values.get(KEYS.log4jConfiguration).replace(/^file:(?:\/\/(?=\/))?/, '');
  const own = values.get(KEYS.logLevel);
  if (values.has(KEYS.logLevel) || file === '') return own;
  let text: string;
  try {
    text = decodeProperties(fs.readFileSync(file));
  } catch (error) {
    values.warnings.push(`Cannot read the log's level: ${(error as Error).message}`);
    return own;
  }
  return log4jLevel(text, (name) => values.property(name)) ?? own;
}

/** The least level that reaches the console; null when the file does not say. */
export function log4jLevel(
  text: string,
  property: (name: string) => string | undefined,
): LogLevel | null {
  const entries = parseProperties(text);
  const resolved = (value: string, depth = 0): string => {
    if (depth > DEPTH_MAX) return value;
    return value.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      return resolved(property(name) ?? entries.get(name) ?? '', depth + 1);
    });
  };
  const words = resolved(entries.get('log4j.rootLogger') ?? '').split(',');
  const threshold = resolved(entries.get('log4j.appender.CONSOLE.Threshold') ?? '');
  const levels = [words[0] ?? '', threshold].flatMap((word) => {
    return LEVELS[word.trim().toUpperCase()] ?? [];
  });
  // A line must pass both.
  return ORDER.findLast((level) => levels.includes(level)) ?? null;
}
