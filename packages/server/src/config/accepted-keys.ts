/**
 * ZooKeeper's keys that this server reads and checks as ZooKeeper does, but does not act upon: a
 * zoo.cfg of an existing ensemble must start. Where a value asks for something that would be
 * missed, it is told of (`warn`); where leaving it out would take away protection that the operator
 * relies on, the server refuses to start (`refuse`).
 *
 *   key | property | rule | effect and value | about
 *
 * Property: `=` is `zookeeper.` before the key, `-` none, `.` the key itself, which zoo.cfg cannot
 * set. Value: `*` is any, `!word` any other than the word.
 */

import type { ConfigKey } from './config-key.ts';
import {
  lenientBool,
  lenientInt,
  type Rule,
  type RuleCode,
  strictBool,
  strictInt,
  anyText,
  warnedInt,
} from './parse-rules.ts';

export type AcceptedEffect = 'none' | 'warn' | 'refuse';

export interface AcceptedKey extends ConfigKey<unknown> {
  readonly effect: AcceptedEffect;
  /** The value, in lower case, at which `effect` applies; `*` and `!word` as above. */
  readonly trigger: string;
}

const TABLE = `
ssl.sslProvider | = | - | none | there is one implementation of TLS
ssl.trustStore.password | = | - | none | a PEM file of certificates needs no password
ssl.trustStore.passwordPath | = | - | none | a PEM file of certificates needs no password
ssl.crl | = | b | refuse true | revoked certificates are not known
ssl.ocsp | = | b | refuse true | revoked certificates are not known
ssl.allowReverseDnsLookup | = | b | warn true | names are never taken from a reverse lookup
ssl.handshakeDetectionTimeoutMillis | = | i | none | a silent connection is closed after 10 s
ssl.context.supplier.class | = | - | refuse * | there are no classes to load
ssl.quorum.trustStore.password | = | - | none | a PEM file of certificates needs no password
ssl.quorum.trustStore.passwordPath | = | - | none | a PEM file of certificates needs no password
ssl.quorum.crl | = | b | refuse true | revoked certificates are not known
ssl.quorum.ocsp | = | b | refuse true | revoked certificates are not known
ssl.quorum.allowReverseDnsLookup | = | b | none | names are never taken from a reverse lookup
ssl.quorum.context.supplier.class | = | - | refuse * | there are no classes to load
quorum.auth.kerberos.servicePrincipal | - | - | none | Kerberos is not supported
quorum.cnxn.threads.size | - | N | none | there are no threads to size
requireKerberosConfig | = | b | refuse true | Kerberos is not supported
kerberos.removeHostFromPrincipal | = | b | none | Kerberos is not supported
kerberos.removeRealmFromPrincipal | = | b | none | Kerberos is not supported
kerberos.canonicalizeHostNames | = | b | none | Kerberos is not supported
kerberos.minReLoginTimeMs | = | i | none | Kerberos is not supported
security.auth_to_local | = | - | none | Kerberos is not supported
server.realm | = | - | none | Kerberos is not supported
IPAuthenticationProvider.usexforwardedfor | = | b | none | there is no admin server
audit.enable | = | b | warn true | there is no audit log
audit.impl.class | = | - | none | there is no audit log
syncEnabled | - | B | none | an observer always keeps its history on disk
oraclePath | - | - | warn * | two servers need each other
multiAddress.enabled | - | B | none | the property of that name decides
multiAddress.reachabilityCheckEnabled | = | B | none | addresses are tried in order
multiAddress.reachabilityCheckTimeoutMs | = | N | none | addresses are tried in order
connectToLearnerMasterLimit | - | N | none | initLimit bounds the connection
admin.enableServer | = | b | none | there is no admin server, see zabra.healthPort
admin.serverAddress | = | - | none | there is no admin server, see zabra.healthPort
admin.serverPort | = | i | none | there is no admin server, see zabra.healthPort
admin.commandURL | = | - | none | there is no admin server
admin.idleTimeout | = | i | none | there is no admin server
admin.httpVersion | = | i | none | there is no admin server
admin.portUnification | = | b | none | there is no admin server
admin.forceHttps | = | b | none | there is no admin server
admin.needClientAuth | = | b | none | there is no admin server
admin.rateLimiterIntervalInMS | = | i | none | there is no admin server
admin.snapshot.enabled | = | b | none | there is no admin server
admin.restore.enabled | = | b | none | there is no admin server
metricsProvider.className | - | - | none | metrics are on the health port, see zabra.healthPort
metricsProvider.httpHost | - | - | none | metrics are on the health port
metricsProvider.httpPort | - | - | warn * | metrics are on the health port, see zabra.healthPort
metricsProvider.httpsPort | - | - | warn * | metrics are on the health port, see zabra.healthPort
metricsProvider.exportJvmInfo | - | - | none | there is no JVM
jvm.pause.monitor | - | B | none | there is no JVM
jvm.pause.warn-threshold.ms | - | N | none | there is no JVM
jvm.pause.info-threshold.ms | - | N | none | there is no JVM
jvm.pause.sleep.time.ms | - | N | none | there is no JVM
jmx.log4j.disable | = | b | none | there is no JVM
jmx.log4j.mbean | = | - | none | there is no JVM
flushDelay | = | i | none | a write is flushed when the disk is free
maxWriteQueuePollTime | = | i | none | a write is flushed when the disk is free
maxBatchSize | = | i | none | whatever waits for the disk goes together
forceSnapshotSync | = | b | none | a learner gets a snapshot when it needs one
emulate353TTLNodes | = | b | warn true | the owner encoding of 3.5.3 is not supported
enableEagerACLCheck | = | b | none | ACLs are checked by the leader
maxResponseCacheSize | = | i | none | there is no cache of responses
maxGetChildrenResponseCacheSize | = | i | none | there is no cache of responses
intBufferStartingSizeBytes | = | i | none | buffers grow as needed
request_throttle_stall_time | = | i | none | requests that wait go on as soon as they may
request_throttler.shutdownTimeout | = | i | none | requests that wait are dropped at the end
nio.numSelectorThreads | = | i | none | there are no threads to size
nio.numWorkerThreads | = | i | none | there are no threads to size
nio.directBufferBytes | = | i | none | there are no buffers of threads
nio.sessionlessCnxnTimeout | = | i | none | it is always 10 s
nio.shutdownTimeout | = | i | none | there are no threads to wait for
serverCnxnFactory | = | - | none | there is one implementation of the client port
netty.advancedFlowControl.enabled | = | b | none | slow clients are always held up
netty.server.earlyDropSecureConnectionHandshakes | = | b | none | their number is bounded
follower.nodelay | . | b | none | packets between servers are never delayed
leader.nodelay | . | b | none | packets between servers are never delayed
commitProcessor.numWorkerThreads | = | i | none | there are no threads to size
commitProcessor.maxReadBatchSize | = | i | none | there are no threads to size
commitProcessor.maxCommitBatchSize | = | i | none | there are no threads to size
commitProcessor.shutdownTimeout | = | i | none | there are no threads to wait for
fastleader.minNotificationInterval | = | i | none | it is always 200 ms
fastleader.maxNotificationInterval | = | i | none | it is always 2 s
quorumCnxnTimeoutMs | = | i | none | a dead connection is found by what is missing from it
electionPortBindRetry | = | i | none | it is always 3
leader.maxTimeToWaitForEpoch | = | i | none | initLimit bounds the wait
leader.maxConcurrentSnapSyncs | = | i | none | memory bounds the learners that sync at once
leader.maxConcurrentDiffSyncs | = | i | none | memory bounds the learners that sync at once
leader.ackLoggingFrequency | = | i | none | acknowledgements are not logged
leader.closeSocketAsync | = | b | none | sockets never block
learner.closeSocketAsync | = | b | none | sockets never block
learner.asyncSending | = | b | none | sockets never block
leaderConnectDelayDuringRetryMs | = | i | none | it is always 100 ms
observer.reconnectDelayMs | = | i | none | an observer connects at once
observer.election.DelayMs | = | i | none | an observer connects at once
follower.skipLearnerRequestToNextProcessor | = | b | none | there are no processors
forward_learner_requests_to_commit_processor_disabled | = | b | none | there are no processors
watchManagerName | = | - | none | there is one implementation of watches
watcherCleanThreadsNum | = | i | none | dead watches are removed at once
watcherCleanThreshold | = | i | none | dead watches are removed at once
watcherCleanIntervalInSeconds | = | i | none | dead watches are removed at once
maxInProcessingDeadWatchers | = | i | none | dead watches are removed at once
bitHashCacheSize | = | i | none | there is one implementation of watches
messageTracker.Enabled | = | b | none | packets are not kept
messageTracker.BufferSize | = | i | none | packets are not kept
pathStats.enabled | = | b | none | paths are not sampled
test.allowDiscontinuousProposals | = | b | none | it is a hook for tests
`;

const RULES: Readonly<Partial<Record<RuleCode, Rule<unknown>>>> = {
  N: strictInt(0),
  B: strictBool(false),
  i: lenientInt(0),
  b: lenientBool(false),
  w: warnedInt(0, -1),
  '-': anyText(''),
};

export const ACCEPTED_KEYS: readonly AcceptedKey[] = TABLE.trim().split('\n').map(readRow);

/** Families of keys that are accepted as a whole, whatever comes behind the prefix. */
export const ACCEPTED_PREFIXES: readonly string[] = [
  'metricsProvider.',
  'authProvider.',
  'superUser.',
];

export function isTriggered(row: AcceptedKey, value: string): boolean {
  if (row.effect === 'none') return false;
  const { trigger } = row;
  if (trigger === '*') return value !== '';
  const lower = value.toLowerCase();
  return trigger.startsWith('!') ? lower !== trigger.slice(1) : lower === trigger;
}

function readRow(line: string): AcceptedKey {
  const [name = '', property = '', code = '', effectAndTrigger = '', meaning = ''] = line
    .split('|')
    .map((cell) => cell.trim());
  const [effect = '', trigger = ''] = effectAndTrigger.split(' ');
  const rule = RULES[code as RuleCode];
  if (rule === undefined) throw new Error(`No rule ${code} for ${name}`);
  const isPropertyOnly = property === '.';
  return {
    key: isPropertyOnly ? null : name,
    property: isPropertyOnly ? name : property === '=' ? `zookeeper.${name}` : null,
    rule,
    unit: '',
    meaning,
    effect: effect as AcceptedEffect,
    trigger,
  };
}
