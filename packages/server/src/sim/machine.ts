/**
 * What the simulation drives: the inputs of a server as one machine, the same that `io/loop`
 * drives. `peer/Peer` is one; tests of the simulation itself bring smaller ones.
 */

import type { Id } from '@zabra/protocol';
import type { DiskReader } from '../log/disk.ts';
import type { LinkKind, ListenKind, Output, Ready } from '../peer/ready.ts';

export interface Machine {
  readonly ready: Ready;
  start(): void;
  onClock(nowMs: number, wallMs: number): void;
  onDisk(token: number, error: string | null): void;
  onConfigStored(token: number, error: string | null): void;
  onListening(kind: ListenKind, host: string, port: number): void;
  onListenFailed(kind: ListenKind, host: string, port: number, reason: string): void;
  onClientOpen(remoteHost: string, remotePort: number, proven: readonly Id[] | null): Output;
  onClientBytes(id: number, buffer: Uint8Array, start: number, end: number): void;
  onClientClosed(id: number, reason: string): void;
  onLinkOpen(kind: LinkKind, remoteHost: string, remotePort: number): Output;
  onDialed(id: number): void;
  onLinkBytes(id: number, buffer: Uint8Array, start: number, end: number): void;
  onLinkClosed(id: number, reason: string): void;
  flushLog(): void;
  endTurn(): void;
  stop(): void;
}

/** Makes the machine of one process life over the disk that it finds. */
export type MakeMachine<M extends Machine> = (
  disk: DiskReader,
  seed: number,
  nowMs: number,
  wallMs: number,
) => M;
