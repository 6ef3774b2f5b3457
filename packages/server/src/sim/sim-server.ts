/**
 * One simulated server host: a disk that stays, and one process life after another on it, each
 * with a fresh machine. Crashes come in two kinds: the process alone is killed, and what the
 * operating system was told stays; or the host loses its power, and with it unsynced bytes and
 * every word to its peers. The host's clocks run a little off; its wall clock may jump.
 */

import { assert, type Prng } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import type { Exit, LogEvent } from '../peer/ready.ts';
import type { MakeMachine, Machine } from './machine.ts';
import { type PaceOptions, ProcessLife } from './process-life.ts';
import type { SimClock } from './sim-clock.ts';
import { SimConfigStore } from './sim-config-store.ts';
import { type DiskOptions, SimDisk } from './sim-disk.ts';
import type { SimNet } from './sim-net.ts';

/** 2026-01-01 in UTC: where the wall clocks of the simulation start, milliseconds. */
const WALL_START_MS = 1_767_225_600_000;
/** The monotonic clock of a host starts somewhere; never at 0, which would hide mistakes. */
const MONOTONIC_START_MS_MAX = 1_000_000_000;

export interface ServerOptions {
  /** Where others find it; also the key of partitions. */
  readonly host: string;
  readonly disk: DiskOptions;
  readonly pace: PaceOptions;
  /** How much faster its monotonic clock runs, parts per million; negative for slower. */
  readonly driftPpm: number;
  readonly wallOffsetMs: number;
}

/** What others may see; they must not touch the machine. */
export interface ServerObserver<M extends Machine> {
  onStarted(server: SimServer<M>): void;
  onTurnEnd(server: SimServer<M>): void;
  onSubmitted(server: SimServer<M>, request: DiskRequest): void;
  onStored(server: SimServer<M>, request: DiskRequest, error: string | null): void;
  onEvent(server: SimServer<M>, event: LogEvent): void;
  /** The process has ended: `exit` when the machine asked for it, null for a crash. */
  onEnded(server: SimServer<M>, exit: Exit | null): void;
  onThrown(server: SimServer<M>, error: unknown): void;
}

export class SimServer<M extends Machine> {
  /** 1 and up; the sid of the server in the ensemble. */
  readonly sid: number;
  readonly host: string;
  readonly disk: SimDisk;
  readonly configs: SimConfigStore;
  readonly #clock: SimClock;
  readonly #net: SimNet;
  readonly #prng: Prng;
  readonly #make: MakeMachine<M>;
  readonly #observer: ServerObserver<M>;
  readonly #monotonicStartMs: number;
  #options: ServerOptions;
  #wallOffsetMs: number;
  #life: ProcessLife<M> | null;
  /** How many processes there have been. */
  lifeCount: number;

  constructor(
    sid: number,
    world: { readonly clock: SimClock; readonly net: SimNet; readonly prng: Prng },
    options: ServerOptions,
    make: MakeMachine<M>,
    observer: ServerObserver<M>,
  ) {
    this.sid = sid;
    this.host = options.host;
    this.#clock = world.clock;
    this.#net = world.net;
    this.#prng = world.prng;
    this.disk = new SimDisk(world.clock, world.prng.fork(), options.disk);
    this.configs = new SimConfigStore(world.clock, world.prng);
    this.#make = make;
    this.#observer = observer;
    this.#monotonicStartMs = world.prng.below(MONOTONIC_START_MS_MAX) + 1;
    this.#options = options;
    this.#wallOffsetMs = options.wallOffsetMs;
    this.#life = null;
    this.lifeCount = 0;
  }

  /** Null while no process runs. */
  get machine(): M | null {
    return this.#life?.machine ?? null;
  }

  get isRunning(): boolean {
    return this.#life !== null;
  }

  start(): void {
    assert(this.#life === null, `Server ${this.sid} was started while it ran`);
    this.lifeCount++;
    this.#net.setUp(this.host, true);
    const reader = this.disk.open((request, error) => this.#life?.onStored(request, error));
    const watch = { nowMs: () => this.#nowMs(), wallMs: () => this.#wallMs() };
    const seed = this.#prng.uint32();
    const machine = this.#make(reader, seed, watch.nowMs(), watch.wallMs());
    const world = {
      clock: this.#clock,
      net: this.#net,
      disk: this.disk,
      configs: this.configs,
      host: this.host,
      watch,
      prng: this.#prng,
      pace: () => this.#options.pace,
    };
    this.#life = new ProcessLife(world, this.#lifeObserver(), machine);
    this.#observer.onStarted(this);
    this.#life.start();
  }

  /** Asks the process to end by itself. */
  stop(): void {
    this.#life?.stop();
  }

  kill(): void {
    this.#end(null);
  }

  /** Also of a host whose process is gone already: what it left unsynced goes now. */
  cutPower(): void {
    this.#net.setUp(this.host, false);
    this.#life?.end(true);
    this.#life = null;
    this.disk.cutPower();
    this.configs.kill();
    this.#observer.onEnded(this, null);
  }

  pause(us: number): void {
    this.#life?.pause(us);
  }

  jumpWallClock(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** From now on its disk and its pace are others; its clocks go on as they are. */
  setHealth(disk: DiskOptions, pace: PaceOptions): void {
    this.#options = { ...this.#options, disk, pace };
    this.disk.setOptions(disk);
  }

  #end(exit: Exit | null): void {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    life.end(false);
    this.disk.kill();
    this.configs.kill();
    this.#observer.onEnded(this, exit);
  }

  #lifeObserver() {
    const observer = this.#observer;
    return {
      onTurnEnd: () => observer.onTurnEnd(this),
      onSubmitted: (request: DiskRequest) => observer.onSubmitted(this, request),
      onStored: (request: DiskRequest, error: string | null) =>
        observer.onStored(this, request, error),
      onEvent: (event: LogEvent) => observer.onEvent(this, event),
      onExit: (exit: Exit) => this.#end(exit),
      onThrown: (error: unknown) => {
        observer.onThrown(this, error);
        this.#end(null);
      },
    };
  }

  #nowMs(): number {
    const { nowUs } = this.#clock;
    const driftUs = Math.floor((nowUs * this.#options.driftPpm) / 1_000_000);
    return this.#monotonicStartMs + Math.floor((nowUs + driftUs) / 1000);
  }

  #wallMs(): number {
    return WALL_START_MS + Math.floor(this.#clock.nowUs / 1000) + this.#wallOffsetMs;
  }
}
