/**
 * DigestLogin: who somebody claims to be by SASL DIGEST-MD5 (RFC 2831), and the side of the
 * exchange that proves it, one for each connection. The other side proves in turn that it knows the
 * password.
 *
 *   login   nothing
 *   server  realm="...",nonce="...",charset=utf-8,algorithm=md5-sess
 *   login   charset=utf-8,username="...",realm="...",nonce="...",nc=00000001,cnonce="...",
 *           digest-uri="...",response=...,qop=auth
 *   server  rspauth=...
 *
 * The password is in a private field, so that nothing that shows an object can show it.
 */

import { base64 } from '../base/base64.ts';
import { utf8Encode } from '../base/text.ts';
import { type Directives, parseDirectives } from './digest-directives.ts';
import { DigestResponse, type Md5 } from './digest-response.ts';

const CNONCE_BYTES = 30;
const NONCE_COUNT = '00000001';
const QOP = 'auth';

/** What this floor is handed of cryptography. */
export interface DigestHashes {
  readonly md5: Md5;
  /** Bytes that nobody can foresee. */
  randomBytes(length: number): Uint8Array;
}

export class DigestLogin {
  readonly userName: string;
  readonly #password: string;
  readonly #digestUri: string;
  readonly #hashes: DigestHashes;

  /** `digestUri`: service and server, as in `zookeeper/zk-sasl-md5`. */
  constructor(userName: string, password: string, digestUri: string, hashes: DigestHashes) {
    this.userName = userName;
    this.#password = password;
    this.#digestUri = digestUri;
    this.#hashes = hashes;
  }

  /** An exchange for a new connection. */
  begin(): DigestExchange {
    return new DigestExchange(this.userName, this.#password, this.#digestUri, this.#hashes);
  }
}

/** What to do with a token: send an answer, do nothing more, or give up for the reason given. */
export type DigestStep =
  | { readonly kind: 'answer'; readonly token: Uint8Array }
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly reason: string };

/** The first token of the login says nothing; `onToken` is for those of the server. */
export class DigestExchange {
  readonly #userName: string;
  readonly #password: string;
  readonly #digestUri: string;
  readonly #hashes: DigestHashes;
  /** What the server has to answer to prove itself; empty until we have answered its challenge. */
  #proof: string;

  constructor(userName: string, password: string, digestUri: string, hashes: DigestHashes) {
    this.#userName = userName;
    this.#password = password;
    this.#digestUri = digestUri;
    this.#hashes = hashes;
    this.#proof = '';
  }

  onToken(token: Uint8Array | null): DigestStep {
    if (token === null) {
      const isOpening = this.#proof === '';
      return fault(isOpening ? 'the server offers no SASL' : 'the server refused the SASL login');
    }
    const directives = parseDirectives(token);
    if (directives === null) return fault('the server sent a malformed SASL token');
    return this.#proof === '' ? this.#answer(directives) : this.#judge(directives);
  }

  #answer({ values: challenge, isUtf8 }: Directives): DigestStep {
    const realm = challenge.get('realm') ?? '';
    const nonce = challenge.get('nonce');
    const qops = (challenge.get('qop') ?? QOP).split(',').map((qop) => qop.trim());
    if (nonce === undefined || !isUtf8 || challenge.get('algorithm') !== 'md5-sess') {
      return fault('the server sent a SASL challenge that is not of DIGEST-MD5 in UTF-8');
    }
    if (!qops.includes(QOP)) return fault(`the server wants more of SASL than "${QOP}"`);
    const cnonce = base64(this.#hashes.randomBytes(CNONCE_BYTES));
    const userName = this.#userName;
    const digestUri = this.#digestUri;
    const given = {
      userName,
      realm,
      nonce,
      cnonce,
      nonceCount: NONCE_COUNT,
      qop: QOP,
      digestUri,
      authzid: null,
      isUtf8,
    };
    const response = new DigestResponse(given, this.#password, this.#hashes.md5);
    this.#proof = response.ofServer;
    const token =
      `charset=utf-8,username=${quoted(userName)},realm=${quoted(realm)},` +
      `nonce=${quoted(nonce)},nc=${NONCE_COUNT},cnonce=${quoted(cnonce)},` +
      `digest-uri=${quoted(digestUri)},response=${response.ofClient},qop=${QOP}`;
    return { kind: 'answer', token: utf8Encode(token) };
  }

  #judge({ values: answer }: Directives): DigestStep {
    if (answer.get('rspauth') === this.#proof) return { kind: 'done' };
    return fault('the server did not prove that it knows the password');
  }
}

function fault(reason: string): DigestStep {
  return { kind: 'fault', reason };
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
