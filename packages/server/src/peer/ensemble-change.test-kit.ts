/**
 * Changes of the ensemble for a `MemberBed`: server 3 of three, with what the others propose and
 * commit of configurations.
 */

import assert from 'node:assert/strict';
import { CONFIG_PATH, makeZxid, OpCode, PacketType } from '@zabra/protocol';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import type { BedLink } from './bed-link.test-kit.ts';
import { finish, follow, written } from './ensemble-script.test-kit.ts';
import { MemberBed } from './member-bed.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';

const { PROPOSAL, COMMITANDACTIVATE, DIFF } = PacketType;
export const ON: Partial<PeerConfig> = { reconfigEnabled: true, skipAcl: true };
export const LINES = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888:participant`);
export const [ONE = '', TWO = '', THREE = ''] = LINES;
export const FOUR = 'server.4=h4:2888:3888:participant';

export function z(epoch: number, counter: number): number {
  return makeZxid(epoch, counter);
}

export function textOf(version: number, ...lines: readonly string[]): string {
  return [...lines, `version=${version.toString(16)}`].join('\n');
}

export function configOf(version: number, ...lines: readonly string[]): EnsembleConfig {
  const { config, error } = parseEnsembleText(textOf(version, ...lines));
  assert.equal(error, null);
  return config as EnsembleConfig;
}

/** A reconfiguration as its leader logged it, without the optional digest. */
export function reconfig(zxid: number, ...lines: readonly string[]): Uint8Array {
  return written((w) => {
    w.long(0x01000000, 1);
    w.int(7);
    w.zxid(zxid);
    w.number(1);
    w.int(OpCode.reconfig);
    w.string(CONFIG_PATH);
    w.string(textOf(zxid, ...lines));
    w.int(-1);
  });
}

export function sidBytes(sid: number): Uint8Array {
  return written((w) => w.number(sid));
}

/** Server 3 follows server 2 in epoch 1, with nothing in its history. */
export function followerOf(changes: Partial<PeerConfig> = {}): [MemberBed, BedLink] {
  const bed = new MemberBed({ ...ON, ...changes });
  const link = follow(bed, 1);
  link.say(DIFF, 0);
  finish(bed, link, 1);
  link.heard();
  bed.configs.length = 0;
  return [bed, link];
}

/** Has the follower take that configuration, committed under 1:1, with the leader that follows. */
export function change(bed: MemberBed, link: BedLink, leaderSid: number, ...lines: string[]): void {
  link.say(PROPOSAL, z(1, 1), reconfig(z(1, 1), ...lines));
  bed.run();
  link.say(COMMITANDACTIVATE, z(1, 1), sidBytes(leaderSid));
  bed.run();
}

export function stored(bed: MemberBed): string[] {
  return bed.configs.map(({ kind, config }) => `${kind} ${config.version.toString(16)}`);
}
