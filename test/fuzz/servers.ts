/**
 * The servers that are fuzzed: how each is configured, alone or as a member of an ensemble of
 * three, and which part of the inputs it gets.
 */

import { SaslUsers } from 'zabra/dist/ops/sasl-users.js';
import { NO_SCHEMES } from 'zabra/dist/ops/auth.js';
import { digestIdentity } from 'zabra/dist/ops/digest-provider.js';
import { HASHES } from 'zabra/dist/peer/bed-config.test-kit.js';
import type { PeerConfig } from 'zabra/dist/peer/peer-config.js';
import { NO_THROTTLE } from 'zabra/dist/peer/throttle-config.js';

export type Place = 'alone' | 'follower' | 'leader';

export interface ServerKind {
  readonly name: string;
  readonly place: Place;
  /** Of 100 inputs. */
  readonly share: number;
  /** Of a znode that is as big as it may be there. */
  readonly bigBytes: number;
  readonly config: Partial<PeerConfig>;
}

/** Only the janitor has it. */
export const SUPER_CREDENTIALS = 'super:of the janitor alone';
/** Only the healthy sessions have it. */
export const HEALTHY_CREDENTIALS = 'healthy:of the healthy sessions alone';
export const SASL_USER = 'bob';
export const SASL_PASSWORD = 'secret';
/** Who cleans up logs in by SASL where that is required. */
export const SASL_JANITOR = 'janitor';
export const SASL_JANITOR_PASSWORD = 'of the janitor alone';

export const TICK_MS = 1000;
export const SESSION_MS_MIN = 2000;
export const SESSION_MS_MAX = 4000;
export const BIG_BYTES = 600 * 1024;
/** Small, so that inputs reach it and go beyond. */
const SMALL_BUFFER_BYTES = 8192;
const SMALL_BYTES = 4096;
const THROTTLED_BYTES = 1000;

const SASL_USERS = new SaslUsers(
  new Map([
    [SASL_USER, SASL_PASSWORD],
    [SASL_JANITOR, SASL_JANITOR_PASSWORD],
  ]),
);

const COMMON: Partial<PeerConfig> = {
  tickTimeMs: TICK_MS,
  minSessionTimeoutMs: SESSION_MS_MIN,
  maxSessionTimeoutMs: SESSION_MS_MAX,
  maxClientCnxns: 0,
  superDigest: digestIdentity(SUPER_CREDENTIALS, 'sha1', HASHES),
  // So that logs and snapshots in memory come and go, too.
  snapCount: 10_000,
  snapSizeLimitBytes: 8 << 20,
  autopurgeIntervalMs: 5000,
};

const SMALL: Partial<PeerConfig> = {
  ...COMMON,
  juteMaxBufferBytes: SMALL_BUFFER_BYTES,
  juteExtraBytes: 1024,
};

export const SERVER_KINDS: readonly ServerKind[] = [
  { name: 'plain', place: 'alone', share: 18, bigBytes: BIG_BYTES, config: COMMON },
  { name: 'small', place: 'alone', share: 14, bigBytes: SMALL_BYTES, config: SMALL },
  {
    name: 'extended',
    place: 'alone',
    share: 8,
    bigBytes: BIG_BYTES,
    config: {
      ...COMMON,
      extendedTypesEnabled: true,
      enforceQuota: true,
      closeSessionTxnEnabled: false,
      reconfigEnabled: true,
      authentication: {
        schemes: { ...NO_SCHEMES, x509: true, sasl: true },
        saslUsers: null,
        allowSaslFailedClients: false,
        requiredSchemes: [],
      },
    },
  },
  {
    name: 'sasl',
    place: 'alone',
    share: 10,
    bigBytes: SMALL_BYTES,
    config: {
      ...SMALL,
      authentication: {
        schemes: { ...NO_SCHEMES, sasl: true },
        saslUsers: SASL_USERS,
        allowSaslFailedClients: true,
        requiredSchemes: [],
      },
    },
  },
  {
    name: 'sasl-required',
    place: 'alone',
    share: 8,
    bigBytes: SMALL_BYTES,
    config: {
      ...SMALL,
      authentication: {
        schemes: { ...NO_SCHEMES, sasl: true },
        saslUsers: SASL_USERS,
        allowSaslFailedClients: false,
        requiredSchemes: ['sasl'],
      },
    },
  },
  {
    name: 'throttled',
    place: 'alone',
    share: 12,
    bigBytes: THROTTLED_BYTES,
    config: {
      ...COMMON,
      globalOutstandingLimit: 8,
      throttle: {
        ...NO_THROTTLE,
        largeRequestBytes: 2000,
        largeRequestBytesMax: 6000,
        requestsMax: 3,
        isStaleWhenLate: true,
        waitMsMax: 500,
      },
    },
  },
  {
    name: 'keeper',
    place: 'alone',
    share: 8,
    bigBytes: SMALL_BYTES,
    config: { ...SMALL, keeper: { availabilityZone: 'zone' } },
  },
  {
    name: 'local',
    place: 'follower',
    share: 4,
    bigBytes: SMALL_BYTES,
    config: { ...SMALL, localSessionsEnabled: true, localSessionsUpgradingEnabled: true },
  },
  {
    name: 'read-only',
    place: 'follower',
    share: 4,
    bigBytes: SMALL_BYTES,
    // Whoever comes then gets a session of this server alone, or none.
    config: { ...SMALL, localSessionsEnabled: true, readOnlyAfterMs: 300 },
  },
  { name: 'follower', place: 'follower', share: 8, bigBytes: SMALL_BYTES, config: SMALL },
  {
    name: 'leader',
    place: 'leader',
    share: 8,
    bigBytes: BIG_BYTES,
    config: { ...COMMON, extendedTypesEnabled: true },
  },
];

export function serverKind(name: string): ServerKind {
  const kind = SERVER_KINDS.find((one) => one.name === name);
  if (kind !== undefined) return kind;
  const names = SERVER_KINDS.map((one) => `"${one.name}"`).join(', ');
  throw new Error(
    `Cannot fuzz the server "${name}": there is no such kind, wanted one of ${names}`,
  );
}
