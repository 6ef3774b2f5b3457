/**
 * Transactions: every record by the common checks, and the older forms that logs still hold.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TXN_HEADER_BYTES } from '../base/limits.ts';
import { JuteReader } from './jute-reader.ts';
import { JuteWriter } from './jute-writer.ts';
import * as kit from './record.test-kit.ts';
import { checkRecord, int32, record, text } from './record.test-kit.ts';
import * as txns from './txns.ts';

const container = { path: text, data: kit.data, acl: kit.aclsOrNull, parentCversion: int32 };
const header = record({
  clientHi: int32,
  clientLo: int32,
  cxid: int32,
  zxid: kit.zxid,
  timeMs: kit.long,
  type: int32,
});
const digest = record({ version: int32, digestHi: int32, digestLo: int32 });

checkRecord('TxnHeader', header, txns.writeTxnHeader, txns.readTxnHeader);
checkRecord('TxnDigest', digest, txns.writeTxnDigest, txns.readTxnDigest);
checkRecord(
  'CreateTxn',
  record({ ...container, ephemeral: kit.bool }),
  txns.writeCreateTxn,
  txns.readCreateTxn,
  (end, bytes) => bytes - end <= 4,
);
checkRecord(
  'CreateContainerTxn',
  record(container),
  txns.writeCreateContainerTxn,
  txns.readCreateContainerTxn,
);
checkRecord(
  'CreateTTLTxn',
  record({ ...container, ttlMs: kit.long }),
  txns.writeCreateTTLTxn,
  txns.readCreateTTLTxn,
);
checkRecord('DeleteTxn', record({ path: text }), txns.writeDeleteTxn, txns.readDeleteTxn);
checkRecord(
  'SetDataTxn',
  record({ path: text, data: kit.data, version: int32 }),
  txns.writeSetDataTxn,
  txns.readSetDataTxn,
);
checkRecord(
  'SetACLTxn',
  record({ path: text, acl: kit.aclsOrNull, version: int32 }),
  txns.writeSetACLTxn,
  txns.readSetACLTxn,
);
checkRecord(
  'CreateSessionTxn',
  record({ timeoutMs: int32 }),
  txns.writeCreateSessionTxn,
  txns.readCreateSessionTxn,
);
checkRecord('ErrorTxn', record({ err: int32 }), txns.writeErrorTxn, txns.readErrorTxn);
checkRecord(
  'CheckVersionTxn',
  record({ path: text, version: int32 }),
  txns.writeCheckVersionTxn,
  txns.readCheckVersionTxn,
);
checkRecord(
  'MultiTxn',
  record({ txns: fc.array(record({ type: int32, data: kit.data }), { maxLength: 4 }) }),
  txns.writeMultiTxn,
  txns.readMultiTxn,
);

const written = (write: (w: JuteWriter) => void): JuteReader => {
  const w = new JuteWriter();
  write(w);
  return new JuteReader().reset(w.toBytes(), 0, w.position);
};

test('a TxnHeader takes the length that limits.ts gives', () => {
  const zero = { clientHi: 0, clientLo: 0, cxid: 0, zxid: 0, timeMs: 0, type: 0 };
  const r = written((w) => txns.writeTxnHeader(w, zero));
  assert.equal(r.end, TXN_HEADER_BYTES);
});

test('a create without parentCversion reads as the oldest form', () => {
  const r = written((w) => {
    w.string('/a');
    w.bytes(null);
    w.int(0);
    w.bool(true);
  });
  const expected = {
    path: '/a',
    data: null,
    acl: [],
    ephemeral: true,
    parentCversion: txns.PARENT_CVERSION_NONE,
  };
  assert.deepEqual(txns.readCreateTxn(r), expected);
  assert.equal(r.failed, false);
});

/** Paths, digest behind them, and the paths that must be read. */
const CLOSE_SESSIONS: readonly (readonly [string, readonly string[] | null, boolean])[] = [
  ['without a body', null, false],
  ['without a body but with a digest', null, true],
  ['with no path', [], false],
  ['with no path and a digest', [], true],
  ['with one path', ['/e'], false],
  ['with one path and a digest', ['/e'], true],
  ['with two shortest paths and a digest', ['/a', '/b'], true],
];

for (const [name, paths, withDigest] of CLOSE_SESSIONS) {
  test(`a closeSession ${name} reads as it was meant`, () => {
    const sum = { version: txns.DIGEST_VERSION, digestHi: 1, digestLo: 2 };
    const r = written((w) => {
      txns.writeCloseSessionTxn(w, { paths });
      if (withDigest) txns.writeTxnDigest(w, sum);
    });
    assert.deepEqual(txns.readCloseSessionTxn(r), { paths });
    assert.deepEqual(txns.readTxnDigest(r), withDigest ? sum : null);
    assert.equal(r.failed, false);
  });
}

test('a digest that is not whole counts as absent and leaves the bytes alone', () => {
  const r = written((w) => w.long(0, 2));
  assert.equal(txns.readTxnDigest(r), null);
  assert.equal(r.position, 0);
  assert.equal(r.failed, false);
});

test('a closeSession reads any bytes without throwing or leaving its range', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const r = new JuteReader().reset(bytes, 0, bytes.length);
      txns.readCloseSessionTxn(r);
      assert.ok(r.position <= bytes.length);
    }),
  );
});
