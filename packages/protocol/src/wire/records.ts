/**
 * Headers and the small records that belong to no single operation: request and reply header,
 * watcher event, auth packet, client info, SASL token. From client-protocol.md 3.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

export interface RequestHeader {
  readonly xid: number;
  readonly type: number;
}

export interface ReplyHeader {
  readonly xid: number;
  readonly zxid: number;
  readonly err: number;
}

export interface WatcherEvent {
  /** One of `EventType`. */
  readonly type: number;
  /** One of `KeeperState`. */
  readonly state: number;
  readonly path: string;
}

export interface AuthPacket {
  /** Servers ignore it; clients send 0. */
  readonly type: number;
  readonly scheme: string | null;
  readonly auth: Uint8Array | null;
}

export interface ClientInfo {
  readonly authScheme: string;
  readonly user: string;
}

/** Body of GetSASLRequest and of SetSASLResponse. */
export interface SaslToken {
  readonly token: Uint8Array | null;
}

export function readRequestHeader(r: JuteReader): RequestHeader {
  return { xid: r.int(), type: r.int() };
}

export function writeRequestHeader(w: JuteWriter, header: RequestHeader): void {
  w.int(header.xid);
  w.int(header.type);
}

export function readReplyHeader(r: JuteReader): ReplyHeader {
  return { xid: r.int(), zxid: r.zxid(), err: r.int() };
}

export function writeReplyHeader(w: JuteWriter, header: ReplyHeader): void {
  w.int(header.xid);
  w.zxid(header.zxid);
  w.int(header.err);
}

export function readWatcherEvent(r: JuteReader): WatcherEvent {
  return { type: r.int(), state: r.int(), path: r.string() ?? '' };
}

export function writeWatcherEvent(w: JuteWriter, event: WatcherEvent): void {
  w.int(event.type);
  w.int(event.state);
  w.string(event.path);
}

export function readAuthPacket(r: JuteReader): AuthPacket {
  return { type: r.int(), scheme: r.string(), auth: r.bytes() };
}

export function writeAuthPacket(w: JuteWriter, packet: AuthPacket): void {
  w.int(packet.type);
  w.string(packet.scheme);
  w.bytes(packet.auth);
}

export function readClientInfo(r: JuteReader): ClientInfo {
  return { authScheme: r.string() ?? '', user: r.string() ?? '' };
}

export function writeClientInfo(w: JuteWriter, info: ClientInfo): void {
  w.string(info.authScheme);
  w.string(info.user);
}

export function readSaslToken(r: JuteReader): SaslToken {
  return { token: r.bytes() };
}

export function writeSaslToken(w: JuteWriter, token: SaslToken): void {
  w.bytes(token.token);
}

export {
  readSaslToken as readGetSASLRequest,
  readSaslToken as readSetSASLResponse,
  writeSaslToken as writeGetSASLRequest,
  writeSaslToken as writeSetSASLResponse,
};
