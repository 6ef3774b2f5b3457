/**
 * DigestMd5: the server's side of one DIGEST-MD5 exchange (RFC 2831), as ZooKeeper's clients hold
 * it: realm and server name `zk-sasl-md5`, service `zookeeper`, quality of protection `auth`
 * (client-protocol.md 13.6).
 *
 *   client  anything, by custom nothing
 *   server  realm="zk-sasl-md5",nonce="...",charset=utf-8,algorithm=md5-sess
 *   client  charset=utf-8,username="...",realm="...",nonce="...",nc=00000001,cnonce="...",
 *           digest-uri="zookeeper/zk-sasl-md5",response=...,qop=auth
 *   server  rspauth=...
 *
 * One attempt: a failure is final, and so is a token behind the last one. An authorization id that
 * the client names takes part in the hashes and is otherwise ignored, as Apache ignores it: whoever
 * proves to be bob is bob. It knows nothing of requests and identities.
 */

import { bytesToHex, utf8Encode } from '@zabra/protocol';
import { base64 } from './base64.ts';
import { type Directives, parseDirectives } from './digest-directives.ts';
import type { SaslUsers } from './sasl-users.ts';
import type { Hashes } from './state-options.ts';

const REALM = 'zk-sasl-md5';
const DIGEST_URI = 'zookeeper/zk-sasl-md5';
const NONCE_BYTES = 30;
const NC_FIRST = '00000001';
const QOP = 'auth';

type Stage = 'opening' | 'challenged' | 'done' | 'failed';

export class DigestMd5 {
  readonly #users: SaslUsers;
  readonly #hashes: Hashes;
  #stage: Stage;
  #nonce: string;
  /** Empty unless the exchange has succeeded. */
  userName: string;

  constructor(users: SaslUsers, hashes: Hashes) {
    this.#users = users;
    this.#hashes = hashes;
    this.#stage = 'opening';
    this.#nonce = '';
    this.userName = '';
  }

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  /** The server's answer to a token of the client; null when the exchange has failed. */
  answer(token: Uint8Array): Uint8Array | null {
    if (this.#stage === 'opening') {
      this.#stage = 'challenged';
      return this.#challenge();
    }
    const answer = this.#stage === 'challenged' ? this.#judge(token) : null;
    // Who was authenticated stays so, whatever comes behind.
    this.#stage = answer === null ? 'failed' : 'done';
    return answer;
  }

  #challenge(): Uint8Array {
    this.#nonce = base64(this.#hashes.randomBytes(NONCE_BYTES));
    const nonce = `nonce="${this.#nonce}"`;
    return utf8Encode(`realm="${REALM}",${nonce},charset=utf-8,algorithm=md5-sess`);
  }

  #judge(token: Uint8Array): Uint8Array | null {
    const directives = parseDirectives(token);
    if (directives === null) return null;
    const { values } = directives;
    const userName = values.get('username') ?? '';
    const password = this.#users.passwordOf(userName);
    const uri = values.get('digest-uri') ?? '';
    const isWellFormed =
      userName !== '' &&
      values.get('realm') === REALM &&
      values.get('nonce') === this.#nonce &&
      Number.parseInt(values.get('nc') ?? NC_FIRST, 16) === 1 &&
      (values.get('qop') ?? QOP) === QOP &&
      values.has('cnonce') &&
      uri.toLowerCase() === DIGEST_URI;
    if (!isWellFormed || password === null) return null;
    const secret = this.#secret(directives, userName, password);
    const wanted = this.#response(secret, directives, 'AUTHENTICATE');
    if (!isSameText(wanted, values.get('response') ?? '')) return null;
    this.userName = userName;
    return utf8Encode(`rspauth=${this.#response(secret, directives, '')}`);
  }

  /** HEX(H(A1)) of the RFC: what stands for user and password in both responses. */
  #secret({ values, isUtf8 }: Directives, userName: string, password: string): string {
    const parts = [userName, REALM, password].map(ownCharset);
    const hash = this.#hashes.md5(joined(parts));
    const session = [this.#nonce, values.get('cnonce') ?? ''];
    const authzid = values.get('authzid');
    if (authzid !== undefined) session.push(authzid);
    return this.#hex(joined([hash, ...session.map((text) => encoded(text, isUtf8))]));
  }

  #response(secret: string, { values, isUtf8 }: Directives, method: string): string {
    const uri = values.get('digest-uri') ?? '';
    const request = this.#hex(encoded(`${method}:${uri}`, isUtf8));
    const count = values.get('nc') ?? NC_FIRST;
    const all = [secret, this.#nonce, count, values.get('cnonce') ?? '', QOP, request];
    return this.#hex(encoded(all.join(':'), isUtf8));
  }

  #hex(bytes: Uint8Array): string {
    return bytesToHex(this.#hashes.md5(bytes));
  }
}

/** User, realm and password are hashed as ISO 8859-1 where that can hold them (RFC 2831, 2.1.2). */
function ownCharset(text: string): Uint8Array {
  return encoded(text, !isLatin1(text));
}

function isLatin1(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}

function encoded(text: string, isUtf8: boolean): Uint8Array {
  if (isUtf8) return utf8Encode(text);
  return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** With colons between them. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const colons = Math.max(0, parts.length - 1);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, colons));
  let at = 0;
  for (const part of parts) {
    if (at > 0) bytes[at++] = 0x3a;
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Takes the same time wherever they differ. */
function isSameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index % Math.max(1, b.length));
  }
  return difference === 0;
}
