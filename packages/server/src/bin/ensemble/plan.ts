/**
 * The plan of a local ensemble: which servers, on which ports, with which zoo.cfg, in which
 * directories. Pure, but for `prepare`, which writes it down.
 *
 * Ports of server n of N, from the base port b: clients b+n-1, servers among each other b+100+n-1
 * (quorum) and b+200+n-1 (election), health b+1000+n-1. Everything listens on the loopback address
 * alone, because nothing here asks anybody who they are.
 */

import fs from 'node:fs';
import path from 'node:path';
import { makeDirectory } from '../../config/make-directory.ts';

export const HOST = '127.0.0.1';
export const SERVER_COUNT_MAX = 9;
/** Above it the health ports would not exist. */
export const BASE_PORT_MAX = 64_000;

const QUORUM_OFFSET = 100;
const ELECTION_OFFSET = 200;
const HEALTH_OFFSET = 1000;

export interface PlannedServer {
  readonly sid: number;
  readonly directory: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly clientPort: number;
  readonly quorumPort: number;
  readonly electionPort: number;
  readonly healthPort: number;
}

export interface Plan {
  readonly dataDirectory: string;
  readonly servers: readonly PlannedServer[];
}

export function makePlan(dataDirectory: string, basePort: number, serverCount: number): Plan {
  const data = path.resolve(dataDirectory);
  const servers = Array.from({ length: serverCount }, (_, index): PlannedServer => {
    const directory = path.join(data, `server-${index + 1}`);
    return {
      sid: index + 1,
      directory,
      configFile: path.join(directory, 'zoo.cfg'),
      logFile: path.join(directory, 'server.log'),
      clientPort: basePort + index,
      quorumPort: basePort + QUORUM_OFFSET + index,
      electionPort: basePort + ELECTION_OFFSET + index,
      healthPort: basePort + HEALTH_OFFSET + index,
    };
  });
  return { dataDirectory: data, servers };
}

/** Names of ports as a message about one of them says it. */
export function namedPorts(server: PlannedServer): readonly (readonly [string, number])[] {
  return [
    [`clients of server ${server.sid}`, server.clientPort],
    [`quorum of server ${server.sid}`, server.quorumPort],
    [`election of server ${server.sid}`, server.electionPort],
    [`health of server ${server.sid}`, server.healthPort],
  ];
}

export function connectString(plan: Plan): string {
  return plan.servers.map(({ clientPort }) => `${HOST}:${clientPort}`).join(',');
}

export function configText(plan: Plan, server: PlannedServer): string {
  const lines = [
    '# Written anew at each start of the local ensemble.',
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    `dataDir=${escapeValue(server.directory)}`,
    `clientPort=${server.clientPort}`,
    `clientPortAddress=${HOST}`,
    'maxClientCnxns=0',
    'autopurge.purgeInterval=1',
    '4lw.commands.whitelist=*',
    'zabra.emptyNeedsAllVoters=true',
    `zabra.healthPort=${server.healthPort}`,
    `zabra.healthAddress=${HOST}`,
  ];
  if (plan.servers.length > 1) {
    for (const { sid, quorumPort, electionPort } of plan.servers) {
      lines.push(`server.${sid}=${HOST}:${quorumPort}:${electionPort}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Makes directories and configurations; a server that has no data yet gets an `initialize` file.
 * Returns null, or why the data cannot be used.
 */
export function prepare(plan: Plan): string | null {
  const { dataDirectory, servers } = plan;
  makeDirectory(dataDirectory);
  const present = fs.readdirSync(dataDirectory).filter((name) => /^server-[0-9]+$/.test(name));
  if (present.length > 0 && present.length !== servers.length) {
    return (
      `The data in ${dataDirectory} is that of ${present.length} servers, not of ` +
      `${servers.length}: choose another --data, or --servers ${present.length}`
    );
  }
  for (const server of servers) {
    const isNew = !fs.existsSync(path.join(server.directory, 'version-2'));
    makeDirectory(server.directory);
    fs.writeFileSync(server.configFile, configText(plan, server));
    fs.writeFileSync(path.join(server.directory, 'myid'), `${server.sid}\n`);
    if (isNew) fs.writeFileSync(path.join(server.directory, 'initialize'), '');
  }
  return null;
}

/** A path as the value of a properties file, whatever characters it has. */
function escapeValue(text: string): string {
  return [...text]
    .map((character) => {
      if (character === '\\') return '\\\\';
      if (/[\u0020-\u007e]/.test(character)) return character;
      return character
        .split('')
        .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
        .join('');
    })
    .join('');
}
