/**
 * Free loopback ports for servers under test. They lie below the range from which systems take the
 * ports of outgoing connections: a server that is killed and started again must find its port free.
 * All ports of one call are held open together, so that none is handed out twice.
 */

import { createServer, type Server } from 'node:net';

const PORT_MIN = 15_000;
const PORT_MAX = 32_000;
const TRIES = 1000;

export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    if (attempt > TRIES) throw new Error(`Cannot find ${count} free ports on loopback`);
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    const server = await tryToListen(port);
    if (server === null) continue;
    servers.push(server);
    ports.push(port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The first of as many free ports in a row, for harnesses that count up from one. */
export async function freePortsInARow(count: number): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const first = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN - count));
    const servers: Server[] = [];
    for (let port = first; port < first + count; port++) {
      const server = await tryToListen(port);
      if (server === null) break;
      servers.push(server);
    }
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    if (servers.length === count) return first;
  }
  throw new Error(`Cannot find ${count} free ports in a row on loopback`);
}

function tryToListen(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
