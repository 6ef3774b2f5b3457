// The leader's view of one learner: a small state machine from FOLLOWERINFO to broadcast, and the
// order in which packets reach that learner (quorum spec 6.2, upstream `LearnerHandler`). It owns
// its own transitions; the leader asks it to move and reads its marks.
//
// Order on the wire: op packet, history, what start-forwarding adds, NEWLEADER, then UPTODATE.
// While a SNAP body streams, later packets wait behind it. Proposals and commits that would follow
// NEWLEADER wait for UPTODATE: released Java learners lose a COMMIT that arrives in that window
// (scenario S7), and UPTODATE is never far.

import {
  assert,
  JuteWriter,
  PacketType,
  writeQuorumPacket,
  writeQuorumPacketRange,
  ZXID_NONE,
} from '@zabra/protocol';
import type { LearnerOwner, PacketLink, SnapshotStream } from './zab-host.ts';

/** A snapshot is written on while the network holds less than this. */
const SNAPSHOT_UNSENT_BYTES_MAX = 1 << 20;
const SNAPSHOT_SLICE_BYTES = 256 * 1024;

export type HandlerState =
  | 'hello' // waiting for FOLLOWERINFO or OBSERVERINFO
  | 'epoch' // waiting until the new epoch is fixed and stored
  | 'ack-epoch' // LEADERINFO sent
  | 'synced-wait' // ACKEPOCH received, leader not ready to synchronise
  | 'sync' // history and NEWLEADER queued, ACK(e:0) awaited
  | 'acked' // ACK(e:0) received, leader not yet established
  | 'broadcast'; // UPTODATE sent

export class LearnerHandler implements LearnerOwner {
  readonly link: PacketLink;
  state: HandlerState = 'hello';
  sid = -1;
  isObserver = false;
  isZabra = false;
  acceptedEpoch = 0;
  /** Last zxid the learner reported in ACKEPOCH. */
  lastZxid = 0;
  /** Highest proposal it has acknowledged; acknowledgements arrive in zxid order. */
  ackedZxid = -1;
  lastPacketMs: number;
  deadlineMs: number;
  /** When the oldest proposal without an ACK was sent; -1 when there is none. */
  unackedSinceMs = -1;
  lastSentProposal = -1;
  #snapshot: SnapshotStream | null = null;
  readonly #behindBody = new JuteWriter(256);
  readonly #untilUpToDate = new JuteWriter(256);

  constructor(link: PacketLink, nowMs: number, deadlineMs: number) {
    this.link = link;
    this.lastPacketMs = nowMs;
    this.deadlineMs = deadlineMs;
  }

  /** True once NEWLEADER is queued: pings may flow. */
  get synchronising(): boolean {
    return this.state === 'sync' || this.state === 'acked' || this.state === 'broadcast';
  }

  send(type: number, zxid: number, data: Uint8Array | null = null): void {
    const waiting = this.#waitingRoom();
    if (waiting === null) this.link.send(type, zxid, data);
    else writeQuorumPacket(waiting, type, zxid, data, null);
  }

  sendRange(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    const waiting = this.#waitingRoom();
    if (waiting === null) this.link.sendRange(type, zxid, buffer, start, end);
    else writeQuorumPacketRange(waiting, type, zxid, buffer, start, end);
  }

  /** A PING overtakes what waits for UPTODATE, never a snapshot body. */
  ping(zxid: number): void {
    if (this.synchronising && this.#snapshot === null) {
      this.link.send(PacketType.PING, zxid, null);
    }
  }

  startSnapshot(stream: SnapshotStream): void {
    this.link.send(PacketType.SNAP, stream.zxid, null);
    this.#snapshot = stream;
  }

  /** Writes on with the snapshot as far as the network takes it. False: the copy was given up. */
  streamSnapshot(): boolean {
    const stream = this.#snapshot;
    if (stream === null) return true;
    while (this.link.unsentBytes < SNAPSHOT_UNSENT_BYTES_MAX) {
      if (stream.failed) return false;
      if (stream.writeNext(this.link, SNAPSHOT_SLICE_BYTES)) continue;
      stream.close();
      this.#snapshot = null;
      this.#flush(this.#behindBody);
      break;
    }
    return true;
  }

  get streaming(): boolean {
    return this.#snapshot !== null;
  }

  sendNewLeader(zxid: number, config: Uint8Array): void {
    this.send(PacketType.NEWLEADER, zxid, config);
    this.state = 'sync';
  }

  /** Sends UPTODATE, then what waited for it. */
  sendUpToDate(): void {
    assert(this.#snapshot === null, 'UPTODATE follows the ACK of NEWLEADER, which ends the body');
    this.link.send(PacketType.UPTODATE, ZXID_NONE, null);
    this.state = 'broadcast';
    this.#flush(this.#untilUpToDate);
  }

  close(reason: string): void {
    this.#snapshot?.close();
    this.#snapshot = null;
    this.link.close(reason);
  }

  #waitingRoom(): JuteWriter | null {
    if (this.state === 'sync' || this.state === 'acked') return this.#untilUpToDate;
    return this.#snapshot === null ? null : this.#behindBody;
  }

  #flush(waiting: JuteWriter): void {
    if (waiting.position > 0) this.link.write(waiting.buffer, 0, waiting.position);
    waiting.reset();
  }
}
