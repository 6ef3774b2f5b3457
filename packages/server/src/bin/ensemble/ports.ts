/**
 * Whether the ports of a plan are free, found out by listening on each for a moment: a port that is
 * taken is told of before anything is started.
 */

import net from 'node:net';
import { HOST, namedPorts, type Plan } from './plan.ts';

/** The first port that cannot be had, as a sentence; null when all are free. */
export async function findTakenPort(plan: Plan): Promise<string | null> {
  for (const server of plan.servers) {
    for (const [name, port] of namedPorts(server)) {
      const reason = await tryListen(port);
      if (reason === null) continue;
      const why = reason === 'EADDRINUSE' ? 'is taken by another program' : `fails: ${reason}`;
      return `Port ${port} (${name}) ${why}; choose others with --base-port`;
    }
  }
  return null;
}

function tryListen(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, HOST, () => server.close(() => resolve(null)));
  });
}
