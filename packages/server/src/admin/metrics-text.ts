/**
 * `/metrics`: the server's own rows under ZooKeeper 3.9's names, and what prom-client knows of any
 * Node process, in Prometheus' text form. Rows come and go with the role, so the server's registry
 * is made anew for each scrape; nothing is counted twice or kept here.
 */

import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import type { MetricRow } from '../peer/metrics.ts';
import type { HealthSource } from './health-source.ts';

export class MetricsText {
  readonly contentType: string;
  readonly #source: HealthSource;
  readonly #process = new Registry();

  /** `memoryBytes`: the configured budget, 0 for none. */
  constructor(source: HealthSource, memoryBytes: number) {
    this.#source = source;
    this.contentType = this.#process.contentType;
    collectDefaultMetrics({ register: this.#process });
    new Gauge({
      name: 'zabra_memory_budget_bytes',
      help: 'Configured memory budget, 0 is none',
      registers: [this.#process],
    }).set(memoryBytes);
  }

  async read(): Promise<string> {
    const own = new Registry();
    for (const row of this.#source.metrics()) own.registerMetric(asMetric(row));
    return `${await own.metrics()}\n${await this.#process.metrics()}`;
  }
}

interface Sample {
  readonly value: number;
  readonly labels: Record<string, never>;
  readonly metricName: string;
}

/** prom-client asks a metric for its samples by `get`; what is behind it is our own affair. */
function asMetric(row: MetricRow): Metric {
  const { name, help, kind } = row;
  const get = () => ({ name, help, type: kind, values: samples(row), aggregator: 'sum' });
  return { name, get } as unknown as Metric;
}

function samples({ name, value, summary }: MetricRow): Sample[] {
  if (summary === null) return [{ metricName: name, value, labels: {} }];
  return [
    { metricName: `${name}_count`, value: summary.count, labels: {} },
    { metricName: `${name}_sum`, value: summary.sum, labels: {} },
  ];
}
