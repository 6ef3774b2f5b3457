/** What four-letter words look at, with the figures that a test gives, and what servers printed. */

import { readFileSync } from 'node:fs';
import { DigestLog } from '../ops/digest-log.ts';
import { DataTree } from '../tree/data-tree.ts';
import { SessionTable } from '../tree/session-table.ts';
import { WatchTable } from '../tree/watch-table.ts';
import { AnswerStats } from './answer-stats.ts';
import { configOf } from './bed-config.test-kit.ts';
import type { ClientConnection } from './client-connection.ts';
import { answerWord, type WordView } from './four-letter-words.ts';
import type { LongWordView } from './long-words.ts';
import type { MetricRow } from './metrics.ts';
import { ServerStats } from './server-stats.ts';

const GOLDEN = new URL('../../../../test/golden/operations/4lw/', import.meta.url);
const VERSION =
  '3.10.0-SNAPSHOT-53a78e36f99602162643303ab330377fc383b41f, built on 2026-07-17 18:55 UTC';

export const PLAIN = configOf();

export function golden(name: string): string {
  return readFileSync(new URL(name, GOLDEN), 'utf8');
}

/** The whole answer. */
export function answerOf(word: string, view: WordView, tail = new Uint8Array(0)): string | null {
  const answer = answerWord(word, view, tail);
  if (answer === null || typeof answer === 'string') return answer;
  let text = '';
  for (let next = answer.next(); next.done !== true; next = answer.next()) text += next.value;
  return text;
}

export function viewOf(changes: Partial<WordView>): WordView {
  return {
    config: { ...PLAIN, versionText: VERSION },
    stats: new ServerStats(),
    serving: true,
    isReadOnly: false,
    mode: 'standalone',
    observerMasterSid: null,
    peerState: null,
    zxid: 0,
    znodeCount: 0,
    watchCount: 0,
    connectionCount: 0,
    lists: listsOf({}),
    traceMask: { hi: 0, lo: 306 },
    metrics: (): MetricRow[] => [],
    directoryBytes: () => 0,
    clientPort: (changes.config ?? PLAIN).clientAddress.port,
    ensembleText: null,
    electionPort: -1,
    quorumPort: -1,
    peerType: 0,
    yieldLead: () => true,
    requestLead: () => true,
    ...changes,
  };
}

export function listsOf(changes: Partial<LongWordView>): LongWordView {
  return {
    nowMs: 0,
    wallMs: 0,
    dateText: String,
    connections: () => new Map<number, ClientConnection>().values(),
    connectionCount: 0,
    connection: () => undefined,
    sessionTracker: null,
    localTracker: null,
    sessions: new SessionTable(),
    digests: new DigestLog(),
    tree: new DataTree({ digestEnabled: false, extendedTypes: false }),
    dataWatchCount: 0,
    watchReport: () => new WatchTable().report(),
    ...changes,
  };
}

export function statsOf(received: number, sent: number, latency: readonly number[]): ServerStats {
  const stats = new ServerStats();
  stats.packetsReceived = received;
  stats.packetsSent = sent;
  const [count = 0, sum = 0, max = 0] = latency;
  Object.assign(stats.latencyMs, { count, sum, min: 0, max });
  return stats;
}

/** `session` is the name of a session, null for a connection that has none. */
export function connectionOf(
  port: number,
  session: string | null,
  received: number,
  sent: number,
  changes: Partial<ClientConnection> = {},
): ClientConnection {
  return {
    address: `/127.0.0.1:${port}`,
    queue: { length: 0 },
    packetsReceived: received,
    packetsSent: sent,
    session: session === null ? null : { name: session, timeoutMs: 30_000 },
    answers: new AnswerStats(),
    openedMs: 0,
    heardMs: 0,
    ...changes,
  } as unknown as ClientConnection;
}
