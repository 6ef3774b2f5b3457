/**
 * The members of an ensemble as a configuration says it: who votes, who observes, where each is
 * reached. Addresses are lists; names are resolved at each dial, never here. The text form is
 * `ensemble-text.ts`. From quorum-protocol.md 15.1 and storage-and-config.md 12.3.
 */

export interface MemberAddress {
  /** Name or address, without the brackets of an IPv6 literal. */
  readonly host: string;
  readonly quorumPort: number;
  readonly electionPort: number;
}

export interface ClientAddress {
  readonly host: string;
  readonly port: number;
}

export interface Member {
  readonly sid: number;
  /** At least one. */
  readonly addresses: readonly MemberAddress[];
  readonly role: 'participant' | 'observer';
  /** Null when the server line has no client part (a static `clientPort` is used). */
  readonly client: ClientAddress | null;
}

export interface EnsembleConfig {
  /** Ascending by sid. */
  readonly members: readonly Member[];
  /** Hierarchical quorums: group id to the sids in it; empty for majority quorums. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** Weights by sid; absent means 1. Only with groups. */
  readonly weights: ReadonlyMap<number, number>;
  /** zxid of the reconfiguration, 0 for a static file. */
  readonly version: number;
}

export function memberOf(config: EnsembleConfig, sid: number): Member | null {
  return config.members.find((member) => member.sid === sid) ?? null;
}
