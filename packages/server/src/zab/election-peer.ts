/**
 * ElectionPeer: what the mesh keeps about one other member: the one connection, the newest message
 * for it, and when it may be dialled again. The queue has one place: while the network does not
 * take a message, a newer one replaces it, and the last message goes out once more on a new
 * connection (quorum-protocol.md 2.3).
 *
 * Invariant: at most one of `link` and `dialing` is set by a dial of ours; `link` is the adopted
 * connection, and every other connection of that sid is closed.
 */

import {
  FrameReader,
  type FrameFault,
  type HostPort,
  NOTIFICATION_BYTES_MAX,
  type Prng,
} from '@zabra/protocol';
import type { ElectionLink } from './zab-host.ts';

/** Messages are written while the network holds less than this; a few hundred of them. */
const UNSENT_BYTES_MAX = 64 * 1024;
const BACK_OFF_MIN_MS = 100;
/** The cap is this and up to as much again, so that two members do not dial in step. */
const BACK_OFF_MAX_MS = 1000;
/** Ways of being out of reach that are remembered as told; addresses come from others. */
const TOLD_MAX = 8;

export interface ElectionPeerOwner {
  onFrame(peer: ElectionPeer, buffer: Uint8Array, start: number, end: number): void;
  onFrameFault(peer: ElectionPeer, message: string): void;
}

export class ElectionPeer {
  readonly sid: number;
  /** False for a sid outside the configuration: it is answered, and forgotten when it goes. */
  isMember: boolean;
  link: ElectionLink | null;
  dialing: ElectionLink | null;
  /** A connection is wanted as soon as `redialAtMs` allows. */
  wanted: boolean;
  redialAtMs: number;
  /** When the dial in progress has taken too long. */
  dialUntilMs: number;
  /** Where and why the last dial failed; null once there is a connection. */
  unreachable: string | null;
  /** What was said of that since the last connection, so that it is said once. */
  #told: string[];
  /** From configuration. */
  #configured: readonly HostPort[];
  /** From its INIT, tried first. */
  #announced: readonly HostPort[];
  /** Where it knocked from, with the port of the others; tried last, and once for each knock. */
  #knockedFrom: HostPort | null;
  #addressIndex: number;
  #backOffMs: number;
  #last: Uint8Array | null;
  /** The last message has not been written to the present connection. */
  #queued: boolean;
  #reader: FrameReader | null;
  readonly #owner: ElectionPeerOwner;

  constructor(
    owner: ElectionPeerOwner,
    sid: number,
    isMember: boolean,
    configured: readonly HostPort[],
  ) {
    this.#owner = owner;
    this.sid = sid;
    this.isMember = isMember;
    this.link = null;
    this.dialing = null;
    this.wanted = false;
    this.redialAtMs = 0;
    this.dialUntilMs = 0;
    this.unreachable = null;
    this.#told = [];
    this.#configured = configured;
    this.#announced = [];
    this.#knockedFrom = null;
    this.#addressIndex = 0;
    this.#backOffMs = BACK_OFF_MIN_MS;
    this.#last = null;
    this.#queued = false;
    this.#reader = null;
  }

  /** Where the configuration says now that it is reached, if it is one of the members. */
  configure(isMember: boolean, configured: readonly HostPort[]): void {
    this.isMember = isMember;
    this.#configured = configured;
    this.#addressIndex = 0;
  }

  get hasUnsentMessage(): boolean {
    return this.#queued;
  }

  /** The connection of this member from here on; what it was told last is said once more. */
  adopt(link: ElectionLink): void {
    if (this.link !== null && this.link !== link) this.link.close('replaced by a newer connection');
    if (this.dialing !== null && this.dialing !== link) this.dialing.close('no longer needed');
    this.link = link;
    this.dialing = null;
    this.wanted = false;
    this.unreachable = null;
    this.#told = [];
    this.#knockedFrom = null;
    this.#reader = new FrameReader(NOTIFICATION_BYTES_MAX, {
      onFrame: (buffer, start, end) => {
        this.#owner.onFrame(this, buffer, start, end);
        return true;
      },
      onFrameError: (fault: FrameFault, length: number) => {
        this.#owner.onFrameFault(this, `it sent a frame of ${length} bytes (${fault})`);
      },
    });
    this.#queued = this.#last !== null;
    this.flush();
  }

  /** Bytes of the adopted connection. */
  push(buffer: Uint8Array, start: number, end: number): void {
    this.#reader?.push(buffer, start, end);
  }

  /** The newest message, as a whole frame. */
  enqueue(frame: Uint8Array): void {
    this.#last = frame;
    this.#queued = true;
    this.flush();
  }

  flush(): void {
    if (!this.#queued || this.link === null || this.#last === null) return;
    if (this.link.unsentBytes > UNSENT_BYTES_MAX) return;
    this.#queued = false;
    this.link.write(this.#last, 0, this.#last.length);
  }

  /** The adopted connection is gone. */
  drop(reason: string): void {
    this.link?.close(reason);
    this.link = null;
    this.#reader = null;
  }

  /** A dial failed there, for that reason; true when this has not been said yet. */
  onUnreachable(address: string, reason: string): boolean {
    this.unreachable = `server ${this.sid} at ${address}: ${reason}`;
    if (this.#told.includes(this.unreachable)) return false;
    if (this.#told.length >= TOLD_MAX) this.#told.shift();
    this.#told.push(this.unreachable);
    return true;
  }

  /** It lives: the next dial may be soon. */
  onAlive(): void {
    this.#backOffMs = BACK_OFF_MIN_MS;
  }

  /** It said itself where it is reached: that is tried first. */
  onAnnounced(addresses: readonly HostPort[]): void {
    if (addresses.length === 0) return;
    this.#announced = addresses;
    this.#addressIndex = 0;
  }

  /**
   * It waits for a call, and may be where its name does not lead yet: a pod has a name only once it
   * is ready. Kept no longer than for a call, since the address may be another's later.
   */
  onKnocked(host: string): void {
    const [named] = [...this.#announced, ...this.#configured];
    this.#knockedFrom = named === undefined ? null : { host, port: named.port };
  }

  /** The address to dial now; each failed dial moves on to the next. Null: it has none. */
  nextAddress(): HostPort | null {
    const addresses = this.#addresses();
    return addresses[this.#addressIndex % addresses.length] ?? null;
  }

  #addresses(): readonly HostPort[] {
    const addresses = [...this.#announced];
    for (const one of [...this.#configured, ...(this.#knockedFrom ? [this.#knockedFrom] : [])]) {
      const isThere = addresses.some(({ host, port }) => host === one.host && port === one.port);
      if (!isThere) addresses.push(one);
    }
    return addresses;
  }

  /** A dial failed, or was only a knock: wait before the next. */
  onDialOver(failed: boolean, nowMs: number, prng: Prng): void {
    this.dialing = null;
    if (failed) {
      if (this.nextAddress() === this.#knockedFrom) this.#knockedFrom = null;
      this.#addressIndex += 1;
    } else this.#backOffMs = BACK_OFF_MAX_MS;
    this.redialAtMs = nowMs + this.#backOffMs + prng.below(this.#backOffMs);
    this.#backOffMs = Math.min(this.#backOffMs * 2, BACK_OFF_MAX_MS);
  }
}
