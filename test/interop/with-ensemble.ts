/**
 * An ensemble for the scenarios of other clients: of our servers, or of the kind that
 * `ZABRA_INTEROP_KIND` names, which shows that the scenarios themselves are right.
 */

import { join } from 'node:path';
import { TestEnsemble } from '../process/ensemble.ts';
import { ROOT, type ServerKind, type ServerProcess } from '../process/server-process.ts';

/** Where `install-peers.sh` puts what it installs. */
export const CACHE = process.env['ZABRA_INTEROP_CACHE'] ?? join(ROOT, '.cache/interop');
export const KIND = (process.env['ZABRA_INTEROP_KIND'] ?? 'zabra') as ServerKind;

export async function withEnsemble(
  size: number,
  use: (ensemble: TestEnsemble) => Promise<void>,
): Promise<void> {
  const kinds = Array.from({ length: size }, () => KIND);
  await TestEnsemble.run({ kinds }, async (ensemble) => {
    await ensemble.start();
    await use(ensemble);
  });
}

/** Answers what client scripts ask for. */
export function leaderKiller(ensemble: TestEnsemble): (name: string) => Promise<void> {
  let killed: ServerProcess | null = null;
  return async (name) => {
    if (name === 'kill-leader') {
      killed = await ensemble.leader();
      await killed.end('SIGKILL');
    } else if (name === 'restart') {
      killed?.start();
      await killed?.waitUntilServing();
    } else {
      throw new Error(`A client script asks for "${name}", which nobody knows`);
    }
  };
}
