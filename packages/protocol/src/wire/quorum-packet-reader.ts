/**
 * QuorumPacketReader: quorum packets out of the chunks of a learner connection. The stream has no
 * framing, so one wrong length loses it for good: any error ends the reader. A packet within one
 * chunk is handed on where it is, a split one is gathered first; buffers given to the sink are
 * never written again. Behind a SNAP packet comes a raw body of unknown length: the sink enters
 * raw mode from `onPacket` and says itself where the body ends. From quorum-protocol.md 5.
 *
 * Invariant: between calls, when not paused, held bytes are a proper prefix of one packet, shorter
 * than `#bytesNeeded`, which never exceeds the packet's length. What was scanned of a packet is
 * not scanned again, so bytes that come one by one cost no more than in one chunk.
 */

import { assert } from '../base/assert.ts';
import { AUTH_BYTES_MAX, AUTH_IDS_MAX } from '../base/limits.ts';
import { ZXID_MAX, ZXID_MIN } from '../base/zxid.ts';
import { type Id, readIdVector } from './acl.ts';
import { HeldBytes } from './held-bytes.ts';
import { JuteReader } from './jute-reader.ts';

export type PacketFault = 'data-length' | 'auth-count' | 'auth-length' | 'zxid';

export interface QuorumPacketSink {
  /**
   * One packet; its data is buffer[dataStart, dataEnd), both -1 when null. May call `enterRaw`,
   * `pause` and `resume`, but not `push`.
   */
  onPacket(
    type: number,
    zxid: number,
    buffer: Uint8Array,
    dataStart: number,
    dataEnd: number,
    auth: readonly Id[] | null,
  ): void;
  /**
   * Bytes of a raw body; returns how many of them belong to it. Fewer than given end the raw mode,
   * as `leaveRaw` does, which is needed when the body ends with the last byte given.
   */
  onRaw(buffer: Uint8Array, start: number, end: number): number;
  /** The stream cannot be read on; the reader drops everything from here on. */
  onPacketError(reason: PacketFault, found: number): void;
}

/** Type, zxid and length of the data. */
const HEAD_BYTES = 16;
const COUNT_BYTES = 4;
const LENGTH_BYTES = 4;

/** Results of an attempt to parse that found no whole packet. */
const INCOMPLETE = -1;
const FAULTY = -2;

export class QuorumPacketReader {
  #sink: QuorumPacketSink;
  #dataBytesMax: number;
  #reader: JuteReader;
  #held: HeldBytes;
  #bytesNeeded: number;
  #raw: boolean;
  #paused: boolean;
  #failed: boolean;
  #delivering: boolean;
  /** Of the packet begun: bytes known to be well-formed, 0 before its head is; relative. */
  #scannedBytes: number;
  #authStartBytes: number;
  #stringsLeft: number;
  #dataLength: number;
  /** Of the packet parsed last. */
  #type: number;
  #zxid: number;
  #dataStart: number;
  #dataEnd: number;
  #auth: Id[] | null;

  /** `dataBytesMax` bounds the data of a packet and each string of its authinfo. */
  constructor(dataBytesMax: number, sink: QuorumPacketSink) {
    this.#sink = sink;
    this.#dataBytesMax = dataBytesMax;
    this.#reader = new JuteReader(dataBytesMax);
    this.#held = new HeldBytes();
    this.#bytesNeeded = HEAD_BYTES;
    this.#raw = false;
    this.#paused = false;
    this.#failed = false;
    this.#delivering = false;
    this.#scannedBytes = 0;
    this.#authStartBytes = 0;
    this.#stringsLeft = 0;
    this.#dataLength = -1;
    this.#type = 0;
    this.#zxid = 0;
    this.#dataStart = -1;
    this.#dataEnd = -1;
    this.#auth = null;
  }

  /** Bytes received but not delivered. */
  get bytesHeld(): number {
    return this.#held.length;
  }

  get paused(): boolean {
    return this.#paused;
  }

  push(buffer: Uint8Array, start: number, end: number): void {
    assert(!this.#delivering, 'Cannot push into a packet reader from its own sink');
    if (this.#failed) return;
    let position = start;
    if (!this.#paused) {
      if (this.#held.length > 0) position = this.#completeHeldPacket(buffer, start, end);
      if (this.#held.length === 0) position = this.#deliver(buffer, position, end);
    }
    if (position < end && !this.#failed) this.#held.append(buffer, position, end);
  }

  /** From now on bytes go to `onRaw`. */
  enterRaw(): void {
    this.#raw = true;
  }

  leaveRaw(): void {
    this.#raw = false;
  }

  pause(): void {
    this.#paused = true;
  }

  /** Delivers what was kept; returns after the sink has paused again or all is delivered. */
  resume(): void {
    this.#paused = false;
    if (!this.#delivering && !this.#failed) this.#deliverHeld();
  }

  /** Takes from the chunk what the held packet lacks; returns where the rest of it begins. */
  #completeHeldPacket(buffer: Uint8Array, start: number, end: number): number {
    const held = this.#held;
    let position = start;
    while (position < end && held.length > 0) {
      const taken = Math.min(this.#bytesNeeded - held.length, end - position);
      held.append(buffer, position, position + taken);
      position += taken;
      if (held.length === this.#bytesNeeded) this.#deliverHeld();
    }
    return this.#failed ? end : position;
  }

  #deliverHeld(): void {
    const held = this.#held;
    if (held.length === 0) return;
    held.consumeTo(this.#deliver(held.buffer, held.start, held.end));
    if (this.#failed) held.clear();
  }

  /** Hands on whole packets and raw bytes; returns the offset of the first byte not delivered. */
  #deliver(buffer: Uint8Array, start: number, end: number): number {
    let position = start;
    this.#delivering = true;
    while (position < end && !this.#paused) {
      if (this.#raw) {
        position += this.#deliverRaw(buffer, position, end);
        continue;
      }
      const packetEnd = this.#parse(buffer, position, end);
      if (packetEnd < 0) break;
      position = packetEnd;
      const auth = this.#auth;
      this.#sink.onPacket(this.#type, this.#zxid, buffer, this.#dataStart, this.#dataEnd, auth);
    }
    this.#delivering = false;
    return position;
  }

  #deliverRaw(buffer: Uint8Array, start: number, end: number): number {
    const consumed = this.#sink.onRaw(buffer, start, end);
    assert(consumed >= 0 && consumed <= end - start, `Raw sink took ${consumed} bytes`);
    if (consumed < end - start) this.#raw = false;
    return consumed;
  }

  /** The end of the packet that begins at `start`, INCOMPLETE or FAULTY. */
  #parse(buffer: Uint8Array, start: number, end: number): number {
    const r = this.#reader.reset(buffer, start, end);
    if (this.#scannedBytes === 0) {
      const fault = this.#parseHead(start);
      if (fault !== 0) return fault;
    }
    r.position = start + this.#scannedBytes;
    while (this.#stringsLeft > 0) {
      const fault = this.#scanString(start);
      if (fault !== 0) return fault;
    }
    const packetEnd = r.position;
    this.#dataStart = this.#dataLength < 0 ? -1 : start + HEAD_BYTES;
    this.#dataEnd = this.#dataLength < 0 ? -1 : this.#dataStart + this.#dataLength;
    r.position = start + HEAD_BYTES + Math.max(this.#dataLength, 0);
    this.#auth = readIdVector(r);
    this.#scannedBytes = 0;
    return packetEnd;
  }

  /** All up to the count of identities; 0, INCOMPLETE or FAULTY. */
  #parseHead(start: number): number {
    const r = this.#reader;
    if (r.remaining() < HEAD_BYTES) return this.#needs(HEAD_BYTES);
    this.#type = r.int();
    this.#zxid = r.zxid();
    // Saturation hides what was found: of the two extremes only the named one may stand.
    if (this.#zxid === ZXID_MAX || this.#zxid === ZXID_MIN) {
      const hi = r.view.getInt32(start + 4);
      if (hi !== -0x80000000 || r.view.getInt32(start + 8) !== 0) return this.#fault('zxid', hi);
    }
    const dataLength = r.int();
    if (dataLength < -1 || dataLength > this.#dataBytesMax) {
      return this.#fault('data-length', dataLength);
    }
    this.#dataLength = dataLength;
    r.position += Math.max(dataLength, 0);
    if (r.remaining() < COUNT_BYTES) return this.#needs(r.position + COUNT_BYTES - start);
    const count = r.int();
    if (count < -1 || count > AUTH_IDS_MAX) return this.#fault('auth-count', count);
    this.#stringsLeft = Math.max(count, 0) * 2;
    this.#authStartBytes = r.position - start;
    this.#scannedBytes = this.#authStartBytes;
    return 0;
  }

  /** Steps over one string of the authinfo; 0, INCOMPLETE or FAULTY. */
  #scanString(start: number): number {
    const r = this.#reader;
    if (r.remaining() < LENGTH_BYTES) return this.#needs(this.#scannedBytes + LENGTH_BYTES);
    const length = r.int();
    const scannedBytes = r.position + Math.max(length, 0) - start;
    if (length < -1 || length > this.#dataBytesMax) return this.#fault('auth-length', length);
    if (scannedBytes - this.#authStartBytes > AUTH_BYTES_MAX) {
      return this.#fault('auth-length', scannedBytes - this.#authStartBytes);
    }
    if (start + scannedBytes > r.end) return this.#needs(scannedBytes);
    r.position = start + scannedBytes;
    this.#scannedBytes = scannedBytes;
    this.#stringsLeft--;
    return 0;
  }

  #needs(bytes: number): number {
    this.#bytesNeeded = bytes;
    return INCOMPLETE;
  }

  #fault(reason: PacketFault, found: number): number {
    this.#failed = true;
    this.#held.clear();
    this.#sink.onPacketError(reason, found);
    return FAULTY;
  }
}
