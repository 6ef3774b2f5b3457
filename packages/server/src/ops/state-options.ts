/**
 * What the state is told from outside, once: the switches that ZooKeeper reads as system
 * properties, and what this floor may not import of cryptography.
 */

import type { PathHash } from '../tree/path-hash.ts';
import type { KeeperOptions } from './keeper-nodes.ts';

export interface StateOptions {
  /** `zookeeper.digest.enabled`: entries carry and are checked against the tree's digest. */
  readonly digestEnabled: boolean;
  /** `zookeeper.extendedTypesEnabled`: TTL znodes exist. */
  readonly extendedTypes: boolean;
  /** `zookeeper.skipACL`: every permission is granted. */
  readonly skipAcl: boolean;
  /** `super:base64(hash("super:password"))`, or empty when there is no super user. */
  readonly superDigest: string;
  /** `zookeeper.enforceQuota`: hard quotas refuse writes. */
  readonly enforceQuota: boolean;
  /** `zookeeper.closeSessionTxn.enabled`: closeSession transactions list what they delete. */
  readonly closeSessionTxn: boolean;
  /** `reconfigEnabled`: the ensemble may be changed while it runs. */
  readonly reconfigEnabled?: boolean;
  /**
   * Longest buffer or string of a request, and longest transaction that may be proposed, bytes:
   * Java learners and logs refuse more (storage-and-config.md 1). The protocol's default if absent.
   */
  readonly txnBytesMax?: number;
  /** Longest reply to a read that gathers many znodes' data, bytes; without bound if absent. */
  readonly replyBytesMax?: number;
  /** Watch events written at once in one turn; the rest follows. A bound of ours if absent. */
  readonly eventsAtOnceMax?: number;
  /** Under which paths are indexed: a seeded one, so that no client can make them fall together. */
  readonly pathHash?: PathHash;
  /** Authentication schemes beyond those that always exist; none if absent. */
  readonly schemes?: SchemeOptions;
  /** Clients may use what ClickHouse Keeper added to the protocol; absent or null: they may not. */
  readonly keeper?: KeeperOptions | null;
}

/** What a reconfig request asks for. */
export interface ReconfigRequest {
  /** `server.N=...` entries, parted by commas. */
  readonly joining: string | null;
  /** Server ids, parted by commas. */
  readonly leaving: string | null;
  /** All members, parted by commas or newlines; then nothing else counts. */
  readonly newMembers: string | null;
  /** The configuration that the client started from, a zxid; -1 is any. */
  readonly fromVersion: number;
}

/** OK with the text of the configuration that is to be proposed, or the refusal. */
export interface ReconfigVerdict {
  readonly code: number;
  readonly text: string;
}

/** `zxid` is that of the transaction. */
export type ReconfigJudge = (request: ReconfigRequest, zxid: number) => ReconfigVerdict;

/** Which schemes there are beside `world` and `ip`, and whom their identities make super. */
export interface SchemeOptions {
  /** `zookeeper.DigestAuthenticationProvider.enabled`: whether there is the scheme `digest`. */
  readonly digest: boolean;
  /** Its hash, as `Hashes` knows it; `zookeeper.DigestAuthenticationProvider.digestAlg`. */
  readonly digestAlgorithm: string;
  /** Whether clients may ask for an ensemble by the scheme `ensemble`. */
  readonly ensemble: boolean;
  /** `zookeeper.ensembleAuthName`: names of this one; null when any is right. */
  readonly ensembleNames: ReadonlySet<string> | null;
  /** Whether ACLs know the scheme `x509`. */
  readonly x509: boolean;
  /** `zookeeper.X509AuthenticationProvider.superUser`: a subject; empty is nobody. */
  readonly x509SuperUser: string;
  /** Whether ACLs know the scheme `sasl`; the exchange itself does not depend on it. */
  readonly sasl: boolean;
  /** `zookeeper.superUser` and `zookeeper.superUser.X`: authorization ids. */
  readonly saslSuperUsers: ReadonlySet<string>;
  /** `zookeeper.letAnySaslUserDoX`: an ACL id that means every SASL identity; empty is none. */
  readonly anySaslUser: string;
}

export interface Hashes {
  /** All of `bytes` by a hash that the configuration named, `sha1` and the like. */
  hash(algorithm: string, bytes: Uint8Array): Uint8Array;
  /** MD5 of all of `bytes`, 16 bytes. */
  md5(bytes: Uint8Array): Uint8Array;
  /**
   * Bytes that nobody can foresee, for nonces; never from a seed, except in the simulation. They
   * go to clients and nowhere else, so that the state does not depend on them.
   */
  randomBytes(count: number): Uint8Array;
}
