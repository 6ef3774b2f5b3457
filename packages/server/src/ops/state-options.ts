/**
 * What the state is told from outside, once: the switches that ZooKeeper reads as system
 * properties, and what this floor may not import of cryptography.
 */

import type { PathHash } from '../tree/path-hash.ts';

export interface StateOptions {
  /** `zookeeper.digest.enabled`: entries carry and are checked against the tree's digest. */
  readonly digestEnabled: boolean;
  /** `zookeeper.extendedTypesEnabled`: TTL znodes exist. */
  readonly extendedTypes: boolean;
  /** `zookeeper.skipACL`: every permission is granted. */
  readonly skipAcl: boolean;
  /** `super:base64(sha1("super:password"))`, or empty when there is no super user. */
  readonly superDigest: string;
  /** `zookeeper.enforceQuota`: hard quotas refuse writes. */
  readonly enforceQuota: boolean;
  /** `zookeeper.closeSessionTxn.enabled`: closeSession transactions list what they delete. */
  readonly closeSessionTxn: boolean;
  /** `reconfigEnabled`: decides only which refusal a reconfig request gets. */
  readonly reconfigEnabled?: boolean;
  /** Judges the members that such a request names; absent or null on a standalone server. */
  readonly judgeReconfig?: ReconfigJudge | null;
  /**
   * Longest buffer or string of a request, and longest transaction that may be proposed, bytes:
   * Java learners and logs refuse more (storage-and-config.md 1). The protocol's default if absent.
   */
  readonly txnBytesMax?: number;
  /** Watch events written at once in one turn; the rest follows. A bound of ours if absent. */
  readonly eventsAtOnceMax?: number;
  /** Under which paths are indexed: a seeded one, so that no client can make them fall together. */
  readonly pathHash?: PathHash;
  /** Authentication schemes beyond those that always exist; none if absent. */
  readonly schemes?: SchemeOptions;
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

/** The refusal, or OK; `current` is the text of the configuration's znode. */
export type ReconfigJudge = (current: string, request: ReconfigRequest) => number;

/** The schemes `x509` and `sasl`, and whom their identities make super. */
export interface SchemeOptions {
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
  /** SHA-1 of all of `bytes`, 20 bytes. */
  sha1(bytes: Uint8Array): Uint8Array;
  /** MD5 of all of `bytes`, 16 bytes. */
  md5(bytes: Uint8Array): Uint8Array;
  /**
   * Bytes that nobody can foresee, for nonces; never from a seed, except in the simulation. They
   * go to clients and nowhere else, so that the state does not depend on them.
   */
  randomBytes(count: number): Uint8Array;
}
