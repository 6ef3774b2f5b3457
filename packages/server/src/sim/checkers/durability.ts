/**
 * Nothing acknowledged is lost: what every server has on its disk for good, compared with what was
 * promised on the strength of it. A committed transaction is on the disks of a quorum when the
 * first server has applied it, an established leader's whole history and epoch are on the disks of
 * a quorum, one server leads an epoch, and what a disk once held of committed history it keeps.
 *
 * Invariants I1 to I3, I9 to I11 of quorum-protocol.md 21.
 */

import { zxidToHex } from '@zabra/protocol';
import type { DiskRequest } from '../../log/disk.ts';
import type { SimDisk } from '../sim-disk.ts';
import { DurableHistory } from './durable-history.ts';
import type { Ledger } from './ledger.ts';
import { expectThat } from './violation.ts';

const QUORUM = 'A committed transaction is on the disks of a quorum';
const ESTABLISHED = 'An established leader has its history and epoch on the disks of a quorum';
const ONE_LEADER = 'One server leads an epoch';
const KEPT = 'A disk keeps the committed transactions that it held';
const EPOCHS = 'Epochs on disk never decrease';

interface Holding {
  readonly sid: number;
  readonly history: DurableHistory;
  acceptedEpoch: number;
  currentEpoch: number;
  /** The newest committed transaction that was on this disk for good. */
  heldZxid: number;
}

export class Durability {
  readonly #ledger: Ledger;
  readonly #holdings: Map<number, Holding>;
  readonly #leaderByEpoch: Map<number, string>;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#holdings = new Map();
    this.#leaderByEpoch = new Map();
  }

  /** How many times a leader was established. */
  get reignCount(): number {
    return this.#leaderByEpoch.size;
  }

  addServer(sid: number, disk: SimDisk): void {
    const history = new DurableHistory(disk, (buffer, start, end, previousZxid) => {
      this.#ledger.onLogged(this.#ledger.onSeen(buffer, start, end).zxid, previousZxid);
    });
    const epochs = { acceptedEpoch: 0, currentEpoch: 0 };
    this.#holdings.set(sid, { sid, history, ...epochs, heldZxid: 0 });
  }

  history(sid: number): DurableHistory {
    return this.#holding(sid).history;
  }

  onStored(sid: number, request: DiskRequest): void {
    const holding = this.#holding(sid);
    holding.history.onStored(request);
    this.#check(holding);
  }

  /** The process or the power of a server is gone; its disk is what is left. */
  onCrashed(sid: number): void {
    const holding = this.#holding(sid);
    holding.history.readAll();
    this.#check(holding);
  }

  onCommitted(zxid: number): void {
    const holders = this.#holders((history) => history.has(zxid));
    const found = () => `${zxidToHex(zxid)} is on the disks of ${[...holders]}`;
    const isQuorum = this.#ledger.configurations.isQuorum(zxid, (sid) => holders.has(sid));
    expectThat(isQuorum, QUORUM, found);
  }

  /** A server leads and serves; `life` tells its processes apart. */
  onLeading(sid: number, life: number, epoch: number): void {
    const leader = `server ${sid} in its life ${life}`;
    const known = this.#leaderByEpoch.get(epoch);
    if (known === leader) return;
    expectThat(known === undefined, ONE_LEADER, `${known} and ${leader} lead epoch ${epoch}`);
    this.#leaderByEpoch.set(epoch, leader);
    const lastZxid = this.#ledger.lastCommittedZxid;
    const holders = this.#holders(
      (history) => history.currentEpoch >= epoch && history.has(lastZxid),
    );
    const from = zxidToHex(lastZxid);
    const found = `${leader} leads epoch ${epoch} from ${from}, held by ${[...holders]}`;
    const isQuorum = this.#ledger.configurations.isLatestQuorum((one) => holders.has(one));
    expectThat(isQuorum, ESTABLISHED, found);
  }

  #check(holding: Holding): void {
    const { sid, history } = holding;
    const { acceptedEpoch, currentEpoch } = history;
    const from = `${holding.acceptedEpoch}, ${holding.currentEpoch}`;
    const isForward =
      acceptedEpoch >= holding.acceptedEpoch && currentEpoch >= holding.currentEpoch;
    const to = `${acceptedEpoch}, ${currentEpoch}`;
    expectThat(isForward, EPOCHS, () => `server ${sid} went from ${from} to ${to}`);
    holding.acceptedEpoch = acceptedEpoch;
    holding.currentEpoch = currentEpoch;
    const { heldZxid } = holding;
    expectThat(
      history.has(heldZxid),
      KEPT,
      () => `server ${sid} held ${zxidToHex(heldZxid)}, ends at ${zxidToHex(history.lastZxid)}`,
    );
    const committed = this.#ledger.committedUpTo(history.lastZxid);
    if (committed > heldZxid && history.has(committed)) holding.heldZxid = committed;
  }

  #holders(holds: (history: DurableHistory) => boolean): Set<number> {
    const holders = [...this.#holdings.values()].filter(({ history }) => holds(history));
    return new Set(holders.map(({ sid }) => sid));
  }

  #holding(sid: number): Holding {
    const holding = this.#holdings.get(sid);
    expectThat(holding !== undefined, KEPT, `there is no server ${sid}`);
    return holding;
  }
}
