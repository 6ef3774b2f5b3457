/**
 * How the text of a configuration value is read, and what a bad one costs. ZooKeeper reads some
 * keys strictly and most of them so that nonsense silently means the default; operators' files
 * rely on both, so each key of the registry names its rule (storage-and-config.md 14):
 *
 *   N  decimal number, else the start fails          B  true or false, else the start fails
 *   i  decimal, 0x hexadecimal, 0 octal, else default    b  "true" in any case, all else is false
 *   w  as i, else a warning and the default          y  one literal word, all else is the default
 *   -  any text                                      !  one of a few words or forms, else fails
 */

import { ConfigError, EXIT_INVALID_CONFIG, EXIT_UNEXPECTED } from './config-error.ts';

export type RuleCode = 'N' | 'B' | 'i' | 'b' | 'w' | 'y' | '-' | '!';

export interface Rule<T> {
  readonly code: RuleCode;
  /** Value when nothing is configured. */
  readonly fallback: T;
  /** `name` is the spelling that the operator used; throws ConfigError where the rule says so. */
  read(value: string, name: string, warn: (message: string) => void): T;
}

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;

export function strictInt(fallback: number, exitCode: number = EXIT_INVALID_CONFIG): Rule<number> {
  const read = (text: string, name: string) => {
    const value = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= INT_MIN && value <= INT_MAX) return value;
    throw new ConfigError(`Cannot read "${name}=${text}": wanted a decimal number`, exitCode);
  };
  return { code: 'N', fallback, read };
}

export function strictBool(fallback: boolean): Rule<boolean> {
  const read = (text: string, name: string) => {
    const lower = text.toLowerCase();
    if (lower === 'true' || lower === 'false') return lower === 'true';
    throw new ConfigError(`Cannot read "${name}=${text}": wanted true or false`);
  };
  return { code: 'B', fallback, read };
}

export function lenientInt(fallback: number): Rule<number> {
  return { code: 'i', fallback, read: (value) => decodeInt(value) ?? fallback };
}

export function lenientBool(fallback: boolean): Rule<boolean> {
  return { code: 'b', fallback, read: (value) => value.toLowerCase() === 'true' };
}

/** As `lenientInt`; a value that is no number or below `min` is told of. */
export function warnedInt(fallback: number, min: number): Rule<number> {
  const read = (text: string, name: string, warn: (message: string) => void) => {
    const value = decodeInt(text);
    if (value !== null && value >= min) return value;
    warn(`Cannot use "${name}=${text}": wanted a number from ${min} on, ${fallback} is used`);
    return fallback;
  };
  return { code: 'w', fallback, read };
}

/** As `warnedInt` from 1 on. */
export function positiveInt(fallback: number): Rule<number> {
  return warnedInt(fallback, 1);
}

/** A decimal number that may have a fraction. */
export function ratio(fallback: number): Rule<number> {
  const read = (text: string, name: string) => {
    const value = decodeRatio(text);
    if (value !== null) return value;
    throw new ConfigError(`Cannot read "${name}=${text}": wanted a number`, EXIT_UNEXPECTED);
  };
  return { code: '!', fallback, read };
}

/** As `ratio`; what is no number or above `max` is told of. */
export function warnedRatio(fallback: number, max: number): Rule<number> {
  const read = (text: string, name: string, warn: (message: string) => void) => {
    const value = decodeRatio(text);
    if (value !== null && value <= max) return value;
    warn(`Cannot use "${name}=${text}": wanted a number up to ${max}, ${fallback} is used`);
    return fallback;
  };
  return { code: 'w', fallback, read };
}

function decodeRatio(text: string): number | null {
  const isRatio = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i.test(text);
  const value = isRatio ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** True exactly for the word, as it is written. */
export function literal(word: string): Rule<boolean> {
  return { code: 'y', fallback: false, read: (value) => value === word };
}

export function anyText(fallback: string): Rule<string> {
  return { code: '-', fallback, read: (value) => value };
}

/** One of the words, in any case. */
export function oneOf<W extends string>(words: readonly W[], fallback: W): Rule<W> {
  const read = (value: string, name: string) => {
    const found = words.find((word) => word.toLowerCase() === value.toLowerCase());
    if (found !== undefined) return found;
    throw new ConfigError(`Cannot read "${name}=${value}": wanted one of ${words.join(', ')}`);
  };
  return { code: '!', fallback, read };
}

/** A decimal number from `min` on, or 0. */
export function zeroOrFrom(min: number, fallback: number): Rule<number> {
  const read = (text: string, name: string) => {
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value === 0 || value >= min) return value;
    throw new ConfigError(`Cannot read "${name}=${text}": wanted 0 or a number from ${min} on`);
  };
  return { code: '!', fallback, read };
}

/** A number of bytes: digits and perhaps k, m or g, as the JVM's `-Xmx` takes it. */
export function byteSize(fallback: number): Rule<number> {
  const read = (value: string, name: string) => {
    const match = /^([0-9]{1,12})([kmg]?)$/i.exec(value);
    if (match === null) {
      throw new ConfigError(`Cannot read "${name}=${value}": wanted bytes, like 512m or 2g`);
    }
    const power = ['', 'k', 'm', 'g'].indexOf((match[2] ?? '').toLowerCase());
    return Number(match[1]) * 1024 ** power;
  };
  return { code: '!', fallback, read };
}

/** As Java's Long.decode, within the safe integers; null for anything else. */
function decodeInt(value: string): number | null {
  const match = /^([+-]?)(?:(0x|#)([0-9a-f]+)|0([0-7]+)|(0|[1-9][0-9]*))$/i.exec(value);
  if (match === null) return null;
  const [, sign, , hexDigits, octalDigits, decimalDigits] = match;
  let size = Number(decimalDigits);
  if (hexDigits !== undefined) size = Number.parseInt(hexDigits, 16);
  else if (octalDigits !== undefined) size = Number.parseInt(octalDigits, 8);
  if (!Number.isSafeInteger(size)) return null;
  return sign === '-' ? -size : size;
}
