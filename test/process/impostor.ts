/**
 * Servers that take part and should not: one beside an ensemble, with an id and a line of its own
 * in the list that everybody has; and the files of another ensemble, for a member to start from.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connect } from '@zabra/client';
import { ChangingEnsemble } from './changing-ensemble.ts';
import type { TestEnsemble } from './ensemble.ts';
import { freePorts } from './free-ports.ts';
import { ServerProcess } from './server-process.ts';

/** Starts a server of its own, beside the ensemble, that is configured so; ends it at the end. */
export async function withImpostor(
  ensemble: TestEnsemble,
  myid: number,
  lines: (own: readonly [client: number, quorum: number, election: number]) => string[],
  use: (impostor: ServerProcess) => Promise<void>,
): Promise<void> {
  const [client = 0, quorum = 0, election = 0, health = 0] = await freePorts(4);
  const home = join(ensemble.directory, `impostor-${myid}-${client}`);
  mkdirSync(join(home, 'data'), { recursive: true });
  writeFileSync(join(home, 'data', 'myid'), `${myid}\n`);
  const configFile = join(home, 'zoo.cfg');
  const anyConfig = ensemble.servers[0]?.configFile ?? '';
  const members = readFileSync(anyConfig, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('server.'));
  const text = [
    `dataDir=${join(home, 'data')}`,
    `tickTime=500`,
    'initLimit=10',
    'syncLimit=5',
    '4lw.commands.whitelist=*',
    'admin.enableServer=false',
    `zabra.healthPort=${health}`,
    ...members.filter((line) => !line.startsWith(`server.${myid}=`)),
    ...lines([client, quorum, election]),
  ];
  writeFileSync(configFile, `${text.join('\n')}\n`);
  const impostor = new ServerProcess('zabra', configFile, join(home, 'log'), client);
  impostor.start();
  try {
    await use(impostor);
  } finally {
    await impostor.end('SIGKILL');
  }
}

export function lineOf(sid: number, [client, quorum, election]: readonly number[]): string {
  return `server.${sid}=127.0.0.1:${quorum}:${election}:participant;127.0.0.1:${client}`;
}

/** The files of another ensemble, which has been through that many epochs. */
export async function foreignData(
  epochs: number,
  use: (data: string) => Promise<void>,
): Promise<void> {
  await ChangingEnsemble.run(['zabra'], async (other) => {
    await other.startFirst();
    const zk = await connect(other.connectString(1));
    await zk.create('/of-another-ensemble', 'x');
    await zk.close();
    for (let epoch = 1; epoch < epochs; epoch++) {
      await other.server(1).end('SIGTERM');
      other.server(1).start();
      await other.server(1).waitUntilServing();
    }
    await other.server(1).end('SIGTERM');
    await use(join(dirname(other.server(1).configFile), 'data', 'version-2'));
  });
}
