/**
 * MultiRequest: several writes as one transaction. The header of a failed multi
 * says OK: the result of the operation that failed decides the code of the request. From
 * client-protocol.md 9.
 */

import {
  ErrorCode,
  type JuteReader,
  type JuteWriter,
  type MultiOp,
  type MultiResult,
  OpCode,
  readMultiResponse,
  writeMultiRequest,
} from '@zabra/protocol';
import type { Chroot } from './chroot.ts';
import { Request } from './request.ts';

export class MultiRequest extends Request<readonly MultiResult[]> {
  /** Paths as the client names them. */
  readonly ops: readonly MultiOp[];

  constructor(ops: readonly MultiOp[]) {
    super(OpCode.multi, '');
    this.ops = ops;
  }

  writeBody(w: JuteWriter, chroot: Chroot): void {
    if (chroot.prefix === '') writeMultiRequest(w, this.ops);
    else
      writeMultiRequest(
        w,
        this.ops.map((op) => withServerPath(op, chroot)),
      );
  }

  readBody(r: JuteReader, chroot: Chroot): readonly MultiResult[] | null {
    const results = readMultiResponse(r);
    if (results === null || results.length !== this.ops.length) {
      r.failed = true;
      return null;
    }
    if (chroot.prefix === '') return results;
    return results.map((result) => withClientPath(result, chroot));
  }

  override resultCode(): number {
    const failed = this.reply?.[this.failedIndex];
    return failed?.type === OpCode.error ? failed.err : ErrorCode.OK;
  }

  /** Index of the operation that failed the transaction; -1 when it went through. */
  get failedIndex(): number {
    if (this.reply === null) return -1;
    return this.reply.findIndex(
      (result) =>
        result.type === OpCode.error &&
        result.err !== ErrorCode.OK &&
        result.err !== ErrorCode.RUNTIMEINCONSISTENCY,
    );
  }
}

function withServerPath(op: MultiOp, chroot: Chroot): MultiOp {
  const { path } = op.request;
  const serverPath = path === null ? null : chroot.toServer(path);
  return { ...op, request: { ...op.request, path: serverPath } } as MultiOp;
}

function withClientPath(result: MultiResult, chroot: Chroot): MultiResult {
  if (result.type === OpCode.create) return { ...result, path: chroot.toClient(result.path) };
  if (result.type === OpCode.create2) return { ...result, path: chroot.toClient(result.path) };
  return result;
}
