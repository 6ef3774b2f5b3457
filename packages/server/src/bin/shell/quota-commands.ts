/**
 * The commands about quotas: setquota, listquota, delquota. A quota is a pair of znodes below
 * `/zookeeper/quota`, which the servers read; nothing here is an operation of its own
 * (operations.md 4.5, client-protocol.md 14).
 */

import { isZooKeeperError } from '@zabra/client';
import { type Arguments, parseArguments } from './argument-parser.ts';
import { type Command, usage } from './command.ts';
import type { Printer } from './printer.ts';
import { formatLimits, NO_LIMITS, parseLimits, type QuotaLimits } from './quota-text.ts';
import type { ShellClient } from './shell-client.ts';
import { ShellFailure } from './shell-failure.ts';
import { checkPath, childPath } from './shell-path.ts';

const QUOTA_PATH = '/zookeeper/quota';
const LIMITS_NAME = 'zookeeper_limits';
const STATS_NAME = 'zookeeper_stats';
const EXCEPTION_PREFIX = 'org.apache.commons.cli.';

type LimitKey = keyof QuotaLimits;

const KEYS: Readonly<Record<string, LimitKey>> = {
  n: 'count',
  b: 'bytes',
  N: 'countHardLimit',
  B: 'byteHardLimit',
};

export const setquotaCommand: Command = {
  name: 'setquota',
  syntax: '-n|-b|-N|-B val path',
  async run({ client, printer }, tokens) {
    const args = parseArguments(tokens, 'n:b:N:B:');
    const option = oneOption(args);
    if (option === null) {
      const group =
        '-n num soft quota, -b bytes soft quota, -N num hard quota, -B bytes hard quota';
      const reason = `Missing required option: [${group}]`;
      throw new ShellFailure(`${EXCEPTION_PREFIX}MissingOptionException: ${reason}`);
    }
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    if (path.startsWith(QUOTA_PATH)) {
      throw new ShellFailure(`cannot set a quota under the path: ${QUOTA_PATH}`);
    }
    const value = limitValue(option, args.value(option) ?? '');
    checkPath(path);
    // The root's usage would be the whole tree's, which no server keeps.
    checkPath(`${QUOTA_PATH}${path}`);
    await setLimit(client, printer, path, KEYS[option] as LimitKey, value);
  },
};

export const listquotaCommand: Command = {
  name: 'listquota',
  syntax: 'path',
  async run({ client, printer }, tokens) {
    const [path] = parseArguments(tokens, '').words;
    if (path === undefined) throw usage(this);
    const limitsPath = `${QUOTA_PATH}${path}/${LIMITS_NAME}`;
    printer.errorLine(`absolute path is ${limitsPath}`);
    checkPath(limitsPath);
    const limits = await textOf(client, limitsPath);
    if (limits === null) throw new ShellFailure(`quota for ${path} does not exist.`);
    printer.line(`Output quota for ${path} ${limits}`);
    const stats = await textOf(client, `${QUOTA_PATH}${path}/${STATS_NAME}`);
    printer.line(`Output stat for ${path} ${stats ?? ''}`);
  },
};

export const delquotaCommand: Command = {
  name: 'delquota',
  syntax: '[-n|-b|-N|-B] path',
  async run({ client, printer }, tokens) {
    const args = parseArguments(tokens, 'nbNB');
    const option = oneOption(args);
    const [path] = args.words;
    if (path === undefined) throw usage(this);
    const limitsPath = `${QUOTA_PATH}${path}/${LIMITS_NAME}`;
    checkPath(limitsPath);
    const text = await textOf(client, limitsPath);
    if (text === null) {
      printer.line(`Quota does not exist for ${path}`);
      throw new ShellFailure('');
    }
    if (option === null) return removeQuota(client, path);
    const limits = { ...parseLimits(text), [KEYS[option] as LimitKey]: -1n };
    await client.setData(limitsPath, formatLimits(limits));
  },
};

/** The only option of the group that was given; null for none. @throws ShellFailure */
function oneOption(args: Arguments): string | null {
  const [first, second] = args.names;
  if (second !== undefined) {
    const reason =
      `The option '${second}' was specified but an option from this group ` +
      `has already been selected: '${first}'`;
    throw new ShellFailure(`${EXCEPTION_PREFIX}AlreadySelectedException: ${reason}`);
  }
  return first ?? null;
}

function limitValue(option: string, text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ShellFailure('NumberFormatException happens when parsing the option value');
  }
  const value = BigInt(text.replace('+', ''));
  const isCount = option.toLowerCase() === 'n';
  if (isCount && value <= 0n) throw new ShellFailure('the num quota must be greater than zero');
  if (value < 0n) throw new ShellFailure('the bytes quota must be greater than or equal to zero');
  return value;
}

async function setLimit(
  client: ShellClient,
  printer: Printer,
  path: string,
  key: LimitKey,
  value: bigint,
): Promise<void> {
  if ((await client.exists(path)) === null) throw new ShellFailure(`${path} does not exist.`);
  await refuseNested(client, path);
  const limitsPath = `${QUOTA_PATH}${path}/${LIMITS_NAME}`;
  const old = await textOf(client, limitsPath);
  const limits = { ...(old === null ? NO_LIMITS : parseLimits(old)), [key]: value };
  if (old !== null) {
    await client.setData(limitsPath, formatLimits(limits));
    return warnIfExceeded(client, printer, path, limits);
  }
  await createParents(client, limitsPath);
  await client.create(limitsPath, formatLimits(limits));
  // The server fills it in: creating it is what makes it count.
  await client.create(`${QUOTA_PATH}${path}/${STATS_NAME}`, 'count=0,bytes=0');
}

/** Servers count a znode for the nearest quota alone, so one within another would go wrong. */
async function refuseNested(client: ShellClient, path: string): Promise<void> {
  for (let end = path.indexOf('/', 1); end > 0; end = path.indexOf('/', end + 1)) {
    const above = path.slice(0, end);
    if ((await client.exists(`${QUOTA_PATH}${above}/${LIMITS_NAME}`)) !== null) {
      throw new ShellFailure(`${path} has a parent ${above} which has a quota`);
    }
  }
  const below = await findBelow(client, `${QUOTA_PATH}${path}`, true);
  if (below !== null) {
    const child = below.slice(QUOTA_PATH.length);
    throw new ShellFailure(`${path} has a child ${child} which has a quota`);
  }
}

/** The first znode below `quotaPath` that has limits; the top itself does not count. */
async function findBelow(
  client: ShellClient,
  quotaPath: string,
  isTop: boolean,
): Promise<string | null> {
  const names = await namesIn(client, quotaPath);
  if (!isTop && names.includes(LIMITS_NAME)) return quotaPath;
  for (const name of names) {
    if (name === LIMITS_NAME || name === STATS_NAME) continue;
    const found = await findBelow(client, childPath(quotaPath, name), false);
    if (found !== null) return found;
  }
  return null;
}

async function warnIfExceeded(
  client: ShellClient,
  printer: Printer,
  path: string,
  limits: QuotaLimits,
): Promise<void> {
  const used = parseLimits((await textOf(client, `${QUOTA_PATH}${path}/${STATS_NAME}`)) ?? '');
  const rows = [
    ['count', used.count, limits.count, limits.countHardLimit],
    ['bytes', used.bytes, limits.bytes, limits.byteHardLimit],
  ] as const;
  for (const [what, usedNow, ...bounds] of rows) {
    if (!bounds.some((bound) => bound >= 0n && bound < usedNow)) continue;
    printer.line(
      `[Warning]: the ${what} quota you create is less than the existing ${what}:${usedNow}`,
    );
  }
}

/** Takes the limits, the usage and every parent that is left empty. */
async function removeQuota(client: ShellClient, path: string): Promise<void> {
  await client.delete(`${QUOTA_PATH}${path}/${LIMITS_NAME}`);
  await client.delete(`${QUOTA_PATH}${path}/${STATS_NAME}`);
  let quotaPath = `${QUOTA_PATH}${path}`;
  while (quotaPath !== QUOTA_PATH && (await namesIn(client, quotaPath)).length === 0) {
    await client.delete(quotaPath);
    quotaPath = quotaPath.slice(0, quotaPath.lastIndexOf('/'));
  }
}

async function createParents(client: ShellClient, path: string): Promise<void> {
  const start = QUOTA_PATH.length + 1;
  for (let end = path.indexOf('/', start); end > 0; end = path.indexOf('/', end + 1)) {
    await client.create(path.slice(0, end)).catch((error: unknown) => {
      if (!isZooKeeperError(error) || error.code !== 'NODEEXISTS') throw error;
    });
  }
}

async function namesIn(client: ShellClient, path: string): Promise<readonly string[]> {
  return ifThere(
    client.getChildren(path).then(({ children }) => children.toSorted()),
    [],
  );
}

async function textOf(client: ShellClient, path: string): Promise<string | null> {
  const text = client.getData(path).then(({ data }) => Buffer.from(data ?? []).toString('utf8'));
  return ifThere(text, null);
}

async function ifThere<T>(found: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (isZooKeeperError(error) && error.code === 'NONODE') return otherwise;
    throw error;
  }
}
