/** A client that may send anything: for the tests of bad input. */

import { connect, type Socket } from 'node:net';
import { JuteWriter, writeConnectRequest } from '@zabra/protocol';
import { waitFor } from './wait-for.ts';

export class RawClient {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawClient(socket);
  }

  /** Open, with a session of its own, which nobody pings. */
  static async withSession(port: number, timeoutMs = 10_000): Promise<RawClient> {
    const client = await RawClient.open(port);
    const w = new JuteWriter(64);
    w.int(0);
    writeConnectRequest(w, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs,
      sessionHi: 0,
      sessionLo: 0,
      password: new Uint8Array(16),
      readOnly: false,
    });
    w.patchInt(0, w.position - 4);
    client.send(w.toBytes());
    await client.frame();
    return client;
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** One request with its header. */
  request(xid: number, opcode: number, body: Uint8Array): void {
    const w = new JuteWriter(64);
    w.int(8 + body.length);
    w.int(xid);
    w.int(opcode);
    w.raw(body, 0, body.length);
    this.send(w.toBytes());
  }

  /** The next frame without its length; null when the server closed instead. */
  async frame(): Promise<Buffer | null> {
    const found = await waitFor('a frame or the end', 10_000, () => {
      if (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readInt32BE(0)) {
        const end = 4 + this.#bytes.readInt32BE(0);
        const frame = this.#bytes.subarray(4, end);
        this.#bytes = this.#bytes.subarray(end);
        return { frame };
      }
      return this.#closed ? { frame: null } : null;
    });
    return found.frame;
  }

  /** The error code of the next reply; null when the server closed instead. */
  async error(): Promise<number | null> {
    return (await this.frame())?.readInt32BE(12) ?? null;
  }

  async waitForClose(): Promise<void> {
    await waitFor('the server to close', 10_000, () => this.#closed);
  }

  close(): void {
    this.#socket.destroy();
  }
}
