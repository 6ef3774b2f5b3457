/**
 * One transaction as the checkers know it: its header, its operations taken out of their bodies,
 * and its bytes to compare with. A multi that failed and an error have no operations, only a code.
 * From storage-and-config.md 3.4 to 3.6.
 */

import {
  type Acl,
  copyBytes,
  ErrorCode,
  JuteReader,
  OpCode,
  readCloseSessionTxn,
  readCreateSessionTxn,
  readCreateTxn,
  readDeleteTxn,
  readErrorTxn,
  readMultiTxn,
  readSetACLTxn,
  readSetDataTxn,
  readTxnDigest,
  readTxnHeader,
  type TxnHeader,
  zxidToHex,
} from '@zabra/protocol';
import { expectThat } from './violation.ts';

export type TxnOp =
  | {
      readonly type: typeof OpCode.create;
      readonly path: string;
      readonly data: Uint8Array | null;
      readonly acl: readonly Acl[];
      readonly isEphemeral: boolean;
      readonly parentCversion: number;
    }
  | { readonly type: typeof OpCode.delete; readonly path: string }
  | {
      readonly type: typeof OpCode.setData;
      readonly path: string;
      readonly data: Uint8Array | null;
      readonly version: number;
    }
  | {
      readonly type: typeof OpCode.setACL;
      readonly path: string;
      readonly acl: readonly Acl[];
      readonly version: number;
    }
  | { readonly type: typeof OpCode.check; readonly path: string }
  | { readonly type: typeof OpCode.createSession; readonly timeoutMs: number }
  | { readonly type: typeof OpCode.closeSession; readonly paths: readonly string[] };

export interface Txn {
  readonly header: TxnHeader;
  readonly zxid: number;
  /** `hi:lo` of the client, as `sessionKey` writes it. */
  readonly session: string;
  readonly ops: readonly TxnOp[];
  /** OK, or the code of an error or of the operation that failed a multi. */
  readonly err: number;
  /** For a failed multi the code of each operation, else empty. */
  readonly errs: readonly number[];
  /** Of the tree after it; null when it carries none. As `TreeModel.digest`. */
  readonly digest: number | null;
  readonly bytes: Uint8Array;
}

const PROPERTY = 'A transaction can be read';

export function sessionKey(hi: number, lo: number): string {
  return `${(hi >>> 0).toString(16)}:${(lo >>> 0).toString(16)}`;
}

export function parseTxn(buffer: Uint8Array, start: number, end: number): Txn {
  const r = new JuteReader().reset(buffer, start, end);
  const header = readTxnHeader(r);
  const { zxid, type } = header;
  const ops: TxnOp[] = [];
  let err: number = ErrorCode.OK;
  let errs: number[] = [];
  if (type === OpCode.error) err = readErrorTxn(r).err;
  else if (type === OpCode.multi) ({ err, errs } = readMulti(r, ops));
  else ops.push(readOp(r, type, zxid));
  const digest = type === OpCode.error ? null : readTxnDigest(r);
  expectThat(!r.failed, PROPERTY, `${zxidToHex(zxid)} of type ${type} is cut off`);
  return {
    header,
    zxid,
    session: sessionKey(header.clientHi, header.clientLo),
    ops,
    err,
    errs,
    digest: digest === null ? null : digest.digestHi * 0x100000000 + (digest.digestLo >>> 0),
    bytes: copyBytes(buffer, start, end),
  };
}

function readMulti(r: JuteReader, ops: TxnOp[]): { err: number; errs: number[] } {
  const { txns } = readMultiTxn(r);
  const codes = txns.map(({ type, data }) =>
    type === OpCode.error ? readErrorTxn(reader(data)).err : ErrorCode.OK,
  );
  if (txns.some(({ type }) => type === OpCode.error)) {
    const isCause = (code: number) =>
      code !== ErrorCode.OK && code !== ErrorCode.RUNTIMEINCONSISTENCY;
    return { err: codes.find(isCause) ?? ErrorCode.RUNTIMEINCONSISTENCY, errs: codes };
  }
  for (const { type, data } of txns) ops.push(readOp(reader(data), type, 0));
  return { err: ErrorCode.OK, errs: [] };
}

function reader(data: Uint8Array | null): JuteReader {
  const bytes = data ?? new Uint8Array(0);
  return new JuteReader().reset(bytes, 0, bytes.length);
}

function readOp(r: JuteReader, type: number, zxid: number): TxnOp {
  switch (type) {
    case OpCode.create:
    case OpCode.create2: {
      const { path, data, acl, ephemeral, parentCversion } = readCreateTxn(r);
      const isEphemeral = ephemeral;
      return { type: OpCode.create, path, data, acl: acl ?? [], isEphemeral, parentCversion };
    }
    case OpCode.delete:
      return { type, path: readDeleteTxn(r).path };
    case OpCode.setData:
      return { type, ...readSetDataTxn(r) };
    case OpCode.reconfig:
      return { type: OpCode.setData, ...readSetDataTxn(r) };
    case OpCode.setACL: {
      const { path, acl, version } = readSetACLTxn(r);
      return { type, path, acl: acl ?? [], version };
    }
    case OpCode.check:
      return { type, path: r.string() ?? '' };
    case OpCode.createSession:
      return { type, timeoutMs: readCreateSessionTxn(r).timeoutMs };
    case OpCode.closeSession:
      return { type, paths: readCloseSessionTxn(r).paths ?? [] };
    default:
      expectThat(false, PROPERTY, `${zxidToHex(zxid)} is of type ${type}, which nobody asked for`);
  }
}
