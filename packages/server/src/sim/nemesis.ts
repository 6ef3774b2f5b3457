/**
 * The nemesis: does to servers and connections what a plan allows, at times and on victims that it
 * draws. Whatever it breaks mends after a while by itself: a crashed server is started again, a
 * partition ends. Knows nothing of what the servers are doing, but for a weakness for the moments
 * in which their disks change names and lengths of files.
 */

import type { Prng } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import type { Machine } from './machine.ts';
import { CLIENT_PORT } from './member-config.ts';
import { sayWord } from './operator.ts';
import type { FaultWeights, Plan } from './plan.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimNet } from './sim-net.ts';
import type { SimServer } from './sim-server.ts';
import type { Trace } from './trace.ts';

export interface NemesisCounts {
  killCount: number;
  powerCutCount: number;
  stopCount: number;
  partitionCount: number;
  pauseCount: number;
}

/** Longest time for which something stays broken. */
const BROKEN_US_MAX = 3_000_000;
const CLOG_US_MAX = 300_000;
const PAUSE_US_MAX = 2_000_000;
const JUMP_MS_MAX = 10_000;
/** A crash that was called up by the disk comes within this. */
const DISK_CRASH_US_MAX = 5000;

type Fault = keyof FaultWeights;

export class Nemesis<M extends Machine> {
  readonly counts: NemesisCounts;
  readonly #clock: SimClock;
  readonly #net: SimNet;
  readonly #prng: Prng;
  readonly #plan: Plan;
  readonly #servers: readonly SimServer<M>[];
  readonly #trace: Trace;
  readonly #faults: Fault[];
  /** Down, and to be started again. */
  readonly #returning: Set<SimServer<M>>;
  #isActive: boolean;

  constructor(
    world: { readonly clock: SimClock; readonly net: SimNet; readonly prng: Prng },
    plan: Plan,
    servers: readonly SimServer<M>[],
    trace: Trace,
  ) {
    this.counts = {
      killCount: 0,
      powerCutCount: 0,
      stopCount: 0,
      partitionCount: 0,
      pauseCount: 0,
    };
    this.#clock = world.clock;
    this.#net = world.net;
    this.#prng = world.prng;
    this.#plan = plan;
    this.#servers = servers;
    this.#trace = trace;
    this.#faults = [];
    this.#returning = new Set();
    for (const [fault, weight] of Object.entries(plan.faults) as [Fault, number][]) {
      for (let count = 0; count < weight; count++) this.#faults.push(fault);
    }
    this.#isActive = false;
  }

  start(): void {
    this.#isActive = true;
    this.#strikeLater();
    this.#handOverLater();
  }

  /** Does nothing more, and starts nothing that is down. */
  stop(): void {
    this.#isActive = false;
  }

  /** A server process has ended by itself, or was ended: it comes back. */
  onEnded(server: SimServer<M>): void {
    if (!this.#isActive || this.#returning.has(server)) return;
    this.#returning.add(server);
    this.#clock.after(1 + this.#prng.below(BROKEN_US_MAX), () => {
      this.#returning.delete(server);
      if (this.#isActive) server.start();
    });
  }

  onSubmitted(server: SimServer<M>, request: DiskRequest): void {
    const { crashAtDiskOneIn } = this.#plan;
    if (!this.#isActive || crashAtDiskOneIn === 0) return;
    if (request.kind === 'write' || request.kind === 'read') return;
    if (!this.#prng.chance(1, crashAtDiskOneIn)) return;
    const life = server.lifeCount;
    this.#clock.after(this.#prng.below(DISK_CRASH_US_MAX), () => {
      if (!this.#isActive || server.lifeCount !== life) return;
      if (this.#prng.chance(3, 4)) this.#cutPower(server);
      else this.#kill(server);
    });
  }

  #strikeLater(): void {
    const { faultEveryUs } = this.#plan;
    if (faultEveryUs === 0 || this.#faults.length === 0) return;
    this.#clock.after(this.#prng.below(2 * faultEveryUs) + 1, () => {
      if (!this.#isActive) return;
      this.#strike(this.#prng.pick(this.#faults));
      this.#strikeLater();
    });
  }

  #strike(fault: Fault): void {
    const server = this.#prng.pick(this.#servers);
    switch (fault) {
      case 'kill':
        return this.#kill(server);
      case 'powerCut':
        return this.#cutPower(server);
      case 'powerCutAll':
        for (const one of this.#servers) this.#cutPower(one);
        return;
      case 'stop':
        this.counts.stopCount++;
        this.#note(server, 'stop');
        return server.stop();
      case 'pause':
        this.counts.pauseCount++;
        this.#note(server, 'pause');
        return server.pause(this.#prng.below(PAUSE_US_MAX));
      case 'wallJump':
        this.#note(server, 'wall clock jumps');
        return server.jumpWallClock(this.#prng.below(2 * JUMP_MS_MAX) - JUMP_MS_MAX);
      case 'isolate':
        return this.#partition([server.host]);
      case 'split':
        return this.#partition(this.#someHosts());
      case 'oneWay':
        return this.#oneWay(server.host, this.#prng.pick(this.#servers).host);
      case 'clog':
        return this.#clog(server.host, this.#prng.pick(this.#servers).host);
      case 'cut':
        return this.#cutSome();
      case 'darken':
        return this.#darkenOne();
    }
  }

  /** Now and then somebody wants one server to lead, or whoever leads not to. */
  #handOverLater(): void {
    const { handOverEveryUs } = this.#plan;
    if (handOverEveryUs === 0) return;
    this.#clock.after(this.#prng.below(2 * handOverEveryUs) + 1, () => {
      if (!this.#isActive) return;
      const wanted = this.#prng.pick(this.#servers);
      const isYield = this.#prng.chance(1, 2);
      this.#note(wanted, isYield ? 'ydld' : 'rqld');
      for (const { host } of isYield ? this.#servers : [wanted]) {
        sayWord(this.#net, host, CLIENT_PORT, isYield ? 'ydld' : 'rqld');
      }
      this.#handOverLater();
    });
  }

  #kill(server: SimServer<M>): void {
    if (!server.isRunning) return;
    this.counts.killCount++;
    this.#note(server, 'kill');
    server.kill();
  }

  #cutPower(server: SimServer<M>): void {
    this.counts.powerCutCount++;
    this.#note(server, 'power cut');
    server.cutPower();
  }

  /** Some hosts on one side; at least one, and not all. */
  #someHosts(): string[] {
    const hosts = this.#servers.map(({ host }) => host);
    this.#prng.shuffle(hosts);
    return hosts.slice(0, 1 + this.#prng.below(Math.max(hosts.length - 1, 1)));
  }

  #partition(oneSide: readonly string[]): void {
    this.counts.partitionCount++;
    this.#trace.line('network', `partition of ${oneSide}`);
    const ways: [string, string][] = [];
    for (const near of oneSide) {
      for (const { host: far } of this.#servers) {
        if (!oneSide.includes(far)) ways.push([near, far], [far, near]);
      }
    }
    this.#blockForAWhile(ways);
  }

  #oneWay(from: string, to: string): void {
    this.counts.partitionCount++;
    this.#trace.line('network', `nothing passes from ${from} to ${to}`);
    this.#blockForAWhile([[from, to]]);
  }

  #blockForAWhile(ways: readonly [string, string][]): void {
    for (const [from, to] of ways) this.#net.block(from, to);
    this.#clock.after(this.#prng.below(BROKEN_US_MAX) + 1, () => {
      for (const [from, to] of ways) this.#net.unblock(from, to);
    });
  }

  #clog(from: string, to: string): void {
    this.#trace.line('network', `slow from ${from} to ${to}`);
    this.#net.clog(from, to, this.#prng.below(CLOG_US_MAX) + 1);
    this.#clock.after(this.#prng.below(BROKEN_US_MAX) + 1, () => this.#net.clog(from, to, 0));
  }

  #cutSome(): void {
    const oneIn = this.#prng.pick([1, 3, 10]);
    this.#trace.note('network', 'cut one in', oneIn);
    for (const connection of this.#net.connections) {
      if (!this.#prng.chance(1, oneIn)) continue;
      connection.cut(this.#prng.below(BROKEN_US_MAX / 10), this.#prng.below(BROKEN_US_MAX / 10));
    }
  }

  #darkenOne(): void {
    const connections = [...this.#net.connections];
    if (connections.length === 0) return;
    const connection = this.#prng.pick(connections);
    this.#trace.note('network', 'dark', connection.id);
    connection.darken();
  }

  #note(server: SimServer<M>, what: string): void {
    this.#trace.note(`server ${server.sid}`, what);
  }
}
