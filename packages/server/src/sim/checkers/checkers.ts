/**
 * All checkers of one run, and who is told of what. Each property has its own file; this one only
 * hands on.
 */

import { counterOf, epochOf } from '@zabra/protocol';
import type { DiskRequest } from '../../log/disk.ts';
import type { PeerStatus, Role } from '../../peer/peer-status.ts';
import type { Exit } from '../../peer/ready.ts';
import { ELECTION_PORTS, OBSERVER_MASTER_PORT, QUORUM_PORTS } from '../member-config.ts';
import type { Endpoint } from '../sim-net.ts';
import { Configurations } from './configurations.ts';
import { Durability } from './durability.ts';
import { ElectionWire } from './election-wire.ts';
import { Ledger } from './ledger.ts';
import { QuorumWire } from './quorum-wire.ts';
import { Sessions } from './sessions.ts';
import { expectThat } from './violation.ts';

export class Checkers {
  readonly configurations: Configurations;
  readonly ledger: Ledger;
  readonly durability: Durability;
  readonly sessions: Sessions;
  readonly #quorumWire: QuorumWire;
  readonly #electionWire: ElectionWire;
  /** By sid: how many processes it has had, and the zxid that was looked at last. */
  readonly #lives: Map<number, number>;
  readonly #seenZxids: Map<number, number>;
  readonly #roles: Map<number, Role>;
  /** How many times a server has found whom to follow, or that it leads. */
  electionCount: number;

  /** `firstText`: the configuration that the run begins with. */
  constructor(firstText: string, localSessions: Ledger['localSessions']) {
    this.configurations = new Configurations(firstText);
    this.ledger = new Ledger(
      this.configurations,
      (session, cxid) => this.sessions.find(session, cxid),
      (txn) => {
        this.durability.onCommitted(txn.zxid);
        this.sessions.onCommitted(txn);
      },
      localSessions,
    );
    this.durability = new Durability(this.ledger);
    this.sessions = new Sessions(this.ledger);
    this.#quorumWire = new QuorumWire(this.ledger, this.durability);
    this.#electionWire = new ElectionWire((sid, version) => this.#onClaimed(sid, version));
    this.#lives = new Map();
    this.#seenZxids = new Map();
    this.#roles = new Map();
    this.electionCount = 0;
  }

  onStarted(sid: number, life: number): void {
    this.#lives.set(sid, life);
    this.#seenZxids.set(sid, -1);
    this.#electionWire.onStarted(sid, this.durability.history(sid));
  }

  /** A process is gone: `exit` when it has ended by itself, null for a crash. */
  onEnded(sid: number, exit: Exit | null, diskFailed: boolean): void {
    this.durability.onCrashed(sid);
    if (exit !== null) this.#onServiceEnded(sid);
    const isExpected = exit === null || exit.code === 0 || diskFailed;
    const found = `server ${sid} ends with ${exit?.code}: ${exit?.reason}`;
    expectThat(isExpected, 'No server gives up unless its disk fails', found);
  }

  /** An assertion of a server has failed, or worse. */
  onThrown(sid: number, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    expectThat(false, 'No server throws', `server ${sid}: ${text}`);
  }

  onStored(sid: number, request: DiskRequest): void {
    this.durability.onStored(sid, request);
    this.#electionWire.onDisk(sid, this.durability.history(sid));
  }

  onSent(from: Endpoint, sidOf: (host: string) => number, bytes: Uint8Array): void {
    const { port } = from.connection.acceptor;
    // What strangers say is their affair, and to them no member says anything that counts.
    if (Number.isNaN(sidOf(from.host)) || Number.isNaN(sidOf(from.other.host))) return;
    const isQuorum = isOneOf(QUORUM_PORTS, port) || port === OBSERVER_MASTER_PORT;
    if (isQuorum) this.#quorumWire.onSent(from, sidOf, bytes);
    else if (isOneOf(ELECTION_PORTS, port)) {
      this.#electionWire.onSent(from, sidOf(from.host), bytes);
    }
  }

  /** What a server says of itself at the end of a turn. */
  onStatus(sid: number, status: PeerStatus): void {
    const { digestMismatchCount, role } = status;
    if (role !== 'looking' && this.#roles.get(sid) === 'looking') this.electionCount++;
    this.#roles.set(sid, role);
    this.#onApplied(sid, status);
    this.#onClaimed(sid, status.configVersion);
    expectThat(
      digestMismatchCount === 0,
      'A server finds the digests that its leader has foretold',
      `server ${sid} counts ${digestMismatchCount} mismatches`,
    );
  }

  /**
   * A server goes by a configuration, which has to be committed. It may be the first word of that:
   * a leader for whom it has no place serves nobody any more, and says so in an election.
   */
  #onClaimed(sid: number, version: number): void {
    if (counterOf(version) > 0) {
      this.ledger.onApplied(sid, version, this.durability.history(sid));
    }
    this.configurations.onClaimed(sid, version);
  }

  #onApplied(sid: number, status: PeerStatus): void {
    const { lastProcessedZxid, digest, serving, keepsClients, role, phase } = status;
    // What is shown to clients is committed, between two reigns as well. Clients that are kept are
    // shown nothing of what the next leader brings before it serves.
    const isShown = serving || (keepsClients && phase !== 'synchronization');
    if (!isShown) {
      this.#onServiceEnded(sid);
      return;
    }
    if (this.#seenZxids.get(sid) === lastProcessedZxid) return;
    this.#seenZxids.set(sid, lastProcessedZxid);
    this.ledger.onApplied(sid, lastProcessedZxid, this.durability.history(sid));
    if (role === 'leader' && serving) {
      this.durability.onLeading(sid, this.#lives.get(sid) ?? 0, epochOf(lastProcessedZxid));
    }
    this.ledger.checkDigest(sid, lastProcessedZxid, digest);
  }

  #onServiceEnded(sid: number): void {
    if (this.#seenZxids.get(sid) === -1) return;
    this.#seenZxids.set(sid, -1);
    this.ledger.onServiceEnded(sid, this.durability.history(sid));
  }
}

function isOneOf(ports: readonly number[], port: number): boolean {
  return ports.includes(port);
}
