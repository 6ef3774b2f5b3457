/**
 * MemberParts: the parts of an ensemble's member that its roles work with, made once for the life
 * of the process. The configuration may change between two turns: nobody keeps a copy of it.
 */

import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import type { QuorumVerifier } from '../zab/quorum-verifier.ts';
import type { ClientPort } from './client-port.ts';
import { LearnerMasters } from './learner-masters.ts';
import { MemberStorage } from './member-storage.ts';
import { Membership } from './membership.ts';
import type { PeerCore } from './peer-core.ts';
import type { PeerLinks } from './peer-links.ts';
import { QuorumDoor } from './quorum-door.ts';
import { Reconfiguration } from './reconfiguration.ts';

export class MemberParts {
  readonly core: PeerCore;
  readonly port: ClientPort;
  readonly storage: MemberStorage;
  readonly links: PeerLinks;
  readonly membership: Membership;
  readonly reconfiguration: Reconfiguration;
  readonly door: QuorumDoor;
  readonly masters: LearnerMasters;

  constructor(core: PeerCore, port: ClientPort, links: PeerLinks, ensemble: EnsembleConfig) {
    const { sid, proposedEnsemble } = core.config;
    this.core = core;
    this.port = port;
    this.storage = new MemberStorage(core.disk);
    this.links = links;
    this.membership = new Membership(sid, ensemble, proposedEnsemble);
    this.reconfiguration = new Reconfiguration(core, this.membership);
    this.door = new QuorumDoor(this);
    const { observerMasterPort } = core.config;
    this.masters = new LearnerMasters(this.membership, observerMasterPort, core.prng);
  }

  /** The committed configuration. */
  get ensemble(): EnsembleConfig {
    return this.membership.committed;
  }

  /** Canonical text of `ensemble`. */
  get ensembleText(): string {
    return this.membership.committedText;
  }

  get verifiers(): readonly QuorumVerifier[] {
    return this.membership.verifiers;
  }

  get isObserver(): boolean {
    return this.membership.isObserver;
  }
}
