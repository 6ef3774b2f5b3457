/**
 * What the tutorial's commands can be told: the flags of `start-zookeeper` and, for the same
 * values, the variables of `zkGenConfig.sh`, in one table. Names and defaults are those of the
 * tutorial's images, so that their manifests keep working; `--log_format` is ours.
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';

export interface PodOption<T> {
  readonly flag: string;
  /** Of `zkGenConfig.sh`; empty where it has none. */
  readonly variable: string;
  /** As it would be typed; empty where it depends on others. */
  readonly fallback: string;
  /** Throws a ConfigError; `name` is the flag or the variable as the user knows it. */
  readonly read: (text: string, name: string) => T;
  readonly meaning: string;
}

const INT_MAX = 2 ** 31 - 1;
const PORT_MAX = 65_535;
/** Server ids are a byte in session ids. */
const SERVERS_MAX = 255;

const LEVELS = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] as const;

type Row<T> = (flag: string, variable: string, fallback: string, meaning: string) => PodOption<T>;

const directory = rowOf((text, name) => {
  // The files they go to are read by shells as well.
  if (/^\/[\w./+@:%,=-]*$/.test(text)) return text;
  const wanted = 'an absolute path of letters, digits and . / + @ : % , = _ -';
  throw refusal(text, name, wanted);
});
const port = numberRow(1, PORT_MAX);
const positive = numberRow(1, INT_MAX);
const natural = numberRow(0, INT_MAX);

export const POD_OPTIONS = {
  servers: numberRow(1, SERVERS_MAX)(
    'servers',
    'ZK_REPLICAS',
    '1',
    'Servers of the ensemble; as many as the StatefulSet has replicas.',
  ),
  dataDir: directory('data_dir', 'ZK_DATA_DIR', '/var/lib/zookeeper/data', 'Snapshots and myid.'),
  dataLogDir: directory(
    'data_log_dir',
    'ZK_DATA_LOG_DIR',
    '/var/lib/zookeeper/log',
    'Transaction logs.',
  ),
  logDir: directory(
    'log_dir',
    'ZK_LOG_DIR',
    '/var/log/zookeeper',
    'Where a server in the background puts its output.',
  ),
  confDir: directory(
    'conf_dir',
    'ZK_CONF_DIR',
    '/opt/zookeeper/conf',
    'Where zoo.cfg, java.env and log4j.properties are written.',
  ),
  clientPort: port('client_port', 'ZK_CLIENT_PORT', '2181', 'Port for clients.'),
  electionPort: port('election_port', 'ZK_ELECTION_PORT', '3888', 'Port for elections.'),
  serverPort: port('server_port', 'ZK_SERVER_PORT', '2888', 'Port for the other servers.'),
  tickTime: positive('tick_time', 'ZK_TICK_TIME', '2000', 'Length of a tick, ms.'),
  initLimit: positive('init_limit', 'ZK_INIT_LIMIT', '10', 'Ticks to join a leader.'),
  syncLimit: positive('sync_limit', 'ZK_SYNC_LIMIT', '5', 'Ticks that a learner may lag.'),
  heap: rowOf((text, name) => {
    if (/^[0-9]{1,9}[kmgKMG]?$/.test(text) && Number.parseInt(text, 10) > 0) return text;
    throw refusal(text, name, 'bytes, like 512M or 2G');
  })(
    'heap',
    'ZK_HEAP_SIZE',
    '2G',
    'Memory, as -Xmx takes it; by default no more than 3/4 of what the container may have.',
  ),
  maxClientCnxns: natural(
    'max_client_cnxns',
    'ZK_MAX_CLIENT_CNXNS',
    '60',
    'Connections of one client address; 0 is no limit.',
  ),
  snapRetainCount: natural(
    'snap_retain_count',
    'ZK_SNAP_RETAIN_COUNT',
    '3',
    'Snapshots that purging keeps; at least 3 are kept.',
  ),
  purgeInterval: natural('purge_interval', 'ZK_PURGE_INTERVAL', '0', 'Hours between purges.'),
  maxSessionTimeout: positive(
    'max_session_timeout',
    'ZK_MAX_SESSION_TIMEOUT',
    '',
    'Longest session timeout, ms; 20 ticks by default.',
  ),
  minSessionTimeout: positive(
    'min_session_timeout',
    'ZK_MIN_SESSION_TIMEOUT',
    '',
    'Shortest session timeout, ms; 2 ticks by default.',
  ),
  logLevel: rowOf((text, name) => {
    const level = LEVELS.find((word) => word === text.toUpperCase());
    if (level === undefined) throw refusal(text, name, `one of ${LEVELS.join(', ')}`);
    return level;
  })('log_level', 'ZK_LOG_LEVEL', 'INFO', `Least level of the log: ${LEVELS.join(', ')}.`),
  logFormat: rowOf((text, name) => {
    if (text === 'log4j' || text === 'json') return text;
    throw refusal(text, name, 'log4j or json');
  })('log_format', '', 'log4j', 'Form of the log: log4j or json.'),
} as const;

type Options = typeof POD_OPTIONS;
export type PodSettings = {
  readonly [K in keyof Options]: Options[K] extends PodOption<infer T> ? T : never;
};

/** Which settings were given and not left to their defaults. */
export type GivenSettings = ReadonlySet<keyof PodSettings>;

export interface ReadOptions {
  readonly settings: PodSettings;
  readonly given: GivenSettings;
}

/**
 * `texts` by flag; `nameOf` says how the user spelled an option. Throws a ConfigError for the first
 * value that cannot be.
 */
export function readOptions(
  texts: ReadonlyMap<string, string>,
  nameOf: (option: PodOption<unknown>) => string,
): ReadOptions {
  const given = new Set<keyof PodSettings>();
  const read = <T>(key: keyof PodSettings, option: PodOption<T>, fallback?: number): T => {
    const text = texts.get(option.flag);
    if (text !== undefined) given.add(key);
    return option.read(text ?? String(fallback ?? option.fallback), nameOf(option));
  };
  const o = POD_OPTIONS;
  const tickTime = read('tickTime', o.tickTime);
  const settings: PodSettings = {
    servers: read('servers', o.servers),
    dataDir: read('dataDir', o.dataDir),
    dataLogDir: read('dataLogDir', o.dataLogDir),
    logDir: read('logDir', o.logDir),
    confDir: read('confDir', o.confDir),
    clientPort: read('clientPort', o.clientPort),
    electionPort: read('electionPort', o.electionPort),
    serverPort: read('serverPort', o.serverPort),
    tickTime,
    initLimit: read('initLimit', o.initLimit),
    syncLimit: read('syncLimit', o.syncLimit),
    heap: read('heap', o.heap),
    maxClientCnxns: read('maxClientCnxns', o.maxClientCnxns),
    snapRetainCount: read('snapRetainCount', o.snapRetainCount),
    purgeInterval: read('purgeInterval', o.purgeInterval),
    maxSessionTimeout: read('maxSessionTimeout', o.maxSessionTimeout, 20 * tickTime),
    minSessionTimeout: read('minSessionTimeout', o.minSessionTimeout, 2 * tickTime),
    logLevel: read('logLevel', o.logLevel),
    logFormat: read('logFormat', o.logFormat),
  };
  checkTogether(settings);
  return { settings, given };
}

function checkTogether(settings: PodSettings): void {
  const { clientPort, electionPort, serverPort } = settings;
  if (new Set([clientPort, electionPort, serverPort]).size < 3) {
    const ports = `${clientPort}, ${serverPort} and ${electionPort}`;
    const why = 'for clients, servers and elections: two are the same';
    throw new ConfigError(`Cannot use ports ${ports} ${why}`, EXIT_UNEXPECTED);
  }
  const { minSessionTimeout: min, maxSessionTimeout: max } = settings;
  if (min > max) {
    const why = 'the least is above the most';
    throw new ConfigError(
      `Cannot use session timeouts from ${min} to ${max} ms: ${why}`,
      EXIT_UNEXPECTED,
    );
  }
}

function rowOf<T>(read: PodOption<T>['read']): Row<T> {
  return (flag, variable, fallback, meaning) => ({ flag, variable, fallback, read, meaning });
}

function numberRow(min: number, max: number): Row<number> {
  return rowOf((text, name) => {
    const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw refusal(text, name, `a number from ${min} to ${max}`);
  });
}

function refusal(text: string, name: string, wanted: string): ConfigError {
  return new ConfigError(`Cannot read "${name}=${text}": wanted ${wanted}`, EXIT_UNEXPECTED);
}
