/**
 * What members say to each other on quorum connections, checked as it leaves: no word before what
 * it stands for is on disk, and every word in its place. Reads the packets from the bytes, so that
 * nobody has to be believed.
 *
 * Invariants I10, I12, I13, I23 and I24 of quorum-protocol.md 21, and the table of 8.2.
 */

import {
  counterOf,
  epochOf,
  JuteReader,
  makeZxid,
  PacketType,
  packetName,
  QuorumPacketReader,
  readAckEpochData,
  zxidToHex,
} from '@zabra/protocol';
import type { Endpoint } from '../sim-net.ts';
import type { Durability } from './durability.ts';
import type { Ledger } from './ledger.ts';
import { SnapSkipper } from './snap-skipper.ts';
import { expectThat } from './violation.ts';

const SPEAK = 'Nothing is said before it is on disk';
const ORDER = 'Packets of one connection are in order';

/** Of the designated leader, before the transaction of an INFORMANDACTIVATE. */
const SID_BYTES = 8;
const DATA_BYTES_MAX = 4 * 1024 * 1024;

/** One quorum connection as seen from outside. */
class Conversation {
  readonly learnerSid: number;
  readonly leaderSid: number;
  /** Of LEADERINFO; -1 before. */
  epoch = -1;
  /** What the learner had when it came, as far as the leader left it that. */
  heldZxid = 0;
  lastProposed = 0;
  lastCommitted = 0;
  /** What the learner must have on disk before it acknowledges NEWLEADER. */
  baseZxid = 0;
  newLeaderSaid = false;
  newLeaderAcked = false;
  lastAcked = 0;

  constructor(learnerSid: number, leaderSid: number) {
    this.learnerSid = learnerSid;
    this.leaderSid = leaderSid;
  }
}

type OnPacket = (
  type: number,
  zxid: number,
  buffer: Uint8Array,
  start: number,
  end: number,
) => void;

/** One direction of it. */
class Ear {
  readonly #reader: QuorumPacketReader;
  #snap: SnapSkipper | null;

  constructor(onPacket: OnPacket) {
    this.#snap = null;
    this.#reader = new QuorumPacketReader(DATA_BYTES_MAX, {
      onPacket: (type, zxid, buffer, start, end) => {
        onPacket(type, zxid, buffer, start, end);
        if (type !== PacketType.SNAP) return;
        this.#snap = new SnapSkipper();
        this.#reader.enterRaw();
      },
      onRaw: (buffer, start, end) => this.#onRaw(buffer, start, end),
      onPacketError: (reason, found) => {
        expectThat(false, ORDER, `a packet cannot be read: ${reason} ${found}`);
      },
    });
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes, 0, bytes.length);
  }

  #onRaw(buffer: Uint8Array, start: number, end: number): number {
    const snap = this.#snap as SnapSkipper;
    const consumed = snap.push(buffer, start, end);
    if (snap.isEnded && consumed === end - start) this.#reader.leaveRaw();
    return consumed;
  }
}

export class QuorumWire {
  readonly #ledger: Ledger;
  readonly #durability: Durability;
  readonly #ears: Map<Endpoint, Ear>;

  constructor(ledger: Ledger, durability: Durability) {
    this.#ledger = ledger;
    this.#durability = durability;
    this.#ears = new Map();
  }

  /** Bytes leave on a connection to a quorum port. */
  onSent(from: Endpoint, sidOf: (host: string) => number, bytes: Uint8Array): void {
    let ear = this.#ears.get(from);
    if (ear === undefined) {
      const { dialler, acceptor } = from.connection;
      const conversation = new Conversation(sidOf(dialler.host), sidOf(acceptor.host));
      this.#ears.set(
        dialler,
        new Ear((...packet) => this.#onLearnerPacket(conversation, ...packet)),
      );
      this.#ears.set(
        acceptor,
        new Ear((...packet) => this.#onLeaderPacket(conversation, ...packet)),
      );
      ear = this.#ears.get(from) as Ear;
    }
    ear.push(bytes);
  }

  #onLearnerPacket(
    c: Conversation,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const history = this.#durability.history(c.learnerSid);
    const where = () => `server ${c.learnerSid} says ${packetName(type)} ${zxidToHex(zxid)}`;
    switch (type) {
      case PacketType.FOLLOWERINFO:
      case PacketType.OBSERVERINFO: {
        const { acceptedEpoch } = history;
        expectThat(
          epochOf(zxid) === acceptedEpoch,
          SPEAK,
          () => `${where()}, on disk ${acceptedEpoch}`,
        );
        break;
      }
      case PacketType.ACKEPOCH: {
        c.heldZxid = zxid;
        expectThat(history.acceptedEpoch >= c.epoch, SPEAK, () => `${where()} to epoch ${c.epoch}`);
        const epoch = readAckEpochData(new JuteReader().reset(buffer, start, end));
        const isTrue = epoch === -1 || epoch === history.currentEpoch;
        expectThat(
          isTrue,
          SPEAK,
          () => `${where()} of epoch ${epoch}, on disk ${history.currentEpoch}`,
        );
        break;
      }
      case PacketType.ACK:
        this.#onAck(c, zxid, where);
        break;
    }
  }

  #onAck(c: Conversation, zxid: number, where: () => string): void {
    const history = this.#durability.history(c.learnerSid);
    if (zxid === makeZxid(c.epoch, 0)) {
      const { currentEpoch } = history;
      expectThat(c.newLeaderSaid, ORDER, () => `${where()} before NEWLEADER`);
      expectThat(
        currentEpoch >= c.epoch,
        SPEAK,
        () => `${where()}, currentEpoch on disk ${currentEpoch}`,
      );
      const base = () => `${where()}, but ${zxidToHex(c.baseZxid)} is not on its disk`;
      expectThat(history.has(c.baseZxid), SPEAK, base);
      c.newLeaderAcked = true;
      return;
    }
    expectThat(c.newLeaderAcked, ORDER, () => `${where()} before its ACK of NEWLEADER`);
    expectThat(zxid > c.lastAcked, ORDER, () => `${where()} after ${zxidToHex(c.lastAcked)}`);
    expectThat(history.has(zxid), SPEAK, () => `${where()}, but it is not on its disk`);
    c.lastAcked = zxid;
  }

  #onLeaderPacket(
    c: Conversation,
    type: number,
    zxid: number,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    const where = () => `leader ${c.leaderSid} says ${packetName(type)} ${zxidToHex(zxid)}`;
    switch (type) {
      case PacketType.LEADERINFO: {
        c.epoch = epochOf(zxid);
        const { acceptedEpoch } = this.#durability.history(c.leaderSid);
        expectThat(acceptedEpoch >= c.epoch, SPEAK, () => `${where()}, on disk ${acceptedEpoch}`);
        break;
      }
      case PacketType.PROPOSAL:
      case PacketType.INFORM:
        this.#onProposal(c, zxid, where, buffer, start, end);
        if (type === PacketType.INFORM) this.#onCommit(c, zxid, where);
        break;
      case PacketType.COMMIT:
      case PacketType.COMMITANDACTIVATE:
        this.#onCommit(c, zxid, where);
        break;
      case PacketType.INFORMANDACTIVATE:
        this.#onProposal(c, zxid, where, buffer, start + SID_BYTES, end);
        this.#onCommit(c, zxid, where);
        break;
      case PacketType.TRUNC:
      case PacketType.SNAP:
        // The start of an epoch is no transaction: a cut there leaves what comes before it.
        c.baseZxid = counterOf(zxid) === 0 && type === PacketType.TRUNC ? 0 : zxid;
        c.heldZxid = zxid;
        break;
      case PacketType.NEWLEADER:
        c.newLeaderSaid = true;
        break;
      case PacketType.UPTODATE:
        expectThat(c.newLeaderAcked, ORDER, () => `${where()} before its ACK of NEWLEADER`);
        break;
    }
  }

  #onProposal(
    c: Conversation,
    zxid: number,
    where: () => string,
    buffer: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#ledger.onSeen(buffer, start, end);
    const last = () => `${where()} after ${zxidToHex(c.lastProposed)}`;
    expectThat(zxid > c.lastProposed, ORDER, last);
    c.lastProposed = zxid;
  }

  #onCommit(c: Conversation, zxid: number, where: () => string): void {
    const isKnown = zxid <= Math.max(c.lastProposed, c.heldZxid);
    expectThat(isKnown, ORDER, () => `${where()} before its PROPOSAL`);
    expectThat(
      zxid > c.lastCommitted,
      ORDER,
      () => `${where()} after ${zxidToHex(c.lastCommitted)}`,
    );
    c.lastCommitted = zxid;
    if (!c.newLeaderSaid) c.baseZxid = zxid;
    // A leader may say that inherited history is committed before a quorum has it: during
    // synchronization the words are only numbers in order, and nothing is served on them.
    if (epochOf(zxid) === c.epoch) this.#durability.onCommitted(zxid);
  }
}
