/**
 * A server on a loopback port that grants sessions and answers as a test tells it to: enough of
 * ZooKeeper to see what the client does with sockets, timers and promises. For tests only.
 */

import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import {
  type ConnectRequest,
  ErrorCode,
  FrameReader,
  JuteReader,
  JuteWriter,
  OpCode,
  readConnectRequest,
  writeConnectResponse,
  writeReplyHeader,
  writeWatcherEvent,
  Xid,
} from '@zabra/protocol';
import type { ZooKeeperClient } from './client.ts';

export interface Asked {
  readonly op: number;
  readonly xid: number;
  readonly body: JuteReader;
  readonly connection: ServerConnection;
}

/** Answers a request, or does not. */
export type Script = (asked: Asked) => void;

export class ScriptedServer {
  readonly connects: ConnectRequest[];
  /** Operations asked for, pings left out. */
  readonly asked: number[];
  readonly connections: Set<ServerConnection>;
  script: Script;
  /** Of the sessions granted; 0 refuses them. */
  timeoutMs: number;
  sessionLo: number;
  /** In read-only mode, also in answers to `isro`. */
  isReadOnly: boolean;
  readonly #server: Server;

  private constructor(script: Script) {
    this.connects = [];
    this.asked = [];
    this.connections = new Set();
    this.script = script;
    this.timeoutMs = 5000;
    this.sessionLo = 77;
    this.isReadOnly = false;
    this.#server = createServer((socket) => {
      const connection = new ServerConnection(this, socket);
      this.connections.add(connection);
      socket.on('close', () => this.connections.delete(connection));
    });
  }

  static async listen(script: Script = () => {}): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  get address(): string {
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return `127.0.0.1:${address.port}`;
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

export class ServerConnection {
  /** Pieces in which bytes have arrived. */
  chunkCount: number;
  readonly #server: ScriptedServer;
  readonly #socket: Socket;
  #isEstablished: boolean;

  constructor(server: ScriptedServer, socket: Socket) {
    this.chunkCount = 0;
    this.#server = server;
    this.#socket = socket;
    this.#isEstablished = false;
    const frames = new FrameReader(0xffffff, {
      onFrame: (buffer, start, end) => {
        // Copied: a script may look at it later.
        const copy = Uint8Array.from(buffer.subarray(start, end));
        this.#onFrame(new JuteReader().reset(copy, 0, copy.length));
        return true;
      },
      onFrameError: (fault) => assert.fail(fault),
    });
    socket.on('data', (chunk: Buffer) => {
      this.chunkCount++;
      if (chunk.toString() === 'isro') socket.end(server.isReadOnly ? 'ro' : 'rw');
      else frames.push(chunk, 0, chunk.length);
    });
    socket.on('error', () => {});
  }

  cut(): void {
    this.#socket.destroy();
  }

  reply(
    asked: { readonly xid: number },
    zxid: number,
    err: number = ErrorCode.OK,
    body: (w: JuteWriter) => void = () => {},
  ): void {
    this.#send((w) => {
      writeReplyHeader(w, { xid: asked.xid, zxid, err });
      body(w);
    });
  }

  notify(type: number, path: string, zxid: number): void {
    this.reply({ xid: Xid.NOTIFICATION }, zxid, ErrorCode.OK, (w) =>
      writeWatcherEvent(w, { type, state: 3, path }),
    );
  }

  #onFrame(r: JuteReader): void {
    if (!this.#isEstablished) return this.#handshake(readConnectRequest(r));
    const xid = r.int();
    const op = r.int();
    if (op === OpCode.ping) return this.reply({ xid: Xid.PING }, 1);
    this.#server.asked.push(op);
    if (op === OpCode.closeSession) return this.reply({ xid }, 1);
    this.#server.script({ op, xid, body: r, connection: this });
  }

  #handshake(request: ConnectRequest): void {
    this.#isEstablished = true;
    this.#server.connects.push(request);
    const { timeoutMs, sessionLo } = this.#server;
    const isGranted = timeoutMs > 0;
    this.#send((w) =>
      writeConnectResponse(w, {
        protocolVersion: 0,
        timeoutMs,
        sessionHi: 0,
        sessionLo: isGranted ? sessionLo : 0,
        password: new Uint8Array(16).fill(isGranted ? 9 : 0),
        readOnly: this.#server.isReadOnly,
      }),
    );
    if (!isGranted) this.#socket.end();
  }

  #send(body: (w: JuteWriter) => void): void {
    const w = new JuteWriter();
    w.int(0);
    body(w);
    w.patchInt(0, w.position - 4);
    this.#socket.write(w.toBytes());
  }
}

/** Resolves at the next change to that state. */
export function stateOf(client: ZooKeeperClient, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onState((state) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
  });
}
