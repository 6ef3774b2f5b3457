/**
 * multi (14) and multiRead (22): a list of operations, each behind a MultiHeader, closed by a
 * header with `done`. The reader refuses whatever makes the whole request undecodable in the
 * reference (an operation that may not stand there, reads among writes, a missing end); flags and
 * ACLs are for the operations to judge. From client-protocol.md 9. What ClickHouse Keeper allows
 * there beyond Apache stands at the end of each list.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import {
  type FilteredListRequest,
  type ListWithDataRequest,
  type ListWithDataResponse,
  type RemoveRecursiveRequest,
  readFilteredListRequest,
  readListWithDataRequest,
  readListWithDataResponse,
  readRemoveRecursiveRequest,
  writeFilteredListRequest,
  writeListWithDataRequest,
  writeListWithDataResponse,
  writeRemoveRecursiveRequest,
} from './keeper-records.ts';
import { OpCode } from './opcode.ts';
import {
  type CreateRequest,
  type CreateTTLRequest,
  type PathVersionRequest,
  type PathWatchRequest,
  readCreateRequest,
  readCreateTTLRequest,
  readPathVersionRequest,
  readPathWatchRequest,
  readSetDataRequest,
  type SetDataRequest,
  writeCreateRequest,
  writeCreateTTLRequest,
  writePathVersionRequest,
  writePathWatchRequest,
  writeSetDataRequest,
} from './requests.ts';
import {
  readCreate2Response,
  readGetChildren2Response,
  readGetChildrenResponse,
  readGetDataResponse,
  readPathResponse,
  readStatResponse,
  writeCreate2Response,
  writeGetChildren2Response,
  writeGetChildrenResponse,
  writeGetDataResponse,
  writePathResponse,
  writeStatResponse,
} from './responses.ts';
import type { Stat } from './stat.ts';

export interface MultiHeader {
  readonly type: number;
  readonly done: boolean;
  readonly err: number;
}

type CreateType = typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer;

type ListWithDataType = typeof OpCode.filteredListWithStatsAndData;

export type MultiOp =
  | { readonly type: CreateType; readonly request: CreateRequest }
  | { readonly type: typeof OpCode.createTTL; readonly request: CreateTTLRequest }
  | { readonly type: typeof OpCode.delete; readonly request: PathVersionRequest }
  | { readonly type: typeof OpCode.setData; readonly request: SetDataRequest }
  | { readonly type: typeof OpCode.check; readonly request: PathVersionRequest }
  | { readonly type: typeof OpCode.getData; readonly request: PathWatchRequest }
  | { readonly type: typeof OpCode.getChildren; readonly request: PathWatchRequest }
  | { readonly type: typeof OpCode.checkNotExists; readonly request: PathVersionRequest }
  | { readonly type: typeof OpCode.createIfNotExists; readonly request: CreateRequest }
  | { readonly type: typeof OpCode.removeRecursive; readonly request: RemoveRecursiveRequest }
  | { readonly type: typeof OpCode.exists; readonly request: PathWatchRequest }
  | { readonly type: typeof OpCode.getChildren2; readonly request: PathWatchRequest }
  | { readonly type: typeof OpCode.filteredList; readonly request: FilteredListRequest }
  | { readonly type: ListWithDataType; readonly request: ListWithDataRequest };

export type MultiResult =
  | { readonly type: typeof OpCode.create; readonly path: string }
  | { readonly type: typeof OpCode.create2; readonly path: string; readonly stat: Stat }
  | { readonly type: typeof OpCode.delete }
  | { readonly type: typeof OpCode.setData; readonly stat: Stat }
  | { readonly type: typeof OpCode.check }
  | {
      readonly type: typeof OpCode.getData;
      readonly data: Uint8Array | null;
      readonly stat: Stat;
    }
  | { readonly type: typeof OpCode.getChildren; readonly children: readonly string[] }
  | { readonly type: typeof OpCode.checkNotExists }
  | { readonly type: typeof OpCode.createIfNotExists; readonly path: string }
  | { readonly type: typeof OpCode.removeRecursive }
  | { readonly type: typeof OpCode.exists; readonly stat: Stat }
  | {
      /** Also the result of a filtered list. */
      readonly type: typeof OpCode.getChildren2;
      readonly children: readonly string[];
      readonly stat: Stat;
    }
  | ({ readonly type: ListWithDataType } & ListWithDataResponse)
  | { readonly type: typeof OpCode.error; readonly err: number };

/** Encoded length of a MultiHeader. */
const HEADER_BYTES = 9;

export function readMultiHeader(r: JuteReader): MultiHeader {
  return { type: r.int(), done: r.bool(), err: r.int() };
}

export function writeMultiHeader(w: JuteWriter, header: MultiHeader): void {
  w.int(header.type);
  w.bool(header.done);
  w.int(header.err);
}

/** The header that closes a request or reply. */
export function writeMultiEnd(w: JuteWriter): void {
  w.int(-1);
  w.bool(true);
  w.int(-1);
}

/** Null when the request as a whole cannot be decoded; `op` is multi or multiRead. */
export function readMultiRequest(r: JuteReader, op: number): MultiOp[] | null {
  const ops: MultiOp[] = [];
  while (r.remaining() >= HEADER_BYTES) {
    const header = readMultiHeader(r);
    if (header.done) return ops;
    const multiOp = readMultiOp(r, header.type);
    if (multiOp === null || r.failed) return null;
    if (isMultiRead(multiOp.type) !== (op === OpCode.multiRead)) return null;
    ops.push(multiOp);
  }
  return null;
}

export function writeMultiRequest(w: JuteWriter, ops: readonly MultiOp[]): void {
  for (const op of ops) {
    writeMultiHeader(w, { type: op.type, done: false, err: -1 });
    writeMultiOpBody(w, op);
  }
  writeMultiEnd(w);
}

/**
 * Null when malformed. Results that failed have type `OpCode.error`, with err 0 for "did not";
 * ClickHouse Keeper's may keep the type of their operation, and have no body then.
 */
export function readMultiResponse(r: JuteReader): MultiResult[] | null {
  const results: MultiResult[] = [];
  while (r.remaining() >= HEADER_BYTES) {
    const header = readMultiHeader(r);
    if (header.done) return results;
    const isBare = header.err !== 0 && header.type !== OpCode.error;
    const result: MultiResult | null = isBare
      ? { type: OpCode.error, err: header.err }
      : readMultiResult(r, header.type);
    if (result === null || r.failed) return null;
    results.push(result);
  }
  return null;
}

export function writeMultiResponse(w: JuteWriter, results: readonly MultiResult[]): void {
  for (const result of results) writeMultiResult(w, result);
  writeMultiEnd(w);
}

/** One result with its header; for a server that writes them as it goes. */
export function writeMultiResult(w: JuteWriter, result: MultiResult): void {
  const err = result.type === OpCode.error ? result.err : 0;
  writeMultiHeader(w, { type: result.type, done: false, err });
  switch (result.type) {
    case OpCode.create:
    case OpCode.createIfNotExists:
      return writePathResponse(w, result);
    case OpCode.create2:
      return writeCreate2Response(w, result);
    case OpCode.setData:
    case OpCode.exists:
      return writeStatResponse(w, result);
    case OpCode.getChildren2:
      return writeGetChildren2Response(w, result);
    case OpCode.filteredListWithStatsAndData:
      return writeListWithDataResponse(w, result);
    case OpCode.getData:
      return writeGetDataResponse(w, result);
    case OpCode.getChildren:
      return writeGetChildrenResponse(w, result);
    case OpCode.error:
      return w.int(result.err);
    default:
  }
}

function isMultiRead(type: number): boolean {
  switch (type) {
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.exists:
    case OpCode.getChildren2:
    case OpCode.filteredList:
    case OpCode.filteredListWithStatsAndData:
      return true;
    default:
      return false;
  }
}

function readMultiOp(r: JuteReader, type: number): MultiOp | null {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createIfNotExists:
      return { type, request: readCreateRequest(r) };
    case OpCode.createTTL:
      return { type, request: readCreateTTLRequest(r) };
    case OpCode.setData:
      return { type, request: readSetDataRequest(r) };
    case OpCode.delete:
    case OpCode.check:
    case OpCode.checkNotExists:
      return { type, request: readPathVersionRequest(r) };
    case OpCode.removeRecursive:
      return { type, request: readRemoveRecursiveRequest(r) };
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.exists:
    case OpCode.getChildren2:
      return { type, request: readPathWatchRequest(r) };
    case OpCode.filteredList:
      return { type, request: readFilteredListRequest(r) };
    case OpCode.filteredListWithStatsAndData:
      return { type, request: readListWithDataRequest(r) };
    default:
      return null;
  }
}

function writeMultiOpBody(w: JuteWriter, op: MultiOp): void {
  switch (op.type) {
    case OpCode.createTTL:
      return writeCreateTTLRequest(w, op.request);
    case OpCode.setData:
      return writeSetDataRequest(w, op.request);
    case OpCode.delete:
    case OpCode.check:
    case OpCode.checkNotExists:
      return writePathVersionRequest(w, op.request);
    case OpCode.removeRecursive:
      return writeRemoveRecursiveRequest(w, op.request);
    case OpCode.getData:
    case OpCode.getChildren:
    case OpCode.exists:
    case OpCode.getChildren2:
      return writePathWatchRequest(w, op.request);
    case OpCode.filteredList:
      return writeFilteredListRequest(w, op.request);
    case OpCode.filteredListWithStatsAndData:
      return writeListWithDataRequest(w, op.request);
    default:
      return writeCreateRequest(w, op.request);
  }
}

function readMultiResult(r: JuteReader, type: number): MultiResult | null {
  switch (type) {
    case OpCode.create:
    case OpCode.createIfNotExists:
      return { type, ...readPathResponse(r) };
    case OpCode.create2:
      return { type, ...readCreate2Response(r) };
    case OpCode.setData:
    case OpCode.exists:
      return { type, ...readStatResponse(r) };
    case OpCode.getChildren2:
      return { type, ...readGetChildren2Response(r) };
    case OpCode.filteredListWithStatsAndData:
      return { type, ...readListWithDataResponse(r) };
    case OpCode.getData:
      return { type, ...readGetDataResponse(r) };
    case OpCode.getChildren:
      return { type, ...readGetChildrenResponse(r) };
    case OpCode.delete:
    case OpCode.check:
    case OpCode.checkNotExists:
    case OpCode.removeRecursive:
      return { type };
    case OpCode.error:
      return { type, err: r.int() };
    default:
      return null;
  }
}
