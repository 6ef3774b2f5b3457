/**
 * Admission: how much the server takes on at once. It decides which connection is read on, which
 * request waits until fewer are in process, and which is too much (client-protocol.md 17; upstream
 * `RequestThrottler` and the checks around it). Requests come and leave through here, so that
 * everything that counts them is counted in one place.
 *
 * Memory of one connection's input: requests in its queue up to `#queuedBytesMax` and one more
 * frame, or a frame that is still coming in. Together at most twice `jute.maxbuffer`.
 */

import { OpCode, RingQueue } from '@zabra/protocol';
import type { ClientConnection } from './client-connection.ts';
import type { PeerCore } from './peer-core.ts';
import type { PendingRequest } from './pending-request.ts';
import type { ThrottleConfig } from './throttle-config.ts';

/** What a connection that has just been paused may still hand over: one read of its socket. */
const READ_BYTES_MAX = 64 * 1024;

export class Admission {
  readonly #host: PeerCore;
  readonly #config: ThrottleConfig;
  readonly #queuedBytesMax: number;
  /** Requests that wait until fewer are in process, in the order in which they came. */
  readonly #held: RingQueue<PendingRequest>;
  /** Connections that are not read for now. */
  readonly #waiting: ClientConnection[];
  /** Of large requests in the queues. */
  #largeBytes: number;
  /** Requests in the queues that need only their turn: reads, and replies that are known. */
  #restingCount: number;

  constructor(host: PeerCore) {
    const { throttle, juteMaxBufferBytes } = host.config;
    this.#host = host;
    this.#config = throttle;
    this.#queuedBytesMax = Math.max(juteMaxBufferBytes - READ_BYTES_MAX, juteMaxBufferBytes >>> 1);
    this.#held = new RingQueue();
    this.#waiting = [];
    this.#largeBytes = 0;
    this.#restingCount = 0;
  }

  /** True while a request must wait for others before it goes on. */
  get isFull(): boolean {
    const { requestsMax } = this.#config;
    if (requestsMax === 0) return false;
    return this.#held.length > 0 || this.#inProcess >= requestsMax;
  }

  /** False for a large request, or as much of it as has come, that exceeds the budget of all. */
  takes(frameBytes: number): boolean {
    const { largeRequestBytesMax } = this.#config;
    return !this.#isLarge(frameBytes) || this.#largeBytes + frameBytes <= largeRequestBytesMax;
  }

  /** Into the queue of its connection; a held one also into that of all. */
  enqueue(pending: PendingRequest): void {
    const { connection, frameBytes } = pending;
    connection.queue.push(pending);
    connection.queuedBytes += pending.bytes;
    if (this.#isLarge(frameBytes)) this.#largeBytes += frameBytes;
    if (isResting(pending)) this.#restingCount++;
    if (pending.kind === 'held') {
      this.#held.push(pending);
      this.#host.stats.throttleWaitCount++;
    } else {
      this.#host.stats.outstandingRequests++;
    }
  }

  /** The first request of the connection leaves its queue. */
  dequeue(connection: ClientConnection): void {
    const pending = connection.queue.shift();
    if (pending === undefined) return;
    connection.queuedBytes -= pending.bytes;
    if (this.#isLarge(pending.frameBytes)) this.#largeBytes -= pending.frameBytes;
    if (isResting(pending)) this.#restingCount--;
  }

  /** The connection is gone, and nobody waits for its replies. */
  dropQueue(connection: ClientConnection): void {
    const { stats } = this.#host;
    const { dropsStale, isStaleWhenClosed } = this.#config;
    for (const pending of connection.queue) {
      if (this.#isLarge(pending.frameBytes)) this.#largeBytes -= pending.frameBytes;
      if (pending.kind === 'held') {
        if (!dropsStale || !isStaleWhenClosed || pending.closes) continue;
        pending.kind = 'dropped';
        stats.staleRequestsDropped++;
      } else if (isResting(pending)) {
        // A write stays in process until it is applied.
        stats.outstandingRequests--;
        this.#restingCount--;
      }
    }
    connection.queue.clear();
    connection.queuedBytes = 0;
  }

  /** The role is over, and nothing that was asked of it is answered. */
  forgetAll(): void {
    this.#held.clear();
    this.#waiting.length = 0;
    this.#largeBytes = 0;
    this.#restingCount = 0;
    this.#host.stats.outstandingRequests = 0;
  }

  /**
   * The next held request that may go on; null when there is none. It is in process from now on.
   */
  release(): PendingRequest | null {
    const { stats } = this.#host;
    const now = this.#host.nowMs();
    while (this.#held.length > 0 && this.#inProcess < this.#config.requestsMax) {
      const pending = this.#held.shift() as PendingRequest;
      if (pending.kind === 'dropped') continue;
      stats.throttleQueueTimeMs.add(now - pending.receivedMs);
      if (this.#isStale(pending, now)) {
        if (this.#config.dropsStale) {
          stats.staleRequestsDropped++;
          // Whatever came behind it must not be answered either.
          pending.kind = 'dropped';
          pending.connection.closeNow();
          continue;
        }
        stats.staleRequests++;
      }
      stats.outstandingRequests++;
      return pending;
    }
    return null;
  }

  /** True when the held request waited for so long that it is refused. */
  isTooLate({ opcode, receivedMs }: PendingRequest): boolean {
    const { waitMsMax } = this.#config;
    if (waitMsMax === 0 || this.#host.nowMs() - receivedMs <= waitMsMax) return false;
    return opcode !== OpCode.createSession && opcode !== OpCode.closeSession;
  }

  /** A request that was released needs only its turn. */
  rest(pending: PendingRequest, kind: 'read' | 'canned'): void {
    pending.kind = kind;
    this.#restingCount++;
  }

  /** False when the connection is to wait: `resume` names it again. */
  readsOn(connection: ClientConnection): boolean {
    if (!this.#mustWait(connection, this.#isOverLimit())) return true;
    connection.throttled = true;
    connection.pauseReading = true;
    this.#waiting.push(connection);
    this.#host.ready.touch(connection);
    return false;
  }

  /** Names the connections that need not wait any more. */
  resume(visit: (connection: ClientConnection) => void): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    const isOver = this.#isOverLimit();
    let kept = 0;
    for (const connection of waiting) {
      if (!connection.destroy && this.#mustWait(connection, isOver)) {
        waiting[kept] = connection;
        kept++;
      } else {
        connection.throttled = false;
        visit(connection);
      }
    }
    waiting.length = kept;
  }

  /**
   * Writes and syncs. What rests may stand behind a held request, or behind output that its client
   * does not take: it must not keep others from going on.
   */
  get #inProcess(): number {
    return this.#host.stats.outstandingRequests - this.#restingCount;
  }

  #mustWait({ queue, queuedBytes }: ClientConnection, isOver: boolean): boolean {
    if (queue.length === 0) return false;
    const { globalOutstandingLimit } = this.#host.config;
    return isOver || queue.length > globalOutstandingLimit || queuedBytes > this.#queuedBytesMax;
  }

  /** What is held counts like what is in process, each for itself, as in the reference. */
  #isOverLimit(): boolean {
    const { globalOutstandingLimit } = this.#host.config;
    return this.#inProcess > globalOutstandingLimit || this.#held.length > globalOutstandingLimit;
  }

  #isLarge(frameBytes: number): boolean {
    const { largeRequestBytes } = this.#config;
    return largeRequestBytes >= 0 && frameBytes > largeRequestBytes;
  }

  #isStale({ connection, opcode, receivedMs }: PendingRequest, now: number): boolean {
    if (opcode === OpCode.closeSession) return false;
    const { isStaleWhenClosed, isStaleWhenLate } = this.#config;
    if (isStaleWhenClosed && connection.destroy) return true;
    const timeoutMs = connection.session?.timeoutMs ?? Number.POSITIVE_INFINITY;
    return isStaleWhenLate && now - receivedMs > timeoutMs;
  }
}

function isResting({ kind }: PendingRequest): boolean {
  return kind === 'read' || kind === 'canned';
}
