/**
 * The keys that bound what clients may ask of a server, and those of the sweep that deletes unused
 * containers and expired TTL znodes.
 */

import { key, propertyKey } from './config-key.ts';
import { positiveInt, lenientBool, lenientInt, ratio, warnedInt } from './parse-rules.ts';

const LARGE_REQUEST_BYTES_MAX = 100 * 1024 * 1024;

export const LIMIT_KEYS = {
  containerCheckIntervalMs: propertyKey(
    'znode.container.checkIntervalMs',
    lenientInt(60_000),
    'ms',
    'Time between two sweeps over containers and TTL znodes.',
  ),
  containerMaxPerMinute: propertyKey(
    'znode.container.maxPerMinute',
    lenientInt(10_000),
    'count',
    'Most deletions of containers and TTL znodes in a minute.',
  ),
  containerMaxNeverUsedIntervalMs: propertyKey(
    'znode.container.maxNeverUsedIntervalMs',
    lenientInt(0),
    'ms',
    'A container that never had a child is deleted when it is older; 0 keeps it.',
  ),
  juteMaxBufferExtraSize: key(
    'jute.maxbuffer.extrasize',
    lenientInt(0),
    'bytes',
    'What a transaction may be longer than a request, at least 1024; 0 is `jute.maxbuffer`.',
  ),
  largeRequestThreshold: key(
    'largeRequestThreshold',
    warnedInt(-1, -1),
    'bytes',
    'A longer request is a large one; -1 and 0 know none.',
  ),
  largeRequestMaxBytes: key(
    'largeRequestMaxBytes',
    positiveInt(LARGE_REQUEST_BYTES_MAX),
    'bytes',
    'Large requests in process together; a connection whose request is too much is closed.',
  ),
  requestThrottleMaxRequests: key(
    'request_throttle_max_requests',
    lenientInt(0),
    'requests',
    'Requests in process above which others wait; 0 and below are off.',
  ),
  requestThrottleDropStale: key(
    'request_throttle_drop_stale',
    lenientBool(true),
    '',
    'A request that waits and is stale is dropped, and its connection closed.',
  ),
  requestStaleConnectionCheck: key(
    'request_stale_connection_check',
    lenientBool(true),
    '',
    'A request of a connection that is closed is stale.',
  ),
  requestStaleLatencyCheck: key(
    'request_stale_latency_check',
    lenientBool(false),
    '',
    'A request that is older than the session timeout is stale.',
  ),
  throttledOpWaitTime: key(
    'throttled_op_wait_time',
    lenientInt(0),
    'ms',
    'A request that waited longer is refused with THROTTLEDOP; 0 and below are off.',
  ),
  connectionThrottleTokens: key(
    'connection_throttle_tokens',
    lenientInt(0),
    'tokens',
    'Size of the bucket from which each session that connects takes a token; 0 is off.',
  ),
  connectionThrottleFillTime: key(
    'connection_throttle_fill_time',
    lenientInt(1),
    'ms',
    'Time in which `connection_throttle_fill_count` tokens come back.',
  ),
  connectionThrottleFillCount: key(
    'connection_throttle_fill_count',
    lenientInt(1),
    'tokens',
    'Tokens that come back in `connection_throttle_fill_time`.',
  ),
  connectionThrottleFreezeTime: key(
    'connection_throttle_freeze_time',
    lenientInt(-1),
    'ms',
    'Least time between two changes of the drop probability; -1 drops nobody by chance.',
  ),
  connectionThrottleDropIncrease: key(
    'connection_throttle_drop_increase',
    ratio(0.02),
    'ratio',
    'What the drop probability gains while the bucket is empty.',
  ),
  connectionThrottleDropDecrease: key(
    'connection_throttle_drop_decrease',
    ratio(0.002),
    'ratio',
    'What the drop probability loses while the bucket is full enough.',
  ),
  connectionThrottleDecreaseRatio: key(
    'connection_throttle_decrease_ratio',
    ratio(0),
    'ratio',
    'Part of the bucket that may be missing when it is full enough.',
  ),
  connectionThrottleWeightEnabled: key(
    'connection_throttle_weight_enabled',
    lenientBool(false),
    '',
    'Sessions take as many tokens as their weight; bucket and refill grow by that of a new one.',
  ),
  connectionThrottleGlobalWeight: key(
    'connection_throttle_global_session_weight',
    positiveInt(3),
    'tokens',
    'Weight of a new session.',
  ),
  connectionThrottleLocalWeight: key(
    'connection_throttle_local_session_weight',
    positiveInt(1),
    'tokens',
    'Weight of a new local session; the other weights are never below it.',
  ),
  connectionThrottleRenewWeight: key(
    'connection_throttle_renew_session_weight',
    positiveInt(2),
    'tokens',
    'Weight of a session that reconnects.',
  ),
} as const;
