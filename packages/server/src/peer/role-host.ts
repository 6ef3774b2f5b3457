/**
 * RoleHost: what the leader's and the learner's surroundings have in common, over the parts of the
 * server. A role and its host are made together on entering the role and dropped on leaving, so
 * that no field of one reign survives into the next.
 */

import { utf8Encode } from '@zabra/protocol';
import type { CommittedLog } from '../zab/committed-log.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import type { QuorumVerifier } from '../zab/quorum-verifier.ts';
import type { ZabLimits } from '../zab/zab-host.ts';
import type { ClientPort } from './client-port.ts';
import type { MemberStorage } from './member-storage.ts';
import { zabLimits } from './options.ts';
import type { PeerCore } from './peer-core.ts';
import type { PeerLinks } from './peer-links.ts';
import type { LogLevel } from './ready.ts';

/** The parts of a member that its roles work with. */
export interface MemberParts {
  readonly core: PeerCore;
  readonly port: ClientPort;
  readonly storage: MemberStorage;
  readonly links: PeerLinks;
  readonly ensemble: EnsembleConfig;
  /** Canonical text of `ensemble`. */
  readonly ensembleText: string;
  readonly verifiers: readonly QuorumVerifier[];
  readonly isObserver: boolean;
}

export abstract class RoleHost {
  readonly parts: MemberParts;
  readonly core: PeerCore;
  readonly sid: number;
  readonly limits: ZabLimits;
  readonly storage: MemberStorage;
  readonly committedLog: CommittedLog;
  readonly #onLeft: (reason: string) => void;

  constructor(parts: MemberParts, onLeft: (reason: string) => void) {
    this.parts = parts;
    this.core = parts.core;
    this.sid = parts.core.config.sid;
    this.limits = zabLimits(parts.core.config);
    this.storage = parts.storage;
    this.committedLog = parts.core.committedLog;
    this.#onLeft = onLeft;
  }

  get lastProcessedZxid(): number {
    return this.core.state.lastProcessedZxid;
  }

  nowMs(): number {
    return this.core.nowMs();
  }

  log(level: LogLevel, source: string, message: string): void {
    this.core.log(level, source, message);
  }

  leave(reason: string): void {
    this.#onLeft(reason);
  }

  /** The configuration's znode says what this server was told: it is no transaction's effect. */
  showEnsemble(): void {
    const { ensemble, ensembleText } = this.parts;
    const { tree } = this.core.state.core;
    tree.setConfigNode(utf8Encode(ensembleText), ensemble.version, this.core.wallMs());
  }
}
