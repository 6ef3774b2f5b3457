/** Transactions as bytes, for tests of the checkers. */

import {
  JuteWriter,
  OPEN_ACL_UNSAFE,
  OpCode,
  writeCloseSessionTxn,
  writeCreateSessionTxn,
  writeCreateTxn,
  writeDeleteTxn,
  writeErrorTxn,
  writeSetDataTxn,
  writeTxnDigest,
  writeTxnHeader,
} from '@zabra/protocol';
import { parseTxn, type Txn } from './txn.ts';

export interface TxnSketch {
  readonly zxid: number;
  readonly type: number;
  readonly session?: number;
  readonly cxid?: number;
  readonly path?: string;
  readonly data?: Uint8Array | null;
  readonly isEphemeral?: boolean;
  /** parentCversion of a create, resulting version of a setData, code of an error. */
  readonly value?: number;
  readonly paths?: readonly string[];
  readonly digest?: number;
}

export function txnBytes(sketch: TxnSketch): Uint8Array {
  const w = new JuteWriter();
  const { zxid, type, session = 1, cxid = 0, path = '', data = null, value = 0 } = sketch;
  writeTxnHeader(w, { clientHi: 0, clientLo: session, cxid, zxid, timeMs: 1000, type });
  if (type === OpCode.create) {
    const ephemeral = sketch.isEphemeral ?? false;
    const acl = OPEN_ACL_UNSAFE;
    writeCreateTxn(w, { path, data, acl, ephemeral, parentCversion: value });
  } else if (type === OpCode.delete) writeDeleteTxn(w, { path });
  else if (type === OpCode.setData) writeSetDataTxn(w, { path, data, version: value });
  else if (type === OpCode.createSession) writeCreateSessionTxn(w, { timeoutMs: 4000 });
  else if (type === OpCode.closeSession) writeCloseSessionTxn(w, { paths: sketch.paths ?? [] });
  else writeErrorTxn(w, { err: value });
  const { digest } = sketch;
  if (digest !== undefined) {
    writeTxnDigest(w, { version: 2, digestHi: Math.floor(digest / 2 ** 32), digestLo: digest | 0 });
  }
  return w.toBytes();
}

export function makeTxn(sketch: TxnSketch): Txn {
  const bytes = txnBytes(sketch);
  return parseTxn(bytes, 0, bytes.length);
}

export const SESSION: TxnSketch = { zxid: 1, type: OpCode.createSession };
