/** The hashes of DIGEST-MD5: the vectors of its RFC, for IMAP and for ACAP. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { DigestResponse } from './digest-response.ts';

const md5 = (bytes: Uint8Array): Uint8Array => createHash('md5').update(bytes).digest();

test('the responses are those of RFC 2831, section 4', () => {
  const rows = [
    [
      'imap/elwood.innosoft.com',
      'OA6MG9tEQGm2hh',
      'OA6MHXh6VqTrRk',
      'd388dad90d4bbd760a152321f2143af7',
      'ea40f60335c427b5527b84dbabcdfffd',
    ],
    [
      'acap/elwood.innosoft.com',
      'OA9BSXrbuRhWay',
      'OA9BSuZWMSpW8m',
      '6084c6db3fede7352c551284490fd0fc',
      '2f0b3d7c3c2e486600ef710726aa2eae',
    ],
  ] as const;
  for (const [digestUri, nonce, cnonce, ofClient, ofServer] of rows) {
    const values = {
      userName: 'chris',
      realm: 'elwood.innosoft.com',
      nonce,
      cnonce,
      nonceCount: '00000001',
      qop: 'auth',
      digestUri,
      authzid: null,
      isUtf8: true,
    };
    const response = new DigestResponse(values, 'secret', md5);
    assert.equal(response.ofClient, ofClient);
    assert.equal(response.ofServer, ofServer);
  }
});
