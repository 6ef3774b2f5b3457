/**
 * The text of quota limits and usage as it stands in `zookeeper_limits` and `zookeeper_stats`:
 * `count=2,bytes=-1=;byteHardLimit=-1;countHardLimit=-1`. The stray `=` keeps old readers from
 * seeing the hard limits; -1 is no limit. From client-protocol.md 14.
 */

export interface QuotaLimits {
  readonly count: bigint;
  readonly bytes: bigint;
  readonly countHardLimit: bigint;
  readonly byteHardLimit: bigint;
}

const NONE = -1n;

export const NO_LIMITS: QuotaLimits = {
  count: NONE,
  bytes: NONE,
  countHardLimit: NONE,
  byteHardLimit: NONE,
};

/** What is missing or no number is no limit. */
export function parseLimits(text: string): QuotaLimits {
  const values = new Map<string, bigint>();
  for (const part of text.split(/[,;]+/)) {
    const [, key = '', value = ''] = /^(\w+)=(-?\d+)/.exec(part) ?? [];
    if (key !== '') values.set(key, BigInt(value));
  }
  return {
    count: values.get('count') ?? NONE,
    bytes: values.get('bytes') ?? NONE,
    countHardLimit: values.get('countHardLimit') ?? NONE,
    byteHardLimit: values.get('byteHardLimit') ?? NONE,
  };
}

export function formatLimits(limits: QuotaLimits): string {
  const { count, bytes, byteHardLimit, countHardLimit } = limits;
  const hard = `byteHardLimit=${byteHardLimit};countHardLimit=${countHardLimit}`;
  return `count=${count},bytes=${bytes}=;${hard}`;
}
