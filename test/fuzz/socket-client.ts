/**
 * SocketClient: a fuzzed connection to a real server, plain or over TLS. It writes what it is told
 * in the pieces that it is told, and its conversation judges what comes back.
 */

import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import type { Delivery } from './cells.ts';
import { Conversation } from './conversation.ts';

export type Transport = 'plain' | 'unified TLS' | 'secure port' | 'rubbish for TLS';

export const TRANSPORTS: readonly Transport[] = [
  'plain',
  'unified TLS',
  'secure port',
  'rubbish for TLS',
];

export interface SocketTarget {
  readonly plainPort: number;
  readonly securePort: number;
  readonly ca: string;
  readonly frameBytesMax: number;
}

export class SocketClient {
  readonly transport: Transport;
  /** Null where the server expects TLS and gets something else. */
  readonly conversation: Conversation | null;
  isOver: boolean;
  /** That was written; -1 before. */
  firstByte: number;
  /** The first finding of its conversation. */
  failure: unknown;
  readonly #socket: Socket;
  #isOurs: boolean;
  #partial: Buffer;

  private constructor(socket: Socket, transport: Transport, frameBytesMax: number) {
    this.transport = transport;
    const isJudged = transport !== 'rubbish for TLS';
    const rules = { frameBytesMax, mayAlwaysClose: false };
    this.conversation = isJudged ? new Conversation(rules) : null;
    this.isOver = false;
    this.firstByte = -1;
    this.failure = null;
    this.#socket = socket;
    this.#isOurs = false;
    this.#partial = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => this.#attempt(() => this.#receive(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isOver = true;
      this.#attempt(() => this.conversation?.onClosed(!this.#isOurs));
    });
  }

  static async open(target: SocketTarget, transport: Transport): Promise<SocketClient> {
    const { plainPort, securePort, ca, frameBytesMax } = target;
    const isSecure = transport === 'unified TLS' || transport === 'secure port';
    const onPlainPort = transport === 'plain' || transport === 'unified TLS';
    const options = { host: '127.0.0.1', port: onPlainPort ? plainPort : securePort };
    const socket = isSecure ? connectSecure({ ...options, ca }) : connectPlain(options);
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once(isSecure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return new SocketClient(socket, transport, frameBytesMax);
  }

  write(bytes: Uint8Array, delivery: Delivery | null): void {
    if (this.isOver || bytes.length === 0) return;
    if (this.firstByte < 0) this.firstByte = bytes[0] as number;
    // What comes after a request that ends the connection may or may not be read.
    this.conversation?.onSent(bytes, delivery);
    this.#socket.write(bytes);
  }

  end(): void {
    this.#isOurs = true;
    this.#socket.destroy();
  }

  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.failure ??= error;
      this.#socket.destroy();
    }
  }

  #receive(chunk: Buffer): void {
    if (this.conversation === null || this.conversation.isWord) return;
    let bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    while (bytes.length >= 4) {
      const end = 4 + bytes.readInt32BE(0);
      if (end > bytes.length) break;
      this.conversation.onFrame(bytes.subarray(4, end));
      bytes = bytes.subarray(end);
    }
    this.#partial = Buffer.from(bytes);
  }
}
