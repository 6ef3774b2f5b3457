/**
 * ReconfigHost: what the roles ask about configurations of the ensemble (quorum-protocol.md 15.4
 * and 15.5). Transactions are opaque to this room, so the host says which of them proposes a
 * configuration, keeps what was seen and what was committed, and tells when a change ends the role.
 * `ZabHost.verifiers` and `ensemble` follow at once.
 *
 * Persist before you speak: after `onProposed`, `onNewLeader` and `onEpoch` no completion
 * (`onStored`, `onSynced`) reaches the role before what was seen is on stable storage. So no ACK of
 * a reconfiguration leaves a member that could forget it (the rule for the last proposed
 * configuration in elections hangs on that).
 *
 * A string that is returned says why the role must end: the member has another role in the new
 * configuration, or another leader.
 */

import type { EnsembleConfig } from './ensemble-config.ts';

export interface ReconfigHost {
  /** The proposed configuration while one waits for its commit, else the committed one. */
  readonly lastSeen: EnsembleConfig;
  /** The configuration that this transaction proposes; null for every other transaction. */
  configIn(buffer: Uint8Array, start: number, end: number): EnsembleConfig | null;
  /** That configuration was proposed in a transaction that is logged, or about to be. */
  onProposed(config: EnsembleConfig): void;
  /** The reconfiguration is committed and applied: in force from here on, led by `leaderSid`. */
  onCommitted(zxid: number, leaderSid: number): string | null;
  /** Of a leader: its epoch is fixed. A configuration without a version gets that of the epoch. */
  onEpoch(epoch: number): void;
  /** Of a leader: a quorum of what was seen last has its whole history, so that it is committed. */
  onEstablished(): string | null;
  /** Of a learner: NEWLEADER carries this text; the history that was sent before is logged. */
  onNewLeader(text: string, epoch: number): void;
  /** Of a learner: UPTODATE. The history is committed up to there. */
  onUpToDate(lastCommittedZxid: number): string | null;
}
