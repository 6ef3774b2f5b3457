/**
 * OpcodeTap: a port that passes everything on to a server, and counts what operations the clients
 * behind it ask for, those inside a multi or multiRead among them.
 */

import { createServer, connect, type Server, type Socket } from 'node:net';
import { FrameReader, JuteReader, OpCode, opName, readMultiRequest } from '@zabra/protocol';

const FRAME_BYTES_MAX = 0xffffff;

export class OpcodeTap {
  readonly port: number;
  /** How often each was asked for, by name; `multi.create` is a create inside a multi. */
  readonly counts: Map<string, number>;
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(port: number, target: number) {
    this.port = port;
    this.counts = new Map();
    this.#target = target;
    this.#sockets = new Set();
    this.#server = createServer((client) => this.#join(client));
  }

  static async open(port: number, target: number): Promise<OpcodeTap> {
    const tap = new OpcodeTap(port, target);
    await new Promise<void>((resolve, reject) => {
      tap.#server.once('error', reject);
      tap.#server.listen(port, '127.0.0.1', resolve);
    });
    return tap;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #join(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1' });
    let isFirst = true;
    const frames = new FrameReader(FRAME_BYTES_MAX, {
      onFrame: (buffer, start, end) => {
        // The first is a ConnectRequest.
        if (!isFirst) this.#count(new JuteReader().reset(buffer, start, end));
        isFirst = false;
        return true;
      },
      onFrameError: () => client.destroy(),
    });
    client.on('data', (chunk: Buffer) => frames.push(chunk, 0, chunk.length));
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.pipe(client);
  }

  #count(r: JuteReader): void {
    r.int();
    const op = r.int();
    this.#add(opName(op));
    if (op !== OpCode.multi && op !== OpCode.multiRead) return;
    for (const { type } of readMultiRequest(r, op) ?? [])
      this.#add(`${opName(op)}.${opName(type)}`);
  }

  #add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}
