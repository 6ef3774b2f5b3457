/** The configuration with which tests of the checkers begin. */

import { Configurations } from './configurations.ts';

export function votersOf(...sids: readonly number[]): Configurations {
  const lines = sids.map((sid) => `server.${sid}=10.0.0.${sid}:2888:3888:participant`);
  return new Configurations([...lines, 'version=0'].join('\n'));
}
