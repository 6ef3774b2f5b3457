/**
 * The one frozen value that configures a server, checked once by `config/` before the machine is
 * built. Times are milliseconds, sizes bytes. Names follow zoo.cfg where a key exists.
 */

import type { KeeperOptions } from '../ops/keeper-nodes.ts';
import type { ClientAddress, EnsembleConfig } from '../zab/ensemble-config.ts';
import type { AuthenticationConfig } from './authentication-config.ts';
import type { ReaperConfig } from './node-reaper.ts';
import type { QuorumAuthConfig } from './quorum-auth-config.ts';
import type { ThrottleConfig } from './throttle-config.ts';

export interface PeerConfig {
  /** Server id; 1 for a standalone server without `myid` (high byte of session ids). */
  readonly sid: number;
  /** Null for a standalone server: no election, epoch 0, no quorum ports. */
  readonly ensemble: EnsembleConfig | null;
  /** A configuration that was proposed and may have been acknowledged before this start. */
  readonly proposedEnsemble: EnsembleConfig | null;
  readonly clientAddress: ClientAddress;
  /** Where clients come in over TLS; null when there is no such port. */
  readonly secureClientAddress: ClientAddress | null;
  readonly tickTimeMs: number;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** New sessions live on the server that they came to, until they want an ephemeral. */
  readonly localSessionsEnabled: boolean;
  /** A local session that wants an ephemeral becomes global; false: it gets none. */
  readonly localSessionsUpgradingEnabled: boolean;
  /** How long without a leader a member waits before it serves read-only clients; -1: for ever. */
  readonly readOnlyAfterMs: number;
  /** Connections per remote address and listener; 0 is unlimited. */
  readonly maxClientCnxns: number;
  /** Connections per listener; 0 is unlimited. */
  readonly maxCnxns: number;
  /** Requests in process above which who has one outstanding is not read any more. */
  readonly globalOutstandingLimit: number;
  readonly juteMaxBufferBytes: number;
  /** What transactions and packets may be longer than a request. */
  readonly juteExtraBytes: number;
  readonly throttle: ThrottleConfig;
  readonly reaper: ReaperConfig;
  /** Output held for one client before its connection is closed (slow reader). */
  readonly clientOutputBytesMax: number;
  readonly fourLetterWords: ReadonlySet<string>;
  /** Wall-clock ms as Java prints a date, in the zone of the server. */
  readonly dateText: (wallMs: number) => string;
  /** Client connections and four-letter words are logged as ZooKeeper 3.4 does. */
  readonly connectionLog: boolean;
  readonly digestEnabled: boolean;
  readonly extendedTypesEnabled: boolean;
  readonly closeSessionTxnEnabled: boolean;
  readonly enforceQuota: boolean;
  /** The ensemble may be changed while it runs. */
  readonly reconfigEnabled: boolean;
  /** A server line may name several addresses. */
  readonly multiAddressEnabled: boolean;
  /** An ensemble of one voter is no ensemble: no change may lead to it. */
  readonly standaloneEnabled: boolean;
  readonly skipAcl: boolean;
  /** `super:base64(hash(...))` or empty. */
  readonly superDigest: string;
  /** Null: clients get none of ClickHouse Keeper's operations. */
  readonly keeper: KeeperOptions | null;
  readonly authentication: AuthenticationConfig;
  /** SASL between servers; null is none. */
  readonly quorumAuth: QuorumAuthConfig | null;
  readonly snapCount: number;
  readonly snapSizeLimitBytes: number;
  /** Size at which a log file rolls without a snapshot; 0 is off. */
  readonly txnLogSizeLimitBytes: number;
  readonly preAllocBytes: number;
  readonly commitLogCount: number;
  /**
   * A DIFF may begin in our log files if those behind its beginning have at most this part of the
   * size of a snapshot; 0: whatever their size; negative: never.
   */
  readonly snapshotSizeFactor: number;
  readonly forceSync: boolean;
  readonly autopurgeRetainCount: number;
  /** 0 is off. */
  readonly autopurgeIntervalMs: number;
  readonly snapshotTrustEmpty: boolean;
  readonly serializeLastProcessedZxid: boolean;
  readonly snapshotCompression: 'none' | 'gz' | 'snappy';
  readonly dbAutocreate: boolean;
  readonly leaderServes: boolean;
  readonly electionConnectTimeoutMs: number;
  /** Members of our own kind notice each other's silence within this; 0: in syncLimit. */
  readonly failureDetectionMs: number;
  /** Transactions of one epoch at most. */
  readonly zxidsPerEpoch: number;
  readonly quorumListenOnAllIps: boolean;
  /** Where followers serve observers, and observers look for them; 0: the leader serves them. */
  readonly observerMasterPort: number;
  /** Bytes of committed transactions that a follower keeps for observers that come back. */
  readonly observerMasterBytesMax: number;
  /**
   * An ensemble without history elects only when every voter was heard, or a marker stands; false:
   * a majority is enough, as in Apache (empty volumes).
   */
  readonly emptyNeedsAllVoters: boolean;
  /** An `initialize` marker stood in the log directory at start. */
  readonly initializeMarker: boolean;
  /** Shown by `conf`/`dirs`/`envi`; never opened by the machine. */
  readonly dataDir: string;
  readonly dataLogDir: string;
  readonly versionText: string;
  /** What the process runs in, name and value; the log and `envi` show it. */
  readonly environment: readonly (readonly [name: string, value: string])[];
}
