/**
 * From the bytes of a server to text in which two servers that behave alike read alike: the names
 * are those of the program, times are left out, what has no order is sorted. Null and empty stay
 * apart, and bytes behind a record are shown: nothing else is forgiven.
 */

import {
  crc32,
  ErrorCode,
  type JuteReader,
  OpCode,
  opName,
  PASSWORD_BYTES,
  readConnectResponse,
  readStat,
  sessionPassword,
} from '@zabra/protocol';
import type { Names } from './names.ts';

/** Longer data is shown by its checksum, bytes. */
const DATA_SHOWN_MAX = 96;
const TIME_SLACK_MS = 3_600_000;

/** Body of a reply to `opcode` whose header said `err`. */
export function decodeBody(r: JuteReader, opcode: number, err: number, names: Names): string {
  return (err === ErrorCode.OK ? decodeSuccess(r, opcode, names) : '') + leftovers(r);
}

export function decodeEvent(r: JuteReader, names: Names): string {
  const type = r.int();
  const state = r.int();
  return `type ${type} state ${state} ${path(r, names)}${leftovers(r)}`;
}

/** The answer to a connect request; a new session gets the label that the program gives it. */
export function decodeConnect(r: JuteReader, names: Names, label: string): string {
  const response = readConnectResponse(r);
  const { timeoutMs, sessionHi, sessionLo, password, readOnly } = response;
  const accepted = sessionHi !== 0 || sessionLo !== 0;
  if (accepted) names.onSession(label, sessionHi, sessionLo);
  const wanted = accepted ? sessionPassword(sessionHi, sessionLo) : new Uint8Array(PASSWORD_BYTES);
  const agrees = password !== null && Buffer.compare(password, wanted) === 0;
  return (
    `version ${response.protocolVersion} timeout ${timeoutMs} ` +
    `session ${names.session(sessionHi, sessionLo)} ` +
    `password ${agrees ? 'as it must be' : JSON.stringify(password)} readOnly ${readOnly}` +
    leftovers(r)
  );
}

function leftovers(r: JuteReader): string {
  if (r.failed) return ' (truncated)';
  if (r.remaining() === 0) return '';
  return ` and ${Buffer.from(r.buffer.subarray(r.position, r.end)).toString('hex')}`;
}

function decodeSuccess(r: JuteReader, opcode: number, names: Names): string {
  switch (opcode) {
    case OpCode.create:
    case OpCode.sync:
      return path(r, names);
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return `${path(r, names)} ${stat(r, names)}`;
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return stat(r, names);
    case OpCode.getData:
    case OpCode.reconfig:
      return `${data(r, names)} ${stat(r, names)}`;
    case OpCode.getACL:
      return `${acl(r)} ${stat(r, names)}`;
    case OpCode.getChildren:
    case OpCode.getEphemerals:
      return strings(r, names);
    case OpCode.getChildren2:
      return `${strings(r, names)} ${stat(r, names)}`;
    case OpCode.getAllChildrenNumber:
    case OpCode.addWatch:
      return String(r.int());
    case OpCode.whoAmI:
      return clientInfos(r);
    case OpCode.sasl:
      return data(r, names);
    case OpCode.multi:
    case OpCode.multiRead:
      return results(r, names);
    default:
      return '';
  }
}

function results(r: JuteReader, names: Names): string {
  const lines: string[] = [];
  for (;;) {
    const type = r.int();
    const done = r.bool();
    const err = r.int();
    if (r.failed) return `[${lines.join(', ')}`;
    if (done) return `[${lines.join(', ')}] end ${type} ${err}`;
    const body = type === OpCode.error ? `error ${r.int()}` : decodeSuccess(r, type, names);
    lines.push(`${opName(type)} ${err} ${body}`);
  }
}

function stat(r: JuteReader, names: Names): string {
  const s = readStat(r);
  const owner = names.session(s.ephemeralOwnerHi, s.ephemeralOwnerLo);
  return (
    `{c ${names.zxid(s.czxid)} m ${names.zxid(s.mzxid)} p ${names.zxid(s.pzxid)} ` +
    `ctime ${time(s.ctimeMs)} mtime ${time(s.mtimeMs)} v ${s.version} cv ${s.cversion} ` +
    `av ${s.aversion} owner ${owner} length ${s.dataLength} children ${s.numChildren}}`
  );
}

/** A time is either none or about now. */
function time(ms: number): string {
  if (ms === 0) return '0';
  return Math.abs(ms - Date.now()) < TIME_SLACK_MS ? 'now' : `at ${ms}`;
}

function path(r: JuteReader, names: Names): string {
  const found = r.string();
  return found === null ? 'null' : JSON.stringify(names.symbolicPath(found));
}

function data(r: JuteReader, names: Names): string {
  const bytes = r.bytes();
  if (bytes === null) return 'null';
  if (bytes.length > DATA_SHOWN_MAX) {
    return `${bytes.length} bytes of crc ${crc32(bytes, 0, bytes.length).toString(16)}`;
  }
  return JSON.stringify(names.symbolicPath(Buffer.from(bytes).toString('latin1')));
}

/** Children and paths have no order (client-protocol.md 10). */
function strings(r: JuteReader, names: Names): string {
  const count = r.int();
  if (count < 0) return `a vector of ${count}`;
  const found: string[] = [];
  for (let index = 0; index < count && !r.failed; index++) found.push(path(r, names));
  return `[${found.toSorted().join(' ')}]`;
}

/** The order of an ACL is kept. */
function acl(r: JuteReader): string {
  const count = r.int();
  const found: string[] = [];
  for (let index = 0; index < count && !r.failed; index++) {
    found.push(`${r.int()} ${JSON.stringify(r.string())} ${JSON.stringify(r.string())}`);
  }
  return `acl ${count} [${found.join(', ')}]`;
}

function clientInfos(r: JuteReader): string {
  const count = r.int();
  const found: string[] = [];
  for (let index = 0; index < count && !r.failed; index++) {
    found.push(`${JSON.stringify(r.string())} ${JSON.stringify(r.string())}`);
  }
  return `${count} [${found.toSorted().join(', ')}]`;
}
