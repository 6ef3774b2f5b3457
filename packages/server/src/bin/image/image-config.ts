/**
 * From the variables of an image to what its entry point writes and passes on; nothing is read or
 * written here but secrets that variables name.
 */

import { checkHeapVariables, fitHeap } from '../pod/heap.ts';
import type { HostName } from '../pod/pod-identity.ts';
import { logins, tlsLines } from './image-security.ts';
import { imageServers } from './image-servers.ts';
import { ImageVariables, MAIN_LINES, MORE_LINES, type Variables } from './image-variables.ts';

export interface ImageConfig {
  readonly confDir: string;
  readonly dataDir: string;
  readonly dataLogDir: string;
  readonly logDir: string;
  readonly zooCfg: string;
  /** Empty for none. */
  readonly jaas: string;
  readonly id: number;
  /** For SERVER_JVMFLAGS. */
  readonly flags: readonly string[];
  /** What is set and means nothing here. */
  readonly ignored: readonly string[];
}

/** What Apache's scripts give a server that is not told otherwise. */
const HEAP_DEFAULT = '1000M';
const METRICS_PORT = '7000';
/** About the JVM alone. */
const IGNORED_PREFIXES = ['JMX', 'KAFKA_JMX', 'KAFKA_GC', 'KAFKA_JVM', 'KAFKA_LOG4J'] as const;

export function imageConfig(
  environment: Variables,
  hostName: HostName,
  memoryLimitBytes: number,
): ImageConfig {
  checkHeapVariables(environment, memoryLimitBytes);
  const variables = new ImageVariables(environment);
  const confDir = variables.text('ZOO_CONF_DIR') || '/conf';
  const { jaas, lines: loginLines } = logins(variables);
  const { lines: servers, id } = imageServers(variables, hostName);
  const main = MAIN_LINES.map(({ key, names, fallback }) => {
    return [key, variables.setting(names, fallback)] as const;
  });
  const valueOf = (wanted: string) => main.find(([key]) => key === wanted)?.[1] ?? '';
  const lines = [
    ...main.map(([key, value]) => `${key}=${value}`),
    ...servers,
    ...MORE_LINES.flatMap(({ key, names }) => {
      const value = variables.setting(names);
      return value === '' ? [] : [`${key}=${value}`];
    }),
    ...metricsLines(variables),
    ...tlsLines(variables),
    ...loginLines,
    ...variables
      .text('ZOO_CFG_EXTRA')
      .split(/\s+/)
      .filter((word) => word !== ''),
  ];
  return {
    confDir,
    dataDir: valueOf('dataDir'),
    dataLogDir: valueOf('dataLogDir'),
    logDir: variables.text('ZOO_LOG_DIR') || '/logs',
    zooCfg: `${lines.join('\n')}\n`,
    jaas,
    id,
    flags: serverFlags(variables, jaas === '' ? '' : `${confDir}/zoo_jaas.conf`, memoryLimitBytes),
    ignored: IGNORED_PREFIXES.flatMap((prefix) => variables.namesOf(prefix)),
  };
}

/** There are no two ports: metrics are on the health port. */
function metricsLines(variables: ImageVariables): readonly string[] {
  if (!variables.isOn('ZOO_ENABLE_PROMETHEUS_METRICS')) return [];
  const port = variables.text('ZOO_PROMETHEUS_METRICS_PORT_NUMBER') || METRICS_PORT;
  return [`zabra.healthPort=${port}`];
}

function serverFlags(
  variables: ImageVariables,
  jaasFile: string,
  memoryLimitBytes: number,
): readonly string[] {
  const flags = [heapFlag(variables, memoryLimitBytes)];
  const level = variables.text('ZOO_LOG_LEVEL').toLowerCase();
  if (level !== '') flags.push(`-Dzabra.logLevel=${level}`);
  const logger = variables.text('ZOO_LOG4J_PROP').replace(/\s/g, '');
  if (logger !== '') flags.push(`-Dzookeeper.root.logger=${logger}`);
  if (jaasFile !== '') flags.push(`-Djava.security.auth.login.config=${jaasFile}`);
  return flags;
}

/** bitnami counts in MiB; Confluent has the flags of a JVM, of which the server takes its own. */
function heapFlag(variables: ImageVariables, limitBytes: number): string {
  const mib = variables.text('ZOO_HEAP_SIZE');
  if (mib !== '') {
    const text = /^\d{1,7}$/.test(mib) ? `${mib}M` : mib;
    return `-Xmx${fitHeap(text, true, limitBytes, 'ZOO_HEAP_SIZE').text}`;
  }
  const options = variables.text('KAFKA_HEAP_OPTS');
  return options || `-Xmx${fitHeap(HEAP_DEFAULT, false, limitBytes, '').text}`;
}
