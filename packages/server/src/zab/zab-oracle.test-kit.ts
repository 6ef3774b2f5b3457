/**
 * ZabOracle: watches a whole ensemble from outside and knows what must never happen (invariants I1
 * to I18, I23 and I24 of quorum-protocol.md 21, as far as this room can break them). It holds the
 * one history that the ensemble has chosen; every member's word and deed is compared with it.
 */

import assert from 'node:assert/strict';
import { epochOf, makeZxid, PacketType } from '@zabra/protocol';
import {
  assertContiguous,
  type DiskOp,
  type Durable,
  historyOf,
  lastOf,
  type Txn,
} from './fake-disk.test-kit.ts';
import { hasQuorumOfAll, type QuorumVerifier } from './quorum-verifier.ts';

export interface Witness {
  readonly sid: number;
  readonly durable: Durable;
}

interface AckTrace {
  first: boolean;
  last: number;
}

export class ZabOracle {
  /** Everything committed, in order, once for all. */
  readonly chosen: Txn[];
  readonly #verifiers: readonly QuorumVerifier[];
  readonly #witnesses: readonly Witness[];
  readonly #leaderByEpoch: Map<number, number>;
  readonly #contentByZxid: Map<number, string>;
  readonly #epochs: Map<number, { accepted: number; current: number }>;
  readonly #acks: Map<object, AckTrace>;
  /** Learner connections between NEWLEADER and UPTODATE, as the leader fills them. */
  readonly #windows: Map<object, boolean>;

  constructor(verifiers: readonly QuorumVerifier[], witnesses: readonly Witness[]) {
    this.chosen = [];
    this.#verifiers = verifiers;
    this.#witnesses = witnesses;
    this.#leaderByEpoch = new Map();
    this.#contentByZxid = new Map();
    this.#epochs = new Map();
    this.#acks = new Map();
    this.#windows = new Map();
  }

  get epochCount(): number {
    return this.#leaderByEpoch.size;
  }

  /** I5: one zxid, one content. */
  onLogged(txn: Txn): void {
    const known = this.#contentByZxid.get(txn.zxid);
    if (known === undefined) this.#contentByZxid.set(txn.zxid, txn.content);
    else assert.equal(txn.content, known, `two transactions ${txn.zxid}`);
  }

  /** I1, I4, I11 and I15, after each change of a disk. */
  onDurable(who: Witness, op: DiskOp, before: readonly Txn[]): void {
    const { durable, sid } = who;
    const last = this.#epochs.get(sid) ?? { accepted: 0, current: 0 };
    assert.ok(durable.acceptedEpoch >= last.accepted, 'I1: accepted epoch decreases');
    assert.ok(durable.currentEpoch >= last.current, 'I1: current epoch decreases');
    assert.ok(durable.currentEpoch <= durable.acceptedEpoch, 'I1: current above accepted epoch');
    const { acceptedEpoch, currentEpoch } = durable;
    this.#epochs.set(sid, { accepted: acceptedEpoch, current: currentEpoch });
    assert.ok(epochOf(lastOf(durable)) <= acceptedEpoch, 'I1: history beyond the accepted epoch');
    if (op.kind !== 'truncate' && op.kind !== 'install') return;
    assertContiguous(durable.baseZxid, durable.log);
    const kept = this.#chosenPrefix(historyOf(durable));
    const isCut = kept < this.#chosenPrefix(before);
    // A SNAP may be decided just before what it lacks is committed by the others: they hold it.
    assert.ok(!isCut || op.kind === 'install', `I11: ${sid} truncates a committed transaction`);
    this.#assertHeld(this.chosen, `I11: ${sid} had to hold what is committed`);
    if (op.kind === 'truncate') assert.ok(lastOf(durable) <= op.zxid, 'I15');
  }

  /** I13: a member votes for exactly what its disk holds. */
  onOwnVote(who: Witness, zxid: number, epoch: number): void {
    assert.equal(zxid, lastOf(who.durable), `I13: ${who.sid} votes with another zxid`);
    assert.equal(epoch, who.durable.currentEpoch, `I13: ${who.sid} votes with another epoch`);
  }

  /** I2, I3, I9: from here on the whole history of the new leader is chosen. */
  onEstablished(who: Witness, epoch: number, applied: readonly Txn[]): void {
    assert.equal(this.#leaderByEpoch.get(epoch), undefined, `I2: two leaders of epoch ${epoch}`);
    this.#leaderByEpoch.set(epoch, who.sid);
    const common = this.#chosenPrefix(applied);
    assert.equal(common, this.chosen.length, `I9: leader of ${epoch} lacks committed history`);
    const holders = this.#sidsWhere(
      ({ durable }) =>
        durable.acceptedEpoch >= epoch &&
        durable.currentEpoch >= epoch &&
        startsWith(historyOf(durable), applied),
    );
    const isHeld = hasQuorumOfAll(this.#verifiers, (sid) => holders.has(sid));
    assert.ok(isHeld, `I3: no quorum holds epoch ${epoch}`);
    this.chosen.push(...applied.slice(this.chosen.length));
  }

  /** I7, I8, I10, I18. */
  onLeaderCommit(txn: Txn): void {
    const last = this.chosen.at(-1)?.zxid ?? 0;
    const sameEpoch = epochOf(last) === epochOf(txn.zxid);
    const wanted = sameEpoch ? last + 1 : makeZxid(epochOf(txn.zxid), 1);
    assert.equal(txn.zxid, wanted, 'I18: commits leave a gap');
    this.chosen.push(txn);
    this.#assertHeld(this.chosen, `I10: ${txn.zxid} is committed and not on a quorum's disks`);
  }

  /** I6: whoever serves has delivered a prefix of what was chosen. */
  onServed(sid: number, applied: readonly Txn[]): void {
    assert.equal(
      this.#chosenPrefix(applied),
      applied.length,
      `I6: ${sid} delivered something else`,
    );
  }

  onDelivered(sid: number, index: number, txn: Txn): void {
    assert.deepEqual(txn, this.chosen[index], `I6: ${sid} delivers another ${index}th transaction`);
  }

  /** I12 and I23, and what leaves between NEWLEADER and UPTODATE (S7). */
  onSent(who: Witness, link: object, type: number, zxid: number, lastApplied: number): void {
    if (type === PacketType.ACK) this.#onAck(who, link, zxid, lastApplied);
    else if (type === PacketType.ACKEPOCH) {
      if (zxid !== 0) assert.equal(zxid, lastOf(who.durable), 'I13: ACKEPOCH with another zxid');
    } else if (type === PacketType.LEADERINFO) {
      assert.ok(who.durable.acceptedEpoch >= epochOf(zxid), 'LEADERINFO before the promise');
    } else if (type === PacketType.NEWLEADER) this.#windows.set(link, true);
    else if (type === PacketType.UPTODATE) this.#windows.set(link, false);
    else if (type === PacketType.PROPOSAL || type === PacketType.COMMIT) {
      assert.notEqual(this.#windows.get(link), true, 'S7: a transaction before UPTODATE');
    }
  }

  #onAck(who: Witness, link: object, zxid: number, lastApplied: number): void {
    const { durable, sid } = who;
    const trace = this.#acks.get(link) ?? { first: true, last: -1 };
    if (trace.first) {
      assert.equal(zxid, makeZxid(epochOf(zxid), 0), 'I23: the first ACK is not that of NEWLEADER');
      assert.equal(durable.currentEpoch, epochOf(zxid), `I12: ${sid} has not stored its epoch`);
      assert.ok(lastOf(durable) >= lastApplied, `I12: ${sid} has not stored its history`);
    } else {
      assert.ok(zxid > trace.last, 'I23: ACKs out of order');
      assert.ok(lastOf(durable) >= zxid, `I12: ${sid} acknowledges ${zxid}, not on its disk`);
    }
    this.#acks.set(link, { first: false, last: zxid });
  }

  #assertHeld(history: readonly Txn[], message: string): void {
    const holders = this.#sidsWhere(({ durable }) => startsWith(historyOf(durable), history));
    assert.ok(
      hasQuorumOfAll(this.#verifiers, (sid) => holders.has(sid)),
      message,
    );
  }

  #sidsWhere(holds: (who: Witness) => boolean): Set<number> {
    return new Set(this.#witnesses.filter(holds).map(({ sid }) => sid));
  }

  /** How much of what is chosen that history begins with. */
  #chosenPrefix(history: readonly Txn[]): number {
    let count = 0;
    for (const [index, txn] of history.entries()) {
      const mine = this.chosen[index];
      if (mine === undefined || mine.zxid !== txn.zxid || mine.content !== txn.content) break;
      count += 1;
    }
    return count;
  }
}

function startsWith(history: readonly Txn[], prefix: readonly Txn[]): boolean {
  return (
    history.length >= prefix.length &&
    prefix.every((txn, index) => history[index]?.zxid === txn.zxid)
  );
}
