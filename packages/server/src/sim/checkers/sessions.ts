/**
 * What each client sees: replies in an order that never goes back, reads that are the state of the
 * moment they name, writes that are what the order of transactions made of them. So reads are
 * sequentially consistent per session, a client reads its own writes, and nothing acknowledged is
 * missing. From client-protocol.md 6; invariant I21 of quorum-protocol.md 21.
 */

import {
  CreateRequest,
  ExistsRequest,
  GetACLRequest,
  GetChildrenRequest,
  GetDataRequest,
  MultiRequest,
  ReconfigRequest,
  type Request,
  SetACLRequest,
  SetDataRequest,
  SyncRequest,
  type WatchEvent,
  type Watcher,
} from '@zabra/client/session';
import {
  counterOf,
  ErrorCode,
  errorName,
  type MultiResult,
  OpCode,
  type Stat,
  zxidToHex,
} from '@zabra/protocol';
import type { SimClient } from '../sim-client.ts';
import type { IssuedRequest, Ledger } from './ledger.ts';
import { clientStat } from './tree-model.ts';
import { sessionKey, type Txn } from './txn.ts';
import { expectThat } from './violation.ts';
import { ModelWatch, Watches, type WatchKindName } from './watches.ts';
import { describe, sameAcl, sameBytes, wantsEphemeral } from './write-judge.ts';

const ORDER = 'Replies are well-formed and come in the order of their requests';
const NONSENSE = /the server (answered|sent)/;
const MONOTONE = 'A session never sees an older state';
const KNOWN_STATE = 'A reply names a committed state';
const READ = 'A read returns the state that its reply names';
const ACKNOWLEDGED = 'An acknowledged write is in the order of transactions';
const RESULT = 'A write returns what it did';
const UNSENT = 'A request that was never sent has no effect';
const READ_ONLY = 'A server in read-only mode takes no writes';
const LOCAL = 'A session becomes known to all for an ephemeral, where it may';

/** What a client says of a request that no server has answered. */
const UNANSWERED: readonly number[] = [
  ErrorCode.CONNECTIONLOSS,
  ErrorCode.SESSIONEXPIRED,
  ErrorCode.AUTHFAILED,
  ErrorCode.CLOSING,
];

/** One client process with its session. */
interface Record {
  readonly name: string;
  readonly client: SimClient;
  readonly watches: Watches;
  /** Asked for and not answered for certain; by request, in the order of asking. */
  readonly open: Map<Request, IssuedRequest>;
  /** Xids of writes that a server in read-only mode has refused. */
  readonly refused: Set<number>;
  lastZxid: number;
  isConnected: boolean;
  /** To a server in read-only mode. */
  isReadOnly: boolean;
  wantedEphemeral: boolean;
}

export class Sessions {
  readonly #ledger: Ledger;
  readonly #records: Map<SimClient, Record>;
  readonly #bySession: Map<string, Record>;
  /** The newest zxid that any client has seen. */
  #seenZxid: number;
  /** Replies that a server gave. */
  replyCount: number;
  successCount: number;
  /** Of servers in read-only mode. */
  readOnlyReplyCount: number;
  /** Sessions that were local and became global. */
  upgradeCount: number;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#records = new Map();
    this.#bySession = new Map();
    this.#seenZxid = 0;
    this.replyCount = 0;
    this.successCount = 0;
    this.readOnlyReplyCount = 0;
    this.upgradeCount = 0;
  }

  add(client: SimClient): void {
    const watches = new Watches(this.#ledger);
    const name = `client ${client.id}`;
    const open = new Map<Request, IssuedRequest>();
    this.#records.set(client, {
      name,
      client,
      watches,
      open,
      refused: new Set(),
      lastZxid: 0,
      isConnected: false,
      isReadOnly: false,
      wantedEphemeral: false,
    });
  }

  /** The request behind a transaction; null when its client has forgotten it, or is a server. */
  find(session: string, cxid: number): IssuedRequest | null {
    const record = this.#bySession.get(session);
    if (record === undefined) return null;
    expectThat(!record.refused.has(cxid), READ_ONLY, () => `${record.name}: xid ${cxid} is done`);
    for (const [request, issued] of record.open) {
      if (request.xid === cxid && request.wasSent) return issued;
    }
    return null;
  }

  onSubmitted(client: SimClient, request: Request): void {
    const issued = { request, seenZxid: this.#seenZxid, txn: null, stats: [] };
    const record = this.#record(client);
    record.open.set(request, issued);
    record.wantedEphemeral ||= wantsEphemeral(request);
  }

  /** The ledger has a transaction more. */
  onCommitted({ session, ops }: Txn): void {
    const { localSessions } = this.#ledger;
    if (localSessions === 'none' || ops[0]?.type !== OpCode.createSession) return;
    this.upgradeCount++;
    const record = this.#bySession.get(session);
    const isWanted = localSessions === 'upgrading' && record?.wantedEphemeral === true;
    expectThat(isWanted, LOCAL, () => `session ${session} of ${record?.name ?? 'nobody'}`);
  }

  onConnected(client: SimClient, isReadOnly = false): void {
    const record = this.#record(client);
    record.isReadOnly = isReadOnly;
    const { hi, lo } = client.machine.session;
    this.#bySession.set(sessionKey(hi, lo), record);
    if (record.isConnected) record.watches.onReconnected();
    record.isConnected = true;
  }

  /** The reason is the client's own: what makes no sense to it costs its server the connection. */
  onDisconnected(client: SimClient, reason: string): void {
    expectThat(!NONSENSE.test(reason), ORDER, `${this.#record(client).name}: ${reason}`);
  }

  onOver(client: SimClient): void {
    this.#record(client).watches.clear();
  }

  onEvent(client: SimClient, event: WatchEvent, watchers: readonly Watcher[]): void {
    const record = this.#record(client);
    record.watches.onEvent(record.name, event, watchers);
  }

  onReply(client: SimClient, request: Request): void {
    const record = this.#record(client);
    const issued = record.open.get(request);
    expectThat(
      issued !== undefined,
      RESULT,
      `${record.name} hears of a request that it never made`,
    );
    if (!request.wasSent || isUnanswered(request)) {
      // Without a reply: what was sent may still take effect and stays open, the rest must not.
      if (request.wasSent) return;
      record.open.delete(request);
      expectThat(issued.txn === null, UNSENT, `${record.name}: ${describe(request)}`);
      return;
    }
    this.replyCount++;
    if (request.code === ErrorCode.OK) this.successCount++;
    // While it is open: its transaction may be known from this reply alone.
    this.#onState(record, request);
    record.open.delete(request);
    if (record.isReadOnly) this.readOnlyReplyCount++;
    if (request.code === ErrorCode.NOTREADONLY) return this.#onReadOnly(record, issued);
    if (isWrite(request)) this.#checkWrite(record, issued);
    else this.#checkRead(record, request);
    this.#arm(record, request);
  }

  #onReadOnly(record: Record, { request, txn }: IssuedRequest): void {
    const isRight = record.isReadOnly && txn === null;
    const isAsked = isWrite(request) || request instanceof SyncRequest;
    expectThat(isRight && isAsked, READ_ONLY, () => `${record.name}: ${describe(request)}`);
    record.refused.add(request.xid);
  }

  #record(client: SimClient): Record {
    return this.#records.get(client) as Record;
  }

  /** The zxid of a reply: what its client knows of from now on. */
  #onState(record: Record, request: Request): void {
    const { zxid } = request;
    const where = () => `${record.name}: ${describe(request)} at ${zxidToHex(zxid)}`;
    expectThat(
      zxid >= record.lastZxid,
      MONOTONE,
      () => `${where()} after ${zxidToHex(record.lastZxid)}`,
    );
    // Without a leader nobody knows whether what stands in a log will be committed.
    const isKnown = record.isReadOnly || counterOf(zxid) === 0 || this.#ledger.isShown(zxid);
    expectThat(isKnown, KNOWN_STATE, where);
    // The start of an epoch is no transaction, and another server may not show it.
    record.lastZxid = counterOf(zxid) === 0 ? this.#ledger.committedUpTo(zxid) : zxid;
    if (zxid > this.#seenZxid) this.#seenZxid = this.#ledger.committedUpTo(zxid);
    record.watches.onReply(record.name, zxid);
  }

  #checkWrite(record: Record, { request, txn, stats }: IssuedRequest): void {
    const where = () => `${record.name}: ${describe(request)} with xid ${request.xid}`;
    // A session that is closing may be refused before anything is proposed.
    if (txn === null && request.code === ErrorCode.SESSIONEXPIRED) return;
    expectThat(!record.isReadOnly, READ_ONLY, () => `${where()} was answered`);
    expectThat(
      txn !== null,
      ACKNOWLEDGED,
      () => `${where()} was answered ${errorName(request.code)}`,
    );
    const { zxid } = txn;
    const isAfter = () =>
      `${where()}, answered at ${zxidToHex(request.zxid)}, done at ${zxidToHex(zxid)}`;
    expectThat(request.zxid >= zxid, ACKNOWLEDGED, isAfter);
    const isSame = () =>
      `${where()} was answered ${errorName(request.code)}, wanted ${errorName(txn.err)}`;
    expectThat(request.code === txn.err || isOfLocal(request, txn), RESULT, isSame);
    if (request.code !== ErrorCode.OK) return;
    const op = txn.ops[0];
    if (request instanceof CreateRequest && op?.type === OpCode.create) {
      const found = () => `${where()} returns "${request.reply?.path}", made "${op.path}"`;
      expectThat(request.reply?.path === op.path, RESULT, found);
      if (request.op === OpCode.create2) expectStat(request.reply.stat, stats[0], RESULT, where);
    } else if (request instanceof SetDataRequest || request instanceof SetACLRequest) {
      expectStat(request.reply, stats[0], RESULT, where);
    } else if (request instanceof ReconfigRequest) {
      expectStat(request.reply?.stat ?? null, stats[0], RESULT, where);
      const data = op !== undefined && 'data' in op ? op.data : null;
      expectThat(sameBytes(request.reply?.data ?? null, data), RESULT, where);
    } else if (request instanceof MultiRequest) {
      for (const [index, result] of (request.reply ?? []).entries()) {
        checkMultiResult(result, txn.ops[index], stats[index], () => `${where()} op ${index}`);
      }
    }
  }

  #checkRead(record: Record, request: Request): void {
    const { path, zxid, code } = request;
    const where = () => `${record.name}: ${describe(request)} at ${zxidToHex(zxid)}`;
    // A session that is closing may be refused anything.
    if (code === ErrorCode.SESSIONEXPIRED) return;
    if (request instanceof SyncRequest) {
      expectThat(code === ErrorCode.OK && request.reply === path, READ, where);
      return;
    }
    if (record.isReadOnly && !this.#ledger.isCommitted(zxid)) return;
    const { history } = this.#ledger.model;
    const node = history.at(path, zxid);
    const wanted = node === null ? ErrorCode.NONODE : ErrorCode.OK;
    expectThat(
      code === wanted,
      READ,
      () => `${where()} gives ${errorName(code)}, not ${errorName(wanted)}`,
    );
    if (node === null) return;
    const stat = clientStat(node);
    if (request instanceof ExistsRequest) expectStat(request.reply, stat, READ, where);
    else if (request instanceof GetDataRequest) {
      expectThat(
        sameBytes(request.reply?.data ?? null, node.data),
        READ,
        () => `${where()}: other data`,
      );
      expectStat(request.reply?.stat ?? null, stat, READ, where);
    } else if (request instanceof GetACLRequest) {
      expectThat(
        sameAcl(request.reply?.acl ?? [], node.acl),
        READ,
        () => `${where()}: another ACL`,
      );
      expectStat(request.reply?.stat ?? null, stat, READ, where);
    } else if (request instanceof GetChildrenRequest) {
      const found = [...(request.reply?.children ?? [])].sort().join();
      const children = [...history.childrenAt(path, zxid)].sort().join();
      expectThat(
        found === children,
        READ,
        () => `${where()} gives [${found}], wanted [${children}]`,
      );
      expectStat(request.reply?.stat ?? null, stat, READ, where);
    }
  }

  #arm(record: Record, request: Request): void {
    const { watcher, code, zxid } = request;
    if (!(watcher instanceof ModelWatch)) return;
    let kind: WatchKindName | null = null;
    if (request instanceof ExistsRequest) kind = code === ErrorCode.OK ? 'data' : 'exist';
    else if (code === ErrorCode.OK) kind = request instanceof GetDataRequest ? 'data' : 'child';
    if (kind !== null) record.watches.arm(watcher, kind, zxid);
  }
}

/** The client gave it up by itself. A server without history answers at zxid 0 as well. */
function isUnanswered({ zxid, code }: Request): boolean {
  return zxid === 0 && UNANSWERED.includes(code);
}

/** Why the session gets no ephemeral is what its server knows, and the leader does not. */
function isOfLocal(request: Request, txn: Txn): boolean {
  const isRefused = request.code === ErrorCode.EPHEMERALONLOCALSESSION;
  return isRefused && wantsEphemeral(request) && txn.err === ErrorCode.SESSIONEXPIRED;
}

function isWrite(request: Request): boolean {
  switch (request.op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.setACL:
    case OpCode.multi:
    case OpCode.reconfig:
      return true;
    default:
      return false;
  }
}

function checkMultiResult(
  result: MultiResult,
  op: { readonly type: number; readonly path?: string } | undefined,
  stat: Stat | null | undefined,
  where: () => string,
): void {
  if (result.type === OpCode.create || result.type === OpCode.create2) {
    expectThat(result.path === op?.path, RESULT, () => `${where()} returns "${result.path}"`);
  }
  if (result.type === OpCode.create2 || result.type === OpCode.setData) {
    expectStat(result.stat, stat, RESULT, where);
  }
}

function expectStat(
  found: Stat | null,
  wanted: Stat | null | undefined,
  property: string,
  where: () => string,
): void {
  if (found !== null && wanted !== null && wanted !== undefined) {
    for (const field of Object.keys(wanted) as (keyof Stat)[]) {
      if (found[field] === wanted[field]) continue;
      const values = `${field} ${found[field]}, wanted ${wanted[field]}`;
      expectThat(false, property, () => `${where()} gives ${values}`);
    }
    return;
  }
  expectThat(
    found === wanted,
    property,
    () => `${where()} gives ${found === null ? 'no' : 'a'} stat`,
  );
}
