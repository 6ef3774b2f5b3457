/**
 * Membership: the configurations that a member goes by: the committed one, and the one that was
 * proposed after it and is not committed yet. While there are two, an election, an epoch and a
 * commit need a quorum of both (quorum-protocol.md 15.2, invariant I19). It outlives roles; what a
 * change does to ports, connections and files is `reconfiguration.ts`.
 *
 * Invariant: the proposed configuration has a higher version than the committed one.
 */

import type { HostPort } from '@zabra/protocol';
import {
  type EnsembleConfig,
  type Member,
  type MemberAddress,
  memberOf,
} from '../zab/ensemble-config.ts';
import { formatEnsembleText } from '../zab/ensemble-text.ts';
import { makeVerifier, type QuorumVerifier } from '../zab/quorum-verifier.ts';

interface View {
  readonly config: EnsembleConfig;
  /** Canonical text of `config`. */
  readonly text: string;
  readonly verifier: QuorumVerifier;
}

export class Membership {
  readonly sid: number;
  #committed: View;
  #proposed: View | null;
  #verifiers: readonly QuorumVerifier[];
  /** Our own line, as the last configuration had it that had one. */
  #own: Member | null;

  /** `proposed` is dropped unless it is the newer one. */
  constructor(sid: number, committed: EnsembleConfig, proposed: EnsembleConfig | null) {
    this.sid = sid;
    this.#committed = viewOf(committed);
    this.#proposed = null;
    this.#verifiers = [this.#committed.verifier];
    this.#own = memberOf(committed, sid) ?? (proposed === null ? null : memberOf(proposed, sid));
    if (proposed !== null) this.propose(proposed);
  }

  get committed(): EnsembleConfig {
    return this.#committed.config;
  }

  get committedText(): string {
    return this.#committed.text;
  }

  /** Null while no configuration waits for its commit. */
  get proposed(): EnsembleConfig | null {
    return this.#proposed?.config ?? null;
  }

  /** The proposed configuration while there is one, else the committed one. */
  get lastSeen(): EnsembleConfig {
    return (this.#proposed ?? this.#committed).config;
  }

  get lastSeenText(): string {
    return (this.#proposed ?? this.#committed).text;
  }

  /** Of the committed configuration, then of the proposed one while there is one. */
  get verifiers(): readonly QuorumVerifier[] {
    return this.#verifiers;
  }

  /** Of the committed configuration, ascending. */
  get voters(): readonly number[] {
    return this.#committed.verifier.voters;
  }

  get isObserver(): boolean {
    return memberOf(this.committed, this.sid)?.role === 'observer';
  }

  /** Our own line, also when the committed configuration has none; null when none ever had. */
  get own(): Member | null {
    return this.#own;
  }

  /**
   * Members of either configuration, each once: as its committed line says, and in whatever place
   * the proposed one moves it to as well, for who knows whether that was committed meanwhile
   * (upstream `QuorumCnxManager.connectOne`, which tries both).
   */
  get members(): readonly Member[] {
    const proposed = this.#proposed?.config.members ?? [];
    const isNew = ({ sid }: Member): boolean => memberOf(this.committed, sid) === null;
    const known = this.committed.members.map((member) => {
      const next = proposed.find(({ sid }) => sid === member.sid);
      return next === undefined ? member : { ...member, addresses: inBothPlaces(member, next) };
    });
    return [...known, ...proposed.filter(isNew)];
  }

  member(sid: number): Member | null {
    return this.members.find((member) => member.sid === sid) ?? null;
  }

  /** Quorum addresses of a member. */
  quorumAddresses(sid: number): readonly HostPort[] {
    const addresses = this.member(sid)?.addresses ?? [];
    return addresses.map(({ host, quorumPort }) => ({ host, port: quorumPort }));
  }

  /** True when that is news; one that is not newer than the committed one is none. */
  propose(config: EnsembleConfig): boolean {
    const { version } = config;
    if (version <= this.committed.version || version === this.#proposed?.config.version) {
      return false;
    }
    this.#proposed = viewOf(config);
    this.#verifiers = [this.#committed.verifier, this.#proposed.verifier];
    return true;
  }

  /** The proposed configuration will never be committed; true when there was one. */
  withdraw(): boolean {
    if (this.#proposed === null) return false;
    this.#proposed = null;
    this.#verifiers = [this.#committed.verifier];
    return true;
  }

  /** True when that is news; a proposed configuration that is newer stays. */
  commit(config: EnsembleConfig): boolean {
    if (config.version <= this.committed.version) return false;
    this.#committed = viewOf(config);
    if ((this.proposed?.version ?? 0) <= config.version) this.#proposed = null;
    const proposed = this.#proposed === null ? [] : [this.#proposed.verifier];
    this.#verifiers = [this.#committed.verifier, ...proposed];
    this.#own = memberOf(config, this.sid) ?? this.#own;
    return true;
  }
}

/** The same members, roles, addresses, groups and weights; the version does not matter. */
export function isSameMembership(a: EnsembleConfig, b: EnsembleConfig): boolean {
  return formatEnsembleText({ ...a, version: 0 }) === formatEnsembleText({ ...b, version: 0 });
}

function inBothPlaces({ addresses }: Member, next: Member): readonly MemberAddress[] {
  const isNew = (a: MemberAddress): boolean => !addresses.some((b) => isSameAddress(a, b));
  return [...addresses, ...next.addresses.filter(isNew)];
}

function isSameAddress(a: MemberAddress, b: MemberAddress): boolean {
  return a.host === b.host && a.quorumPort === b.quorumPort && a.electionPort === b.electionPort;
}

function viewOf(config: EnsembleConfig): View {
  return { config, text: formatEnsembleText(config), verifier: makeVerifier(config) };
}
