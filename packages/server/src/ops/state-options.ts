/**
 * What the state is told from outside, once: the switches that ZooKeeper reads as system
 * properties, and the hash functions that this floor may not import.
 */

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
  /**
   * Longest buffer or string of a request, and longest transaction that may be proposed, bytes:
   * Java learners and logs refuse more (storage-and-config.md 1). The protocol's default if absent.
   */
  readonly txnBytesMax?: number;
}

export interface Hashes {
  /** SHA-1 of all of `bytes`, 20 bytes. */
  sha1(bytes: Uint8Array): Uint8Array;
}
