/**
 * What a program may say to the client: how to connect, and what each operation may be given
 * beside its path. Options, their defaults and their bounds are explained in docs/client.md.
 */

import type { Acl } from '@zabra/protocol';
import type { WatchEvent } from './public-records.ts';
import type { WatchStream } from './watch-stream.ts';

export interface ConnectOptions {
  /** Asked for, ms; the server clamps it. Default 30000. */
  readonly sessionTimeoutMs?: number;
  /** How long `connect` tries before it gives up, ms. Default: the session timeout. */
  readonly connectTimeoutMs?: number;
  /** Accept a server in read-only mode. Default false. */
  readonly readOnly?: boolean;
  /** Identities to claim on every connection. */
  readonly auth?: readonly Identity[];
  /**
   * Who to be by SASL DIGEST-MD5, as an identity of scheme `sasl`. The session is there only once
   * the server has taken the password and has proved that it knows it too.
   */
  readonly sasl?: { readonly username: string; readonly password: string };
  /** A session to take over instead of a new one. */
  readonly session?: { readonly id: bigint; readonly password: Uint8Array };
  /** Longest request, bytes; no more than the servers' `jute.maxbuffer`. Default 1048575. */
  readonly requestBytesMax?: number;
  /** Longest reply, bytes. Default 64 MiB. */
  readonly replyBytesMax?: number;
  /** Connect over TLS, with the authorities of Node when it is just `true`. Default: plain. */
  readonly tls?: boolean | TlsOptions;
  /** Ends the attempt to connect; the client that came of it is not affected. */
  readonly signal?: AbortSignal;
}

/** Keys and certificates are PEM, as text or bytes. */
export interface TlsOptions {
  /** Authorities that may have signed the servers' certificates. Default: those of Node. */
  readonly ca?: string | Uint8Array;
  /** Certificate of this client, with its chain: an identity of scheme `x509`. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** Of an encrypted key. */
  readonly passphrase?: string;
  /** Name that the servers' certificates must bear. Default: the host of the connect string. */
  readonly serverName?: string;
  /** False takes a certificate of a trusted authority for whatever name. Default true. */
  readonly verifyHostname?: boolean;
  /** False takes any certificate: encrypted, but with whom? Default true. */
  readonly verifyServer?: boolean;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list of cipher suites. Default: Node's. */
  readonly ciphers?: string;
}

export interface Identity {
  readonly scheme: string;
  readonly auth: string | Uint8Array;
}

export interface CallOptions {
  /**
   * Ends the wait: the call rejects with `signal.reason`. A request that a server may have seen is
   * not undone by it.
   */
  readonly signal?: AbortSignal | undefined;
}

/** A stream that collects events, or a function that is called for each. */
export type Watch = WatchStream | ((event: WatchEvent) => void);

export interface ReadOptions extends CallOptions {
  /** Told once of the next change; see the operation for which changes count. */
  readonly watch?: Watch | undefined;
}

/** Without any of these a znode is persistent. */
export interface CreateMode {
  /** Deleted when this session ends. */
  readonly ephemeral?: boolean | undefined;
  /** A counter of the parent, ten digits, is appended to the name. */
  readonly sequential?: boolean | undefined;
  /** Deleted by the server some time after its last child. */
  readonly container?: boolean | undefined;
  /** Deleted by the server when it has no children and did not change for so long, ms. */
  readonly ttlMs?: number | undefined;
}

export interface CreateOptions extends CallOptions, CreateMode {
  /** Default: everything to everybody. */
  readonly acl?: readonly Acl[] | undefined;
}

export interface VersionOptions extends CallOptions {
  /** The change is refused unless this is the present version. Default: any. */
  readonly version?: number | undefined;
}

export interface AddWatchOptions extends CallOptions {
  /** Tell of the whole subtree rather than of the znode and its list of children. */
  readonly recursive?: boolean | undefined;
}

export interface CheckWatchesOptions extends CallOptions {
  /** Which kind. Default `any`. */
  readonly type?: 'children' | 'data' | 'persistent' | 'persistent-recursive' | 'any' | undefined;
}

export interface RemoveWatchesOptions extends CheckWatchesOptions {
  /** Whose. Default: everybody's. */
  readonly watch?: Watch | undefined;
  /** Remove them here even when no server can be asked. */
  readonly local?: boolean | undefined;
}

/** Entries one by one, or with commas between them. */
export type TextList = string | readonly string[];

/** Steps (`joining`, `leaving`) or a whole new list (`members`). */
export interface ReconfigOptions extends CallOptions {
  /** `server.N=host:port:port[:role];[address:]port` each. */
  readonly joining?: TextList | undefined;
  /** Ids of servers. */
  readonly leaving?: TextList | undefined;
  /** As `joining`. */
  readonly members?: TextList | undefined;
  /** Refused unless this is the version of the present configuration. Default: any. */
  readonly version?: bigint | undefined;
}

/** String data stands for its UTF-8 bytes; null is no data, which differs from empty data. */
export type Data = Uint8Array | string | null;
