/**
 * `connect`: from a connect string and options to a client with a session. Judges both, so that
 * what is wrong is said before the first dial.
 */

import { createHash, randomBytes } from 'node:crypto';
import { int64FromBigInt, JUTE_MAXBUFFER_DEFAULT, PASSWORD_BYTES } from '@zabra/protocol';
import { parseConnectString } from '../session/connect-string.ts';
import { SaslLogin } from '../session/sasl-login.ts';
import type { SessionOptions } from '../session/session-options.ts';
import { ZooKeeperClient } from './client.ts';
import type { ConnectOptions } from './client-options.ts';
import { ClientSession } from './client-session.ts';
import { type Dial, dialPlain, dialTls } from './dialing.ts';
import { makeError, refusal } from './errors.ts';

const SESSION_TIMEOUT_DEFAULT_MS = 30000;

/** Servers bound what they are sent, not what they answer: a list of children may be long. */
const REPLY_BYTES_MAX_DEFAULT = 64 * 1024 * 1024;

/**
 * Resolves once a server has granted a session.
 * @param servers `host:port,host:port/chroot`
 * @throws BADARGUMENTS, CONNECTIONLOSS (no server within `connectTimeoutMs`), SESSIONEXPIRED (a
 * session to take over is gone), AUTHFAILED
 * @example
 * const zk = await connect('127.0.0.1:2181');
 * await zk.create('/hello', 'world');
 * await zk.close();
 */
export async function connect(
  servers: string,
  options: ConnectOptions = {},
): Promise<ZooKeeperClient> {
  options.signal?.throwIfAborted();
  const client = open(servers, options);
  const timeoutMs = options.connectTimeoutMs ?? client.sessionTimeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signals = options.signal === undefined ? [timeout] : [timeout, options.signal];
  try {
    await client.connected({ signal: AbortSignal.any(signals) });
    return client;
  } catch (error) {
    // A session that was granted at the last moment is closed rather than left to its timeout.
    await client.close();
    if (!timeout.aborted || options.signal?.aborted === true) throw error;
    const why = client.lastFailure === '' ? 'no server answered' : client.lastFailure;
    const message = `Cannot connect to "${servers}" within ${timeoutMs} ms: ${why}`;
    throw makeError(message, { code: 'CONNECTIONLOSS', op: 'connect', outcome: 'not-applied' });
  }
}

/**
 * A client that begins to connect and can be used at once: what it is asked meanwhile waits for a
 * session. `connectTimeoutMs` and `signal` mean nothing to it.
 */
export function open(servers: string, options: ConnectOptions = {}): ZooKeeperClient {
  const session = new ClientSession(sessionOptions(servers, options), dialOf(servers, options));
  const client = new ZooKeeperClient(session);
  for (const { scheme, auth } of options.auth ?? []) {
    // A refusal ends the session, and every call then says so.
    client.addAuth(scheme, auth).catch(() => {});
  }
  return client;
}

/** Keys that cannot be used are told of before the first dial. */
function dialOf(servers: string, { tls = false }: ConnectOptions): Dial {
  if (tls === false) return dialPlain;
  try {
    return dialTls(tls === true ? {} : tls);
  } catch (error) {
    const reason = `the key or the certificates cannot be used: ${(error as Error).message}`;
    throw refusal('BADARGUMENTS', 'connect', servers, reason);
  }
}

function sessionOptions(text: string, options: ConnectOptions): SessionOptions {
  const target = parseConnectString(text);
  if (typeof target === 'string') throw refusal('BADARGUMENTS', 'connect', text, target);
  const { sessionTimeoutMs = SESSION_TIMEOUT_DEFAULT_MS, session } = options;
  if (
    !Number.isInteger(sessionTimeoutMs) ||
    sessionTimeoutMs < 1 ||
    sessionTimeoutMs > 0x7fffffff
  ) {
    const reason = `the session timeout is ${sessionTimeoutMs} ms, wanted a positive int`;
    throw refusal('BADARGUMENTS', 'connect', text, reason);
  }
  return {
    servers: target.servers,
    chroot: target.chroot,
    sessionTimeoutMs,
    readOnly: options.readOnly ?? false,
    credentials: session === undefined ? null : credentials(text, session),
    sasl: options.sasl === undefined ? null : saslLogin(text, options.sasl),
    requestBytesMax: options.requestBytesMax ?? JUTE_MAXBUFFER_DEFAULT,
    replyBytesMax: options.replyBytesMax ?? REPLY_BYTES_MAX_DEFAULT,
  };
}

function saslLogin(
  text: string,
  { username, password }: NonNullable<ConnectOptions['sasl']>,
): SaslLogin {
  if (username === '') throw refusal('BADARGUMENTS', 'connect', text, 'the SASL user has no name');
  return new SaslLogin(username, password, {
    md5: (bytes) => createHash('md5').update(bytes).digest(),
    randomBytes,
  });
}

function credentials(
  text: string,
  session: NonNullable<ConnectOptions['session']>,
): SessionOptions['credentials'] {
  if (session.password.length !== PASSWORD_BYTES) {
    const reason = `the session password has ${session.password.length} bytes, wanted 16`;
    throw refusal('BADARGUMENTS', 'connect', text, reason);
  }
  const { hi, lo } = int64FromBigInt(session.id);
  return { sessionHi: hi, sessionLo: lo, password: session.password.slice() };
}
