/**
 * The table of metrics: the only list of names, from which `mntr` and `/metrics` derive. Names and
 * meanings are ZooKeeper 3.9's (operations.md 3.4); those beginning with `zabra_` are ours. A row
 * reads its value from the view when somebody asks; nothing is computed before.
 */

import type { ServerStats, Summary } from './server-stats.ts';

export interface MetricView {
  readonly stats: ServerStats;
  /** `standalone`, `leader`, `follower`, `observer`, `looking` or `read-only`. */
  readonly mode: string;
  readonly isEnsemble: boolean;
  readonly connectionCount: number;
  readonly znodeCount: number;
  readonly watchCount: number;
  readonly watchBytes: number;
  readonly ephemeralCount: number;
  readonly approximateDataBytes: number;
  readonly treeBytes: number;
  readonly globalSessionCount: number;
  readonly localSessionCount: number;
  readonly digestMismatchCount: number;
  readonly uptimeMs: number;
  readonly quorumSize: number;
  readonly learnerCount: number;
  readonly syncedFollowerCount: number;
  /** It leads, or is a follower that observers may come to. */
  readonly servesObservers: boolean;
  readonly syncedObserverCount: number;
  readonly syncedNonVotingCount: number;
  readonly pendingSyncCount: number;
  readonly leaderUptimeMs: number;
  readonly lastZxid: number;
  readonly epoch: number;
  readonly unsyncedLogBytes: number;
  readonly dropProbability: number;
  /** Of the present epoch. */
  readonly zxidsLeft: number;
  /** Connections to members that were closed for a silence that Apache would have borne. */
  readonly silenceCount: number;
  readonly detectionFloorMs: number;
}

export type MetricKind = 'gauge' | 'counter' | 'summary';

export interface MetricRow {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  /** Of gauges and counters. */
  readonly value: number;
  /** Of summaries; null otherwise. */
  readonly summary: Summary | null;
}

/** `observers`: where observers are served. */
type When = 'always' | 'ensemble' | 'leader' | 'observers';

export interface MetricSpec {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly when: When;
  readonly read: (view: MetricView) => number | Summary;
}

const gauge = (name: string, help: string, read: (view: MetricView) => number): MetricSpec => ({
  name,
  help,
  kind: 'gauge',
  when: 'always',
  read,
});

const counter = (name: string, help: string, read: (stats: ServerStats) => number): MetricSpec => ({
  name,
  help,
  kind: 'counter',
  when: 'always',
  read: (view) => read(view.stats),
});

const summary = (
  name: string,
  help: string,
  read: (stats: ServerStats) => Summary,
): MetricSpec => ({
  name,
  help,
  kind: 'summary',
  when: 'always',
  read: (view) => read(view.stats),
});

const only = (when: When, spec: MetricSpec): MetricSpec => ({ ...spec, when });

/** ZooKeeper shows -1 while a size was never measured. */
const orNone = (value: Summary, read: number): number => (value.count === 0 ? -1 : read);

export const METRICS: readonly MetricSpec[] = [
  gauge('avg_latency', 'Average request latency, ms', (v) => v.stats.latencyMs.average),
  gauge('max_latency', 'Longest request latency, ms', (v) => v.stats.latencyMs.max),
  gauge('min_latency', 'Shortest request latency, ms', (v) => v.stats.latencyMs.min),
  gauge('packets_received', 'Packets received from clients', (v) => v.stats.packetsReceived),
  gauge('packets_sent', 'Packets sent to clients', (v) => v.stats.packetsSent),
  gauge('num_alive_connections', 'Open client connections', (v) => v.connectionCount),
  gauge('outstanding_requests', 'Requests in process', (v) => v.stats.outstandingRequests),
  gauge('uptime', 'Time since this role began to serve, ms', (v) => v.uptimeMs),
  gauge('znode_count', 'Znodes, the root counted twice', (v) => v.znodeCount),
  gauge('watch_count', 'Watches', (v) => v.watchCount),
  gauge('ephemerals_count', 'Ephemeral znodes', (v) => v.ephemeralCount),
  gauge('approximate_data_size', 'Bytes of paths and data', (v) => v.approximateDataBytes),
  gauge('global_sessions', 'Sessions of the ensemble', (v) => v.globalSessionCount),
  gauge('local_sessions', 'Sessions of this server alone', (v) => v.localSessionCount),
  only(
    'ensemble',
    gauge('quorum_size', 'Voters', (v) => v.quorumSize),
  ),
  only(
    'leader',
    gauge('learners', 'Connected learners', (v) => v.learnerCount),
  ),
  only(
    'leader',
    gauge('synced_followers', 'Followers in step', (v) => v.syncedFollowerCount),
  ),
  only(
    'observers',
    gauge('synced_observers', 'Observers in step', (v) => v.syncedObserverCount),
  ),
  only(
    'leader',
    gauge('synced_non_voting_followers', 'Followers without a vote', (v) => v.syncedNonVotingCount),
  ),
  only(
    'leader',
    gauge('pending_syncs', 'Syncs that wait', (v) => v.pendingSyncCount),
  ),
  only(
    'leader',
    gauge('leader_uptime', 'Time as leader, ms', (v) => v.leaderUptimeMs),
  ),
  only(
    'leader',
    gauge('last_proposal_size', 'Bytes', (v) => v.stats.lastProposalBytes),
  ),
  only(
    'leader',
    gauge('max_proposal_size', 'Bytes', (v) =>
      orNone(v.stats.proposalBytes, v.stats.proposalBytes.max),
    ),
  ),
  only(
    'leader',
    gauge('min_proposal_size', 'Bytes', (v) =>
      orNone(v.stats.proposalBytes, v.stats.proposalBytes.min),
    ),
  ),
  counter('ensemble_auth_success', 'Clients of this ensemble', (s) => s.ensembleAuthSuccessCount),
  counter('ensemble_auth_fail', 'Clients of another ensemble', (s) => s.ensembleAuthFailCount),
  counter('ensemble_auth_skip', 'Clients of any ensemble', (s) => s.ensembleAuthSkipCount),
  gauge('auth_failed_count', 'Failed authentications', (v) => v.stats.authFailedCount),
  counter('commit_count', 'Transactions applied', (s) => s.commitCount),
  counter('proposal_count', 'Transactions proposed', (s) => s.proposalCount),
  counter('diff_count', 'Learners synchronised by DIFF', (s) => s.diffCount),
  counter('snap_count', 'Learners synchronised by SNAP', (s) => s.snapCount),
  counter('looking_count', 'Entries into LOOKING', (s) => s.lookingCount),
  counter(
    'learner_proposal_received_count',
    'Proposals received',
    (s) => s.learnerProposalReceivedCount,
  ),
  counter('learner_commit_received_count', 'Commits received', (s) => s.learnerCommitReceivedCount),
  counter('connection_request_count', 'Sessions requested', (s) => s.connectionRequestCount),
  counter('connection_rejected', 'Connections refused', (s) => s.connectionRejectedCount),
  counter('connection_drop_count', 'Connections dropped', (s) => s.connectionDropCount),
  counter('connection_revalidate_count', 'Sessions renewed', (s) => s.connectionRevalidateCount),
  counter(
    'sessionless_connections_expired',
    'Connections closed without a session',
    (s) => s.sessionlessConnectionsExpired,
  ),
  counter('stale_sessions_expired', 'Sessions expired', (s) => s.staleSessionsExpired),
  counter('bytes_received_count', 'Bytes received from clients', (s) => s.bytesReceived),
  counter('response_bytes', 'Bytes sent to clients', (s) => s.responseBytes),
  gauge(
    'digest_mismatches_count',
    'Transactions with another digest',
    (v) => v.digestMismatchCount,
  ),
  summary('election_time', 'Length of elections, ms', (s) => s.electionTimeMs),
  summary('fsynctime', 'Syncs of the transaction log, ms', (s) => s.fsyncTimeMs),
  summary('snapshottime', 'Snapshots written, ms', (s) => s.snapshotTimeMs),
  summary('dbinittime', 'Loading at start, ms', (s) => s.dbInitTimeMs),
  summary('readlatency', 'Reads of local clients, ms', (s) => s.readLatencyMs),
  summary('updatelatency', 'Writes of local clients, ms', (s) => s.updateLatencyMs),
  counter('zabra_log_diffs', 'Learners synchronised out of log files', (s) => s.logDiffCount),
  counter('zabra_malformed_requests', 'Undecodable frames', (s) => s.malformedRequestCount),
  counter('zabra_unknown_opcodes', 'Requests of unknown type', (s) => s.unknownOpcodeCount),
  counter(
    'zabra_slow_readers',
    'Clients closed because they did not read',
    (s) => s.slowReaderCount,
  ),
  counter('zabra_tls_connections', 'Client connections over TLS', (s) => s.tlsConnectionCount),
  counter(
    'zabra_quorum_auth_failures',
    'Servers refused for want of SASL',
    (s) => s.quorumAuthFailureCount,
  ),
  counter('stale_requests', 'Stale requests that went on', (s) => s.staleRequests),
  counter('stale_requests_dropped', 'Stale requests dropped', (s) => s.staleRequestsDropped),
  counter('throttled_ops', 'Requests refused because they were held', (s) => s.throttledOps),
  counter('request_throttle_wait_count', 'Requests that were held', (s) => s.throttleWaitCount),
  summary('request_throttle_queue_time_ms', 'How long, ms', (s) => s.throttleQueueTimeMs),
  counter('large_requests_rejected', 'Large requests refused', (s) => s.largeRequestsRejected),
  gauge('connection_drop_probability', 'Refusals of sessions', (v) => v.dropProbability),
  summary('connection_token_deficit', 'Tokens that were missing', (s) => s.connectionTokenDeficit),
  counter('ttl_node_deleted_count', 'Expired TTL znodes deleted', (s) => s.ttlNodesDeletedCount),
  counter('zabra_containers_deleted', 'Unused containers deleted', (s) => s.containersDeletedCount),
  gauge('zabra_watch_bytes', 'Memory of the watches', (v) => v.watchBytes),
  gauge('zabra_tree_bytes', 'Memory of the tree', (v) => v.treeBytes),
  gauge('zabra_last_zxid', 'Last zxid applied', (v) => v.lastZxid),
  gauge('zabra_epoch', 'Epoch of the present reign', (v) => v.epoch),
  gauge('zabra_unsynced_log_bytes', 'Log bytes not yet on disk', (v) => v.unsyncedLogBytes),
  only(
    'ensemble',
    gauge('zabra_zxids_left', 'Transactions until a new epoch must begin', (v) => v.zxidsLeft),
  ),
  only(
    'ensemble',
    counter('zabra_hand_overs', 'Times the leadership was handed over', (s) => s.handOverCount),
  ),
  only(
    'ensemble',
    summary('zabra_client_pause_ms', 'Clients kept across a hand-over, ms', (s) => s.clientPauseMs),
  ),
  only(
    'ensemble',
    gauge('zabra_silent_members', 'Members closed for their silence', (v) => v.silenceCount),
  ),
  only(
    'ensemble',
    gauge(
      'zabra_detection_floor_ms',
      'Silence of ours that other members must bear',
      (v) => v.detectionFloorMs,
    ),
  ),
];

/** Every metric that the present role has, with its value now. */
export function readMetrics(view: MetricView): MetricRow[] {
  const rows: MetricRow[] = [];
  for (const { name, help, kind, when, read } of METRICS) {
    if (when === 'ensemble' && !view.isEnsemble) continue;
    if (when === 'leader' && view.mode !== 'leader') continue;
    if (when === 'observers' && !view.servesObservers) continue;
    const found = read(view);
    if (typeof found === 'number') rows.push({ name, help, kind, value: found, summary: null });
    else rows.push({ name, help, kind, value: found.count, summary: found });
  }
  return rows;
}
