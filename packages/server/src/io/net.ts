/**
 * Network: listeners, accepted connections and dials of one server, in the machine's terms. It
 * opens what the machine asks for and reports what becomes of it; connections do the rest. Of the
 * machine it knows outputs and kinds of ports, never a byte of a protocol.
 *
 * A `Preface` stands between a raw socket and the protocol: TLS, port unification or an exchange
 * of credentials put themselves there. Without one, a bare socket reads into the shared buffer.
 */

import net from 'node:net';
import type { Id } from '@zabra/protocol';
import {
  type Dial,
  isLinkKind,
  type Listen,
  type ListenKind,
  type LogLevel,
  type Output,
} from '../peer/ready.ts';
import { isWildcard, plainAddress } from './address.ts';
import { Connection, type ConnectionEvents } from './connection.ts';
import { NameResolver } from './name-resolver.ts';

export type Direction = 'accepted' | 'dialed';

/**
 * Calls `onReady` with the stream that the protocol is spoken on, running or paused, and with what
 * it has proved of the client, null when it is not TLS; or destroys the socket. `host` is what was
 * dialed, a name or an address, or the address that the connection comes from.
 */
export type Preface = (
  kind: ListenKind,
  direction: Direction,
  socket: net.Socket,
  onReady: (stream: net.Socket, proven: readonly Id[] | null) => void,
  host: string,
) => void;

export interface NetworkEvents extends ConnectionEvents {
  onAccepted(
    kind: ListenKind,
    remoteHost: string,
    remotePort: number,
    proven: readonly Id[] | null,
  ): Output;
  onDialed(connection: Connection): void;
  onListening(kind: ListenKind, host: string, port: number): void;
  onListenFailed(kind: ListenKind, host: string, port: number, reason: string): void;
  log(level: LogLevel, source: string, message: string): void;
}

export interface NetworkOptions {
  /** Backlog of the client listener; 0 is the system's own. */
  readonly clientBacklog: number;
  readonly clientKeepAlive: boolean;
  readonly linkKeepAlive: boolean;
  /** False reads every socket by chunks of its own. */
  readonly sharedReads: boolean;
  /** Kinds without one speak their protocol from the first byte on. */
  readonly prefaces: Readonly<Partial<Record<ListenKind, Preface>>>;
}

export class Network {
  readonly #options: NetworkOptions;
  readonly #events: NetworkEvents;
  readonly #resolver = new NameResolver();
  readonly #servers = new Map<string, net.Server>();
  readonly #connections = new Map<Output, Connection>();

  constructor(options: NetworkOptions, events: NetworkEvents) {
    this.#options = options;
    this.#events = events;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** True while bytes that were written have not left. */
  get hasUnsent(): boolean {
    for (const { output } of this.#connections.values()) if (output.unsentBytes > 0) return true;
    return false;
  }

  listen(request: Listen): void {
    const { kind, host, port } = request;
    const key = `${kind} ${host} ${port}`;
    if (!request.open) {
      this.#servers.get(key)?.close();
      this.#servers.delete(key);
      return;
    }
    if (this.#servers.has(key)) return;
    // A preface needs the raw socket; otherwise the handle moves to a socket with shared reads.
    const pauseOnConnect = this.#options.prefaces[kind] === undefined;
    const server = net.createServer(
      { pauseOnConnect, noDelay: true, allowHalfOpen: true },
      (socket) => this.#onRawSocket(kind, socket),
    );
    this.#servers.set(key, server);
    server.on('listening', () => {
      const address = server.address() as net.AddressInfo;
      this.#events.onListening(kind, host, address.port);
    });
    server.on('error', (error: Error) => this.#onServerError(key, request, server, error));
    const backlog = isLinkKind(kind) ? 0 : this.#options.clientBacklog;
    server.listen({
      port,
      ...(isWildcard(host) ? {} : { host: unbracketed(host) }),
      ...(backlog > 0 ? { backlog } : {}),
    });
  }

  dial(request: Dial): void {
    const { output, kind, host } = request;
    const connection = new Connection(kind, output, this.#events);
    this.#connections.set(output, connection);
    this.#resolver.resolve(host, (addresses, reason) => {
      if (connection.isClosing) return;
      if (reason !== null) connection.cut(`Cannot resolve "${host}": ${reason}`);
      else this.#dialNext(connection, request, addresses, 0);
    });
  }

  /** Does what the machine asked for on this output in this turn. */
  flush(output: Output, nowMs: number): void {
    this.#connections.get(output)?.flush(nowMs);
  }

  /** The connection has ended; its output is not touched any more. */
  forget(connection: Connection): void {
    this.#connections.delete(connection.output);
  }

  checkLingering(nowMs: number): void {
    for (const connection of this.#connections.values()) connection.checkLinger(nowMs);
  }

  /** The end of the process: nothing is accepted any more. */
  closeListeners(): void {
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
  }

  cutAll(reason: string): void {
    for (const connection of this.#connections.values()) connection.cut(reason);
  }

  #onServerError(key: string, request: Listen, server: net.Server, error: Error): void {
    const { kind, host, port } = request;
    if (server.listening) {
      this.#events.log(
        'warn',
        'NIOServerCnxnFactory',
        `Error accepting new connection: ${error.message}`,
      );
      return;
    }
    if (this.#servers.get(key) === server) this.#servers.delete(key);
    this.#events.onListenFailed(kind, host, port, error.message);
  }

  #onRawSocket(kind: ListenKind, socket: net.Socket): void {
    const remoteHost = socket.remoteAddress;
    const remotePort = socket.remotePort;
    if (remoteHost === undefined || remotePort === undefined) {
      // It was gone before it was accepted.
      socket.destroy();
      return;
    }
    const { prefaces, clientKeepAlive, linkKeepAlive } = this.#options;
    if (isLinkKind(kind) ? linkKeepAlive : clientKeepAlive) socket.setKeepAlive(true);
    const preface = prefaces[kind];
    if (preface === undefined) {
      this.#accept(kind, socket, remoteHost, remotePort);
      return;
    }
    // The protocol's connection brings its own handler; a failed preface concerns nobody else.
    socket.on('error', () => socket.destroy());
    const address = plainAddress(remoteHost);
    const onReady: Parameters<Preface>[3] = (stream, proven) => {
      const output = this.#events.onAccepted(kind, address, remotePort, proven);
      const connection = new Connection(kind, output, this.#events);
      this.#connections.set(output, connection);
      connection.attach(stream, false);
      stream.resume();
    };
    preface(kind, 'accepted', socket, onReady, address);
  }

  #accept(kind: ListenKind, raw: net.Socket, remoteHost: string, remotePort: number): void {
    const output = this.#events.onAccepted(kind, plainAddress(remoteHost), remotePort, null);
    const connection = new Connection(kind, output, this.#events);
    this.#connections.set(output, connection);
    const shared = this.#options.sharedReads ? sharedReadSocket(raw, connection) : null;
    const socket = shared ?? raw;
    connection.attach(socket, shared !== null);
    socket.resume();
  }

  #dialNext(
    connection: Connection,
    request: Dial,
    addresses: readonly string[],
    index: number,
  ): void {
    const host = addresses[index];
    if (connection.isClosing || host === undefined) return;
    const { prefaces, linkKeepAlive, sharedReads } = this.#options;
    const preface = prefaces[connection.kind];
    const readsShared = sharedReads && preface === undefined;
    const socket = net.connect({
      host,
      port: request.port,
      noDelay: true,
      keepAlive: linkKeepAlive,
      allowHalfOpen: true,
      ...(readsShared ? { onread: connection.readOptions() } : {}),
    });
    connection.setDialing(socket);
    const onError = (error: Error) => {
      const isLast = index + 1 >= addresses.length;
      if (isLast) connection.cut(error.message);
      else this.#dialNext(connection, request, addresses, index + 1);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      if (preface === undefined) {
        this.#onConnected(connection, socket, readsShared);
        return;
      }
      socket.on('error', (error: Error) => connection.cut(error.message));
      socket.on('close', () => connection.cut('closed by the peer'));
      const onReady: Parameters<Preface>[3] = (stream) => {
        this.#onConnected(connection, stream, false);
        stream.resume();
      };
      preface(connection.kind, 'dialed', socket, onReady, unbracketed(request.host));
    });
  }

  #onConnected(connection: Connection, socket: net.Socket, readsShared: boolean): void {
    connection.attach(socket, readsShared);
    this.#events.onDialed(connection);
  }
}

/**
 * The same handle behind a socket that reads into the shared buffer. There is no public way to ask
 * for that on the accepting side, so this looks before it leaps: null means that this Node has
 * another idea of a handle, and the socket is used as it is.
 */
function sharedReadSocket(raw: net.Socket, connection: Connection): net.Socket | null {
  const holder = raw as unknown as { _handle: HandleLike | null };
  const handle = holder._handle;
  if (handle === null || typeof handle?.useUserBuffer !== 'function') return null;
  holder._handle = null;
  return new net.Socket({
    handle,
    allowHalfOpen: true,
    onread: connection.readOptions(),
  } as net.SocketConstructorOpts);
}

interface HandleLike {
  readonly useUserBuffer?: unknown;
}

function unbracketed(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
