/**
 * Connection: one socket and the machine's `Output` for it. It takes what the machine wrote in one
 * write per turn, does as the output's flags say, and reports bytes, the drained network and the
 * end. It knows nothing of what the bytes mean, and nothing of listeners and dials.
 *
 * Two ways to read. A bare TCP socket reads into one buffer that all connections share (`onread`),
 * which halves the processor time of a small request; anything else emits chunks of its own.
 */

import type net from 'node:net';
import { JuteWriter } from '@zabra/protocol';
import type { ListenKind, Output } from '../peer/ready.ts';

/** Reads of bare sockets land here; the machine consumes or copies before the callback returns. */
const sharedReadBuffer = Buffer.allocUnsafeSlow(64 * 1024);
/** The same bytes as a plain array: ranges of a Buffer cost more, and whoever reads makes many. */
const sharedReadBytes = new Uint8Array(sharedReadBuffer.buffer);

/** A client's output buffer that grew beyond this is not kept for the next reply, bytes. */
const KEPT_OUTPUT_BYTES_MAX = 64 * 1024;
const FRESH_OUTPUT_BYTES = 1024;

/** How long a closing connection may make no progress before it is cut. */
const LINGER_MS = 5000;

export interface ConnectionEvents {
  onBytes(connection: Connection, buffer: Uint8Array, start: number, end: number): void;
  /** The network has taken all that was written. */
  onDrained(connection: Connection): void;
  /** The peer will send no more; the machine may still have an answer to write. */
  onEnded(connection: Connection): void;
  /** Once, last of all. */
  onClosed(connection: Connection, reason: string): void;
}

export class Connection {
  readonly kind: ListenKind;
  readonly output: Output;
  readonly #events: ConnectionEvents;
  /** Null until a dial has succeeded. */
  #socket: net.Socket | null = null;
  /** The socket of a dial under way. */
  #dialing: net.Socket | null = null;
  #isClosing = false;
  #isClosed = false;
  #isPaused = false;
  #reason = 'closed by the peer';
  /** Bytes still unsent at the last look, and until when that may stay so; only while closing. */
  #lingerBytes = 0;
  #lingerUntilMs = 0;

  constructor(kind: ListenKind, output: Output, events: ConnectionEvents) {
    this.kind = kind;
    this.output = output;
    this.#events = events;
  }

  get isClosing(): boolean {
    return this.#isClosing || this.#isClosed;
  }

  /** The socket that a dial tries now; `attach` follows, or `cut`. */
  setDialing(socket: net.Socket): void {
    this.#dialing = socket;
  }

  /** `readsShared`: a bare TCP socket that was made with `readOptions` of this connection. */
  attach(socket: net.Socket, readsShared: boolean): void {
    this.#socket = socket;
    this.#dialing = null;
    socket.on('error', (error: Error) => {
      this.#reason = error.message;
    });
    socket.on('end', () => this.#onEnd());
    socket.on('close', () => this.#onClose());
    if (!readsShared) {
      socket.on('data', (chunk: Buffer) => this.#onRead(chunk, 0, chunk.length));
    }
  }

  /** For `net.connect` and `net.Socket`: reads go to the shared buffer. */
  readOptions(): net.OnReadOpts {
    return {
      buffer: sharedReadBuffer,
      callback: (count) => {
        this.#onRead(sharedReadBytes, 0, count);
        return true;
      },
    };
  }

  /** Does what the machine asked for in this turn. */
  flush(nowMs: number): void {
    const { output } = this;
    const socket = this.#socket;
    if (this.#isClosed) return;
    if (output.destroy) {
      this.cut('closed by this server');
      return;
    }
    if (socket === null) {
      // A dial under way: the bytes stay with the output until it has succeeded.
      if (output.closeAfterFlush) this.cut('closed by this server');
      return;
    }
    if (output.bytes.position > 0 && !this.#isClosing) this.#write(socket);
    if (output.closeAfterFlush && !this.#isClosing) this.#closeGently(socket, nowMs);
    if (!this.#isClosing) this.#setPaused(socket, output.pauseReading);
  }

  /** Cuts a connection that is closing and gets nowhere. */
  checkLinger(nowMs: number): void {
    const socket = this.#socket;
    if (!this.#isClosing || this.#isClosed || socket === null) return;
    if (socket.writableLength !== this.#lingerBytes) {
      this.#lingerBytes = socket.writableLength;
      this.#lingerUntilMs = nowMs + LINGER_MS;
    } else if (nowMs >= this.#lingerUntilMs) {
      this.cut('closed by this server');
    }
  }

  /** Closes at once; what was not written is dropped. `onClosed` follows. */
  cut(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosing = true;
    this.#reason = reason;
    if (this.#socket !== null) {
      this.#socket.destroy();
      return;
    }
    this.#dialing?.destroy();
    // Never from within a call of the loop: the machine hears of it in a turn of its own.
    setImmediate(() => this.#onClose());
  }

  #write(socket: net.Socket): void {
    const { bytes } = this.output;
    const isBehind = socket.writableLength > 0;
    // While the network is behind, what waits is held in buffers of its exact size.
    const chunk = isBehind
      ? Buffer.from(bytes.buffer.subarray(0, bytes.position))
      : Buffer.from(bytes.buffer.buffer, bytes.buffer.byteOffset, bytes.position);
    bytes.reset();
    socket.write(chunk, this.#onWritten);
    const unsentBytes = socket.writableLength;
    this.output.unsentBytes = unsentBytes;
    const isLent = !isBehind && unsentBytes > 0;
    const isTooBig = this.output.lane === 'client' && bytes.buffer.length > KEPT_OUTPUT_BYTES_MAX;
    if (isLent || isTooBig) this.#renewBuffer();
  }

  /** Taken whole by the system, the buffer is free again; else the socket keeps it. */
  #renewBuffer(): void {
    const { bytes } = this.output;
    const fresh = new JuteWriter(FRESH_OUTPUT_BYTES);
    bytes.buffer = fresh.buffer;
    bytes.view = fresh.view;
  }

  readonly #onWritten = (): void => {
    const socket = this.#socket;
    const { output } = this;
    if (socket === null || output.unsentBytes === 0 || this.#isClosed) return;
    output.unsentBytes = socket.writableLength;
    if (output.unsentBytes === 0) this.#events.onDrained(this);
  };

  /**
   * Sends FIN behind the last byte and reads on, to nowhere, until the peer has closed as well:
   * closing a socket with unread input would reset it and destroy the reply on its way.
   */
  #closeGently(socket: net.Socket, nowMs: number): void {
    this.#isClosing = true;
    this.#reason = 'closed by this server';
    this.#lingerBytes = socket.writableLength;
    this.#lingerUntilMs = nowMs + LINGER_MS;
    this.#setPaused(socket, false);
    socket.end();
  }

  #setPaused(socket: net.Socket, wanted: boolean): void {
    if (wanted === this.#isPaused) return;
    this.#isPaused = wanted;
    if (wanted) socket.pause();
    else socket.resume();
  }

  #onRead(buffer: Uint8Array, start: number, end: number): void {
    if (this.#isClosing) return;
    this.#events.onBytes(this, buffer, start, end);
    // At once: until the end of the turn a full socket would be read many times over.
    const socket = this.#socket;
    if (this.output.pauseReading && socket !== null) this.#setPaused(socket, true);
  }

  #onEnd(): void {
    if (!this.isClosing) this.#events.onEnded(this);
  }

  #onClose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isClosing = true;
    this.output.unsentBytes = 0;
    this.#events.onClosed(this, this.#reason);
  }
}
