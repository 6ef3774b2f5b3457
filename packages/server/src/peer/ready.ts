/**
 * What the machine wants done: lanes that the driver (`io/loop`, `sim/ensemble`) drains once per
 * turn, after `Peer.endTurn`. The machine touches the world in no other way. The lanes are reused;
 * a driver takes what is in them and calls `clear`.
 *
 * Taught in order: the driver calls `onClock`, then the inputs of the turn, then `flushLog`, then
 * `endTurn`; then it submits `disk` (as after `flushLog`) and `configs`, opens `dials` and
 * `listens`, writes each of `outputs` in one write, prints `events`, and looks at `wantsTurn` (call
 * `endTurn` again soon) and `exit` (end the process).
 */

import type { JuteWriter } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';

/** Which of a server's ports a connection or listener belongs to. */
export type LinkKind = 'election' | 'quorum' | 'observerMaster';
/** `secureClient` speaks TLS from the first byte on; to the machine it is a client like others. */
export type ListenKind = LinkKind | 'client' | 'secureClient';

export function isLinkKind(kind: ListenKind): kind is LinkKind {
  return kind === 'election' || kind === 'quorum' || kind === 'observerMaster';
}

/** One connection's pending output. The driver takes `bytes` and resets it. */
export interface Output {
  readonly id: number;
  readonly lane: 'client' | 'link';
  readonly bytes: JuteWriter;
  /** Close the connection once everything written so far has left. */
  closeAfterFlush: boolean;
  /** Close at once and drop what was not written yet. */
  destroy: boolean;
  /** Stop reading from the socket until it is false again (back pressure). */
  pauseReading: boolean;
  /** Already in `Ready.outputs` this turn. */
  touched: boolean;
  /** Set by the driver: bytes handed to the network and not yet taken by it. */
  unsentBytes: number;
}

export interface Dial {
  /** The link's output, under whose `id` the driver reports what becomes of the dial. */
  readonly output: Output;
  readonly kind: LinkKind;
  readonly host: string;
  readonly port: number;
}

export interface Listen {
  readonly kind: ListenKind;
  readonly host: string;
  readonly port: number;
  readonly open: boolean;
}

/**
 * A step in the life of a configuration, for the files beside zoo.cfg; done in order, and complete
 * when it is on stable storage.
 */
export interface StoreConfig {
  /** The driver reports what became of it under this number. */
  readonly token: number;
  /** `withdrawn`: it was proposed and will never be committed. */
  readonly kind: 'proposed' | 'committed' | 'withdrawn';
  readonly config: EnsembleConfig;
  /** No proposed configuration is left then. */
  readonly isSettled: boolean;
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** A log line as data; log4j, logback and JSON lines are renderers of it. */
export interface LogEvent {
  readonly level: LogLevel;
  /** Thread-like name in log4j lines, e.g. `QuorumPeer[myid=1]`. */
  readonly thread: string;
  /** Class-like name of the room that speaks, e.g. `Leader`. */
  readonly source: string;
  readonly message: string;
}

export interface Exit {
  readonly code: number;
  readonly reason: string;
}

export class Ready {
  readonly disk: DiskRequest[] = [];
  readonly dials: Dial[] = [];
  readonly listens: Listen[] = [];
  readonly configs: StoreConfig[] = [];
  readonly outputs: Output[] = [];
  readonly events: LogEvent[] = [];
  wantsTurn = false;
  exit: Exit | null = null;

  /** Marks an output as having something for the driver to do this turn. */
  touch(output: Output): void {
    if (output.touched) return;
    output.touched = true;
    this.outputs.push(output);
  }

  log(level: LogLevel, thread: string, source: string, message: string): void {
    this.events.push({ level, thread, source, message });
  }

  /** Called by the driver after it has taken everything. `exit` stays. */
  clear(): void {
    for (const output of this.outputs) output.touched = false;
    this.disk.length = 0;
    this.dials.length = 0;
    this.listens.length = 0;
    this.configs.length = 0;
    this.outputs.length = 0;
    this.events.length = 0;
    this.wantsTurn = false;
  }
}
