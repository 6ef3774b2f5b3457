/**
 * MemberParts: the parts of an ensemble's member that its roles work with, made once for the life
 * of the process.
 */

import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { formatEnsembleText } from '../zab/ensemble-text.ts';
import { makeVerifier, type QuorumVerifier } from '../zab/quorum-verifier.ts';
import type { ClientPort } from './client-port.ts';
import { MemberStorage } from './member-storage.ts';
import type { PeerCore } from './peer-core.ts';
import type { PeerLinks } from './peer-links.ts';

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

export function makeMemberParts(
  core: PeerCore,
  port: ClientPort,
  links: PeerLinks,
  ensemble: EnsembleConfig,
  isObserver: boolean,
): MemberParts {
  return {
    core,
    port,
    storage: new MemberStorage(core.disk),
    links,
    ensemble,
    ensembleText: formatEnsembleText(ensemble),
    verifiers: [makeVerifier(ensemble)],
    isObserver,
  };
}
