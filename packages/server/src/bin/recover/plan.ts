/**
 * The plan of a recovery from the permanent loss of a quorum: what this survivor has, who goes on,
 * and in which epoch. It is made of a rehearsal and changes nothing.
 *
 * Why what is lost cannot come back unseen:
 *   - the history begins anew at a zxid of an epoch above all that the lost members can have seen:
 *     no zxid of theirs is ever used again for another transaction, and clients that were ahead of
 *     this server are taken;
 *   - that zxid is a snapshot, and the log before it is gone: whoever comes with the old history
 *     gets it replaced as a whole, since nothing of it can be served as a difference;
 *   - currentEpoch is above that of every lost member, so that none wins an election against us;
 *   - a lost member with the old list has no quorum of it, as long as most of them stay away.
 */

import { EPOCH_MAX, epochOf, makeZxid, zxidToHex } from '@zabra/protocol';
import type { EnsembleConfig, Member } from '../../zab/ensemble-config.ts';
import {
  type ConfigEntry,
  formatEnsembleText,
  parseEnsembleEntries,
} from '../../zab/ensemble-text.ts';
import type { Survivor } from './survivor.ts';

/**
 * Elections that the lost members may have held without this one. Less than what an Apache or Zabra
 * leader believes of a learner (65536), so that those who join find nothing strange in it.
 */
const EPOCH_LEAP = 1024;

export interface Wish {
  /** Ids of present members that go on; null: this server alone. */
  readonly keep: readonly number[] | null;
  /** Server lines, `server.4=...`, of members that join. */
  readonly add: readonly string[];
  /** Null: as many above the highest known as lost members can have had. */
  readonly epoch: number | null;
}

export interface RecoveryPlan {
  readonly survivor: Survivor;
  readonly epoch: number;
  /** At which the history begins anew. */
  readonly zxid: number;
  readonly ensemble: EnsembleConfig;
  /** Ids of members that are given up. */
  readonly lost: readonly number[];
  /** What must be typed to go on: the new ensemble and the zxid that it goes on from. */
  readonly confirmation: string;
}

/** A string says what is wrong with the wish. */
export function makePlan(survivor: Survivor, wish: Wish): RecoveryPlan | string {
  const { ensemble, lastZxid, acceptedEpoch, currentEpoch } = survivor;
  const known = Math.max(acceptedEpoch, currentEpoch, epochOf(lastZxid));
  const epoch = wish.epoch ?? known + EPOCH_LEAP;
  if (epoch <= known) return `--epoch is ${epoch}, wanted more than ${known}`;
  if (epoch > EPOCH_MAX) return `There is no epoch ${epoch}: the highest is ${EPOCH_MAX}`;
  const zxid = makeZxid(epoch, 0);
  const members = newMembers(survivor, wish);
  if (typeof members === 'string') return members;
  const kept = new Set(members.map((member) => member.sid));
  const lost = ensemble.members.map((member) => member.sid).filter((id) => !kept.has(id));
  const ids = members.map((member) => member.sid).join(',');
  return {
    survivor,
    epoch,
    zxid,
    ensemble: { members, groups: new Map(), weights: new Map(), version: zxid },
    lost,
    confirmation: `${ids}@0x${zxidToHex(lastZxid)}`,
  };
}

function newMembers(survivor: Survivor, { keep, add }: Wish): readonly Member[] | string {
  const { sid, ensemble } = survivor;
  const ids = keep ?? [sid];
  if (!ids.includes(sid)) return `--keep must name this server, ${sid}`;
  const members = ensemble.members.filter((member) => ids.includes(member.sid));
  const unknown = ids.find((id) => !members.some((member) => member.sid === id));
  if (unknown !== undefined) return `--keep names ${unknown}, which is not in the server list`;
  // An observer may be all that is left, and somebody must vote.
  const kept = members.map((member): Member => {
    return member.sid === sid ? { ...member, role: 'participant' } : member;
  });
  const text = formatEnsembleText({ ...ensemble, members: kept, groups: new Map() });
  const lines = [...text.split('\n').filter((line) => line.startsWith('server.')), ...add];
  const entries: ConfigEntry[] = [];
  for (const line of lines) {
    const [, key = '', value = ''] = /^\s*(server\.[^=\s]+)\s*=(.*)$/.exec(line) ?? [];
    if (key === '') return `Cannot add "${line}": wanted server.<id>=...`;
    entries.push([key, value.trim()]);
  }
  const { config, error } = parseEnsembleEntries(entries, 0);
  return config?.members ?? `${error}`;
}
