/**
 * Configurations as text: `server.N`, `group.N`, `weight.N` and `version` lines, joined by newlines
 * without one at the end. The form of /zookeeper/config, of notifications, of NEWLEADER, and, as
 * entries without a version, of zoo.cfg. The order of lines says nothing. From
 * storage-and-config.md 12.3 to 12.5 and quorum-protocol.md 14 and 15.1.
 *
 *   server.<sid> = addr *( '|' addr ) [ ';' [ [host ':'] port ] ]
 *   addr         = host ':' quorumPort ':' electionPort [ ':' role ]
 *   group.<gid>  = sid *( ':' sid )      weight.<sid> = number      version = hex zxid
 *
 * A third `;` part (Apache after 3.9) is refused, as 3.8 and 3.9 refuse it. A wrong text gives one
 * sentence that names the line, never an exception.
 */

import { formatHostPort, zxidFromHex, zxidToHex } from '@zabra/protocol';
import type { ClientAddress, EnsembleConfig, Member, MemberAddress } from './ensemble-config.ts';
import { expandIpv6 } from './ipv6.ts';

const SID_MAX = 2 ** 31 - 1;
const PORT_MAX = 65535;
const CLIENT_HOST_DEFAULT = '0.0.0.0';

/** `config` is null exactly when `error` says why. */
export type ParsedEnsemble =
  | { readonly config: EnsembleConfig; readonly error: null }
  | { readonly config: null; readonly error: string };

export type ConfigEntry = readonly [key: string, value: string];

/** Reads the whole text form, version included. */
export function parseEnsembleText(text: string): ParsedEnsemble {
  const entries: ConfigEntry[] = [];
  let version = 0;
  let versionSeen = false;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = line.indexOf('=');
    if (at < 0) return fail(`Cannot read line "${line}" of the configuration: it has no "="`);
    const key = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (key !== 'version') {
      entries.push([key, value]);
      continue;
    }
    version = zxidFromHex(value);
    if (versionSeen || Number.isNaN(version) || version < 0) {
      return fail(`Cannot read version "${value}" of the configuration: wanted one hex number`);
    }
    versionSeen = true;
  }
  return parseEnsembleEntries(entries, version);
}

/** Reads `server`, `group` and `weight` keys, as they also stand in zoo.cfg. */
export function parseEnsembleEntries(
  entries: readonly ConfigEntry[],
  version: number,
): ParsedEnsemble {
  const draft = new EnsembleDraft();
  for (const [key, value] of entries) {
    const error = draft.add(key, value);
    if (error !== null) return fail(error);
  }
  const error = draft.check();
  if (error !== null) return fail(error);
  const members = [...draft.members.values()].sort((a, b) => a.sid - b.sid);
  const { groups, weights } = draft;
  return { config: { members, groups, weights, version }, error: null };
}

/** The canonical text: addresses sorted by host, roles spelled out, IPv6 expanded. */
export function formatEnsembleText(config: EnsembleConfig): string {
  const lines = config.members.map(formatMember);
  for (const [gid, sids] of config.groups) lines.push(`group.${gid}=${sids.join(':')}`);
  if (config.groups.size > 0) lines.push(...formatWeights(config));
  lines.push(`version=${zxidToHex(config.version)}`);
  return lines.join('\n');
}

/** Collects entries of one configuration; every method returns what is wrong, or null. */
class EnsembleDraft {
  readonly members = new Map<number, Member>();
  readonly groups = new Map<number, readonly number[]>();
  readonly weights = new Map<number, number>();

  add(key: string, value: string): string | null {
    if (key.startsWith('server.')) return this.#addMember(key, value);
    // As in Apache any key that begins so switches to hierarchical quorums, and must then be right.
    if (key.startsWith('group')) return this.#addGroup(key, value);
    if (key.startsWith('weight')) return this.#addWeight(key, value);
    return `Cannot read key "${key}" of the configuration: wanted server., group. or weight.`;
  }

  check(): string | null {
    if (this.members.size === 0) return 'Cannot form an ensemble: there is no server line';
    const voters = [...this.members.values()].filter((m) => m.role === 'participant');
    if (voters.length === 0) return 'Cannot form an ensemble: every server is an observer';
    const namesakes = this.#namesakes();
    if (namesakes !== null) return namesakes;
    if (this.groups.size === 0 && this.weights.size === 0) return null;
    for (const { sid } of voters) {
      let count = 0;
      for (const sids of this.groups.values()) if (sids.includes(sid)) count += 1;
      if (count !== 1) {
        return `Cannot form quorum groups: server ${sid} is in ${count} of them, wanted one`;
      }
    }
    return null;
  }

  /** The high byte of a session id names the server that made it: the low byte of its own id. */
  #namesakes(): string | null {
    const byLowByte = new Map<number, number>();
    for (const sid of this.members.keys()) {
      const other = byLowByte.get(sid & 0xff);
      if (other !== undefined) {
        const found = `its sessions would have the same ids as those of ${other}`;
        return `Cannot add server ${sid}: ${found}`;
      }
      byLowByte.set(sid & 0xff, sid);
    }
    return null;
  }

  #addMember(key: string, value: string): string | null {
    const sid = parseNumber(key.slice('server.'.length), SID_MAX);
    if (sid < 0) return `Cannot read "${key}": a server id is a number from 0 to ${SID_MAX}`;
    if (this.members.has(sid)) return `Cannot add server ${sid}: it is given twice`;
    const member = parseMember(sid, value);
    if (typeof member === 'string') return `Cannot read "${key}=${value}": ${member}`;
    this.members.set(sid, member);
    return null;
  }

  #addGroup(key: string, value: string): string | null {
    const gid = key.startsWith('group.') ? parseNumber(key.slice('group.'.length)) : -1;
    if (gid < 0) return `Cannot read "${key}": wanted group.<number>`;
    if (this.groups.has(gid)) return `Cannot add group ${gid}: it is given twice`;
    const sids: number[] = [];
    for (const part of value.split(':')) {
      const sid = parseNumber(part.trim(), SID_MAX);
      if (sid < 0) return `Cannot read "${key}=${value}": "${part}" is not a server id`;
      if (!sids.includes(sid)) sids.push(sid);
    }
    this.groups.set(gid, sids);
    return null;
  }

  #addWeight(key: string, value: string): string | null {
    const sid = key.startsWith('weight.') ? parseNumber(key.slice('weight.'.length), SID_MAX) : -1;
    if (sid < 0) return `Cannot read "${key}": wanted weight.<server id>`;
    if (this.weights.has(sid)) return `Cannot add weight of server ${sid}: it is given twice`;
    const weight = parseNumber(value);
    if (weight < 0) return `Cannot read "${key}=${value}": a weight is a number from 0 on`;
    this.weights.set(sid, weight);
    return null;
  }
}

/** The member, or what is wrong with the value of its line. */
export function parseMember(sid: number, value: string): Member | string {
  const parts = value.split(';');
  if (parts.length > 2) return 'it has more than one client part';
  const addresses: MemberAddress[] = [];
  let role: Member['role'] | null = null;
  for (const text of (parts[0] as string).split('|')) {
    const found = parseAddress(text.trim());
    if (typeof found === 'string') return found;
    if (found.role !== null && role !== null && found.role !== role) {
      return 'its addresses have different roles';
    }
    role = found.role ?? role;
    addresses.push(found.address);
  }
  const client = parts.length < 2 ? null : parseClient((parts[1] as string).trim());
  if (typeof client === 'string') return client;
  return { sid, addresses, role: role ?? 'participant', client };
}

interface ParsedAddress {
  readonly address: MemberAddress;
  readonly role: Member['role'] | null;
}

function parseAddress(text: string): ParsedAddress | string {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([^:]*):([^:]*)(?::([^:]*))?$/.exec(text);
  if (match === null) return `"${text}" is not host:quorumPort:electionPort[:role]`;
  const host = hostOf(match[1], match[2]);
  if (host === null) return `"[${match[1]}]" is not an IPv6 address`;
  const quorumPort = parseNumber((match[3] as string).trim(), PORT_MAX);
  const electionPort = parseNumber((match[4] as string).trim(), PORT_MAX);
  if (quorumPort < 0) return `"${match[3]}" is not a quorum port`;
  if (electionPort < 0) return `"${match[4]}" is not an election port`;
  if (quorumPort === electionPort) return 'its quorum port and election port are the same';
  const role = match[5] === undefined ? null : match[5].trim().toLowerCase();
  if (role !== null && role !== 'participant' && role !== 'observer') {
    return `"${match[5]}" is not a role, wanted participant or observer`;
  }
  return { address: { host, quorumPort, electionPort }, role };
}

/** Null for an empty part, a sentence when it is wrong. */
function parseClient(text: string): ClientAddress | null | string {
  if (text === '') return null;
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?([^:]+)$/.exec(text);
  if (match === null) return `"${text}" is not [host:]clientPort`;
  const port = parseNumber((match[3] as string).trim(), PORT_MAX);
  if (port < 0) return `"${match[3]}" is not a client port`;
  const host = hostOf(match[1], match[2] ?? CLIENT_HOST_DEFAULT);
  return host === null ? `"[${match[1]}]" is not an IPv6 address` : { host, port };
}

/** Null for brackets around something that is not an IPv6 address. */
function hostOf(bracketed: string | undefined, plain: string | undefined): string | null {
  if (bracketed === undefined) return (plain as string).trim();
  return expandIpv6(bracketed) === null ? null : bracketed;
}

function formatMember(member: Member): string {
  const sorted = [...member.addresses].sort((a, b) => (a.host < b.host ? -1 : 1));
  const addresses = sorted.map((a) => `${canonical(a.host, a.quorumPort)}:${a.electionPort}`);
  const { client } = member;
  const tail = client === null ? '' : `;${canonical(client.host, client.port)}`;
  return `server.${member.sid}=${addresses.join('|')}:${member.role}${tail}`;
}

/** Of every participant, also where it is the one that goes without saying. */
function formatWeights({ members, weights }: EnsembleConfig): string[] {
  const all = new Map(weights);
  for (const { sid, role } of members) {
    if (role === 'participant' && !all.has(sid)) all.set(sid, 1);
  }
  const sorted = [...all].sort(([a], [b]) => a - b);
  return sorted.map(([sid, weight]) => `weight.${sid}=${weight}`);
}

function canonical(host: string, port: number): string {
  return formatHostPort({ host: expandIpv6(host) ?? host, port });
}

/** -1 unless the text is a plain decimal number up to `max`. */
function parseNumber(text: string, max = 0x7fffffff): number {
  if (!/^\d{1,10}$/.test(text)) return -1;
  const value = Number(text);
  return value > max ? -1 : value;
}

function fail(error: string): ParsedEnsemble {
  return { config: null, error };
}
