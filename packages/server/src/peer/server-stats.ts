/**
 * ServerStats: what a server counts about itself, plain numbers that the hot path adds to. The
 * four-letter words, `/metrics` and the console read them; `srst` resets most. Names are those of
 * ZooKeeper's metrics (operations.md 3.4).
 */

/** Average, least, most, count and sum of a series of values. */
export class Summary {
  count: number;
  sum: number;
  /** 0 while nothing was added, as `srvr` shows it. */
  min: number;
  max: number;

  constructor() {
    this.count = 0;
    this.sum = 0;
    this.min = 0;
    this.max = 0;
  }

  add(value: number): void {
    if (this.count === 0 || value < this.min) this.min = value;
    if (this.count === 0 || value > this.max) this.max = value;
    this.count++;
    this.sum += value;
  }

  /** 0 while nothing was added. */
  get average(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }

  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.min = 0;
    this.max = 0;
  }
}

export class ServerStats {
  packetsReceived: number;
  packetsSent: number;
  bytesReceived: number;
  responseBytes: number;
  /** Requests of clients accepted and not yet answered. */
  outstandingRequests: number;
  /** Milliseconds from receipt to answer, pings and four-letter words excepted. */
  readonly latencyMs: Summary;
  readonly updateLatencyMs: Summary;
  readonly readLatencyMs: Summary;
  readonly electionTimeMs: Summary;
  readonly fsyncTimeMs: Summary;
  readonly snapshotTimeMs: Summary;
  readonly dbInitTimeMs: Summary;
  /** How long clients were kept across a hand-over, ms. */
  readonly clientPauseMs: Summary;
  readonly proposalBytes: Summary;
  lastProposalBytes: number;
  /** Tokens that were missing at each connection (`connection_throttle_tokens`). */
  readonly connectionTokenDeficit: Summary;
  /** How long requests were held, ms. */
  readonly throttleQueueTimeMs: Summary;
  throttleWaitCount: number;
  throttledOps: number;
  staleRequests: number;
  staleRequestsDropped: number;
  largeRequestsRejected: number;
  connectionRequestCount: number;
  connectionRejectedCount: number;
  connectionDropCount: number;
  connectionRevalidateCount: number;
  sessionlessConnectionsExpired: number;
  staleSessionsExpired: number;
  authFailedCount: number;
  /** Clients that named an ensemble: ours, another, or nobody asks. */
  ensembleAuthSuccessCount: number;
  ensembleAuthFailCount: number;
  ensembleAuthSkipCount: number;
  commitCount: number;
  proposalCount: number;
  lookingCount: number;
  diffCount: number;
  snapCount: number;
  /** DIFFs that began in log files. */
  logDiffCount: number;
  /** Reigns that ended by a hand-over, ours or that of our leader. */
  handOverCount: number;
  learnerProposalReceivedCount: number;
  learnerCommitReceivedCount: number;
  /** Frames that cost their connection, or were answered with MARSHALLINGERROR. */
  malformedRequestCount: number;
  unknownOpcodeCount: number;
  slowReaderCount: number;
  tlsConnectionCount: number;
  /** Servers that were refused at the quorum and election ports for want of SASL. */
  quorumAuthFailureCount: number;
  /** Deletions that this server has ordered by itself. */
  containersDeletedCount: number;
  ttlNodesDeletedCount: number;

  constructor() {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.bytesReceived = 0;
    this.responseBytes = 0;
    this.outstandingRequests = 0;
    this.latencyMs = new Summary();
    this.updateLatencyMs = new Summary();
    this.readLatencyMs = new Summary();
    this.electionTimeMs = new Summary();
    this.fsyncTimeMs = new Summary();
    this.snapshotTimeMs = new Summary();
    this.dbInitTimeMs = new Summary();
    this.clientPauseMs = new Summary();
    this.proposalBytes = new Summary();
    this.lastProposalBytes = -1;
    this.connectionTokenDeficit = new Summary();
    this.throttleQueueTimeMs = new Summary();
    this.throttleWaitCount = 0;
    this.throttledOps = 0;
    this.staleRequests = 0;
    this.staleRequestsDropped = 0;
    this.largeRequestsRejected = 0;
    this.connectionRequestCount = 0;
    this.connectionRejectedCount = 0;
    this.connectionDropCount = 0;
    this.connectionRevalidateCount = 0;
    this.sessionlessConnectionsExpired = 0;
    this.staleSessionsExpired = 0;
    this.authFailedCount = 0;
    this.ensembleAuthSuccessCount = 0;
    this.ensembleAuthFailCount = 0;
    this.ensembleAuthSkipCount = 0;
    this.commitCount = 0;
    this.proposalCount = 0;
    this.lookingCount = 0;
    this.diffCount = 0;
    this.snapCount = 0;
    this.logDiffCount = 0;
    this.handOverCount = 0;
    this.learnerProposalReceivedCount = 0;
    this.learnerCommitReceivedCount = 0;
    this.malformedRequestCount = 0;
    this.unknownOpcodeCount = 0;
    this.slowReaderCount = 0;
    this.tlsConnectionCount = 0;
    this.quorumAuthFailureCount = 0;
    this.containersDeletedCount = 0;
    this.ttlNodesDeletedCount = 0;
  }

  /** One request answered, `elapsedMs` after it came. */
  onAnswered(elapsedMs: number, isWrite: boolean): void {
    this.latencyMs.add(elapsedMs);
    if (isWrite) this.updateLatencyMs.add(elapsedMs);
    else this.readLatencyMs.add(elapsedMs);
  }

  /** A learner is about to be brought up to date. Apache's count of DIFFs is of all but SNAP. */
  onSynchronise(kind: 'DIFF' | 'TRUNC' | 'SNAP', isFromLog: boolean): void {
    if (kind === 'SNAP') this.snapCount++;
    else this.diffCount++;
    if (isFromLog) this.logDiffCount++;
  }

  onProposed(bytes: number): void {
    this.proposalCount++;
    this.lastProposalBytes = bytes;
    this.proposalBytes.add(bytes);
  }

  /** `srst`: latencies, packet counters and proposal sizes begin anew. */
  reset(): void {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.latencyMs.reset();
    this.updateLatencyMs.reset();
    this.readLatencyMs.reset();
    this.proposalBytes.reset();
    this.lastProposalBytes = -1;
  }
}
