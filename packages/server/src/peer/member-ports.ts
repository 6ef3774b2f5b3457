/**
 * MemberPorts: what a change of the ensemble moves at this server: the election port, which is
 * always open, and the client port; the quorum port, which `quorum-door` opens anew for the next
 * role; and whom the election mesh has connections with.
 */

import type { HostPort } from '@zabra/protocol';
import { hasSameQuorumAddresses } from '../zab/designated-leader.ts';
import type { ElectionMesh } from '../zab/election-mesh.ts';
import type { EnsembleConfig, Member } from '../zab/ensemble-config.ts';
import type { MemberParts } from './member-parts.ts';
import type { ReconfigurationOwner } from './reconfiguration.ts';

export class MemberPorts implements ReconfigurationOwner {
  readonly #parts: MemberParts;
  readonly #mesh: ElectionMesh;
  /** What is open, or being opened; empty before the start. */
  #election: readonly HostPort[];
  /** Election addresses that listen, as `host:port`. */
  readonly #listening: Set<string>;

  constructor(parts: MemberParts, mesh: ElectionMesh) {
    this.#parts = parts;
    this.#mesh = mesh;
    this.#election = [];
    this.#listening = new Set();
  }

  /** Of several addresses one is enough, as in Apache. */
  get isElectionPortOpen(): boolean {
    return this.#listening.size > 0;
  }

  onElectionListening(host: string, port: number): void {
    this.#listening.add(`${host}:${port}`);
  }

  /** At the start, and once more after a failure. */
  openElection(): void {
    this.#election = electionAddresses(this.#parts.membership.own);
    for (const address of this.#election) this.#listen(address, true);
  }

  onMembersSeen(): void {
    this.#mesh.setMembers(this.#parts.membership.members);
  }

  onMembersCommitted(from: EnsembleConfig): void {
    const { membership, door } = this.#parts;
    const { own, sid, committed } = membership;
    this.onMembersSeen();
    if (!hasSameQuorumAddresses(sid, from, committed)) door.close();
    if (own?.client) this.#parts.port.listener.move(own.client);
    if (this.#election.length === 0) return;
    const before = this.#election;
    this.#election = electionAddresses(own);
    for (const address of before) {
      if (!includes(this.#election, address)) this.#listen(address, false);
    }
    for (const address of this.#election) {
      if (!includes(before, address)) this.#listen(address, true);
    }
  }

  #listen({ host, port }: HostPort, open: boolean): void {
    const { config, ready } = this.#parts.core;
    const bindHost = config.quorumListenOnAllIps ? '' : host;
    if (!open) this.#listening.delete(`${bindHost}:${port}`);
    ready.listens.push({ kind: 'election', host: bindHost, port, open });
  }
}

/** Where members reach the one of that line for votes. */
export function electionAddresses(own: Member | null): readonly HostPort[] {
  return (own?.addresses ?? []).map(({ host, electionPort }) => ({ host, port: electionPort }));
}

function includes(addresses: readonly HostPort[], { host, port }: HostPort): boolean {
  return addresses.some((other) => other.host === host && other.port === port);
}
