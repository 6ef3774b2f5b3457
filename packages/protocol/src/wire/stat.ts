/**
 * The Stat record, 68 bytes, as clients see it, and StatPersisted, 60 bytes, as snapshots store
 * it. The second has no dataLength and numChildren, and its cversion and ephemeralOwner carry the
 * stored meaning (storage-and-config.md 6). From client-protocol.md 3.
 */

import { numberHi, numberLo } from '../base/int64.ts';
import { STAT_BYTES, STAT_PERSISTED_BYTES } from '../base/limits.ts';
import { zxidHi, zxidLo } from '../base/zxid.ts';
import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

export interface StatPersisted {
  czxid: number;
  mzxid: number;
  ctimeMs: number;
  mtimeMs: number;
  version: number;
  cversion: number;
  aversion: number;
  /** Session id of the owner as two int32; 0, 0 when the znode is not ephemeral. */
  ephemeralOwnerHi: number;
  ephemeralOwnerLo: number;
  pzxid: number;
}

export interface Stat extends StatPersisted {
  dataLength: number;
  numChildren: number;
}

export function makeStatPersisted(): StatPersisted {
  return {
    czxid: 0,
    mzxid: 0,
    ctimeMs: 0,
    mtimeMs: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwnerHi: 0,
    ephemeralOwnerLo: 0,
    pzxid: 0,
  };
}

/** Spelled out rather than spread over the other: a spread costs microseconds and the shape. */
export function makeStat(): Stat {
  return {
    czxid: 0,
    mzxid: 0,
    ctimeMs: 0,
    mtimeMs: 0,
    version: 0,
    cversion: 0,
    aversion: 0,
    ephemeralOwnerHi: 0,
    ephemeralOwnerLo: 0,
    pzxid: 0,
    dataLength: 0,
    numChildren: 0,
  };
}

export function readStat(r: JuteReader): Stat {
  const stat = makeStat();
  readCommon(r, stat);
  stat.dataLength = r.int();
  stat.numChildren = r.int();
  stat.pzxid = r.zxid();
  return stat;
}

export function writeStat(w: JuteWriter, stat: Stat): void {
  const offset = w.reserve(STAT_BYTES);
  putCommon(w.view, offset, stat);
  w.view.setInt32(offset + 52, stat.dataLength);
  w.view.setInt32(offset + 56, stat.numChildren);
  putZxid(w.view, offset + 60, stat.pzxid);
}

export function readStatPersisted(r: JuteReader): StatPersisted {
  const stat = makeStatPersisted();
  readCommon(r, stat);
  stat.pzxid = r.zxid();
  return stat;
}

export function writeStatPersisted(w: JuteWriter, stat: StatPersisted): void {
  const offset = w.reserve(STAT_PERSISTED_BYTES);
  putCommon(w.view, offset, stat);
  putZxid(w.view, offset + 52, stat.pzxid);
}

/** The first 52 bytes, which both records share. */
function readCommon(r: JuteReader, stat: StatPersisted): void {
  stat.czxid = r.zxid();
  stat.mzxid = r.zxid();
  stat.ctimeMs = r.number();
  stat.mtimeMs = r.number();
  stat.version = r.int();
  stat.cversion = r.int();
  stat.aversion = r.int();
  r.long();
  stat.ephemeralOwnerHi = r.hi;
  stat.ephemeralOwnerLo = r.lo;
}

function putCommon(view: DataView, offset: number, stat: StatPersisted): void {
  putZxid(view, offset, stat.czxid);
  putZxid(view, offset + 8, stat.mzxid);
  putNumber(view, offset + 16, stat.ctimeMs);
  putNumber(view, offset + 24, stat.mtimeMs);
  view.setInt32(offset + 32, stat.version);
  view.setInt32(offset + 36, stat.cversion);
  view.setInt32(offset + 40, stat.aversion);
  view.setInt32(offset + 44, stat.ephemeralOwnerHi);
  view.setInt32(offset + 48, stat.ephemeralOwnerLo);
}

function putZxid(view: DataView, offset: number, zxid: number): void {
  view.setInt32(offset, zxidHi(zxid));
  view.setInt32(offset + 4, zxidLo(zxid));
}

function putNumber(view: DataView, offset: number, value: number): void {
  view.setInt32(offset, numberHi(value));
  view.setInt32(offset + 4, numberLo(value));
}
