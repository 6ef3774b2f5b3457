/**
 * Bodies of successful replies, as they follow a ReplyHeader. Operations that are not here have
 * none (client-protocol.md 4). Our servers never write null strings or vectors here, since several
 * clients cannot decode them; a null that another server sent reads as empty. Null data is real.
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
import { type ClientInfo, readClientInfo, writeClientInfo } from './records.ts';
import { readStat, type Stat, writeStat } from './stat.ts';

/** CreateResponse and SyncResponse. */
export interface PathResponse {
  readonly path: string;
}

/** Of create2, createContainer and createTTL. */
export interface Create2Response {
  readonly path: string;
  readonly stat: Stat;
}

/** SetDataResponse, SetACLResponse, ExistsResponse. */
export interface StatResponse {
  readonly stat: Stat;
}

/** Also the reply to reconfig. */
export interface GetDataResponse {
  readonly data: Uint8Array | null;
  readonly stat: Stat;
}

export interface GetACLResponse {
  readonly acl: readonly Acl[];
  readonly stat: Stat;
}

export interface GetChildrenResponse {
  readonly children: readonly string[];
}

export interface GetChildren2Response {
  readonly children: readonly string[];
  readonly stat: Stat;
}

export interface GetAllChildrenNumberResponse {
  readonly totalNumber: number;
}

export interface GetEphemeralsResponse {
  readonly ephemerals: readonly string[];
}

export interface WhoAmIResponse {
  readonly clientInfo: readonly ClientInfo[];
}

/** Success of addWatch (err 0), and a failed operation inside a multi. */
export interface ErrorResponse {
  readonly err: number;
}

const CLIENT_INFO_BYTES_MIN = 8;

export function readPathResponse(r: JuteReader): PathResponse {
  return { path: r.string() ?? '' };
}

export function writePathResponse(w: JuteWriter, response: PathResponse): void {
  w.string(response.path);
}

export function readCreate2Response(r: JuteReader): Create2Response {
  return { path: r.string() ?? '', stat: readStat(r) };
}

export function writeCreate2Response(w: JuteWriter, response: Create2Response): void {
  w.string(response.path);
  writeStat(w, response.stat);
}

export function readStatResponse(r: JuteReader): StatResponse {
  return { stat: readStat(r) };
}

export function writeStatResponse(w: JuteWriter, response: StatResponse): void {
  writeStat(w, response.stat);
}

export function readGetDataResponse(r: JuteReader): GetDataResponse {
  return { data: r.bytes(), stat: readStat(r) };
}

export function writeGetDataResponse(w: JuteWriter, response: GetDataResponse): void {
  w.bytes(response.data);
  writeStat(w, response.stat);
}

export function readGetACLResponse(r: JuteReader): GetACLResponse {
  return { acl: readAclVector(r) ?? [], stat: readStat(r) };
}

export function writeGetACLResponse(w: JuteWriter, response: GetACLResponse): void {
  writeAclVector(w, response.acl);
  writeStat(w, response.stat);
}

export function readGetChildrenResponse(r: JuteReader): GetChildrenResponse {
  return { children: readStringVector(r) ?? [] };
}

export function writeGetChildrenResponse(w: JuteWriter, response: GetChildrenResponse): void {
  writeStringVector(w, response.children);
}

export function readGetChildren2Response(r: JuteReader): GetChildren2Response {
  return { children: readStringVector(r) ?? [], stat: readStat(r) };
}

export function writeGetChildren2Response(w: JuteWriter, response: GetChildren2Response): void {
  writeStringVector(w, response.children);
  writeStat(w, response.stat);
}

export function readGetAllChildrenNumberResponse(r: JuteReader): GetAllChildrenNumberResponse {
  return { totalNumber: r.int() };
}

export function writeGetAllChildrenNumberResponse(
  w: JuteWriter,
  response: GetAllChildrenNumberResponse,
): void {
  w.int(response.totalNumber);
}

export function readGetEphemeralsResponse(r: JuteReader): GetEphemeralsResponse {
  return { ephemerals: readStringVector(r) ?? [] };
}

export function writeGetEphemeralsResponse(w: JuteWriter, response: GetEphemeralsResponse): void {
  writeStringVector(w, response.ephemerals);
}

export function readWhoAmIResponse(r: JuteReader): WhoAmIResponse {
  const count = r.count(CLIENT_INFO_BYTES_MIN);
  const clientInfo: ClientInfo[] = [];
  for (let index = 0; index < count && !r.failed; index++) clientInfo.push(readClientInfo(r));
  return { clientInfo };
}

export function writeWhoAmIResponse(w: JuteWriter, response: WhoAmIResponse): void {
  w.int(response.clientInfo.length);
  for (const info of response.clientInfo) writeClientInfo(w, info);
}

export function readErrorResponse(r: JuteReader): ErrorResponse {
  return { err: r.int() };
}

export function writeErrorResponse(w: JuteWriter, response: ErrorResponse): void {
  w.int(response.err);
}

export type CreateResponse = PathResponse;
export type SyncResponse = PathResponse;
export type ExistsResponse = StatResponse;
export type SetDataResponse = StatResponse;
export type SetACLResponse = StatResponse;
export type ReconfigResponse = GetDataResponse;

export {
  readPathResponse as readCreateResponse,
  readPathResponse as readSyncResponse,
  writePathResponse as writeCreateResponse,
  writePathResponse as writeSyncResponse,
  readStatResponse as readExistsResponse,
  readStatResponse as readSetDataResponse,
  readStatResponse as readSetACLResponse,
  writeStatResponse as writeExistsResponse,
  writeStatResponse as writeSetDataResponse,
  writeStatResponse as writeSetACLResponse,
  readGetDataResponse as readReconfigResponse,
  writeGetDataResponse as writeReconfigResponse,
};
