/**
 * The claim on data directories that are about to be rewritten: they are there, no server of either
 * kind runs on them, and none of ours can start on them until the claim is given up.
 */

import fs from 'node:fs';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import type { ServerSettings } from '../../config/settings.ts';
import { type DataLock, lockData } from '../data-lock.ts';
import { askServer, findRunningServer } from '../doctor/running-server.ts';

/** Throws ConfigError with the reason why not. */
export async function claimData(configFile: string, settings: ServerSettings): Promise<DataLock> {
  const { directories } = settings.edge;
  for (const directory of [directories.snap, directories.log]) {
    if (!fs.existsSync(directory)) refuse(`"${directory}" does not exist`);
  }
  const running = await findRunningServer(configFile, directories);
  if (running !== null) {
    const who = running.pid === 0 ? 'a server' : `process ${running.pid}`;
    refuse(`${who} runs on "${directories.snap}"; stop it first`);
  }
  const { host, port } = settings.peer.clientAddress;
  const at = host === '0.0.0.0' ? '127.0.0.1' : host;
  if (port > 0 && (await askServer(at, port)).version !== null) {
    refuse(`a server answers at ${at}:${port}; stop it first`);
  }
  return await lockData(directories);
}

function refuse(why: string): never {
  throw new ConfigError(`Cannot recover: ${why}`, EXIT_UNEXPECTED);
}
