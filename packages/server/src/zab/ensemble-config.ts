// The members of an ensemble as a configuration says it: who votes, who observes, where each is
// reached. The text form is the one of `/zookeeper/config`, notifications and NEWLEADER
// (quorum spec 15.1, storage spec 12.3): order is insignificant, the version is the zxid of the
// reconfiguration. Addresses are lists; names are resolved at each dial, never here.

export interface MemberAddress {
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
  readonly addresses: readonly MemberAddress[];
  readonly role: 'participant' | 'observer';
  /** Null when the server line has no client part (a static `clientPort` is used). */
  readonly client: ClientAddress | null;
}

export interface EnsembleConfig {
  readonly members: readonly Member[];
  /** Hierarchical quorums: group id to the sids in it; empty for majority quorums. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** Weights by sid; absent means 1. Only with groups. */
  readonly weights: ReadonlyMap<number, number>;
  /** zxid of the reconfiguration, 0 for a static file. */
  readonly version: number;
}
