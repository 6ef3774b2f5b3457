/**
 * The keys that this server acts upon: ZooKeeper's (storage-and-config.md 14, whose defaults and
 * bad-value rules these are) and our own, which carry the prefix `zabra.` and never enter the
 * dynamic configuration. `server.N`, `group.N` and `weight.N` are `zab/ensemble-text`'s.
 */

import { JUTE_MAXBUFFER_DEFAULT } from '@zabra/protocol';
import type { LogLevel } from '../peer/ready.ts';
import { fileKey, key, ownKey, propertyKey } from './config-key.ts';
import { EXIT_UNEXPECTED } from './config-error.ts';
import { LIMIT_KEYS } from './limit-keys.ts';
import { QUORUM_SECURITY_KEYS } from './quorum-security-keys.ts';
import { SECURITY_KEYS } from './security-keys.ts';
import {
  byteSize,
  lenientBool,
  lenientInt,
  literal,
  oneOf,
  strictBool,
  strictInt,
  anyText,
  warnedInt,
  warnedRatio,
  zeroOrFrom,
} from './parse-rules.ts';

/** Default of `zabra.clientOutputBytesMax`: a child list of a million names fits. */
const CLIENT_OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** Defaults and least value of `zabra.failureDetectionMs`. */
const FAILURE_DETECTION_MS = 1500;
const FAILURE_DETECTION_MS_MIN = 200;
/** Least value of `zabra.zxidsPerEpoch`, but for 0. */
const ZXIDS_PER_EPOCH_MIN = 1000;

export const KEYS = {
  dataDir: fileKey('dataDir', anyText(''), 'directory', 'Snapshots, epochs and `myid`; required.'),
  dataLogDir: fileKey(
    'dataLogDir',
    anyText(''),
    'directory',
    'Transaction logs; default: dataDir.',
  ),
  clientPort: fileKey('clientPort', strictInt(-1), 'port', 'Port for clients; 0 is any free one.'),
  clientPortAddress: fileKey(
    'clientPortAddress',
    anyText(''),
    'host',
    'Address of the client port.',
  ),
  clientPortListenBacklog: fileKey(
    'clientPortListenBacklog',
    strictInt(-1),
    'count',
    'Connections that may wait to be accepted; -1 is the default of the system.',
  ),
  tickTime: fileKey('tickTime', strictInt(3000), 'ms', 'The unit of other timeouts.'),
  minSessionTimeout: fileKey(
    'minSessionTimeout',
    strictInt(-1),
    'ms',
    'Shortest session timeout; -1 is 2 ticks.',
  ),
  maxSessionTimeout: fileKey(
    'maxSessionTimeout',
    strictInt(-1),
    'ms',
    'Longest session timeout; -1 is 20 ticks.',
  ),
  maxClientCnxns: fileKey(
    'maxClientCnxns',
    strictInt(60),
    'count',
    'Client connections from one address; 0 is no limit.',
  ),
  maxCnxns: key('maxCnxns', warnedInt(0, 0), 'count', 'Client connections in all; 0 is no limit.'),
  initLimit: fileKey('initLimit', strictInt(0), 'ticks', 'Time to join a leader; required.'),
  syncLimit: fileKey('syncLimit', strictInt(0), 'ticks', 'Time a learner may lag; required.'),
  electionAlg: fileKey('electionAlg', strictInt(3), '', 'Only 3 exists.'),
  peerType: fileKey(
    'peerType',
    oneOf<'participant' | 'observer'>(['participant', 'observer'], 'participant'),
    '',
    'A hint; the server list decides.',
  ),
  dynamicConfigFile: fileKey('dynamicConfigFile', anyText(''), 'file', 'Where the server list is.'),
  standaloneEnabled: fileKey(
    'standaloneEnabled',
    strictBool(true),
    '',
    'One participant runs alone, without an ensemble, and no change leads to one.',
  ),
  reconfigEnabled: fileKey(
    'reconfigEnabled',
    strictBool(false),
    '',
    'The ensemble may be changed while it runs; zoo.cfg follows.',
  ),
  localSessionsEnabled: fileKey(
    'localSessionsEnabled',
    strictBool(false),
    '',
    'A new session is known to its server alone and costs no transaction; in ensembles.',
  ),
  localSessionsUpgradingEnabled: fileKey(
    'localSessionsUpgradingEnabled',
    strictBool(false),
    '',
    'A local session that creates an ephemeral becomes global; otherwise it cannot.',
  ),
  quorumListenOnAllIPs: fileKey(
    'quorumListenOnAllIPs',
    strictBool(false),
    '',
    'Quorum and election ports listen on every address.',
  ),
  observerMasterPort: fileKey(
    'observerMasterPort',
    strictInt(0),
    'port',
    'Followers serve observers here, and observers go to them; 0: they go to the leader.',
  ),
  observerMasterSizeLimit: key(
    'observerMaster.sizeLimit',
    lenientInt(32 * 1024 * 1024),
    'bytes',
    'Transactions that a follower keeps for observers that come back.',
  ),
  multiAddressEnabled: propertyKey(
    'zookeeper.multiAddress.enabled',
    lenientBool(false),
    '',
    'A server line may name several addresses.',
  ),
  autopurgeSnapRetainCount: fileKey(
    'autopurge.snapRetainCount',
    strictInt(3),
    'count',
    'Snapshots that purging keeps; at least 3.',
  ),
  autopurgePurgeInterval: fileKey(
    'autopurge.purgeInterval',
    strictInt(0),
    'hours',
    'Time between purges; 0 is off.',
  ),
  snapCount: key('snapCount', lenientInt(100_000), 'entries', 'Log entries between snapshots.'),
  snapSizeLimitInKb: key(
    'snapSizeLimitInKb',
    lenientInt(4_194_304),
    'KiB',
    'Log size between snapshots; 0 and below are off.',
  ),
  txnLogSizeLimitInKb: key(
    'txnLogSizeLimitInKb',
    lenientInt(-1),
    'KiB',
    'Log size at which a new file begins; 0 and below are off.',
  ),
  preAllocSize: key('preAllocSize', warnedInt(65_536, -1), 'KiB', 'Growth of a log file at once.'),
  commitLogCount: key(
    'commitLogCount',
    warnedInt(500, 500),
    'entries',
    'Transactions kept in memory for learners that lag.',
  ),
  snapshotSizeFactor: key(
    'snapshotSizeFactor',
    warnedRatio(0.33, 1),
    'ratio',
    'Part of the size of a snapshot up to which log files are sent instead; 0: any; below: none.',
  ),
  forceSyncOff: key('forceSync', literal('no'), '`no`', '`no` does not wait for the disk.'),
  fsyncWarningThresholdMs: key(
    'fsync.warningthresholdms',
    lenientInt(1000),
    'ms',
    'A log write that takes longer is told of.',
  ),
  snapshotCompression: key(
    'snapshot.compression.method',
    anyText(''),
    '`gz`, `snappy`',
    'Snapshots in these forms are read; those that are written are plain.',
  ),
  snapshotTrustEmpty: key(
    'snapshot.trust.empty',
    lenientBool(false),
    '',
    'Logs without any snapshot are accepted.',
  ),
  serializeLastProcessedZxid: key(
    'serializeLastProcessedZxid.enabled',
    lenientBool(true),
    '',
    'Snapshots end with the zxid they were taken at.',
  ),
  digestEnabled: key('digest.enabled', lenientBool(true), '', 'Digests in logs and snapshots.'),
  closeSessionTxnEnabled: key(
    'closeSessionTxn.enabled',
    lenientBool(true),
    '',
    'closeSession transactions list what they delete.',
  ),
  datadirAutocreate: key(
    'datadir.autocreate',
    lenientBool(true),
    '',
    'Missing data directories are created.',
  ),
  dbAutocreate: key(
    'db.autocreate',
    lenientBool(true),
    '',
    'An empty data directory begins an empty tree without an `initialize` file.',
  ),
  extendedTypesEnabled: key(
    'extendedTypesEnabled',
    lenientBool(false),
    '',
    'TTL znodes exist, and server ids end at 254.',
  ),
  juteMaxBuffer: propertyKey(
    'jute.maxbuffer',
    warnedInt(JUTE_MAXBUFFER_DEFAULT, 1),
    'bytes',
    'Longest request of a client; its connection holds at most twice as much.',
  ),
  globalOutstandingLimit: key(
    'globalOutstandingLimit',
    lenientInt(1000),
    'requests',
    'Requests in process before clients are not read any more.',
  ),
  enforceQuota: key('enforceQuota', lenientBool(false), '', 'Hard quotas refuse writes.'),
  skipAcl: key('skipACL', literal('yes'), '`yes`', '`yes` checks no ACL.'),
  superDigest: key(
    'DigestAuthenticationProvider.superDigest',
    anyText(''),
    '`super:hash`',
    'The super user: base64 of the hash of `super:password`.',
  ),
  clientTcpKeepAlive: key('clientTcpKeepAlive', lenientBool(false), '', 'For client connections.'),
  tcpKeepAlive: key('tcpKeepAlive', lenientBool(false), '', 'For connections between servers.'),
  fourLetterWords: key(
    '4lw.commands.whitelist',
    anyText(''),
    'list',
    'Enabled four-letter words, or `*`; `srvr` always is.',
  ),
  readOnlyModeEnabled: propertyKey(
    'readonlymode.enabled',
    lenientBool(false),
    '',
    'A member without a leader serves read-only clients; enables the four-letter word `isro`.',
  ),
  leaderServesOff: key('leaderServes', literal('no'), '`no`', '`no`: a leader takes no clients.'),
  cnxTimeout: key(
    'cnxTimeout',
    strictInt(5000, EXIT_UNEXPECTED),
    'ms',
    'Time to open a connection to an election port.',
  ),
  healthPort: ownKey(
    'healthPort',
    strictInt(-1),
    'port',
    'HTTP port of /live, /started, /ready, /quorum and /metrics; -1 is off, 0 is any free one.',
  ),
  healthAddress: ownKey('healthAddress', anyText('0.0.0.0'), 'host', 'Address of the health port.'),
  log: ownKey(
    'log',
    oneOf<'log4j' | 'json'>(['log4j', 'json'], 'log4j'),
    '',
    'Form of the log lines.',
  ),
  logLevel: ownKey(
    'logLevel',
    oneOf<LogLevel>(['error', 'warn', 'info', 'debug'], 'info'),
    '',
    'Least level that is logged.',
  ),
  log4jConfiguration: propertyKey(
    'log4j.configuration',
    anyText(''),
    'file',
    'A log4j.properties; its level is that of the log, unless `zabra.logLevel` is set.',
  ),
  connectionLog: ownKey(
    'connectionLog',
    strictBool(false),
    '',
    'Connections of clients and four-letter words are logged, as ZooKeeper 3.4 does.',
  ),
  memory: ownKey(
    'memory',
    byteSize(0),
    'bytes',
    'Memory budget, also from `-Xmx`; shown in /metrics, 0 is none.',
  ),
  clientOutputBytesMax: ownKey(
    'clientOutputBytesMax',
    byteSize(CLIENT_OUTPUT_BYTES_MAX),
    'bytes',
    'Output that may wait for a client before its connection is closed.',
  ),
  emptyNeedsAllVoters: ownKey(
    'emptyNeedsAllVoters',
    strictBool(false),
    '',
    'Servers without history elect only when all voters are heard, or an `initialize` file stood.',
  ),
  failureDetectionMs: ownKey(
    'failureDetectionMs',
    zeroOrFrom(FAILURE_DETECTION_MS_MIN, FAILURE_DETECTION_MS),
    'ms',
    'Zabra members notice within this that nothing is heard of the other; 0: after `syncLimit`.',
  ),
  zxidsPerEpoch: ownKey(
    'zxidsPerEpoch',
    zeroOrFrom(ZXIDS_PER_EPOCH_MIN, 0),
    '',
    'Transactions before a leader begins a new epoch, to rehearse that; 0: all zxids can count.',
  ),
  keeperExtensions: ownKey(
    'keeperExtensions',
    strictBool(false),
    '',
    "Clients may use ClickHouse Keeper's operations and read /keeper; see keeper.md.",
  ),
  keeperAvailabilityZone: ownKey(
    'keeperAvailabilityZone',
    anyText(''),
    'name',
    'What /keeper/availability_zone says; empty: it is not there.',
  ),
  sharedReadBuffer: ownKey(
    'sharedReadBuffer',
    strictBool(true),
    '',
    'All connections read into one buffer, which saves processor time.',
  ),
  directLog: ownKey(
    'directLog',
    strictBool(true),
    '',
    'The log is written past the page cache where the file system can.',
  ),
  ...LIMIT_KEYS,
  ...SECURITY_KEYS,
  ...QUORUM_SECURITY_KEYS,
} as const;
