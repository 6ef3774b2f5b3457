/**
 * FuzzClient: a connection of a bed as the network and its client see it: bytes go in while the
 * server reads, at most one more read of a socket in the turn in which it stops, and what comes out
 * is split into frames. The client may stop to read.
 */

import type { ClientConnection } from 'zabra/dist/peer/client-connection.js';
import type { Bed } from './bed.ts';
import type { Delivery } from './cells.ts';
import type { Conversation } from './conversation.ts';
import { observe } from './observe.ts';

/** One read of a socket. */
export const READ_BYTES_MAX = 64 * 1024;

/** What bytes belong to; it becomes a delivery when the server gets the first of them. */
export interface Message {
  readonly what: string;
  delivery: Delivery | null;
}

export interface FrameEnd {
  onFrame(frame: Uint8Array): void;
  onClosed(isByServer: boolean): void;
}

export class FuzzClient {
  readonly connection: ClientConnection;
  /** Hears what comes; null drops it. */
  end: FrameEnd | null;
  /** Of a client that is judged. */
  conversation: Conversation | null;
  /** How the server has closed it. */
  closed: '' | 'gently' | 'cut';
  /** What states have to remember. */
  label: string;
  readonly #bed: Bed;
  #isGone: boolean;
  /** The turn in which the server has last read, and how much came after it had paused. */
  #readTurn: number;
  #lateBytes: number;
  #unread: { readonly bytes: Uint8Array; readonly message: Message | null }[];
  #isReading: boolean;
  #heldBytes: Uint8Array[];
  /** The beginning of a frame. */
  #partial: Uint8Array;

  constructor(bed: Bed, connection: ClientConnection) {
    this.#bed = bed;
    this.connection = connection;
    this.end = null;
    this.conversation = null;
    this.closed = '';
    this.label = '';
    this.#isGone = false;
    this.#readTurn = -1;
    this.#lateBytes = 0;
    this.#unread = [];
    this.#isReading = true;
    this.#heldBytes = [];
    this.#partial = new Uint8Array(0);
  }

  get isOver(): boolean {
    return this.closed !== '' || this.#isGone;
  }

  /** Hands over one read; a turn is open. What the server does not read now comes later. */
  feed(bytes: Uint8Array, message: Message | null = null): void {
    if (this.isOver) return;
    for (let at = 0; at < bytes.length; at += READ_BYTES_MAX) {
      const part = bytes.subarray(at, at + READ_BYTES_MAX);
      if (this.#mayHandOver(part.length)) this.#handOver(part, message);
      else this.#unread.push({ bytes: part.slice(), message });
    }
  }

  /** At the beginning of a turn. */
  deliverUnread(): void {
    while (this.#unread.length > 0 && !this.isOver && !this.connection.pauseReading) {
      const next = this.#unread.shift();
      if (next !== undefined) this.#handOver(next.bytes, next.message);
    }
  }

  stopReading(): void {
    this.#isReading = false;
  }

  /** The network takes everything at once; the server hears of it in its next turn. */
  startReading(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.connection.unsentBytes = 0;
    for (const bytes of this.#heldBytes.splice(0)) this.#receive(bytes);
  }

  hangUp(): void {
    if (this.isOver) return;
    this.#isGone = true;
    this.end?.onClosed(false);
    this.conversation?.onClosed(false);
    this.#bed.onGone(this);
  }

  /** From the bed: the turn is over. True when the server has closed the connection. */
  takeOutput(): boolean {
    const { connection } = this;
    if (this.isOver) return false;
    if (!connection.destroy) {
      const bytes = connection.bytes.toBytes();
      connection.bytes.reset();
      if (this.#isReading) this.#receive(bytes);
      else this.#heldBytes.push(bytes);
      connection.unsentBytes = this.#heldBytes.reduce((sum, { length }) => sum + length, 0);
      if (!connection.closeAfterFlush) return false;
    }
    this.closed = connection.destroy ? 'cut' : 'gently';
    this.#unread = [];
    this.#heldBytes = [];
    this.end?.onClosed(true);
    this.conversation?.onClosed(true);
    this.#bed.onGone(this);
    return true;
  }

  #mayHandOver(length: number): boolean {
    if (this.#unread.length > 0) return false;
    if (!this.connection.pauseReading) return true;
    if (this.#readTurn !== this.#bed.turnCount) return false;
    return this.#lateBytes + length <= READ_BYTES_MAX;
  }

  #handOver(bytes: Uint8Array, message: Message | null): void {
    const { connection } = this;
    if (message !== null && message.delivery === null) {
      const state = observe(this, this.#bed.hasRole);
      message.delivery = { what: message.what, state, outcome: null };
    }
    const delivery = message?.delivery ?? null;
    if (connection.pauseReading) {
      this.#lateBytes += bytes.length;
    } else {
      this.#readTurn = this.#bed.turnCount;
      this.#lateBytes = 0;
    }
    // A connection that closes does not hear it any more.
    const isHeard = connection.state !== 'closing';
    if (isHeard || delivery !== null) {
      this.conversation?.onSent(isHeard ? bytes : new Uint8Array(0), delivery);
    }
    this.#bed.peer.onClientBytes(connection.id, bytes, 0, bytes.length);
  }

  #receive(bytes: Uint8Array): void {
    // The answer to a four-letter word has no frames.
    if (bytes.length === 0 || this.conversation?.isWord === true) return;
    let rest = bytes;
    if (this.#partial.length > 0) {
      rest = new Uint8Array(this.#partial.length + bytes.length);
      rest.set(this.#partial);
      rest.set(bytes, this.#partial.length);
    }
    const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
    let at = 0;
    while (at + 4 <= rest.length) {
      const end = at + 4 + view.getInt32(at);
      if (end > rest.length) break;
      const frame = rest.subarray(at + 4, end);
      this.end?.onFrame(frame);
      this.conversation?.onFrame(frame);
      at = end;
    }
    this.#partial = rest.slice(at);
  }
}
