/**
 * The configuration of a simulated member: addresses that its sid gives, limits that its plan
 * gives, and for the rest what a plain `zoo.cfg` would.
 */

import type { EnsembleConfig, Member } from '../zab/ensemble-config.ts';
import { NO_AUTHENTICATION } from '../peer/authentication-config.ts';
import { REAPER_DEFAULTS } from '../peer/node-reaper.ts';
import type { PeerConfig } from '../peer/peer-config.ts';
import { NO_THROTTLE } from '../peer/throttle-config.ts';
import type { Plan } from './plan.ts';

export const CLIENT_PORT = 2181;
export const QUORUM_PORT = 2888;
export const ELECTION_PORT = 3888;

const HOST_PREFIX = '10.0.0.';
const FOUR_LETTER_WORDS = new Set(['ruok', 'srvr', 'stat', 'mntr', 'isro', 'conf']);

export function hostOf(sid: number): string {
  return `${HOST_PREFIX}${sid}`;
}

/** NaN for the host of a client. */
export function sidOf(host: string): number {
  return host.startsWith(HOST_PREFIX) ? Number(host.slice(HOST_PREFIX.length)) : Number.NaN;
}

/** Voters first, then observers. */
export function ensembleOf({ voterCount, observerCount }: Plan): EnsembleConfig {
  const members = Array.from({ length: voterCount + observerCount }, (_, index): Member => {
    const sid = index + 1;
    const host = hostOf(sid);
    return {
      sid,
      addresses: [{ host, quorumPort: QUORUM_PORT, electionPort: ELECTION_PORT }],
      role: index < voterCount ? 'participant' : 'observer',
      client: { host, port: CLIENT_PORT },
    };
  });
  return { members, groups: new Map(), weights: new Map(), version: 0 };
}

/** A plan of one voter is a server that stands alone. */
export function peerConfig(sid: number, ensemble: EnsembleConfig, plan: Plan): PeerConfig {
  const { tickTimeMs } = plan;
  return {
    sid,
    ensemble: plan.voterCount === 1 ? null : ensemble,
    clientAddress: { host: hostOf(sid), port: CLIENT_PORT },
    secureClientAddress: null,
    tickTimeMs,
    initLimitTicks: plan.initLimitTicks,
    syncLimitTicks: plan.syncLimitTicks,
    minSessionTimeoutMs: 2 * tickTimeMs,
    maxSessionTimeoutMs: 20 * tickTimeMs,
    maxClientCnxns: 60,
    maxCnxns: 0,
    globalOutstandingLimit: 1000,
    juteMaxBufferBytes: 1_048_575,
    juteExtraBytes: 1_048_575,
    throttle: NO_THROTTLE,
    reaper: REAPER_DEFAULTS,
    clientOutputBytesMax: 4 * 1024 * 1024,
    fourLetterWords: FOUR_LETTER_WORDS,
    digestEnabled: true,
    extendedTypesEnabled: false,
    closeSessionTxnEnabled: true,
    enforceQuota: false,
    skipAcl: false,
    superDigest: '',
    authentication: NO_AUTHENTICATION,
    reconfigEnabled: false,
    snapCount: plan.snapCount,
    snapSizeLimitBytes: 0,
    txnLogSizeLimitBytes: 0,
    preAllocBytes: plan.preAllocBytes,
    commitLogCount: plan.commitLogCount,
    forceSync: true,
    autopurgeRetainCount: 3,
    autopurgeIntervalMs: plan.autopurgeIntervalMs,
    snapshotTrustEmpty: false,
    serializeLastProcessedZxid: true,
    snapshotCompression: 'none',
    dbAutocreate: true,
    leaderServes: plan.leaderServes,
    electionConnectTimeoutMs: 5000,
    quorumListenOnAllIps: false,
    emptyNeedsAllVoters: plan.emptyNeedsAllVoters,
    initializeMarker: false,
    dataDir: '/data',
    dataLogDir: '/data',
    versionText: 'simulated',
    environment: [],
  };
}
