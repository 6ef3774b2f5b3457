/** Which member of which ensemble this server is: `myid` against the server list. */

import path from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import type { ConfigValues } from '../../config/config-values.ts';
import { readEnsembleSection, readMyid } from '../../config/ensemble-section.ts';
import { KEYS } from '../../config/server-keys.ts';
import type { Findings } from './findings.ts';

/** Whether there is an ensemble; and whether this server is one of it. */
export function examineIdentity(values: ConfigValues, findings: Findings): boolean {
  try {
    const { members, isDistributed } = readEnsembleSection(values, () => {});
    if (!isDistributed || members === null) return false;
    const dataDir = values.get(KEYS.dataDir);
    if (dataDir === '') return true;
    const myid = readMyid(dataDir);
    const listed = members.members.map(({ sid }) => sid).join(', ');
    const file = path.join(dataDir, 'myid');
    if (myid === null) findings.add('MYID', `"${file}" is missing; the list has ${listed}`);
    else if (!members.members.some(({ sid }) => sid === myid)) {
      findings.add('MYID', `"${file}" says ${myid}, the server list has ${listed}`);
    }
    return true;
  } catch (error) {
    // The server's own words follow from its settings.
    if (!(error instanceof ConfigError)) throw error;
    return false;
  }
}
