/**
 * Reconfiguration: what happens to a member when a configuration is proposed, committed or given up
 * (quorum-protocol.md 15, ZooKeeper's `processReconfig`): the membership changes, the files beside
 * zoo.cfg follow, /zookeeper/config shows it, and whoever owns ports and connections is told.
 *
 * A member must not forget what it acknowledged. So while something is being stored beside zoo.cfg
 * nothing that the disk completes is passed on to the role: see `hold`. A proposed configuration
 * that cannot be stored ends the process; a committed one can be learnt again from any other
 * member.
 */

import { utf8Encode } from '@zabra/protocol';
import type { NodeStore } from '../tree/node-store.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { formatEnsembleText, parseEnsembleText } from '../zab/ensemble-text.ts';
import { isSameMembership, type Membership } from './membership.ts';
import type { PeerCore } from './peer-core.ts';
import type { StoreConfig } from './ready.ts';
import { shownConfig, shownVersion } from './shown-config.ts';

/** Whoever owns what a membership is made of. */
export interface ReconfigurationOwner {
  /** Members came or went in one of the two configurations. */
  onMembersSeen(): void;
  /** The members of `from` are those of the committed configuration no more. */
  onMembersCommitted(from: EnsembleConfig): void;
}

/** The leader whom a reconfiguration named; a role begins with it, without an election. */
export interface Appointment {
  readonly leaderSid: number;
  /** Of the reconfiguration. */
  readonly zxid: number;
}

export class Reconfiguration {
  readonly membership: Membership;
  /** Set before anything changes. */
  owner: ReconfigurationOwner | null;
  readonly #core: PeerCore;
  #lastToken: number;
  /** Of what is being stored, with its kind. */
  readonly #storing: Map<number, StoreConfig['kind']>;
  #held: (() => void)[];
  #appointment: Appointment | null;

  constructor(core: PeerCore, membership: Membership) {
    this.membership = membership;
    this.owner = null;
    this.#core = core;
    this.#lastToken = 0;
    this.#storing = new Map();
    this.#held = [];
    this.#appointment = null;
  }

  get isEnabled(): boolean {
    return this.#core.config.reconfigEnabled;
  }

  /** Seen last from here on, unless it is old. */
  see(config: EnsembleConfig): void {
    if (!this.isEnabled || !this.membership.propose(config)) return;
    this.#log('info', `Configuration ${hex(config.version)} is proposed: ${lineOf(config)}`);
    this.#store('proposed', config);
    this.owner?.onMembersSeen();
  }

  /** What was proposed will never be committed. */
  withdraw(): void {
    const { proposed } = this.membership;
    if (proposed === null) return;
    this.#log('info', `Configuration ${hex(proposed.version)} was never committed`);
    this.membership.withdraw();
    this.#store('withdrawn', proposed);
    this.owner?.onMembersSeen();
  }

  /** In force from here on; false when it is known already. */
  commit(config: EnsembleConfig): boolean {
    const { membership } = this;
    const from = membership.committed;
    if (!this.isEnabled || !membership.commit(config)) {
      this.show();
      return false;
    }
    this.#log('info', `Configuration ${hex(config.version)} is committed: ${lineOf(config)}`);
    this.#store('committed', config);
    this.show();
    if (!isSameMembership(from, config)) this.owner?.onMembersCommitted(from);
    return true;
  }

  /**
   * Another member says while we look for a leader what it knows to be committed. True when that is
   * a membership that we did not know: the round has to begin anew.
   */
  adopt(text: string): boolean {
    const { membership } = this;
    if (!this.isEnabled || text === membership.committedText) return false;
    const { config } = parseEnsembleText(text);
    if (config === null || config.version <= membership.committed.version) return false;
    const isSame = isSameMembership(membership.committed, config);
    this.commit(config);
    this.#seeOwnHistory();
    return !isSame;
  }

  /**
   * Memory is as the disk, and we are about to vote. A configuration whose transaction is not in
   * our log was not acknowledged by us, and need not count.
   */
  onLooking(): void {
    this.#appointment = null;
    const { proposed } = this.membership;
    if (proposed !== null && shownVersion(this.#nodes) !== proposed.version) this.withdraw();
    // A list without a version is an operator's word on whom the ensemble consists of, whatever a
    // history says that came from elsewhere.
    if (this.membership.committed.version > 0) this.#seeOwnHistory();
  }

  /** /zookeeper/config says what this server was told: not only a transaction changes it. */
  show(): void {
    const { committed, committedText } = this.membership;
    if (this.isEnabled && shownVersion(this.#nodes) >= committed.version) return;
    const { tree } = this.#core.state.core;
    tree.setConfigNode(utf8Encode(committedText), committed.version, this.#core.wallMs());
  }

  /** The role that a reconfiguration ends is followed by one under that leader. */
  appoint(leaderSid: number, zxid: number): void {
    this.#appointment = { leaderSid, zxid };
  }

  /** Null when whoever leads has to be elected. */
  get appointment(): Appointment | null {
    return this.#appointment;
  }

  /** Once. */
  takeAppointment(): Appointment | null {
    const appointment = this.#appointment;
    this.#appointment = null;
    return appointment;
  }

  /** True: `then` is called when everything that is being stored is on stable storage. */
  hold(then: () => void): boolean {
    if (this.#storing.size === 0) return false;
    this.#held.push(then);
    return true;
  }

  /** From the driver. Why the process must end is returned, or null. */
  onStored(token: number, error: string | null): string | null {
    const kind = this.#storing.get(token);
    this.#storing.delete(token);
    if (error !== null) {
      if (kind === 'proposed') return error;
      this.#log('error', error);
    }
    if (this.#storing.size > 0) return null;
    const held = this.#held;
    this.#held = [];
    for (const then of held) then();
    return null;
  }

  #store(kind: StoreConfig['kind'], config: EnsembleConfig): void {
    const token = ++this.#lastToken;
    this.#storing.set(token, kind);
    const isSettled = this.membership.proposed === null;
    this.#core.ready.configs.push({ token, kind, config, isSettled });
  }

  /**
   * What the last reconfiguration in our log says, if that is newer than all that we know of. We
   * may have acknowledged it before our files were replaced by others, and what another member
   * takes for committed may be older than that.
   */
  #seeOwnHistory(): void {
    if (shownVersion(this.#nodes) <= this.membership.lastSeen.version) return;
    const config = shownConfig(this.#nodes);
    if (config !== null) this.see(config);
  }

  get #nodes(): NodeStore {
    return this.#core.state.core.tree.nodes;
  }

  #log(level: 'info' | 'error', message: string): void {
    this.#core.log(level, 'QuorumPeer', message);
  }
}

/** Its text on one line, without the version. */
function lineOf(config: EnsembleConfig): string {
  return formatEnsembleText(config).split('\n').slice(0, -1).join(', ');
}

function hex(version: number): string {
  return `0x${version.toString(16)}`;
}
