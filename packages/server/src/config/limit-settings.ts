/** The keys of `limit-keys.ts` as the machine wants them: values out of range are off, or least. */

import { JUTE_MAXBUFFER_EXTRA_MIN } from '@zabra/protocol';
import type { ReaperConfig } from '../peer/node-reaper.ts';
import type { ThrottleConfig } from '../peer/throttle-config.ts';
import type { ConfigValues } from './config-values.ts';
import { KEYS } from './server-keys.ts';

const OFF = -1;

export function reaperConfig(values: ConfigValues): ReaperConfig {
  return {
    checkIntervalMs: Math.max(1, values.get(KEYS.containerCheckIntervalMs)),
    deletionsPerMinuteMax: Math.max(1, values.get(KEYS.containerMaxPerMinute)),
    neverUsedMsMax: Math.max(0, values.get(KEYS.containerMaxNeverUsedIntervalMs)),
  };
}

/** What a transaction may be longer than a request, bytes. */
export function juteExtraBytes(values: ConfigValues): number {
  const wanted = values.get(KEYS.juteMaxBufferExtraSize);
  const bytes = wanted === 0 ? values.get(KEYS.juteMaxBuffer) : wanted;
  return Math.max(bytes, JUTE_MAXBUFFER_EXTRA_MIN);
}

export function throttleConfig(values: ConfigValues): ThrottleConfig {
  const threshold = values.get(KEYS.largeRequestThreshold);
  const localWeight = values.get(KEYS.connectionThrottleLocalWeight);
  return {
    largeRequestBytes: threshold > 0 ? threshold : OFF,
    largeRequestBytesMax: values.get(KEYS.largeRequestMaxBytes),
    requestsMax: Math.max(0, values.get(KEYS.requestThrottleMaxRequests)),
    dropsStale: values.get(KEYS.requestThrottleDropStale),
    isStaleWhenClosed: values.get(KEYS.requestStaleConnectionCheck),
    isStaleWhenLate: values.get(KEYS.requestStaleLatencyCheck),
    waitMsMax: Math.max(0, values.get(KEYS.throttledOpWaitTime)),
    connections: {
      tokensMax: Math.max(0, values.get(KEYS.connectionThrottleTokens)),
      fillMs: Math.max(1, values.get(KEYS.connectionThrottleFillTime)),
      fillTokens: Math.max(0, values.get(KEYS.connectionThrottleFillCount)),
      freezeMs: Math.max(OFF, values.get(KEYS.connectionThrottleFreezeTime)),
      dropIncrease: values.get(KEYS.connectionThrottleDropIncrease),
      dropDecrease: values.get(KEYS.connectionThrottleDropDecrease),
      decreaseRatio: values.get(KEYS.connectionThrottleDecreaseRatio),
      isWeighted: values.get(KEYS.connectionThrottleWeightEnabled),
      newWeight: Math.max(localWeight, values.get(KEYS.connectionThrottleGlobalWeight)),
      localWeight,
      renewWeight: Math.max(localWeight, values.get(KEYS.connectionThrottleRenewWeight)),
    },
  };
}
