/**
 * What the loop drives: the inputs of a server as one machine. `peer/Peer` is one; tests bring
 * smaller ones. Every method runs to completion and touches nothing but `ready`. The order within
 * a turn is that of `peer/ready`: `onClock`, then the inputs, then `flushLog`, then `endTurn`.
 */

import type { Id } from '@zabra/protocol';
import type { LinkKind, ListenKind, Output, Ready } from '../peer/ready.ts';

export interface Machine {
  readonly ready: Ready;
  start(): void;
  /** Monotonic and wall-clock milliseconds; the first call of every turn. */
  onClock(nowMs: number, wallMs: number): void;
  /** The request of that token is on stable storage, or failed for the reason given. */
  onDisk(token: number, error: string | null): void;
  /** What a configuration left is on stable storage, or failed for the reason given. */
  onConfigStored(token: number, error: string | null): void;
  onListening(kind: ListenKind, host: string, port: number): void;
  onListenFailed(kind: ListenKind, host: string, port: number, reason: string): void;
  /** `proven`: what TLS has proved of the client, perhaps nothing; null without TLS. */
  onClientOpen(remoteHost: string, remotePort: number, proven: readonly Id[] | null): Output;
  /** The bytes are consumed or copied before it returns. */
  onClientBytes(id: number, buffer: Uint8Array, start: number, end: number): void;
  /** Exactly once for each connection, whoever closed it. */
  onClientClosed(id: number, reason: string): void;
  onLinkOpen(kind: LinkKind, remoteHost: string, remotePort: number): Output;
  onDialed(id: number): void;
  onLinkBytes(id: number, buffer: Uint8Array, start: number, end: number): void;
  /** Exactly once for each link and each dial, failed ones included, whoever closed it. */
  onLinkClosed(id: number, reason: string): void;
  /**
   * What was logged so far goes to `ready.disk`, unless a write is under way. The driver calls it
   * after `onDisk` and before `endTurn`, and drains that lane at once: the disk is at work while
   * the machine applies what came before.
   */
  flushLog(): void;
  endTurn(): void;
  /** Begins a graceful end; `ready.exit` follows. */
  stop(): void;
}
