/**
 * The records that ClickHouse Keeper added to the client protocol, and the bits by which a server
 * says which of its extensions it has (ClickHouse's `ZooKeeperCommon` and `KeeperFeatureFlags`).
 * checkNotExists and createIfNotExists have the records of check and create.
 *
 *   filteredList                  request  path, watch, byte list type
 *                                 reply    names, Stat
 *   removeRecursive               request  path, int most znodes
 *   filteredListWithStatsAndData  request  path, watch, byte list type, with stat, with data
 *                                 reply    names, Stat, vector of Stat, vector of data
 *
 * The two vectors stand in the order of the names, or are empty when nobody asked for them.
 */

import { STAT_BYTES } from '../base/limits.ts';
import { readStringVector, writeStringVector } from './acl.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';
import { readStat, type Stat, writeStat } from './stat.ts';

export interface FilteredListRequest {
  readonly path: string | null;
  readonly watch: boolean;
  /** One of `ListType`. */
  readonly listType: number;
}

export interface ListWithDataRequest extends FilteredListRequest {
  readonly withStat: boolean;
  readonly withData: boolean;
}

export interface ListWithDataResponse {
  readonly children: readonly string[];
  /** Of the parent. */
  readonly stat: Stat;
  readonly stats: readonly Stat[];
  readonly data: readonly (Uint8Array | null)[];
}

export interface RemoveRecursiveRequest {
  readonly path: string | null;
  /** Most znodes that may go, the one at the path among them; 0 to 2^32 - 1. */
  readonly nodesMax: number;
}

/** Bytes of an empty buffer. */
const BUFFER_BYTES_MIN = 4;

export function readFilteredListRequest(r: JuteReader): FilteredListRequest {
  return { path: r.string(), watch: r.bool(), listType: r.byte() };
}

export function writeFilteredListRequest(w: JuteWriter, request: FilteredListRequest): void {
  w.string(request.path);
  w.bool(request.watch);
  w.byte(request.listType);
}

export function readListWithDataRequest(r: JuteReader): ListWithDataRequest {
  const { path, watch, listType } = readFilteredListRequest(r);
  return { path, watch, listType, withStat: r.bool(), withData: r.bool() };
}

export function writeListWithDataRequest(w: JuteWriter, request: ListWithDataRequest): void {
  writeFilteredListRequest(w, request);
  w.bool(request.withStat);
  w.bool(request.withData);
}

export function readListWithDataResponse(r: JuteReader): ListWithDataResponse {
  const children = readStringVector(r) ?? [];
  const stat = readStat(r);
  const stats: Stat[] = [];
  const statCount = r.count(STAT_BYTES);
  for (let index = 0; index < statCount && !r.failed; index++) stats.push(readStat(r));
  const data: (Uint8Array | null)[] = [];
  const dataCount = r.count(BUFFER_BYTES_MIN);
  for (let index = 0; index < dataCount && !r.failed; index++) data.push(r.bytes());
  return { children, stat, stats, data };
}

export function writeListWithDataResponse(w: JuteWriter, response: ListWithDataResponse): void {
  writeStringVector(w, response.children);
  writeStat(w, response.stat);
  w.int(response.stats.length);
  for (const stat of response.stats) writeStat(w, stat);
  w.int(response.data.length);
  for (const bytes of response.data) w.bytes(bytes);
}

export function readRemoveRecursiveRequest(r: JuteReader): RemoveRecursiveRequest {
  return { path: r.string(), nodesMax: r.int() >>> 0 };
}

export function writeRemoveRecursiveRequest(w: JuteWriter, request: RemoveRecursiveRequest): void {
  w.string(request.path);
  w.int(request.nodesMax | 0);
}

/** Znodes that a server with Keeper's extensions shows to readers. */
export const KEEPER_PATH = '/keeper';
export const KEEPER_API_VERSION_PATH = '/keeper/api_version';
export const KEEPER_FEATURE_FLAGS_PATH = '/keeper/feature_flags';
export const KEEPER_AVAILABILITY_ZONE_PATH = '/keeper/availability_zone';

/** Numbers of bits, in the order in which Keeper gave them out. */
export const KeeperFeature = {
  FILTERED_LIST: 0,
  MULTI_READ: 1,
  CHECK_NOT_EXISTS: 2,
  CREATE_IF_NOT_EXISTS: 3,
  REMOVE_RECURSIVE: 4,
  /** Reads inside a multiRead set the watches that they ask for. */
  MULTI_WATCHES: 5,
  CHECK_STAT: 6,
  PERSISTENT_WATCHES: 7,
  /** Every create may be a create2. */
  CREATE_WITH_STATS: 8,
  TRY_REMOVE: 9,
  LIST_WITH_STAT_AND_DATA: 10,
} as const;

export type KeeperFeatureName = keyof typeof KeeperFeature;

const FEATURE_BYTES = 2;

/** Data of /keeper/feature_flags: the first feature is the highest bit of the first byte. */
export function encodeKeeperFeatures(features: Iterable<KeeperFeatureName>): Uint8Array {
  const bytes = new Uint8Array(FEATURE_BYTES);
  for (const name of features) {
    const bit = KeeperFeature[name];
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return bytes;
}

/** The features that we have a name for, in the order of their numbers. */
export function decodeKeeperFeatures(bytes: Uint8Array): KeeperFeatureName[] {
  const names = Object.keys(KeeperFeature) as KeeperFeatureName[];
  return names.filter((name) => {
    const bit = KeeperFeature[name];
    return ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  });
}
