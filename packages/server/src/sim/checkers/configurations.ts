/**
 * Which configuration of the ensemble is in force where in the order of transactions, and what a
 * quorum of it is: the rule by which every promise of a quorum is judged. The first configuration
 * comes with the run, each further one with a transaction; between proposal and commit both count.
 * Read from the transactions by a reader of its own. Invariant I19 of quorum-protocol.md 21.
 */

import { counterOf, epochOf, OpCode, utf8Decode, zxidToHex } from '@zabra/protocol';
import type { Txn } from './txn.ts';
import { expectThat } from './violation.ts';

const TEXT = 'A reconfiguration proposes a configuration under its own zxid';
const COMMITTED = 'No server goes by a configuration that was not committed';

export interface Configuration {
  /** 0 for the first. */
  readonly zxid: number;
  readonly text: string;
  /** Sid to what stands behind it in its line. */
  readonly members: ReadonlyMap<number, string>;
  readonly voters: ReadonlySet<number>;
  /** Empty for majorities. */
  readonly groups: readonly (readonly number[])[];
  readonly weights: ReadonlyMap<number, number>;
}

export class Configurations {
  /** Ascending. */
  readonly #committed: Configuration[];
  /** Every one that was ever proposed. */
  readonly #seen: Map<number, Configuration>;

  constructor(firstText: string) {
    this.#committed = [{ ...parseConfiguration(firstText), zxid: 0 }];
    this.#seen = new Map();
  }

  /** Committed after the first. */
  get count(): number {
    return this.#committed.length - 1;
  }

  get latest(): Configuration {
    return this.#committed.at(-1) as Configuration;
  }

  onSeen(txn: Txn): void {
    if (txn.header.type !== OpCode.reconfig) return;
    const [op] = txn.ops;
    const data = op !== undefined && 'data' in op ? op.data : null;
    const configuration = parseConfiguration(data === null ? '' : utf8Decode(data, 0, data.length));
    const found = `${zxidToHex(txn.zxid)} proposes version ${zxidToHex(configuration.zxid)}`;
    expectThat(configuration.zxid === txn.zxid, TEXT, found);
    this.#seen.set(txn.zxid, configuration);
  }

  onCommitted(zxid: number): void {
    const configuration = this.#seen.get(zxid);
    if (configuration !== undefined && zxid > this.latest.zxid) this.#committed.push(configuration);
  }

  /** What a server says that it goes by; versions of an epoch's start name the first one. */
  onClaimed(sid: number, version: number): void {
    const isCommitted = this.#committed.some(({ zxid }) => zxid === version);
    const found = () => `server ${sid} goes by version ${zxidToHex(version)}`;
    expectThat(isCommitted || counterOf(version) === 0, COMMITTED, found);
  }

  /** True when those that `has` names are a quorum wherever one is needed for that transaction. */
  isQuorum(zxid: number, has: (sid: number) => boolean): boolean {
    return this.#inForce(zxid).every((configuration) => isQuorumOf(configuration, has));
  }

  /** Of the configuration that was committed last. */
  isLatestQuorum(has: (sid: number) => boolean): boolean {
    return isQuorumOf(this.latest, has);
  }

  /** A reconfiguration needs the one before it as well. */
  #inForce(zxid: number): Configuration[] {
    const past = this.#committed.filter((one) => one.zxid <= zxid);
    // What is not known to be committed yet is of the epoch at hand, and of its only leader.
    for (const [seenZxid, configuration] of this.#seen) {
      const isOfEpoch = epochOf(seenZxid) === epochOf(zxid) && seenZxid <= zxid;
      if (isOfEpoch && seenZxid > this.latest.zxid) past.push(configuration);
    }
    past.sort((a, b) => a.zxid - b.zxid);
    return past.slice(past.at(-1)?.zxid === zxid ? -2 : -1);
  }
}

export function isQuorumOf(
  { voters, groups, weights }: Configuration,
  has: (sid: number) => boolean,
): boolean {
  if (groups.length === 0) {
    return [...voters].filter((sid) => has(sid)).length > Math.floor(voters.size / 2);
  }
  const weightOf = (sids: readonly number[]) =>
    sids.reduce((sum, sid) => sum + (voters.has(sid) ? (weights.get(sid) ?? 1) : 0), 0);
  const heavy = groups.filter((sids) => weightOf(sids) > 0);
  const won = heavy.filter((sids) => {
    return weightOf(sids.filter((sid) => has(sid))) > Math.floor(weightOf(sids) / 2);
  });
  return won.length > Math.floor(heavy.length / 2);
}

export function parseConfiguration(text: string): Configuration {
  const members = new Map<number, string>();
  const voters = new Set<number>();
  const groups: number[][] = [];
  const weights = new Map<number, number>();
  let zxid = -1;
  for (const line of text.split('\n')) {
    const [key = '', value = ''] = line.split('=');
    const [kind, id] = key.split('.');
    if (kind === 'server') {
      members.set(Number(id), value);
      if (!/:observer(?:;|$)/.test(value)) voters.add(Number(id));
    } else if (kind === 'group') {
      groups.push(value.split(':').map(Number));
    } else if (kind === 'weight') {
      weights.set(Number(id), Number(value));
    } else if (kind === 'version') {
      zxid = Number.parseInt(value, 16);
    }
  }
  return { zxid, text, members, voters, groups, weights };
}
