/**
 * What a reconfig request leads to: the configuration that it proposes, or the refusal. The checks
 * and their order are ZooKeeper's (client-protocol.md 16, `PrepRequestProcessor`), without the one
 * for the permission, which comes last. Codes for texts that cannot be read are those that Apache's
 * parser happens to give; `test/interop` compares them.
 */

import { ErrorCode } from '@zabra/protocol';
import type { ReconfigRequest, ReconfigVerdict } from '../ops/state-options.ts';
import type { EnsembleConfig, Member } from '../zab/ensemble-config.ts';
import {
  type ConfigEntry,
  formatEnsembleText,
  parseEnsembleEntries,
  parseEnsembleText,
  parseMember,
} from '../zab/ensemble-text.ts';
import { makeVerifier, type QuorumVerifier } from '../zab/quorum-verifier.ts';
import { conflictOf } from './member-conflicts.ts';
import type { Membership } from './membership.ts';

const ANY_VERSION = -1;
const NUMBER = /^[+-]?\d+$/;

export interface ReconfigContext {
  readonly membership: Membership;
  readonly standaloneEnabled: boolean;
  readonly multiAddressEnabled: boolean;
  /** Whether those that follow, up to date, are a quorum of that configuration. */
  hasSyncedQuorum(verifier: QuorumVerifier): boolean;
}

/** `zxid` is that of the transaction, and so the version of the configuration. */
export function judgeReconfig(
  request: ReconfigRequest,
  zxid: number,
  context: ReconfigContext,
): ReconfigVerdict {
  const { membership } = context;
  if (membership.proposed !== null) return refusal(ErrorCode.RECONFIGINPROGRESS);
  const { committed } = membership;
  const { fromVersion, newMembers } = request;
  if (fromVersion !== ANY_VERSION && fromVersion !== committed.version) {
    return refusal(ErrorCode.BADVERSION);
  }
  const next =
    newMembers === null
      ? changedBy(request, committed, zxid, context)
      : replacedBy(newMembers, zxid, context);
  if (typeof next === 'number') return refusal(next);
  const verifier = makeVerifier(next);
  const votersMin = context.standaloneEnabled ? 2 : 1;
  if (verifier.voters.length < votersMin) return refusal(ErrorCode.BADARGUMENTS);
  const text = formatEnsembleText(next);
  // Each member alone may be right and all together not.
  if (parseEnsembleText(text).config === null) return refusal(ErrorCode.BADARGUMENTS);
  if (!context.hasSyncedQuorum(verifier)) return refusal(ErrorCode.NEWCONFIGNOQUORUM);
  return { code: ErrorCode.OK, text };
}

/** All members at once, parted by commas or newlines, and the shape of the quorums. */
function replacedBy(
  newMembers: string,
  version: number,
  context: ReconfigContext,
): EnsembleConfig | number {
  const entries = new Map<string, string>();
  for (const line of newMembers.split(/[,\n]/)) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const [key = '', ...rest] = text.split('=');
    entries.set(key.trim(), rest.join('=').trim());
  }
  const given = entries.get('version');
  if (given !== undefined && !/^[+-]?[0-9a-f]+$/i.test(given)) return ErrorCode.MARSHALLINGERROR;
  entries.delete('version');
  const { config } = parseEnsembleEntries([...entries], version);
  if (config === null) return codeOf([...entries], context);
  if (isForbidden(config.members, context)) return ErrorCode.BADARGUMENTS;
  const voterCount = config.members.filter(({ role }) => role === 'participant').length;
  // Apache takes this for no ensemble at all, and trips over the observers.
  const isAlone = context.standaloneEnabled && voterCount === 1;
  return isAlone && config.members.length > 1 ? ErrorCode.MARSHALLINGERROR : config;
}

/** The refusal of members that cannot be read, or that have nobody to vote. */
function codeOf(entries: readonly ConfigEntry[], { standaloneEnabled }: ReconfigContext): number {
  const isKnown = ([key]: ConfigEntry) => /^(?:server\.|group|weight)/.test(key);
  if (!entries.every(isKnown)) return ErrorCode.BADARGUMENTS;
  const isNumbered = ([key, value]: ConfigEntry) =>
    NUMBER.test(key.slice(key.lastIndexOf('.') + 1)) &&
    (key.startsWith('server.') || value.split(':').every((part) => NUMBER.test(part.trim())));
  if (!entries.every(isNumbered)) return ErrorCode.MARSHALLINGERROR;
  const servers = entries.filter(([key]) => key.startsWith('server.'));
  const hasVoter = servers.some(([, value]) => !/:\s*observer\s*(?:;|$)/i.test(value));
  const isEmpty = servers.length === 0 && standaloneEnabled;
  return hasVoter || isEmpty ? ErrorCode.BADARGUMENTS : ErrorCode.MARSHALLINGERROR;
}

/** The members that stay, with those that join or come back changed. */
function changedBy(
  { joining, leaving }: ReconfigRequest,
  committed: EnsembleConfig,
  version: number,
  context: ReconfigContext,
): EnsembleConfig | number {
  // Groups and weights can only be given all at once.
  if (committed.groups.size > 0) return ErrorCode.BADARGUMENTS;
  const members = new Map(committed.members.map((member) => [member.sid, member]));
  for (const id of listOf(leaving)) {
    if (!NUMBER.test(id)) return ErrorCode.MARSHALLINGERROR;
    members.delete(Number(id));
  }
  for (const entry of listOf(joining)) {
    const joiner = joinerOf(entry);
    if (typeof joiner === 'number') return joiner;
    if (isForbidden([joiner], context)) return ErrorCode.BADARGUMENTS;
    if (conflictOf(joiner, members.values()) !== null) return ErrorCode.BADARGUMENTS;
    members.set(joiner.sid, joiner);
  }
  const sorted = [...members.values()].sort((a, b) => a.sid - b.sid);
  return { members: sorted, groups: new Map(), weights: new Map(), version };
}

/** `anything.N=address;client`: whoever joins says where its clients come in. */
function joinerOf(entry: string): Member | number {
  const [key = '', value, ...rest] = entry.split('=').map((part) => part.trim());
  if (value === undefined || value === '' || rest.length > 0) return ErrorCode.BADARGUMENTS;
  const id = key.slice(key.lastIndexOf('.') + 1);
  if (!NUMBER.test(id)) return ErrorCode.MARSHALLINGERROR;
  const member = parseMember(Number(id), value);
  return typeof member === 'string' || member.client === null ? ErrorCode.BADARGUMENTS : member;
}

function isForbidden(members: readonly Member[], context: ReconfigContext): boolean {
  return !context.multiAddressEnabled && members.some(({ addresses }) => addresses.length > 1);
}

function listOf(text: string | null): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function refusal(code: number): ReconfigVerdict {
  return { code, text: '' };
}
