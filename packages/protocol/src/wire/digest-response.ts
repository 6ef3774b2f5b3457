/**
 * The hashes of DIGEST-MD5 (RFC 2831, section 2.1.2.1): what a client proves its password with, and
 * what the server answers. Which values are acceptable is the affair of either side's exchange.
 *
 *   A1       = H( user ":" realm ":" password ) ":" nonce ":" cnonce [ ":" authzid ]
 *   A2       = method ":" digest-uri
 *   response = HEX( H( HEX(H(A1)) ":" nonce ":" nc ":" cnonce ":" qop ":" HEX(H(A2)) ) )
 */

import { bytesToHex } from '../base/bytes.ts';
import { utf8Encode } from '../base/text.ts';

/** The 16 bytes of MD5, handed in because this floor has no cryptography. */
export type Md5 = (bytes: Uint8Array) => Uint8Array;

export interface DigestValues {
  readonly userName: string;
  readonly realm: string;
  readonly nonce: string;
  readonly cnonce: string;
  /** As the client wrote it, eight hex digits. */
  readonly nonceCount: string;
  readonly qop: string;
  readonly digestUri: string;
  /** Null when the client does not name one. */
  readonly authzid: string | null;
  /** False: everything is ISO 8859-1. */
  readonly isUtf8: boolean;
}

export class DigestResponse {
  readonly #values: DigestValues;
  readonly #md5: Md5;
  /** HEX(H(A1)). */
  readonly #secret: string;

  constructor(values: DigestValues, password: string, md5: Md5) {
    this.#values = values;
    this.#md5 = md5;
    const { userName, realm, nonce, cnonce, authzid, isUtf8 } = values;
    const parts = [md5(joined([userName, realm, password].map(ownCharset)))];
    for (const text of authzid === null ? [nonce, cnonce] : [nonce, cnonce, authzid]) {
      parts.push(encoded(text, isUtf8));
    }
    this.#secret = this.#hex(joined(parts));
  }

  /** What proves that the client knows the password. */
  get ofClient(): string {
    return this.#response('AUTHENTICATE');
  }

  /** What proves that the server does. */
  get ofServer(): string {
    return this.#response('');
  }

  #response(method: string): string {
    const { nonce, nonceCount, cnonce, qop, digestUri, isUtf8 } = this.#values;
    const request = this.#hex(encoded(`${method}:${digestUri}`, isUtf8));
    const all = [this.#secret, nonce, nonceCount, cnonce, qop, request];
    return this.#hex(encoded(all.join(':'), isUtf8));
  }

  #hex(bytes: Uint8Array): string {
    return bytesToHex(this.#md5(bytes));
  }
}

/** User, realm and password are hashed as ISO 8859-1, each where that can hold it. */
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
