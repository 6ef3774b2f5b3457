/**
 * RequestQueue: requests that wait for a session and those that wait for a reply, with the xids
 * that join a request to its reply. Replies come in the order of the requests, so the head of
 * `sent` is the only one that a reply may answer. From client-protocol.md 18.
 */

import { RingQueue } from '@zabra/protocol';
import type { Request } from './request.ts';

const XID_MAX = 0x7fffffff;

export class RequestQueue {
  readonly #queued: RingQueue<Request>;
  readonly #sent: RingQueue<Request>;
  #lastXid: number;

  constructor() {
    this.#queued = new RingQueue();
    this.#sent = new RingQueue();
    this.#lastXid = 0;
  }

  queue(request: Request): void {
    request.phase = 'queued';
    this.#queued.push(request);
  }

  /** All that wait for a session, but those that were withdrawn. */
  takeQueued(): Request[] {
    const taken = [...this.#queued].filter((request) => request.phase === 'queued');
    this.#queued.clear();
    return taken;
  }

  /** All that wait for a reply. */
  takeSent(): Request[] {
    const taken = [...this.#sent];
    this.#sent.clear();
    return taken;
  }

  /** 1 to 2^31 - 1, then 1 again. */
  nextXid(): number {
    this.#lastXid = this.#lastXid === XID_MAX ? 1 : this.#lastXid + 1;
    return this.#lastXid;
  }

  onSent(request: Request): void {
    request.phase = 'sent';
    request.wasSent = true;
    this.#sent.push(request);
  }

  /** Whether any waits for a reply. */
  get hasSent(): boolean {
    return this.#sent.length > 0;
  }

  /** The one that the next ordinary reply answers. */
  head(): Request | undefined {
    return this.#sent.peek();
  }

  shiftSent(): Request | undefined {
    return this.#sent.shift();
  }
}
