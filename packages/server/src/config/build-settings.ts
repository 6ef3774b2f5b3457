/**
 * The checked values of a configuration as the frozen settings of a server: units multiplied out,
 * literals turned into meanings, defaults that depend on others filled in. Checks are `zoo-cfg`'s.
 */

import fs from 'node:fs';
import { COUNTER_MAX } from '@zabra/protocol';
import type { PeerConfig } from '../peer/peer-config.ts';
import type { ClientAddress, EnsembleConfig } from '../zab/ensemble-config.ts';
import type { ConfigValues } from './config-values.ts';
import { dataDirectories, initializeMarkerPath } from './data-directories.ts';
import { logLevel } from './log4j-file.ts';
import { juteExtraBytes, reaperConfig, throttleConfig } from './limit-settings.ts';
import { processSurroundings } from './process-environment.ts';
import type { SecuritySettings } from './security-settings.ts';
import { KEYS } from './server-keys.ts';
import type { EdgeSettings, ServerSettings } from './settings.ts';

/** Who this server is, as the checks found it. */
export interface Identity {
  readonly myid: number | null;
  /** Null for a standalone server. */
  readonly ensemble: EnsembleConfig | null;
  /** Seen before this start and not committed then. */
  readonly proposed: EnsembleConfig | null;
  /** zoo.cfg, absolute, where changes of the ensemble are written to it; else null. */
  readonly configFile: string | null;
  readonly client: ClientAddress | null;
  readonly secureClient: ClientAddress | null;
  readonly security: SecuritySettings;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
}

type SessionKey =
  | 'minSessionTimeoutMs'
  | 'maxSessionTimeoutMs'
  | 'localSessionsEnabled'
  | 'localSessionsUpgradingEnabled'
  | 'readOnlyAfterMs';

/** Server id of a standalone server, whatever `myid` says: the high byte of its session ids. */
const STANDALONE_SID = 1;
const SNAP_RETAIN_MIN = 3;
const SNAP_COUNT_MIN = 2;
const READ_ONLY_AFTER_MS_MIN = 2000;
const KIB = 1024;
const HOUR_MS = 3_600_000;

export function buildSettings(
  values: ConfigValues,
  identity: Identity,
  notes: ServerSettings['notes'],
  versionText: string,
): ServerSettings {
  const edge = edgeSettings(values, identity);
  const peer = peerConfig(values, identity, edge, versionText);
  const warnings = values.warnings.map((message) => {
    return { level: 'warn', thread: 'main', source: 'QuorumPeerConfig', message } as const;
  });
  const all = [...notes, ...warnings];
  return Object.freeze({ peer: Object.freeze(peer), edge: Object.freeze(edge), notes: all });
}

function edgeSettings(values: ConfigValues, identity: Identity): EdgeSettings {
  const dataDir = values.get(KEYS.dataDir);
  const dataLogDir = values.get(KEYS.dataLogDir);
  const healthPort = values.get(KEYS.healthPort);
  const host = values.get(KEYS.healthAddress);
  return {
    directories: dataDirectories(dataDir, dataLogDir === '' ? dataDir : dataLogDir),
    datadirAutocreate: values.get(KEYS.datadirAutocreate),
    myid: identity.ensemble === null ? '' : String(identity.myid),
    configFile: identity.configFile,
    backsUpConfig: identity.configFile !== null && values.dynamicEntries.length > 0,
    clientBacklog: Math.max(0, values.get(KEYS.clientPortListenBacklog)),
    clientKeepAlive: values.get(KEYS.clientTcpKeepAlive),
    linkKeepAlive: values.get(KEYS.tcpKeepAlive),
    sharedReads: values.get(KEYS.sharedReadBuffer),
    writesDirectly: values.get(KEYS.directLog),
    tls: identity.security.tls,
    quorumTls: identity.security.quorumTls,
    slowLogWriteMs: values.get(KEYS.fsyncWarningThresholdMs),
    health: healthPort < 0 ? null : { host, port: healthPort },
    logFormat: values.get(KEYS.log),
    logLevel: logLevel(values),
    memoryBytes: values.get(KEYS.memory),
  };
}

function peerConfig(
  values: ConfigValues,
  identity: Identity,
  edge: EdgeSettings,
  versionText: string,
): PeerConfig {
  const { directories } = edge;
  const { ensemble } = identity;
  return {
    sid: ensemble === null ? STANDALONE_SID : (identity.myid ?? STANDALONE_SID),
    ensemble,
    proposedEnsemble: identity.proposed,
    // Port -1 has no listener; `conf` prints it as it is.
    clientAddress: identity.client ?? { host: '0.0.0.0', port: -1 },
    secureClientAddress: identity.secureClient,
    tickTimeMs: values.get(KEYS.tickTime),
    initLimitTicks: values.get(KEYS.initLimit),
    syncLimitTicks: values.get(KEYS.syncLimit),
    ...sessionConfig(values, identity),
    maxClientCnxns: values.get(KEYS.maxClientCnxns),
    maxCnxns: values.get(KEYS.maxCnxns),
    globalOutstandingLimit: outstandingLimit(values.get(KEYS.globalOutstandingLimit), ensemble),
    juteMaxBufferBytes: values.get(KEYS.juteMaxBuffer),
    juteExtraBytes: juteExtraBytes(values),
    throttle: throttleConfig(values),
    reaper: reaperConfig(values),
    clientOutputBytesMax: values.get(KEYS.clientOutputBytesMax),
    fourLetterWords: fourLetterWords(values),
    connectionLog: values.get(KEYS.connectionLog),
    digestEnabled: values.get(KEYS.digestEnabled),
    extendedTypesEnabled: values.get(KEYS.extendedTypesEnabled),
    closeSessionTxnEnabled: values.get(KEYS.closeSessionTxnEnabled),
    reconfigEnabled: values.get(KEYS.reconfigEnabled),
    standaloneEnabled: values.get(KEYS.standaloneEnabled),
    multiAddressEnabled: values.get(KEYS.multiAddressEnabled),
    enforceQuota: values.get(KEYS.enforceQuota),
    skipAcl: values.get(KEYS.skipAcl),
    superDigest: values.get(KEYS.superDigest),
    keeper: keeperOptions(values),
    authentication: identity.security.authentication,
    quorumAuth: identity.security.quorumAuth,
    snapCount: Math.max(SNAP_COUNT_MIN, values.get(KEYS.snapCount)),
    snapSizeLimitBytes: values.get(KEYS.snapSizeLimitInKb) * KIB,
    txnLogSizeLimitBytes: values.get(KEYS.txnLogSizeLimitInKb) * KIB,
    preAllocBytes: values.get(KEYS.preAllocSize) * KIB,
    commitLogCount: values.get(KEYS.commitLogCount),
    snapshotSizeFactor: values.get(KEYS.snapshotSizeFactor),
    forceSync: !values.get(KEYS.forceSyncOff),
    autopurgeRetainCount: Math.max(SNAP_RETAIN_MIN, values.get(KEYS.autopurgeSnapRetainCount)),
    autopurgeIntervalMs: Math.max(0, values.get(KEYS.autopurgePurgeInterval)) * HOUR_MS,
    snapshotTrustEmpty: values.get(KEYS.snapshotTrustEmpty),
    serializeLastProcessedZxid: values.get(KEYS.serializeLastProcessedZxid),
    snapshotCompression: compression(values.get(KEYS.snapshotCompression)),
    dbAutocreate: values.get(KEYS.dbAutocreate),
    leaderServes: !values.get(KEYS.leaderServesOff),
    electionConnectTimeoutMs: values.get(KEYS.cnxTimeout),
    failureDetectionMs: values.get(KEYS.failureDetectionMs),
    zxidsPerEpoch: values.get(KEYS.zxidsPerEpoch) || COUNTER_MAX - 1,
    quorumListenOnAllIps: values.get(KEYS.quorumListenOnAllIPs),
    observerMasterPort: values.get(KEYS.observerMasterPort),
    observerMasterBytesMax: values.get(KEYS.observerMasterSizeLimit),
    emptyNeedsAllVoters: values.get(KEYS.emptyNeedsAllVoters),
    initializeMarker: fs.existsSync(initializeMarkerPath(directories)),
    dataDir: directories.snap,
    dataLogDir: directories.log,
    versionText,
    ...processSurroundings(),
  };
}

/** ZooKeeper shares the limit among the followers of an ensemble of more than two voters. */
function outstandingLimit(limit: number, ensemble: EnsembleConfig | null): number {
  const voters = ensemble?.members.filter(({ role }) => role === 'participant').length ?? 1;
  return voters > 2 ? Math.max(1, Math.floor(limit / (voters - 1))) : limit;
}

function sessionConfig(
  values: ConfigValues,
  { minSessionTimeoutMs, maxSessionTimeoutMs }: Identity,
): Pick<PeerConfig, SessionKey> {
  // Time for an ordinary election is given first, as in the reference.
  const readOnlyAfterMs = Math.max(READ_ONLY_AFTER_MS_MIN, values.get(KEYS.tickTime));
  return {
    minSessionTimeoutMs,
    maxSessionTimeoutMs,
    localSessionsEnabled: values.get(KEYS.localSessionsEnabled),
    localSessionsUpgradingEnabled: values.get(KEYS.localSessionsUpgradingEnabled),
    readOnlyAfterMs: values.get(KEYS.readOnlyModeEnabled) ? readOnlyAfterMs : -1,
  };
}

function fourLetterWords(values: ConfigValues): ReadonlySet<string> {
  const words = new Set(['srvr']);
  if (values.get(KEYS.readOnlyModeEnabled)) words.add('isro');
  for (const word of values.get(KEYS.fourLetterWords).split(',')) {
    if (word.trim() !== '') words.add(word.trim());
  }
  return words;
}

function compression(method: string): PeerConfig['snapshotCompression'] {
  return method === 'gz' || method === 'snappy' ? method : 'none';
}

function keeperOptions(values: ConfigValues): PeerConfig['keeper'] {
  if (!values.get(KEYS.keeperExtensions)) return null;
  return { availabilityZone: values.get(KEYS.keeperAvailabilityZone) };
}
