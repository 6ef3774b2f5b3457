/**
 * RoleMembership: what one role hears about configurations and what it makes of them
 * (quorum-protocol.md 15.4 and 15.5). Made with the role and dropped with it. It finds
 * configurations in transactions and packets, and says when a change ends the role: the server has
 * another role in the new configuration, or another leader.
 */

import {
  counterOf,
  epochOf,
  JuteReader,
  makeZxid,
  OpCode,
  utf8Decode,
  zxidToHex,
} from '@zabra/protocol';
import { hasSameQuorumAddresses } from '../zab/designated-leader.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import type { ReconfigHost } from '../zab/reconfig-host.ts';
import type { Membership } from './membership.ts';
import type { PeerCore } from './peer-core.ts';
import type { Reconfiguration } from './reconfiguration.ts';
import { shownConfig } from './shown-config.ts';

/** Of the type in a transaction's header, and of its body. */
const TYPE_OFFSET = 28;
const BODY_OFFSET = 32;

export class RoleMembership implements ReconfigHost {
  readonly #core: PeerCore;
  readonly #reconfiguration: Reconfiguration;
  readonly #leaderSid: number;
  readonly #reader: JuteReader;
  /** What NEWLEADER carried, when it was newer than the committed one. */
  #newLeader: EnsembleConfig | null;

  /** `leaderSid` is our own when we lead. */
  constructor(core: PeerCore, reconfiguration: Reconfiguration, leaderSid: number) {
    this.#core = core;
    this.#reconfiguration = reconfiguration;
    this.#leaderSid = leaderSid;
    this.#reader = new JuteReader();
    this.#newLeader = null;
  }

  get lastSeen(): EnsembleConfig {
    return this.#membership.lastSeen;
  }

  get #membership(): Membership {
    return this.#reconfiguration.membership;
  }

  configIn(buffer: Uint8Array, start: number, end: number): EnsembleConfig | null {
    // Of every transaction, so without a reader: the type is a small number.
    if (buffer[start + TYPE_OFFSET + 3] !== OpCode.reconfig) return null;
    const r = this.#reader.reset(buffer, start + TYPE_OFFSET, end);
    if (r.int() !== OpCode.reconfig || !this.#reconfiguration.isEnabled) return null;
    r.position = start + BODY_OFFSET;
    r.string();
    r.range();
    return r.failed ? null : this.#parse(utf8Decode(buffer, r.rangeStart, r.rangeEnd));
  }

  onProposed(config: EnsembleConfig): void {
    this.#reconfiguration.see(config);
  }

  onCommitted(zxid: number, leaderSid: number): string | null {
    if (!this.#reconfiguration.isEnabled) {
      const message = 'Ignored, because reconfigEnabled is false';
      this.#core.log('error', 'QuorumPeer', `Configuration 0x${zxidToHex(zxid)}: ${message}`);
      return null;
    }
    const config = this.#configOf(zxid);
    if (config === null) return `it activates 0x${zxidToHex(zxid)}, which proposes nothing`;
    const { committed: from, isObserver } = this.#membership;
    if (!this.#reconfiguration.commit(config)) return null;
    const isSameRole = isObserver === this.#membership.isObserver;
    if (isSameRole && leaderSid === this.#leaderSid && this.#keepsLeader(from)) return null;
    this.#reconfiguration.appoint(leaderSid, zxid);
    return `configuration 0x${zxidToHex(zxid)} is led by ${leaderSid}`;
  }

  onEpoch(epoch: number): void {
    const { committed, proposed } = this.#membership;
    if (committed.version !== 0 || proposed !== null) return;
    this.#reconfiguration.see({ ...committed, version: makeZxid(epoch, 0) });
  }

  onEstablished(): string | null {
    const { committed: from, proposed } = this.#membership;
    if (proposed === null) return null;
    this.#reconfiguration.commit(proposed);
    return this.#leads(from) ? null : this.#hasNoPlaceIn(proposed);
  }

  onNewLeader(text: string, epoch: number): void {
    const config = this.#reconfiguration.isEnabled ? this.#parse(text) : null;
    if (config === null) return;
    const { committed, proposed } = this.#membership;
    this.#newLeader = config.version > committed.version ? config : null;
    if (proposed !== null && this.#isInHistory(proposed, epoch)) return;
    if (this.#newLeader === null) this.#reconfiguration.withdraw();
    else this.#reconfiguration.see(this.#newLeader);
  }

  onUpToDate(lastCommittedZxid: number): string | null {
    const config = this.#newLeader;
    this.#newLeader = null;
    if (config === null) return null;
    // Apache's leader sends what it has proposed before that is committed; the commit follows then.
    if (counterOf(config.version) !== 0 && config.version > lastCommittedZxid) return null;
    const { committed: from, isObserver } = this.#membership;
    if (!this.#reconfiguration.commit(config)) return null;
    const isSameRole = isObserver === this.#membership.isObserver;
    return isSameRole && this.#leads(from) ? null : this.#hasNoPlaceIn(config);
  }

  /** Whether the leader is a voter of the committed configuration, where it was in `from`. */
  #leads(from: EnsembleConfig): boolean {
    const isVoter = this.#membership.verifiers[0]?.isVoter(this.#leaderSid) ?? false;
    return isVoter && this.#keepsLeader(from);
  }

  #keepsLeader(from: EnsembleConfig): boolean {
    return hasSameQuorumAddresses(this.#leaderSid, from, this.#membership.committed);
  }

  /**
   * A proposal of this very reign, which we hold and have perhaps acknowledged. Of one of an older
   * reign the leader knows whether it is in the history that is now ours as well.
   */
  #isInHistory({ version }: EnsembleConfig, epoch: number): boolean {
    return epochOf(version) === epoch && version <= this.#core.disk.lastLoggedZxid;
  }

  /** The configuration of that transaction, which was proposed to us or is applied by now. */
  #configOf(zxid: number): EnsembleConfig | null {
    const { proposed } = this.#membership;
    if (proposed?.version === zxid) return proposed;
    const config = shownConfig(this.#core.state.core.tree.nodes);
    return config?.version === zxid ? config : null;
  }

  #hasNoPlaceIn({ version }: EnsembleConfig): string {
    return `configuration 0x${zxidToHex(version)} ends this role`;
  }

  #parse(text: string): EnsembleConfig | null {
    const { config, error } = parseEnsembleText(text);
    if (error !== null) this.#core.log('warn', 'QuorumPeer', `Ignored a configuration: ${error}`);
    return config;
  }
}
