/**
 * The configuration of a simulated member: addresses that its sid gives, limits that its plan
 * gives, and for the rest what a plain `zoo.cfg` would.
 */

import { type EnsembleConfig, type Member, memberOf } from '../zab/ensemble-config.ts';
import { NO_AUTHENTICATION } from '../peer/authentication-config.ts';
import { REAPER_DEFAULTS } from '../peer/node-reaper.ts';
import type { PeerConfig } from '../peer/peer-config.ts';
import type { QuorumAuthConfig } from '../peer/quorum-auth-config.ts';
import { SaslUsers } from '../ops/sasl-users.ts';
import { NO_THROTTLE } from '../peer/throttle-config.ts';
import { groupsOf, weightsOf } from './hierarchy.ts';
import type { Plan } from './plan.ts';

export const CLIENT_PORT = 2181;
export const QUORUM_PORT = 2888;
export const ELECTION_PORT = 3888;
export const OBSERVER_MASTER_PORT = 2191;
/** The usual one, and the one to which a change may move a server. */
export const CLIENT_PORTS = [CLIENT_PORT, 2182] as const;
export const QUORUM_PORTS = [QUORUM_PORT, 2889] as const;
export const ELECTION_PORTS = [ELECTION_PORT, 3889] as const;

const QUORUM_USERS = new SaslUsers(new Map([['zk', 'zksecret']]));
const QUORUM_AUTH: QuorumAuthConfig = {
  users: QUORUM_USERS,
  userName: 'zk',
  ownPassword: QUORUM_USERS,
  learnerRequiresSasl: true,
  serverRequiresSasl: true,
};

const HOST_PREFIX = '10.0.0.';
const FOUR_LETTER_WORDS = new Set(['ruok', 'srvr', 'stat', 'mntr', 'isro', 'conf', 'rqld', 'ydld']);

export function hostOf(sid: number): string {
  return `${HOST_PREFIX}${sid}`;
}

/** NaN for the host of a client. */
export function sidOf(host: string): number {
  return host.startsWith(HOST_PREFIX) ? Number(host.slice(HOST_PREFIX.length)) : Number.NaN;
}

/** Voters first, then observers. */
export function ensembleOf({ voterCount, observerCount, hierarchy }: Plan): EnsembleConfig {
  const members = Array.from({ length: voterCount + observerCount }, (_, index): Member => {
    return memberLine(index + 1, index < voterCount ? 'participant' : 'observer');
  });
  const groups = groupsOf(hierarchy);
  return { members, groups, weights: weightsOf(hierarchy), version: 0 };
}

/** What an operator gives a server that is to join: the ensemble as it is, and its own line. */
export function joinerConfig(sid: number, present: EnsembleConfig): EnsembleConfig {
  const own = memberOf(present, sid) ?? memberLine(sid, 'participant');
  const members = [...present.members.filter((member) => member.sid !== sid), own];
  members.sort((a, b) => a.sid - b.sid);
  return { members, groups: new Map(), weights: new Map(), version: 0 };
}

function memberLine(sid: number, role: Member['role']): Member {
  const host = hostOf(sid);
  return {
    sid,
    addresses: [{ host, quorumPort: QUORUM_PORT, electionPort: ELECTION_PORT }],
    role,
    client: { host, port: CLIENT_PORT },
  };
}

function sessionConfig({ tickTimeMs, localSessions, readOnlyAfterMs }: Plan) {
  return {
    minSessionTimeoutMs: 2 * tickTimeMs,
    maxSessionTimeoutMs: 20 * tickTimeMs,
    localSessionsEnabled: localSessions !== 'none',
    localSessionsUpgradingEnabled: localSessions === 'upgrading',
    readOnlyAfterMs,
  };
}

/** A plan of one voter that never changes is a server that stands alone. */
export function peerConfig(
  sid: number,
  ensemble: EnsembleConfig,
  proposed: EnsembleConfig | null,
  plan: Plan,
): PeerConfig {
  const { tickTimeMs } = plan;
  const isChanging = plan.changes.everyUs > 0;
  const own = memberOf(ensemble, sid) ?? (proposed === null ? null : memberOf(proposed, sid));
  return {
    sid,
    ensemble: plan.voterCount === 1 && !isChanging ? null : ensemble,
    clientAddress: own?.client ?? { host: hostOf(sid), port: CLIENT_PORT },
    secureClientAddress: null,
    tickTimeMs,
    initLimitTicks: plan.initLimitTicks,
    syncLimitTicks: plan.syncLimitTicks,
    ...sessionConfig(plan),
    maxClientCnxns: 60,
    maxCnxns: 0,
    globalOutstandingLimit: 1000,
    juteMaxBufferBytes: 1_048_575,
    juteExtraBytes: 1_048_575,
    throttle: NO_THROTTLE,
    reaper: REAPER_DEFAULTS,
    clientOutputBytesMax: 4 * 1024 * 1024,
    fourLetterWords: FOUR_LETTER_WORDS,
    connectionLog: false,
    digestEnabled: true,
    extendedTypesEnabled: false,
    closeSessionTxnEnabled: true,
    enforceQuota: false,
    skipAcl: isChanging,
    superDigest: '',
    keeper: null,
    authentication: NO_AUTHENTICATION,
    quorumAuth: plan.quorumSasl ? QUORUM_AUTH : null,
    reconfigEnabled: isChanging,
    standaloneEnabled: !isChanging,
    multiAddressEnabled: false,
    proposedEnsemble: proposed,
    snapCount: plan.snapCount,
    snapSizeLimitBytes: 0,
    txnLogSizeLimitBytes: 0,
    preAllocBytes: plan.preAllocBytes,
    commitLogCount: plan.commitLogCount,
    snapshotSizeFactor: plan.snapshotSizeFactor,
    forceSync: true,
    autopurgeRetainCount: 3,
    autopurgeIntervalMs: plan.autopurgeIntervalMs,
    snapshotTrustEmpty: false,
    serializeLastProcessedZxid: true,
    snapshotCompression: 'none',
    dbAutocreate: true,
    leaderServes: plan.leaderServes,
    electionConnectTimeoutMs: 5000,
    failureDetectionMs: plan.failureDetectionMs,
    zxidsPerEpoch: plan.zxidsPerEpoch,
    quorumListenOnAllIps: false,
    observerMasterPort: plan.hasObserverMasters ? OBSERVER_MASTER_PORT : 0,
    observerMasterBytesMax: plan.observerMasterBytesMax,
    emptyNeedsAllVoters: plan.emptyNeedsAllVoters,
    initializeMarker: false,
    dataDir: '/data',
    dataLogDir: '/data',
    dateText: String,
    versionText: 'simulated',
    environment: [],
  };
}
