/** The plan of a recovery, and what is to be done after it, as pages for people. */

import { int64Hex, zxidToHex } from '@zabra/protocol';
import { dynamicPath, dynamicText } from '../../config/dynamic-files.ts';
import type { Places } from './carry-out.ts';
import type { RecoveryPlan } from './plan.ts';

export function planText(plan: RecoveryPlan, places: Places): string {
  const { survivor, epoch, zxid, ensemble, lost } = plan;
  const { hi, lo } = survivor.digest;
  const all = survivor.ensemble.members.map(({ sid }) => sid).join(', ');
  const counts = `${survivor.znodes} znodes, ${survivor.sessions} sessions`;
  const history = `zxid ${hex(survivor.lastZxid)}, ${counts}`;
  const { syncedZxid } = survivor;
  const synced =
    syncedZxid === null ? 'not known: Apache wrote the log' : `at least up to ${hex(syncedZxid)}`;
  const lines = [
    ['this server', `${survivor.sid}, of ${all}`],
    ['history', `${history}, digest 0x${int64Hex(hi | 0, lo | 0)}`],
    ['acknowledged', synced],
    ['epochs', `accepted ${survivor.acceptedEpoch}, current ${survivor.currentEpoch}`],
    ['new epoch', `${epoch}; the history goes on from zxid ${hex(zxid)}`],
    ['new ensemble', dynamicText(ensemble, false).replaceAll('\n', `\n${' '.repeat(15)}`)],
    ['written to', dynamicPath(places.configFile, zxid)],
    ['copy', places.backup],
    ['record', places.record],
    [
      'given up',
      lost.length === 0 ? 'nobody, but what others have beyond this history' : ids(lost),
    ],
  ];
  const facts = lines.map(([name = '', text = '']) => `${name.padEnd(13)}  ${text}\n`);
  return `${facts.join('')}\n${WARNING}`;
}

const WARNING = `What other members have acknowledged beyond this zxid is lost by this. Look at
every survivor first, and recover the one with the highest current epoch and, among those,
the highest zxid. The members that are given up must never start again with the disks that
they have: most of them together would be the old ensemble.
`;

export function afterText({ survivor, ensemble }: RecoveryPlan, configFile: string): string {
  const others = ensemble.members.map(({ sid }) => sid).filter((sid) => sid !== survivor.sid);
  const start = `Start this server: bin/zkServer.sh start ${configFile}\n`;
  if (others.length === 0) return `Done. ${start}`;
  return (
    `Done. ${start}Then start ${ids(others)}, each with the new server list, its myid and an ` +
    'empty version-2.\nServers of ours wait for this one when zabra.emptyNeedsAllVoters=true ' +
    'stands in their zoo.cfg;\nothers must not be started before this one runs.\n'
  );
}

function ids(list: readonly number[]): string {
  return list.map(String).join(', ');
}

function hex(zxid: number): string {
  return `0x${zxidToHex(zxid)}`;
}
