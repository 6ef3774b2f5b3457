/**
 * Calls: the promises of requests under way. A request's result settles its promise; an abort
 * signal settles it earlier, which undoes nothing that a server may have seen.
 */

import { ErrorCode, OpCode, opName } from '@zabra/protocol';
import { MultiRequest } from '../session/multi-request.ts';
import type { Request } from '../session/request.ts';
import {
  DeleteRequest,
  ReconfigRequest,
  SetACLRequest,
  SetDataRequest,
} from '../session/requests.ts';
import {
  codeName,
  describe,
  type ErrorDetails,
  lowerFirst,
  makeError,
  type ZooKeeperError,
} from './errors.ts';
import { zxidToBigInt } from './public-records.ts';

interface Call {
  readonly request: Request;
  resolve(): void;
  reject(error: unknown): void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | null;
}

export class Calls {
  readonly #calls: Map<Request, Call>;

  constructor() {
    this.#calls = new Map();
  }

  /** Settles when the request is done, whatever its code, or when the signal says so. */
  begin(
    request: Request,
    signal: AbortSignal | undefined,
    withdraw: (request: Request) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let onAbort: (() => void) | null = null;
      if (signal !== undefined) {
        onAbort = () => {
          this.#calls.delete(request);
          withdraw(request);
          reject(signal.reason);
        };
        signal.addEventListener('abort', onAbort, { once: true });
      }
      this.#calls.set(request, { request, resolve, reject, signal, onAbort });
    });
  }

  /** The request is done; nobody may be waiting for it any more. */
  settle(request: Request): void {
    const call = this.#calls.get(request);
    if (call === undefined) return;
    this.#calls.delete(request);
    if (call.onAbort !== null) call.signal?.removeEventListener('abort', call.onAbort);
    call.resolve();
  }
}

/** What a failed request is to its caller. `failure` is why the last connection ended. */
export function errorOf(request: Request, failure: string, childCount = 0): ZooKeeperError {
  const { code, wasSent } = request;
  if (request instanceof MultiRequest && request.failedIndex >= 0) return multiError(request);
  const op = publicOpName(request.op);
  const path = request.path === '' ? null : request.path;
  const version = versionOf(request);
  const details = { code: codeName(code), op, path, zxid: zxidOf(request) };
  const message = describe({ code, op, path, fault: request.fault, wasSent, version, childCount });
  return makeError(message, { ...details, ...lossDetails(code, wasSent, failure) });
}

/** The wire has several numbers for what callers know by one name. */
function publicOpName(op: number): string {
  switch (op) {
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return 'create';
    case OpCode.getChildren2:
      return 'getChildren';
    case OpCode.filteredList:
      return 'getFilteredChildren';
    case OpCode.filteredListWithStatsAndData:
      return 'getChildrenWithData';
    default:
      return opName(op);
  }
}

/** The error of the operation at fault, told as part of its transaction. */
function multiError(request: MultiRequest): ZooKeeperError {
  const { code, failedIndex, ops } = request;
  const failed = ops[failedIndex];
  const op = failed === undefined ? 'multi' : publicOpName(failed.type);
  const path = failed?.request.path ?? null;
  const version =
    failed !== undefined && 'version' in failed.request ? failed.request.version : null;
  const finding = { code, op, path, fault: '', wasSent: true, version, childCount: 0 };
  const place = `operation ${failedIndex + 1} of ${ops.length}`;
  const message = `Cannot run the multi: ${place}: ${lowerFirst(describe(finding))}`;
  const details = { code: codeName(code), op, path, zxid: zxidOf(request), opIndex: failedIndex };
  return makeError(message, { ...details, outcome: 'not-applied' });
}

/** A request that no server can have seen was certainly not applied. */
function lossDetails(code: number, wasSent: boolean, failure: string): Partial<ErrorDetails> {
  const cause = failure === '' ? undefined : new Error(failure);
  if (code === ErrorCode.CONNECTIONLOSS && !wasSent) return { outcome: 'not-applied', cause };
  return code === ErrorCode.CONNECTIONLOSS ? { cause } : {};
}

function zxidOf(request: Request): bigint | null {
  return request.zxid === 0 ? null : zxidToBigInt(request.zxid);
}

function versionOf(request: Request): number | null {
  if (request instanceof DeleteRequest || request instanceof SetDataRequest) return request.version;
  if (request instanceof ReconfigRequest) return request.version;
  return request instanceof SetACLRequest ? request.aversion : null;
}
