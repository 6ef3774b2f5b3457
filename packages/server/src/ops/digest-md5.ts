/**
 * DigestMd5: the server's side of one DIGEST-MD5 exchange (RFC 2831), as ZooKeeper's clients hold
 * it: realm and server name `zk-sasl-md5`, service `zookeeper`, quality of protection `auth`
 * (client-protocol.md 13.6). Servers hold the same one among themselves under names of its own
 * (quorum-protocol.md 16).
 *
 *   client  anything, by custom nothing
 *   server  realm="zk-sasl-md5",nonce="...",charset=utf-8,algorithm=md5-sess
 *   client  charset=utf-8,username="...",realm="...",nonce="...",nc=00000001,cnonce="...",
 *           digest-uri="zookeeper/zk-sasl-md5",response=...,qop=auth
 *   server  rspauth=...
 *
 * One attempt: a failure is final, and so is a token behind the last one. An authorization id that
 * the client names takes part in the hashes and is otherwise ignored, as Apache ignores it: whoever
 * proves to be bob is bob. Of a server it must be the user, again as in Apache. It knows nothing of
 * requests and identities.
 */

import {
  base64,
  DigestResponse,
  type Directives,
  parseDirectives,
  utf8Encode,
} from '@zabra/protocol';
import type { SaslUsers } from './sasl-users.ts';
import type { Hashes } from './state-options.ts';

/** Whom the exchange is with: what both sides hash, and so must agree on. */
export interface DigestService {
  readonly realm: string;
  readonly digestUri: string;
  /** Nobody may act for another. */
  readonly isAuthzidChecked: boolean;
}

export const CLIENT_SERVICE: DigestService = {
  realm: 'zk-sasl-md5',
  digestUri: 'zookeeper/zk-sasl-md5',
  isAuthzidChecked: false,
};
export const QUORUM_SERVICE: DigestService = {
  realm: 'zk-quorum-sasl-md5',
  digestUri: 'zookeeper-quorum/zk-quorum-sasl-md5',
  isAuthzidChecked: true,
};
const NONCE_BYTES = 30;
const NONCE_COUNT = '00000001';
const QOP = 'auth';

type Stage = 'opening' | 'challenged' | 'done' | 'failed';

export class DigestMd5 {
  readonly #users: SaslUsers;
  readonly #hashes: Hashes;
  readonly #service: DigestService;
  #stage: Stage;
  #nonce: string;
  /** Empty unless the exchange has succeeded. */
  userName: string;

  constructor(users: SaslUsers, hashes: Hashes, service = CLIENT_SERVICE) {
    this.#users = users;
    this.#hashes = hashes;
    this.#service = service;
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
    this.#stage = answer === null ? 'failed' : 'done';
    return answer;
  }

  #challenge(): Uint8Array {
    this.#nonce = base64(this.#hashes.randomBytes(NONCE_BYTES));
    const nonce = `nonce="${this.#nonce}"`;
    return utf8Encode(`realm="${this.#service.realm}",${nonce},charset=utf-8,algorithm=md5-sess`);
  }

  #judge(token: Uint8Array): Uint8Array | null {
    const directives = parseDirectives(token);
    if (directives === null || !this.#isAcceptable(directives)) return null;
    const { values, isUtf8 } = directives;
    const userName = values.get('username') ?? '';
    const password = this.#users.passwordOf(userName);
    if (userName === '' || password === null) return null;
    const given = {
      userName,
      realm: this.#service.realm,
      nonce: this.#nonce,
      cnonce: values.get('cnonce') ?? '',
      nonceCount: values.get('nc') ?? NONCE_COUNT,
      qop: QOP,
      digestUri: values.get('digest-uri') ?? '',
      authzid: values.get('authzid') ?? null,
      isUtf8,
    };
    const response = new DigestResponse(given, password, this.#hashes.md5);
    if (!isSameText(response.ofClient, values.get('response') ?? '')) return null;
    this.userName = userName;
    return utf8Encode(`rspauth=${response.ofServer}`);
  }

  /** Whatever the user and the password. */
  #isAcceptable({ values }: Directives): boolean {
    const { realm, digestUri, isAuthzidChecked } = this.#service;
    const userName = values.get('username');
    return (
      values.get('realm') === realm &&
      values.get('nonce') === this.#nonce &&
      Number.parseInt(values.get('nc') ?? NONCE_COUNT, 16) === 1 &&
      (values.get('qop') ?? QOP) === QOP &&
      values.has('cnonce') &&
      values.get('digest-uri')?.toLowerCase() === digestUri &&
      (!isAuthzidChecked || (values.get('authzid') ?? userName) === userName)
    );
  }
}

/** Takes the same time wherever they differ. */
function isSameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index % Math.max(1, b.length));
  }
  return difference === 0;
}
