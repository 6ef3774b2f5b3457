/**
 * QuorumTls: TLS on the connections between servers, in both directions (quorum-protocol.md 17;
 * ZooKeeper's `QuorumX509Util` and `UnifiedServerSocket`). Who connects is told apart by its first
 * byte: TLS begins with 16, INIT with ff, quorum packets with 00, SASL with 5f. Both sides show a
 * certificate, and it must be that of the host at the other end.
 */

import type net from 'node:net';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { QuorumTlsSettings } from '../config/quorum-security-settings.ts';
import type { LogLevel } from '../peer/ready.ts';
import { plainAddress } from './address.ts';
import { checkAccepted, dialedObjection } from './certificate-hosts.ts';
import type { LogSink } from './log-lines.ts';
import { NameResolver } from './name-resolver.ts';
import type { NetworkOptions, Preface } from './net.ts';
import { TlsFront } from './tls-front.ts';

type OnReady = Parameters<Preface>[3];

/** Servers that may be at their handshake; there are never that many. */
const HANDSHAKES_MAX = 256;
/** Addresses that are remembered for what went wrong; some of them others have told us. */
const TROUBLES_MAX = 256;
/** From the handshake to the answer of the resolver. */
const LOOKUP_MS_MAX = 5000;

/** Of the ports between servers. Throws ConfigError when keys and certificates cannot be used. */
export function quorumPrefaces(
  settings: QuorumTlsSettings | null,
  log: LogSink,
): NetworkOptions['prefaces'] {
  if (settings === null) return {};
  const { preface } = new QuorumTls(settings, (level, message) =>
    log([{ level, thread: 'main', source: 'QuorumX509Util', message }]),
  );
  return { election: preface, quorum: preface, observerMaster: preface };
}

export class QuorumTls {
  readonly #settings: QuorumTlsSettings;
  readonly #log: (level: LogLevel, message: string) => void;
  readonly #front: TlsFront;
  readonly #resolver: NameResolver;
  /** What went wrong last with each server that was dialed, so that it is told of once. */
  readonly #troubles: Map<string, string>;

  /** Throws ConfigError when the files cannot be used. */
  constructor(settings: QuorumTlsSettings, log: (level: LogLevel, message: string) => void) {
    this.#settings = settings;
    this.#log = log;
    // Hosts of who connects are judged here: that takes a question to the resolver.
    const front = { ...settings, checksClientAddress: false, handshakesMax: HANDSHAKES_MAX };
    this.#front = new TlsFront(front, log);
    this.#resolver = new NameResolver();
    this.#troubles = new Map();
  }

  readonly preface: Preface = (kind, direction, socket, onReady, host) => {
    if (direction === 'accepted') this.#accept(kind, socket, onReady, host);
    else if (this.#settings.dialsTls) this.#dial(kind, socket, onReady, host);
    else onReady(socket, null);
  };

  close(): void {
    this.#front.close();
  }

  #accept(kind: string, socket: net.Socket, onReady: OnReady, address: string): void {
    const { takesPlain, checksAcceptedHost } = this.#settings;
    const refuse = (stream: net.Socket, objection: string): void => {
      const where = `/${address}:${socket.remotePort} at the ${kind} port`;
      this.#log('warn', `Refused ${where}: ${objection}`);
      stream.destroy();
    };
    const onStream: OnReady = (stream, proven) => {
      if (proven === null) {
        if (takesPlain) onReady(stream, null);
        else refuse(stream, 'it does not speak TLS, and portUnification is off');
        return;
      }
      const certificate = (stream as TLSSocket).getPeerX509Certificate();
      if (certificate === undefined || !checksAcceptedHost) {
        onReady(stream, null);
        return;
      }
      const timer = setTimeout(
        () => refuse(stream, 'its host name was not resolved in time'),
        LOOKUP_MS_MAX,
      );
      const onError = (): void => void stream.destroy();
      stream.once('error', onError);
      checkAccepted(certificate, address, this.#resolver, (objection) => {
        clearTimeout(timer);
        if (stream.destroyed) return;
        stream.off('error', onError);
        if (objection === null) onReady(stream, null);
        else refuse(stream, objection);
      });
    };
    this.#front.unified('election', 'accepted', socket, onStream, address);
  }

  #dial(kind: string, socket: net.Socket, onReady: OnReady, host: string): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    const where = `${host}:${socket.remotePort} at its ${kind} port`;
    const stream = connect({
      ...this.#front.context,
      socket,
      rejectUnauthorized: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (_name, certificate) => {
        const { checksDialedHost } = this.#settings;
        const objection = checksDialedHost ? dialedObjection(certificate, host, address) : null;
        return objection === null ? undefined : new Error(objection);
      },
    });
    let isReady = false;
    const { silenceMs } = this.#settings;
    const timer = setTimeout(
      () => stream.destroy(new Error(`no handshake within ${silenceMs} ms`)),
      silenceMs,
    );
    stream.once('close', () => clearTimeout(timer));
    stream.on('error', (error: Error & { reason?: string }) => {
      // OpenSSL gives a reason. With TLS 1.3 our certificate is refused behind the handshake.
      if (!isReady || error.reason !== undefined) {
        this.#complain(where, error.reason ?? error.message);
      }
      socket.destroy(error);
    });
    stream.once('secureConnect', () => {
      isReady = true;
      clearTimeout(timer);
      stream.allowHalfOpen = true;
      onReady(stream, null);
      stream.once('data', () => this.#troubles.delete(where));
    });
  }

  #complain(where: string, reason: string): void {
    if (this.#troubles.get(where) === reason) return;
    if (this.#troubles.size >= TROUBLES_MAX) this.#troubles.clear();
    this.#troubles.set(where, reason);
    this.#log('warn', `Cannot speak TLS with ${where}: ${reason}`);
  }
}
