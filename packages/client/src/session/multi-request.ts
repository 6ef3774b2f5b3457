/**
 * The requests of many operations: MultiRequest, several writes as one transaction, and
 * MultiReadRequest, several reads in one trip. The header of either says OK whatever happened: the
 * result of the operation that failed decides the code of a transaction, and each read stands for
 * itself. From client-protocol.md 9.
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

abstract class ManyOpsRequest extends Request<readonly MultiResult[]> {
  /** Paths as the client names them. */
  readonly ops: readonly MultiOp[];

  constructor(op: OpCode, ops: readonly MultiOp[]) {
    super(op, '');
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
    if (results === null || !answers(results, this.ops)) {
      r.failed = true;
      return null;
    }
    if (chroot.prefix === '') return results;
    return results.map((result) => withClientPath(result, chroot));
  }
}

export class MultiReadRequest extends ManyOpsRequest {
  constructor(ops: readonly MultiOp[]) {
    super(OpCode.multiRead, ops);
  }
}

export class MultiRequest extends ManyOpsRequest {
  constructor(ops: readonly MultiOp[]) {
    super(OpCode.multi, ops);
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

/** Whether there is a result for each operation, and of a kind that it can have. */
function answers(results: readonly MultiResult[], ops: readonly MultiOp[]): boolean {
  if (results.length !== ops.length) return false;
  return results.every(({ type }, index) => {
    const asked = ops[index]?.type;
    // Containers and znodes with a time to live have no result of their own.
    const isOther = asked === OpCode.createContainer || asked === OpCode.createTTL;
    if (isOther) return type === OpCode.create || type === OpCode.create2 || type === OpCode.error;
    // A filtered list has the number of the list that its reply is.
    if (asked === OpCode.filteredList && type === OpCode.getChildren2) return true;
    return type === asked || type === OpCode.error;
  });
}

function withServerPath(op: MultiOp, chroot: Chroot): MultiOp {
  const { path } = op.request;
  const serverPath = path === null ? null : chroot.toServer(path);
  return { ...op, request: { ...op.request, path: serverPath } } as MultiOp;
}

function withClientPath(result: MultiResult, chroot: Chroot): MultiResult {
  if (result.type === OpCode.create) return { ...result, path: chroot.toClient(result.path) };
  if (result.type === OpCode.create2) return { ...result, path: chroot.toClient(result.path) };
  if (result.type === OpCode.createIfNotExists) {
    return { ...result, path: chroot.toClient(result.path) };
  }
  return result;
}
