/**
 * The four-letter words whose answer has a line for each connection, session or watch: `stat`,
 * `cons`, `dump`, `wchs`, `wchc`, `wchp` (operations.md 1.4). Texts are ZooKeeper's to the byte.
 * Each is made in pieces, between which the server goes on; a piece may be empty, when there was
 * work and nothing to say yet. What changes meanwhile is shown as it was or as it is.
 */

import { int64Hex, zxidToHex } from '@zabra/protocol';
import type { DigestLog } from '../ops/digest-log.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { SessionTable } from '../tree/session-table.ts';
import type { WatchReport } from '../tree/watch-report.ts';
import type { ClientConnection } from './client-connection.ts';
import { SESSIONLESS_TIMEOUT_MS } from './client-connections.ts';
import type { SessionTracker } from './session-tracker.ts';

/** ZooKeeper keeps connections in buckets of this width (`nio.sessionlessCnxnTimeout`). */
const CONNECTION_BUCKET_MS = SESSIONLESS_TIMEOUT_MS;

/** What takes as long as to write a line. */
const PATHS_PER_PIECE = 8;

export interface LongWordView {
  readonly nowMs: number;
  readonly wallMs: number;
  /** Wall-clock ms as Java prints a date. */
  dateText(wallMs: number): string;
  connections(): IterableIterator<ClientConnection>;
  readonly connectionCount: number;
  connection(id: number): ClientConnection | undefined;
  /** Of the sessions of all; null on a learner. */
  readonly sessionTracker: SessionTracker | null;
  /** Null where there are no local sessions. */
  readonly localTracker: SessionTracker | null;
  readonly sessions: SessionTable;
  readonly digests: DigestLog;
  readonly tree: DataTree;
  readonly dataWatchCount: number;
  watchReport(): WatchReport;
}

export type Pieces = Generator<string, void, void>;

/** The connections of `stat`, one line each. */
export function* briefConnections(view: LongWordView): Pieces {
  for (const connection of view.connections()) yield ` ${briefText(connection)})\n`;
}

export function* cons(view: LongWordView): Pieces {
  const bootMs = view.wallMs - view.nowMs;
  for (const connection of view.connections()) {
    yield ` ${briefText(connection)}${sessionText(connection, bootMs)})\n`;
  }
  yield '\n';
}

export function* dump(view: LongWordView): Pieces {
  yield 'SessionTracker dump:\n';
  const { localTracker: local, sessionTracker: tracker } = view;
  if (local !== null) {
    yield 'Local ';
    yield* sessionSets(view, local);
    if (tracker !== null) yield 'Global ';
  }
  if (tracker !== null) yield* sessionSets(view, tracker);
  else yield* globalSessions(view);
  yield `ephemeral nodes dump:\nSessions with Ephemerals (${view.tree.ephemeralOwnerCount}):\n`;
  for (const [hi, lo] of view.tree.ephemeralOwners()) {
    yield `0x${int64Hex(hi, lo)}:\n`;
    for (const path of view.tree.ephemeralsOf(hi, lo)) yield `\t${path}\n`;
  }
  yield 'Connections dump:\nConnections ';
  yield* sets(view, connectionExpiries(view), view.connectionCount);
}

export function* wchs(view: LongWordView): Pieces {
  const report = view.watchReport();
  let watcherCount = 0;
  for (const id of report.watcherIds()) {
    if (report.isWatcher(id)) watcherCount++;
    yield '';
  }
  let pathCount = 0;
  for (const { seen, count } of report.pathCounts()) {
    pathCount += count;
    yield* pauses(seen);
  }
  yield `${watcherCount} connections watching ${pathCount} paths\n`;
  yield `Total watches:${view.dataWatchCount}\n`;
}

export function* wchc(view: LongWordView): Pieces {
  const report = view.watchReport();
  for (const id of report.watcherIds()) {
    let isNamed = false;
    for (const path of report.pathsOf(id)) {
      if (path !== null && !isNamed) yield `${sessionName(view.connection(id))}\n`;
      isNamed ||= path !== null;
      yield path === null ? '' : `\t${path}\n`;
    }
  }
  yield '\n';
}

export function* wchp(view: LongWordView): Pieces {
  for (const { seen, paths } of view.watchReport().watchedPaths()) {
    yield* pauses(seen);
    for (const { path, watcherIds } of paths) {
      yield `${path}\n`;
      for (const id of watcherIds) yield `\t${sessionName(view.connection(id))}\n`;
    }
  }
  yield '\n';
}

/** So many empty pieces as the work was worth that looked at so many paths. */
function* pauses(pathCount: number): Pieces {
  for (let rest = pathCount; rest >= 0; rest -= PATHS_PER_PIECE) yield '';
}

function briefText({ address, queue, packetsReceived, packetsSent, session }: ClientConnection) {
  // Interest bits: a connection under a four-letter word waits for nothing.
  const interest = session === null ? 0 : 1;
  return (
    `${address}[${interest}](queued=${queue.length},recved=${packetsReceived},` +
    `sent=${packetsSent}`
  );
}

function sessionText({ session, answers, openedMs }: ClientConnection, bootMs: number): string {
  if (session === null) return '';
  const cxid = answers.lastCxid < 0 ? '' : `,lcxid=0x${answers.lastCxid.toString(16)}`;
  const zxid = answers.lastZxid < 0 ? 'ffffffffffffffff' : zxidToHex(answers.lastZxid);
  return (
    `,sid=${session.name},lop=${answers.lastOpText},est=${bootMs + openedMs},` +
    `to=${session.timeoutMs}${cxid},lzxid=0x${zxid},lresp=${answers.lastMs},` +
    `llat=${answers.lastLatencyMs},minlat=${answers.minLatencyMs},` +
    `avglat=${answers.averageLatencyMs},maxlat=${answers.maxLatencyMs}`
  );
}

function sessionName(connection: ClientConnection | undefined): string {
  return connection?.session?.name ?? '0x0';
}

function* sessionSets(view: LongWordView, tracker: SessionTracker): Pieces {
  yield 'Session ';
  yield* sets(view, expiries(tracker), tracker.count);
}

function* expiries(tracker: SessionTracker): Generator<readonly [line: string, atMs: number]> {
  for (const [hi, lo, atMs] of tracker.expiries()) yield [`0x${int64Hex(hi, lo)}`, atMs];
}

function* connectionExpiries(view: LongWordView): Generator<readonly [line: string, atMs: number]> {
  for (const { address, session, openedMs, heardMs } of view.connections()) {
    const atMs = session === null ? openedMs + SESSIONLESS_TIMEOUT_MS : heardMs + session.timeoutMs;
    const bucketMs = (Math.floor(atMs / CONNECTION_BUCKET_MS) + 1) * CONNECTION_BUCKET_MS;
    yield [`ip: ${address} sessionId: ${session?.name ?? '0x0'}`, bucketMs];
  }
}

/** What ends when, by time. */
function* sets(
  view: LongWordView,
  rows: Iterable<readonly [line: string, atMs: number]>,
  count: number,
): Pieces {
  const byTime = new Map<number, string[]>();
  for (const [line, atMs] of rows) {
    const lines = byTime.get(atMs);
    if (lines === undefined) byTime.set(atMs, [line]);
    else lines.push(line);
    yield '';
  }
  const bootMs = view.wallMs - view.nowMs;
  yield `Sets (${byTime.size})/(${count}):\n`;
  for (const [atMs, lines] of [...byTime].toSorted(([a], [b]) => a - b)) {
    yield `${lines.length} expire at ${view.dateText(bootMs + atMs)}:\n`;
    for (const line of lines) yield `\t${line}\n`;
  }
}

/** By signed id, which is by high half, then by low half without a sign. */
function* globalSessions({ sessions }: LongWordView): Pieces {
  const byHi = new Map<number, number[]>();
  for (const [hi, lo] of sessions.entries()) {
    const row = byHi.get(hi);
    if (row === undefined) byHi.set(hi, [lo >>> 0]);
    else row.push(lo >>> 0);
    yield '';
  }
  yield `Global Sessions(${sessions.size}):\n`;
  for (const [hi, row] of [...byHi].toSorted(([a], [b]) => a - b)) {
    for (const lo of Float64Array.from(row).sort()) {
      const timeoutMs = sessions.timeoutMs(hi, lo | 0);
      yield timeoutMs < 0 ? '' : `0x${int64Hex(hi, lo | 0)}\t${timeoutMs}ms\n`;
    }
  }
}
