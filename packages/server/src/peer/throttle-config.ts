/**
 * What the configuration says about how much clients may ask of a server (client-protocol.md 17).
 */

export interface ConnectionThrottleConfig {
  /** Size of the bucket; 0 is no throttle. */
  readonly tokensMax: number;
  /** `fillTokens` come back every `fillMs`, which is at least 1. */
  readonly fillMs: number;
  readonly fillTokens: number;
  /** Between two changes of the drop probability; -1 drops nobody by chance. */
  readonly freezeMs: number;
  /** Probabilities that are added and subtracted. */
  readonly dropIncrease: number;
  readonly dropDecrease: number;
  /** Part of the bucket that may be missing while the drop probability falls. */
  readonly decreaseRatio: number;
  /** Sessions take their weight in tokens, and the bucket is as many times larger. */
  readonly isWeighted: boolean;
  readonly newWeight: number;
  /** Of a session that this server alone is to know. */
  readonly localWeight: number;
  readonly renewWeight: number;
}

export interface ThrottleConfig {
  /** A longer request is a large one; -1 knows none. */
  readonly largeRequestBytes: number;
  /** Of all large requests in process together. */
  readonly largeRequestBytesMax: number;
  /** Requests in process above which others wait; 0 is no limit. */
  readonly requestsMax: number;
  /** A stale request that waits is dropped and its connection closed. */
  readonly dropsStale: boolean;
  readonly isStaleWhenClosed: boolean;
  /** Stale is what waited longer than the session's timeout. */
  readonly isStaleWhenLate: boolean;
  /** What waited longer is refused with THROTTLEDOP; 0 refuses nothing. */
  readonly waitMsMax: number;
  readonly connections: ConnectionThrottleConfig;
}

/** ZooKeeper's defaults: nothing is throttled. */
export const NO_THROTTLE: ThrottleConfig = {
  largeRequestBytes: -1,
  largeRequestBytesMax: 100 * 1024 * 1024,
  requestsMax: 0,
  dropsStale: true,
  isStaleWhenClosed: true,
  isStaleWhenLate: false,
  waitMsMax: 0,
  connections: {
    tokensMax: 0,
    fillMs: 1,
    fillTokens: 1,
    freezeMs: -1,
    dropIncrease: 0.02,
    dropDecrease: 0.002,
    decreaseRatio: 0,
    isWeighted: false,
    newWeight: 3,
    localWeight: 1,
    renewWeight: 2,
  },
};
