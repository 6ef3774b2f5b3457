/**
 * The list of servers and the own id, in the forms of the three images:
 *
 *   docker-library   ZOO_SERVERS="server.1=a:2888:3888;2181 server.2=..."   ZOO_MY_ID
 *   bitnami          ZOO_SERVERS="a:2888:3888::1,b:2888:3888::2"            ZOO_SERVER_ID
 *   Confluent        ZOOKEEPER_SERVERS="a:2888:3888;b:2888:3888"            ZOOKEEPER_SERVER_ID
 *   ours             ZOO_REPLICAS=3, with names and id from the host name of a pod
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { type HostName, podIdentity } from '../pod/pod-identity.ts';
import type { ImageVariables } from './image-variables.ts';

export interface ImageServers {
  /** Lines of zoo.cfg. */
  readonly lines: readonly string[];
  readonly id: number;
}

const SERVER_LINE = /^server\.(\d+)=\S+$/;
const BARE = /^([^:\s]+):(\d+):(\d+)(?::(participant|observer))?(?:::(\d+))?$/;
const CLIENT_PORT = '2181';
const ID_MAX = 255;
const REPLICAS_MAX = 255;

export function imageServers(variables: ImageVariables, hostName: HostName): ImageServers {
  const port = variables.text('ZOO_PORT_NUMBER', 'ZOOKEEPER_CLIENT_PORT') || CLIENT_PORT;
  const lines = serverLines(variables, hostName, port);
  const ids = lines.map((line) => Number(SERVER_LINE.exec(line)?.[1]));
  return { lines, id: ownId(variables, hostName, ids) };
}

function serverLines(variables: ImageVariables, hostName: HostName, port: string): string[] {
  const replicas = variables.text('ZOO_REPLICAS');
  if (replicas !== '') return replicaLines(replicas, hostName, port);
  const text = variables.text('ZOOKEEPER_SERVERS', 'ZOO_SERVERS');
  if (text === '') return [`server.1=localhost:2888:3888;${port}`];
  const words = text.split(/\s+/);
  if (words.every((word) => SERVER_LINE.test(word))) return words;
  return text
    .split(/[\s,;]+/)
    .filter((word) => word !== '')
    .map((word, index) => bareLine(word, index + 1, port));
}

function bareLine(word: string, position: number, port: string): string {
  const [, host, quorum, election, role, id] = BARE.exec(word) ?? [];
  if (host === undefined) {
    const wanted = 'server.ID=HOST:PORT:PORT;PORT or HOST:PORT:PORT::ID';
    throw refusal(`Cannot read the server "${word}": wanted ${wanted}`);
  }
  const suffix = role === undefined ? '' : `:${role}`;
  return `server.${id ?? position}=${host}:${quorum}:${election}${suffix};${port}`;
}

function replicaLines(replicas: string, hostName: HostName, port: string): string[] {
  const count = /^\d{1,3}$/.test(replicas) ? Number(replicas) : 0;
  if (count < 1 || count > REPLICAS_MAX) {
    throw refusal(`Cannot read "ZOO_REPLICAS=${replicas}": wanted 1 to ${REPLICAS_MAX}`);
  }
  const { hosts } = podIdentity(hostName, count);
  return hosts.map((host, index) => `server.${index + 1}=${host}:2888:3888;${port}`);
}

/** As told; else by the ordinal of a pod, if such a server is listed; else 1. */
function ownId(variables: ImageVariables, { short }: HostName, ids: readonly number[]): number {
  const text = variables.text('ZOO_SERVER_ID', 'ZOOKEEPER_SERVER_ID', 'ZOO_MY_ID');
  if (text !== '') {
    const id = /^\d{1,3}$/.test(text) ? Number(text) : -1;
    if (id >= 0 && id <= ID_MAX) return id;
    throw refusal(`Cannot use "${text}" as the id of a server: wanted 0 to ${ID_MAX}`);
  }
  const id = Number(/-(\d{1,3})$/.exec(short)?.[1] ?? Number.NaN) + 1;
  return ids.length > 1 && ids.includes(id) ? id : 1;
}

function refusal(message: string): ConfigError {
  return new ConfigError(message, EXIT_UNEXPECTED);
}
