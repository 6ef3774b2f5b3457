/**
 * How the sessions that belong to the test log in: by `auth`, and by SASL before that where the
 * server serves nobody else. The nonces of a bed are known, so the answer to a challenge is, too.
 */

import { base64, DigestResponse, JuteWriter, OpCode } from '@zabra/protocol';
import { HASHES } from 'zabra/dist/peer/bed-config.test-kit.js';
import { SASL_SCHEME } from 'zabra/dist/ops/auth.js';
import type { Bed } from './bed.ts';
import { SASL_JANITOR, SASL_JANITOR_PASSWORD, SASL_PASSWORD, SASL_USER } from './servers.ts';
import type { WireClient } from './wire-client.ts';

const NONCE_BYTES = 30;
const REALM = 'zk-sasl-md5';

export function logIn(bed: Bed, client: WireClient, credentials: string): void {
  const { requiredSchemes } = bed.config.authentication;
  if (requiredSchemes.includes(SASL_SCHEME)) {
    client.ask(OpCode.sasl, (w) => w.bytes(new Uint8Array(0)));
    client.ask(OpCode.sasl, (w) => w.bytes(answer(SASL_JANITOR, SASL_JANITOR_PASSWORD)));
  }
  const auth = new TextEncoder().encode(credentials);
  client.ask(OpCode.auth, (w) => {
    w.int(0);
    w.string('digest');
    w.bytes(auth);
  });
  bed.run();
}

/** Answers to the challenge of a bed: right, of a wrong password, and of nobody. */
export function saslTokens(): readonly Uint8Array[] {
  const right = answer(SASL_USER, SASL_PASSWORD);
  return [new Uint8Array(0), right, answer(SASL_USER, 'wrong'), answer('nobody', SASL_PASSWORD)];
}

/** The bytes of a request with a token. */
export function saslRequest(xid: number, token: Uint8Array): Uint8Array {
  const w = new JuteWriter(64);
  w.int(12 + token.length);
  w.int(xid);
  w.int(OpCode.sasl);
  w.bytes(token);
  return w.toBytes();
}

function answer(userName: string, password: string): Uint8Array {
  const nonce = base64(HASHES.randomBytes(NONCE_BYTES));
  const given = {
    userName,
    realm: REALM,
    nonce,
    cnonce: 'cnonce',
    nonceCount: '00000001',
    qop: 'auth',
    digestUri: `zookeeper/${REALM}`,
    authzid: null,
    isUtf8: true,
  };
  const { ofClient } = new DigestResponse(given, password, HASHES.md5);
  const quoted = `username="${userName}",realm="${REALM}",nonce="${nonce}",cnonce="cnonce"`;
  const rest = `nc=00000001,qop=auth,digest-uri="zookeeper/${REALM}",response=${ofClient}`;
  return new TextEncoder().encode(`charset=utf-8,${quoted},${rest}`);
}
