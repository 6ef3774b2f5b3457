/**
 * HealthServer: `/live /started /ready /quorum /metrics` over plain HTTP on a port of their
 * own. Every answer comes from memory, so a slow disk cannot make a probe time out, and a
 * probe leaves nothing in the log. `/live` never looks at the quorum: restarting a server does not
 * bring back the others. `/ready` and `/quorum` are for the time when it matters who leads.
 */

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PeerStatus } from '../peer/peer-status.ts';
import type { HealthSource } from './health-source.ts';
import type { MetricsText } from './metrics-text.ts';

export interface HealthOptions {
  readonly host: string;
  /** 0 is any free one. */
  readonly port: number;
  readonly memoryBytes: number;
}

/** Probes and scrapers are few; more connections than this are somebody else's mistake. */
const CONNECTIONS_MAX = 256;

type Check = (status: PeerStatus) => boolean;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['/live', () => true],
  ['/started', (status) => status.recovered],
  ['/ready', (status) => status.inStep || status.keepsClients],
  ['/quorum', (status) => status.inStep],
]);

export class HealthServer {
  readonly #source: HealthSource;
  readonly #options: HealthOptions;
  /** Loaded behind the start: its library takes longer than the rest of a server's. */
  #metrics: Promise<MetricsText> | null = null;
  readonly #server: http.Server;

  constructor(source: HealthSource, options: HealthOptions) {
    this.#source = source;
    this.#options = options;
    this.#server = http.createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Resolves to the port; rejects when it cannot be had. */
  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const { host, port } = this.#options;
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#metrics = this.#loadMetrics();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #loadMetrics(): Promise<MetricsText> {
    const { MetricsText } = await import('./metrics-text.ts');
    return new MetricsText(this.#source, this.#options.memoryBytes);
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, 'text/plain', 'Only GET and HEAD\n');
      return;
    }
    if (path === '/metrics') {
      this.#metrics ??= this.#loadMetrics();
      const metrics = await this.#metrics;
      send(response, 200, metrics.contentType, await metrics.read());
      return;
    }
    const check = CHECKS.get(path);
    if (check === undefined) {
      const known = [...CHECKS.keys(), '/metrics'].join(' ');
      send(response, 404, 'text/plain', `Nothing is here; there are ${known}\n`);
      return;
    }
    const status = this.#source.status();
    const passes = check(status);
    send(response, passes ? 200 : 503, 'application/json', `${body(path, passes, status)}\n`);
  }
}

/** What a person wants to see who asks why; `/quorum` says all of it, the others are short. */
function body(path: string, passes: boolean, status: PeerStatus): string {
  const { sid, role, phase, serving, leaderSid } = status;
  const brief = { ok: passes, sid, role, phase, serving, leader: leaderSid };
  if (path !== '/quorum') return JSON.stringify(brief);
  const { unreachable, readOnly, currentEpoch, acceptedEpoch, lastProcessedZxid, digest } = status;
  return JSON.stringify({
    ...brief,
    reason: passes ? null : reasonOf(status),
    unreachable,
    readOnly,
    currentEpoch,
    acceptedEpoch,
    zxid: `0x${lastProcessedZxid.toString(16)}`,
    digest,
  });
}

function reasonOf({ recovered, role, phase, serving, unreachable }: PeerStatus): string {
  if (!recovered) return 'The history on disk is being loaded';
  if (role === 'looking') return ['No leader is known', ...unreachable.map(asReason)].join('. ');
  if (serving) return `Nothing was heard of the leader for two ticks: ${role}, ${phase}`;
  return `Not in step with the leader yet: ${role}, ${phase}`;
}

function asReason(unreachable: string): string {
  return `Cannot reach ${unreachable}`;
}

function send(response: http.ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
