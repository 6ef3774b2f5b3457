/**
 * Bodies of client requests, as they follow a RequestHeader. Where several requests have the same
 * fields there is one record and each request's name is an alias of it. A null path, buffer or
 * ACL list stays null: which of them is an error is for the operation to say. From
 * client-protocol.md 3. The bodies of multi are in `multi.ts`.
 */

import {
  type Acl,
  readAclVector,
  readStringVector,
  writeAclVector,
  writeStringVector,
} from './acl.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** GetACLRequest, SyncRequest, GetAllChildrenNumberRequest, GetEphemeralsRequest (a prefix). */
export interface PathRequest {
  readonly path: string | null;
}

/** ExistsRequest, GetDataRequest, GetChildrenRequest, GetChildren2Request. */
export interface PathWatchRequest {
  readonly path: string | null;
  readonly watch: boolean;
}

/** DeleteRequest and CheckVersionRequest; version -1 matches any. */
export interface PathVersionRequest {
  readonly path: string | null;
  readonly version: number;
}

/** CheckWatchesRequest and RemoveWatchesRequest; type is one of `WatcherType`. */
export interface PathTypeRequest {
  readonly path: string | null;
  readonly type: number;
}

export interface CreateRequest {
  readonly path: string | null;
  readonly data: Uint8Array | null;
  readonly acl: readonly Acl[] | null;
  /** One of `CreateMode`; other values occur and are errors. */
  readonly flags: number;
}

export interface CreateTTLRequest extends CreateRequest {
  readonly ttlMs: number;
}

export interface SetDataRequest {
  readonly path: string | null;
  readonly data: Uint8Array | null;
  readonly version: number;
}

export interface SetACLRequest {
  readonly path: string | null;
  readonly acl: readonly Acl[] | null;
  /** The expected aversion. */
  readonly version: number;
}

export interface AddWatchRequest {
  readonly path: string | null;
  /** One of `AddWatchMode`. */
  readonly mode: number;
}

export interface SetWatches {
  readonly relativeZxid: number;
  readonly dataWatches: readonly string[];
  readonly existWatches: readonly string[];
  readonly childWatches: readonly string[];
}

export interface SetWatches2 extends SetWatches {
  readonly persistentWatches: readonly string[];
  readonly persistentRecursiveWatches: readonly string[];
}

export interface ReconfigRequest {
  readonly joiningServers: string | null;
  readonly leavingServers: string | null;
  /** Not null, even if empty, asks for a full replacement. */
  readonly newMembers: string | null;
  /** Expected version of the current configuration, or -1. */
  readonly curConfigId: number;
}

export function readPathRequest(r: JuteReader): PathRequest {
  return { path: r.string() };
}

export function writePathRequest(w: JuteWriter, request: PathRequest): void {
  w.string(request.path);
}

export function readPathWatchRequest(r: JuteReader): PathWatchRequest {
  return { path: r.string(), watch: r.bool() };
}

export function writePathWatchRequest(w: JuteWriter, request: PathWatchRequest): void {
  w.string(request.path);
  w.bool(request.watch);
}

export function readPathVersionRequest(r: JuteReader): PathVersionRequest {
  return { path: r.string(), version: r.int() };
}

export function writePathVersionRequest(w: JuteWriter, request: PathVersionRequest): void {
  w.string(request.path);
  w.int(request.version);
}

export function readPathTypeRequest(r: JuteReader): PathTypeRequest {
  return { path: r.string(), type: r.int() };
}

export function writePathTypeRequest(w: JuteWriter, request: PathTypeRequest): void {
  w.string(request.path);
  w.int(request.type);
}

export function readCreateRequest(r: JuteReader): CreateRequest {
  return { path: r.string(), data: r.bytes(), acl: readAclVector(r), flags: r.int() };
}

export function writeCreateRequest(w: JuteWriter, request: CreateRequest): void {
  w.string(request.path);
  w.bytes(request.data);
  writeAclVector(w, request.acl);
  w.int(request.flags);
}

export function readCreateTTLRequest(r: JuteReader): CreateTTLRequest {
  const { path, data, acl, flags } = readCreateRequest(r);
  return { path, data, acl, flags, ttlMs: r.number() };
}

export function writeCreateTTLRequest(w: JuteWriter, request: CreateTTLRequest): void {
  writeCreateRequest(w, request);
  w.number(request.ttlMs);
}

export function readSetDataRequest(r: JuteReader): SetDataRequest {
  return { path: r.string(), data: r.bytes(), version: r.int() };
}

export function writeSetDataRequest(w: JuteWriter, request: SetDataRequest): void {
  w.string(request.path);
  w.bytes(request.data);
  w.int(request.version);
}

export function readSetACLRequest(r: JuteReader): SetACLRequest {
  return { path: r.string(), acl: readAclVector(r), version: r.int() };
}

export function writeSetACLRequest(w: JuteWriter, request: SetACLRequest): void {
  w.string(request.path);
  writeAclVector(w, request.acl);
  w.int(request.version);
}

export function readAddWatchRequest(r: JuteReader): AddWatchRequest {
  return { path: r.string(), mode: r.int() };
}

export function writeAddWatchRequest(w: JuteWriter, request: AddWatchRequest): void {
  w.string(request.path);
  w.int(request.mode);
}

export function readSetWatches(r: JuteReader): SetWatches {
  return {
    relativeZxid: r.zxid(),
    dataWatches: readStringVector(r) ?? [],
    existWatches: readStringVector(r) ?? [],
    childWatches: readStringVector(r) ?? [],
  };
}

export function writeSetWatches(w: JuteWriter, request: SetWatches): void {
  w.zxid(request.relativeZxid);
  writeStringVector(w, request.dataWatches);
  writeStringVector(w, request.existWatches);
  writeStringVector(w, request.childWatches);
}

export function readSetWatches2(r: JuteReader): SetWatches2 {
  return {
    relativeZxid: r.zxid(),
    dataWatches: readStringVector(r) ?? [],
    existWatches: readStringVector(r) ?? [],
    childWatches: readStringVector(r) ?? [],
    persistentWatches: readStringVector(r) ?? [],
    persistentRecursiveWatches: readStringVector(r) ?? [],
  };
}

export function writeSetWatches2(w: JuteWriter, request: SetWatches2): void {
  writeSetWatches(w, request);
  writeStringVector(w, request.persistentWatches);
  writeStringVector(w, request.persistentRecursiveWatches);
}

export function readReconfigRequest(r: JuteReader): ReconfigRequest {
  return {
    joiningServers: r.string(),
    leavingServers: r.string(),
    newMembers: r.string(),
    curConfigId: r.number(),
  };
}

export function writeReconfigRequest(w: JuteWriter, request: ReconfigRequest): void {
  w.string(request.joiningServers);
  w.string(request.leavingServers);
  w.string(request.newMembers);
  w.number(request.curConfigId);
}

export type GetACLRequest = PathRequest;
export type SyncRequest = PathRequest;
export type GetAllChildrenNumberRequest = PathRequest;
export type GetEphemeralsRequest = PathRequest;
export type DeleteContainerRequest = PathRequest;
export type ExistsRequest = PathWatchRequest;
export type GetDataRequest = PathWatchRequest;
export type GetChildrenRequest = PathWatchRequest;
export type GetChildren2Request = PathWatchRequest;
export type DeleteRequest = PathVersionRequest;
export type CheckVersionRequest = PathVersionRequest;
export type CheckWatchesRequest = PathTypeRequest;
export type RemoveWatchesRequest = PathTypeRequest;

export {
  readPathRequest as readGetACLRequest,
  readPathRequest as readSyncRequest,
  readPathRequest as readGetAllChildrenNumberRequest,
  readPathRequest as readGetEphemeralsRequest,
  readPathRequest as readDeleteContainerRequest,
  writePathRequest as writeGetACLRequest,
  writePathRequest as writeSyncRequest,
  writePathRequest as writeGetAllChildrenNumberRequest,
  writePathRequest as writeGetEphemeralsRequest,
  writePathRequest as writeDeleteContainerRequest,
  readPathWatchRequest as readExistsRequest,
  readPathWatchRequest as readGetDataRequest,
  readPathWatchRequest as readGetChildrenRequest,
  readPathWatchRequest as readGetChildren2Request,
  writePathWatchRequest as writeExistsRequest,
  writePathWatchRequest as writeGetDataRequest,
  writePathWatchRequest as writeGetChildrenRequest,
  writePathWatchRequest as writeGetChildren2Request,
  readPathVersionRequest as readDeleteRequest,
  readPathVersionRequest as readCheckVersionRequest,
  writePathVersionRequest as writeDeleteRequest,
  writePathVersionRequest as writeCheckVersionRequest,
  readPathTypeRequest as readCheckWatchesRequest,
  readPathTypeRequest as readRemoveWatchesRequest,
  writePathTypeRequest as writeCheckWatchesRequest,
  writePathTypeRequest as writeRemoveWatchesRequest,
};
