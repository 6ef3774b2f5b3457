/**
 * PeerStatus: what a server says of itself to the health port, to tests and to the simulator's
 * checkers. A value, made anew at each question.
 */

export type Role = 'standalone' | 'looking' | 'leader' | 'follower' | 'observer';

export interface PeerStatus {
  readonly sid: number;
  readonly role: Role;
  /** `recovery`, `election`, `discovery`, `synchronization`, `broadcast`, `settling`, `over`. */
  readonly phase: string;
  /** True while clients are served. */
  readonly serving: boolean;
  /** Serving, and of late in touch with the leader, if another one leads: within two ticks. */
  readonly inStep: boolean;
  /** True while clients are kept across a hand-over, although nobody orders their requests. */
  readonly keepsClients: boolean;
  /** True while there is no leader and read-only clients are served all the same. */
  readonly readOnly: boolean;
  /** True once the history on disk was loaded for the first time. */
  readonly recovered: boolean;
  /** Of the committed configuration; 0 on a server that stands alone. */
  readonly configVersion: number;
  /** -1 while nobody leads. */
  readonly leaderSid: number;
  /** Members that the last dial did not reach, each with where and why. */
  readonly unreachable: readonly string[];
  readonly currentEpoch: number;
  readonly acceptedEpoch: number;
  /** Last zxid applied. */
  readonly lastProcessedZxid: number;
  /** Last zxid in the log, synced or not. */
  readonly lastLoggedZxid: number;
  readonly syncedZxid: number;
  /** Digest of the tree after `lastProcessedZxid`, unsigned 64-bit hex. */
  readonly digest: string;
  readonly digestMismatchCount: number;
  readonly connectionCount: number;
  readonly sessionCount: number;
  /** Sessions that this server alone knows. */
  readonly localSessionCount: number;
  readonly outstandingRequestCount: number;
}
