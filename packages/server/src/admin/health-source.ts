/**
 * What the health port asks of a server: its status and its metrics, both answered from memory at
 * once. `peer/Peer` is one.
 */

import type { MetricRow } from '../peer/metrics.ts';
import type { PeerStatus } from '../peer/peer-status.ts';

export interface HealthSource {
  status(): PeerStatus;
  metrics(): MetricRow[];
}
