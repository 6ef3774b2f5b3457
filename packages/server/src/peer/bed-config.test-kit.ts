/** What the beds run: the configuration of a plain server, and hashes. */

import { createHash } from 'node:crypto';
import type { Hashes } from '../ops/state-options.ts';
import { NO_AUTHENTICATION } from './authentication-config.ts';
import { REAPER_DEFAULTS } from './node-reaper.ts';
import type { PeerConfig } from './peer-config.ts';
import { NO_THROTTLE } from './throttle-config.ts';

export const HASHES: Hashes = {
  hash: (algorithm, bytes) => new Uint8Array(createHash(algorithm).update(bytes).digest()),
  md5: (bytes) => new Uint8Array(createHash('md5').update(bytes).digest()),
  randomBytes: (count) => Uint8Array.from({ length: count }, (_, index) => index),
};

export const START_MS = 1_000_000;
export const WALL_START_MS = 1_767_225_600_000;

/** As a plain `zoo.cfg` of a server that stands alone gives it, but for what the test changes. */
export function configOf(changes: Partial<PeerConfig> = {}): PeerConfig {
  return {
    sid: 1,
    ensemble: null,
    clientAddress: { host: '127.0.0.1', port: 2181 },
    secureClientAddress: null,
    tickTimeMs: 2000,
    initLimitTicks: 10,
    syncLimitTicks: 5,
    minSessionTimeoutMs: 4000,
    maxSessionTimeoutMs: 40_000,
    maxClientCnxns: 60,
    maxCnxns: 0,
    globalOutstandingLimit: 1000,
    juteMaxBufferBytes: 1_048_575,
    juteExtraBytes: 1_048_575,
    throttle: NO_THROTTLE,
    reaper: REAPER_DEFAULTS,
    clientOutputBytesMax: 64 * 1024 * 1024,
    fourLetterWords: new Set(['*']),
    dateText: (wallMs) => `at ${wallMs}`,
    connectionLog: false,
    digestEnabled: true,
    extendedTypesEnabled: false,
    closeSessionTxnEnabled: true,
    enforceQuota: false,
    reconfigEnabled: false,
    standaloneEnabled: true,
    multiAddressEnabled: false,
    proposedEnsemble: null,
    skipAcl: false,
    superDigest: '',
    keeper: null,
    authentication: NO_AUTHENTICATION,
    quorumAuth: null,
    snapCount: 100_000,
    snapSizeLimitBytes: 0,
    txnLogSizeLimitBytes: 0,
    preAllocBytes: 0,
    commitLogCount: 500,
    snapshotSizeFactor: 0.33,
    forceSync: true,
    autopurgeRetainCount: 3,
    autopurgeIntervalMs: 0,
    snapshotTrustEmpty: false,
    serializeLastProcessedZxid: true,
    snapshotCompression: 'none',
    dbAutocreate: true,
    leaderServes: true,
    localSessionsEnabled: false,
    localSessionsUpgradingEnabled: false,
    readOnlyAfterMs: -1,
    electionConnectTimeoutMs: 5000,
    failureDetectionMs: 0,
    zxidsPerEpoch: 1_000_000,
    quorumListenOnAllIps: false,
    observerMasterPort: 0,
    observerMasterBytesMax: 65_536,
    emptyNeedsAllVoters: false,
    initializeMarker: false,
    dataDir: '/data/version-2',
    dataLogDir: '/data/version-2',
    versionText: '3.9.5-zabra.test',
    environment: [['host.name', 'bed']],
    ...changes,
  };
}
