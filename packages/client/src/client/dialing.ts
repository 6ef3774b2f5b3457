/**
 * How a connection to a server is opened: plain, or over TLS. Who the server must be is the host of
 * the connect string, whichever server of the list it is; names are never looked up in reverse.
 */

import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { TlsOptions } from './client-options.ts';

/** Begins to connect; `onOpen` when bytes can be sent, handshake included. */
export type Dial = (host: string, port: number, onOpen: () => void) => Socket;

export const dialPlain: Dial = (host, port, onOpen) => {
  const socket = connectPlain({ host, port, noDelay: true });
  socket.on('connect', onOpen);
  return socket;
};

/** Throws when keys or certificates cannot be used. */
export function dialTls(options: TlsOptions): Dial {
  const { serverName, verifyServer = true, verifyHostname = true } = options;
  const secureContext = contextOf(options);
  return (host, port, onOpen) => {
    const socket = connectTls({
      host,
      port,
      secureContext,
      rejectUnauthorized: verifyServer,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(!verifyHostname ? { checkServerIdentity: () => undefined } : {}),
    });
    socket.setNoDelay(true);
    socket.on('secureConnect', onOpen);
    return socket;
  };
}

function contextOf(options: TlsOptions): SecureContext {
  const { ca, cert, key, passphrase, minVersion = 'TLSv1.2', maxVersion, ciphers } = options;
  return createSecureContext({
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ca === undefined ? {} : { ca: pem(ca) }),
    ...(cert === undefined ? {} : { cert: pem(cert) }),
    ...(key === undefined ? {} : { key: pem(key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

function pem(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : new TextDecoder().decode(text);
}
