/**
 * TlsFront: what stands before the protocol on ports that take TLS: the handshake, the judgement of
 * the other side's certificate, and on a unified port the choice between TLS and plain by the first
 * byte. The machine behind it learns nothing but the identity that the certificate proves.
 *
 * Sessions are not resumed: a resumed one would not be judged by the authorities of now, and
 * connections of ZooKeeper's clients last.
 */

import { constants, type X509Certificate } from 'node:crypto';
import type net from 'node:net';
import { type SecureContextOptions, Server, type TLSSocket } from 'node:tls';
import type { Id } from '@zabra/protocol';
import type { TlsIdentity, TlsSettings } from '../config/tls-settings.ts';
import { X509_SCHEME } from '../ops/x509-provider.ts';
import type { LogLevel } from '../peer/ready.ts';
import { plainAddress } from './address.ts';
import { certificateSubject } from './certificate-subject.ts';
import type { LogSink } from './log-lines.ts';
import type { NetworkOptions, Preface } from './net.ts';
import { PemFiles } from './pem-files.ts';

/** From the connection to the end of its handshake; as long as for a session behind it. */
const HANDSHAKE_MS_MAX = 10_000;
/** First byte of a TLS record that opens a handshake; a plain client begins with 0, or a letter. */
const TLS_FIRST_BYTE = 0x16;

/** Of the ports that take TLS. Throws ConfigError when keys and certificates cannot be used. */
export function tlsPrefaces(tls: TlsSettings | null, log: LogSink): NetworkOptions['prefaces'] {
  if (tls === null) return {};
  const settings = { ...tls, silenceMs: HANDSHAKE_MS_MAX };
  const { secure, unified } = new TlsFront(settings, (level, message) =>
    log([{ level, thread: 'main', source: 'X509Util', message }]),
  );
  return { secureClient: secure, ...(tls.isClientPortUnified ? { client: unified } : {}) };
}

type OnReady = Parameters<Preface>[3];
type Log = (level: LogLevel, message: string) => void;

export interface TlsFrontSettings extends TlsIdentity {
  /** The certificate of who connects must name the address that it comes from. */
  readonly checksClientAddress: boolean;
  readonly reloadsFiles: boolean;
  /** Handshakes under way at once. */
  readonly handshakesMax: number;
  /** How long a unified port waits for the first byte. */
  readonly silenceMs: number;
}

export class TlsFront {
  readonly #settings: TlsFrontSettings;
  readonly #files: PemFiles;
  readonly #server: Server;
  readonly #log: Log;
  #context: SecureContextOptions;
  /** Handshakes under way by both ends of their connection. */
  readonly #handshakes = new Map<string, OnReady>();
  /** Unified connections that have not said a byte. */
  #silentCount = 0;

  /** Throws ConfigError when the files cannot be used. */
  constructor(settings: TlsFrontSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#files = new PemFiles(settings);
    const context = this.#files.read();
    this.#context = context;
    this.#server = new Server({
      ...context,
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      requestCert: settings.clientAuth !== 'none',
      // Judged here, so that the log says what is wrong.
      rejectUnauthorized: false,
    });
    this.#server.on('secureConnection', (socket) => this.#onSecure(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#onFailed(error, socket));
    log('info', `Serving TLS with the ${this.#files.describe(context)}`);
    if (settings.reloadsFiles) this.#watch();
  }

  /** The keys and certificates of now. */
  get context(): SecureContextOptions {
    return this.#context;
  }

  /** For a port where everybody speaks TLS. */
  readonly secure: Preface = (_kind, _direction, socket, onReady) => {
    if (!this.#isFull(socket)) this.#begin(socket, onReady);
  };

  /** For a port where both is spoken. */
  readonly unified: Preface = (_kind, _direction, socket, onReady) => {
    if (this.#isFull(socket)) return;
    this.#silentCount++;
    let isSilent = true;
    const onSpoken = (): void => {
      clearTimeout(timer);
      if (isSilent) this.#silentCount--;
      isSilent = false;
    };
    const timer = setTimeout(() => socket.destroy(), this.#settings.silenceMs);
    socket.once('close', onSpoken);
    // The other side may close its half before it has said anything.
    const onEnd = (): void => void socket.destroy();
    socket.once('end', onEnd);
    socket.once('data', (chunk: Buffer) => {
      onSpoken();
      socket.off('close', onSpoken);
      socket.off('end', onEnd);
      socket.pause();
      socket.unshift(chunk);
      if (chunk[0] === TLS_FIRST_BYTE) this.#begin(socket, onReady);
      else onReady(socket, null);
    });
  };

  close(): void {
    this.#files.close();
  }

  #begin(socket: net.Socket, onReady: OnReady): void {
    const ends = endsOf(socket);
    this.#handshakes.set(ends, onReady);
    socket.once('close', () => {
      // A probe that only looks whether somebody listens is no news.
      if (this.#handshakes.delete(ends)) this.#log('debug', `Gone before TLS: ${ends}`);
    });
    // Whoever says no more before the handshake is over is gone; afterwards it may listen on.
    socket.allowHalfOpen = false;
    this.#server.emit('connection', socket);
  }

  #isFull(socket: net.Socket): boolean {
    if (this.#handshakes.size + this.#silentCount < this.#settings.handshakesMax) return false;
    this.#refuse(socket, `${this.#settings.handshakesMax} handshakes are under way already`);
    return true;
  }

  #onSecure(socket: TLSSocket): void {
    const onReady = this.#take(socket);
    if (onReady === undefined) {
      socket.destroy();
      return;
    }
    const certificate = socket.getPeerX509Certificate();
    const objection = this.#objection(socket, certificate);
    if (objection !== null) {
      this.#refuse(socket, objection);
      return;
    }
    socket.allowHalfOpen = true;
    onReady(socket, certificate === undefined ? [] : identitiesOf(certificate));
  }

  /** Null when the client may come in. */
  #objection(socket: TLSSocket, certificate: X509Certificate | undefined): string | null {
    const { clientAuth, checksClientAddress } = this.#settings;
    if (certificate === undefined) {
      return clientAuth === 'need' ? 'it shows no certificate' : null;
    }
    if (!socket.authorized) return `its certificate is not good: ${socket.authorizationError}`;
    if (certificateSubject(certificate.raw) === null) return 'its certificate has no subject';
    const address = plainAddress(socket.remoteAddress ?? '');
    if (checksClientAddress && certificate.checkIP(address) === undefined) {
      return `its certificate does not name the address ${address}`;
    }
    return null;
  }

  #onFailed(error: Error, socket: TLSSocket): void {
    if (this.#take(socket) === undefined) return;
    // OpenSSL says in one word what went wrong, and then where in its sources.
    this.#refuse(socket, (error as { reason?: string }).reason ?? error.message);
  }

  #take(socket: TLSSocket): OnReady | undefined {
    const ends = endsOf(socket);
    const onReady = this.#handshakes.get(ends);
    this.#handshakes.delete(ends);
    return onReady;
  }

  #refuse(socket: net.Socket, reason: string): void {
    const host = plainAddress(socket.remoteAddress ?? 'gone');
    this.#log('warn', `Refused TLS with /${host}:${socket.remotePort}: ${reason}`);
    socket.destroy();
  }

  #watch(): void {
    this.#files.watch({
      onChanged: (context: SecureContextOptions) => {
        this.#context = context;
        this.#server.setSecureContext({
          ...context,
          secureOptions: constants.SSL_OP_NO_TICKET,
        });
        this.#log('info', `New connections get the ${this.#files.describe(context)}`);
      },
      onUnusable: (reason) =>
        this.#log('error', `Changed certificates are not used, the present ones stay: ${reason}`),
    });
  }
}

function identitiesOf(certificate: X509Certificate): readonly Id[] {
  const id = certificateSubject(certificate.raw);
  return id === null ? [] : [{ scheme: X509_SCHEME, id }];
}

/** Names a connection among those that are open now; the TLS socket and the bare one agree. */
function endsOf(socket: net.Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
