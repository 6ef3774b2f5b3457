/**
 * BedLink: the other end of a quorum connection of a `MemberBed`, played by hand: packets that the
 * server sends are kept, packets that the test sends reach it while it reads.
 */

import {
  int64Hex,
  JuteWriter,
  packetName,
  PacketType,
  type QuorumPacket,
  QuorumPacketReader,
  type QuorumPacketSink,
  writeQuorumPacket,
  zxidToHex,
} from '@zabra/protocol';
import type { Peer } from './peer.ts';
import type { Output } from './ready.ts';

/** Ends the body of a SNAP; its first letter does not come again in it. */
const SIGNATURE = 'BenWasHere';

export class BedLink implements QuorumPacketSink {
  readonly output: Output;
  /** The server dialled it, and does not know yet that it is open. */
  isDialed: boolean;
  /** Who ended it; empty while it is open. */
  closed: string;
  readonly #peer: Peer;
  readonly #packets: QuorumPacketReader;
  #heard: QuorumPacket[];
  /** Letters of the signature seen last. */
  #signatureLetters: number;
  #sent: Uint8Array[];

  constructor(peer: Peer, output: Output) {
    this.output = output;
    this.isDialed = false;
    this.closed = '';
    this.#peer = peer;
    this.#packets = new QuorumPacketReader(1 << 22, this);
    this.#heard = [];
    this.#signatureLetters = 0;
    this.#sent = [];
  }

  say(type: number, zxid: number, data: Uint8Array | null = null): void {
    const w = new JuteWriter();
    writeQuorumPacket(w, type, zxid, data, null);
    this.sendRaw(w.toBytes());
  }

  sendRaw(bytes: Uint8Array): void {
    this.#sent.push(bytes);
  }

  /** What came since the last call. */
  packets(): QuorumPacket[] {
    return this.#heard.splice(0);
  }

  /** The same as `TYPE zxid`. */
  heard(): string[] {
    return this.packets().map(({ type, zxid }) => `${packetName(type)} ${zxidToHex(zxid)}`);
  }

  /** From the bed: true when something reached the server. */
  deliver(): boolean {
    if (this.closed !== '') return false;
    if (this.isDialed) {
      this.isDialed = false;
      this.#peer.onDialed(this.output.id);
      return true;
    }
    if (this.output.pauseReading) return false;
    const bytes = this.#sent.shift();
    if (bytes === undefined) return false;
    this.#peer.onLinkBytes(this.output.id, bytes, 0, bytes.length);
    return true;
  }

  /** From the bed: the turn is over. */
  takeOutput(): void {
    const { bytes, destroy, closeAfterFlush } = this.output;
    if (this.closed !== '') return;
    if (destroy) {
      this.closed = 'by us';
      return;
    }
    const written = bytes.toBytes();
    bytes.reset();
    this.#packets.push(written, 0, written.length);
    if (closeAfterFlush) this.closed = 'by us';
  }

  onPacket(type: number, zxid: number, buffer: Uint8Array, start: number, end: number): void {
    const data = start < 0 ? null : buffer.slice(start, end);
    this.#heard.push({ type, zxid, data, auth: null });
    if (type === PacketType.SNAP) this.#packets.enterRaw();
  }

  /** The body of a SNAP, passed over. */
  onRaw(buffer: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const isNext = buffer[at] === SIGNATURE.charCodeAt(this.#signatureLetters);
      this.#signatureLetters = isNext ? this.#signatureLetters + 1 : 0;
      if (this.#signatureLetters < SIGNATURE.length) continue;
      this.#signatureLetters = 0;
      this.#packets.leaveRaw();
      return at + 1 - start;
    }
    return end - start;
  }

  onPacketError(reason: string, found: number): void {
    throw new Error(`The server sent a packet with ${reason} ${int64Hex(0, found)}`);
  }
}
