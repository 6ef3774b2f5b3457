/**
 * LocalSessions: sessions that this server alone knows (`localSessionsEnabled`): made and ended
 * without a transaction, expired here, gone for a client that comes to another server. One that
 * asks for an ephemeral becomes a session of the whole ensemble under the same id first, or is
 * refused it, as `localSessionsUpgradingEnabled` says. From quorum-protocol.md 11.4 (ZooKeeper's
 * `LocalSessionTracker`, `UpgradeableSessionTracker` and `checkUpgradeSession`).
 *
 * In ZooKeeper they end with the role of their server. Here they outlive roles and elections: a
 * client that comes back to its server finds its session, if not its watches and connection.
 *
 * Invariant: a session is never local here and in the replicated table at once.
 */

import { ErrorCode, type Id, int64Hex, OpCode } from '@zabra/protocol';
import type { OpRequest } from '../ops/request.ts';
import { ExpiryPause } from './expiry-pause.ts';
import type { PeerCore } from './peer-core.ts';
import { CurrentRequest } from './pending-request.ts';
import type { RequestOrder } from './request-order.ts';
import { SessionTracker } from './session-tracker.ts';

const TIMEOUT_BYTES = 4;
const NO_IDENTITIES: readonly Id[] = [];

export class LocalSessions {
  /** Whether new sessions are local. */
  readonly isEnabled: boolean;
  readonly #host: PeerCore;
  readonly #tracker: SessionTracker;
  readonly #pause: ExpiryPause;
  readonly #creation: CurrentRequest;
  readonly #timeoutBody: Uint8Array;

  constructor(host: PeerCore) {
    const { localSessionsEnabled, ensemble, tickTimeMs } = host.config;
    // A server that stands alone knows all sessions anyway.
    this.isEnabled = localSessionsEnabled && ensemble !== null;
    this.#host = host;
    this.#tracker = new SessionTracker(tickTimeMs, host.nowMs());
    this.#pause = new ExpiryPause(tickTimeMs, host.nowMs());
    this.#creation = new CurrentRequest();
    this.#timeoutBody = new Uint8Array(TIMEOUT_BYTES);
  }

  /** Null where there are none. */
  get tracker(): SessionTracker | null {
    return this.isEnabled ? this.#tracker : null;
  }

  get count(): number {
    return this.#tracker.count;
  }

  has(hi: number, lo: number): boolean {
    return this.isEnabled && this.#tracker.isAlive(hi, lo);
  }

  create(hi: number, lo: number, timeoutMs: number): void {
    this.#tracker.track(hi, lo, timeoutMs, this.#host.nowMs());
  }

  /** Something was heard of the session; false when it is none of these. */
  touch(hi: number, lo: number, timeoutMs: number): boolean {
    return this.isEnabled && this.#tracker.touch(hi, lo, timeoutMs, this.#host.nowMs());
  }

  /** Ends the session; false when it is none of these. */
  close(hi: number, lo: number): boolean {
    if (!this.has(hi, lo)) return false;
    this.#tracker.remove(hi, lo);
    return true;
  }

  /**
   * Before a write goes to whoever orders it: a session that asks for an ephemeral is made global
   * ahead of it. Returns OK, or EPHEMERALONLOCALSESSION when the write will be refused for that.
   */
  beforeWrite(request: OpRequest, order: RequestOrder): number {
    const { sessionHi: hi, sessionLo: lo } = request;
    if (!this.has(hi, lo) || !this.#host.state.wantsEphemeral(request)) return ErrorCode.OK;
    if (!this.#host.config.localSessionsUpgradingEnabled) return ErrorCode.EPHEMERALONLOCALSESSION;
    const timeoutMs = this.#tracker.timeoutMs(hi, lo);
    this.#tracker.remove(hi, lo);
    this.upgrade(hi, lo, timeoutMs, order);
    return ErrorCode.OK;
  }

  /** Asks for a session of the whole ensemble under the id of one that was ours alone. */
  upgrade(hi: number, lo: number, timeoutMs: number, order: RequestOrder): void {
    const body = this.#timeoutBody;
    new DataView(body.buffer).setInt32(0, timeoutMs);
    this.#host.log('info', 'UpgradeableSessionTracker', `Upgrading session 0x${int64Hex(hi, lo)}`);
    const { createSession } = OpCode;
    order.upgrade(
      this.#creation.set(hi, lo, 0, createSession, body, 0, TIMEOUT_BYTES, NO_IDENTITIES),
      timeoutMs,
    );
  }

  /** Once a turn: ends the sessions whose time is over, and names them. */
  expire(visit: (hi: number, lo: number) => void): void {
    const now = this.#host.nowMs();
    if (!this.isEnabled || !this.#pause.isOver(now)) return;
    this.#tracker.expire(now, (hi, lo, timeoutMs) => {
      this.#tracker.remove(hi, lo);
      this.#host.stats.staleSessionsExpired++;
      this.#host.log(
        'info',
        'ZooKeeperServer',
        `Expiring session 0x${int64Hex(hi, lo)}, timeout of ${timeoutMs}ms exceeded`,
      );
      visit(hi, lo);
    });
  }
}
