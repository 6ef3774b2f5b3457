/**
 * One life of one simulated server process: the driver of a machine, as `io/loop` is in the real
 * world. What arrives waits in an inbox until the turn that is due; a turn takes time, during
 * which more arrives; after it the lanes of `ready` are carried out. When the life is over nothing
 * of it reaches the machine or the world any more. Knows the machine, the network and the disk,
 * and nothing of what the machine is for.
 */

import type { Prng } from '@zabra/protocol';
import type { DiskRequest } from '../log/disk.ts';
import {
  type Dial,
  type Exit,
  isLinkKind,
  type Listen,
  type ListenKind,
  type LogEvent,
  type Output,
} from '../peer/ready.ts';
import type { Machine } from './machine.ts';
import type { Planned, SimClock } from './sim-clock.ts';
import type { SimConfigStore } from './sim-config-store.ts';
import type { SimDisk } from './sim-disk.ts';
import type { Endpoint, EndpointOwner, SimNet } from './sim-net.ts';

/** A turn happens at least this often. */
const TURN_US_MAX = 20_000;
/** From closing a connection to hearing that it is closed. */
const CLOSED_AFTER_US = 200;

export interface PaceOptions {
  readonly turnUsMin: number;
  readonly turnUsMax: number;
  /** One turn in this many is followed by a pause of up to `pauseUsMax`; 0 is never. */
  readonly pauseOneIn: number;
  readonly pauseUsMax: number;
}

/** How a server process sees time: its monotonic clock runs a little fast or slow. */
export interface Watch {
  nowMs(): number;
  wallMs(): number;
}

/** What others may see of a life as it goes; they must not touch the machine. */
export interface LifeObserver {
  onTurnEnd(): void;
  onSubmitted(request: DiskRequest): void;
  onStored(request: DiskRequest, error: string | null): void;
  onEvent(event: LogEvent): void;
  /** The machine asked to end. */
  onExit(exit: Exit): void;
  /** The machine threw: an assertion failed, or worse. */
  onThrown(error: unknown): void;
}

export interface LifeWorld {
  readonly clock: SimClock;
  readonly net: SimNet;
  readonly disk: SimDisk;
  readonly configs: SimConfigStore;
  readonly host: string;
  readonly watch: Watch;
  readonly prng: Prng;
  /** As it is now: a healed host is quick again. */
  readonly pace: () => PaceOptions;
}

interface Link {
  readonly isClient: boolean;
  /** Null until the machine has heard of an accepted connection. */
  output: Output | null;
  /** Null once this server has closed it: the machine hears no more bytes. */
  endpoint: Endpoint | null;
  isReadingStopped: boolean;
  /** The machine has been told, or will be in its next turn. */
  isClosed: boolean;
}

type Input<M> = (machine: M) => void;

export class ProcessLife<M extends Machine> {
  readonly machine: M;
  readonly #world: LifeWorld;
  readonly #observer: LifeObserver;
  /** By id of the output; clients and links apart, for their ids may coincide. */
  readonly #clients: Map<number, Link>;
  readonly #links: Map<number, Link>;
  /** Accepted by the host; the machine has not heard of them yet. */
  readonly #unheard: Set<Link>;
  readonly #listening: { readonly host: string; readonly port: number }[];
  #inbox: Input<M>[];
  #turn: Planned | null;
  #busyUntilUs: number;
  #isOver: boolean;

  constructor(world: LifeWorld, observer: LifeObserver, machine: M) {
    this.machine = machine;
    this.#world = world;
    this.#observer = observer;
    this.#clients = new Map();
    this.#links = new Map();
    this.#unheard = new Set();
    this.#listening = [];
    this.#inbox = [];
    this.#turn = null;
    this.#busyUntilUs = world.clock.nowUs;
    this.#isOver = false;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  start(): void {
    this.#put((machine) => machine.start());
  }

  /** Asks the machine to end by itself. */
  stop(): void {
    this.#put((machine) => machine.stop());
  }

  onStored(request: DiskRequest, error: string | null): void {
    this.#observer.onStored(request, error);
    this.#put((machine) => machine.onDisk(request.token, error));
  }

  /** The process is gone. Its connections break, or fall silent when the host lost its power. */
  end(isSilent: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#world.clock.cancel(this.#turn);
    for (const { host, port } of this.#listening) this.#world.net.stopListening(host, port);
    const known = [...this.#clients.values(), ...this.#links.values()];
    for (const { endpoint } of [...known, ...this.#unheard]) {
      if (isSilent) endpoint?.vanish();
      else endpoint?.end();
    }
    this.#clients.clear();
    this.#links.clear();
    this.#unheard.clear();
  }

  /** The process does nothing for a while, as when its machine is suspended. */
  pause(us: number): void {
    this.#busyUntilUs = Math.max(this.#busyUntilUs, this.#world.clock.nowUs + us);
    this.#world.clock.cancel(this.#turn);
    this.#turn = null;
    this.#plan(this.#busyUntilUs);
  }

  #put(input: Input<M>): void {
    if (this.#isOver) return;
    this.#inbox.push(input);
    this.#plan(Math.max(this.#busyUntilUs, this.#world.clock.nowUs));
  }

  #plan(atUs: number): void {
    if (this.#turn !== null) {
      if (this.#turn.atUs <= atUs) return;
      this.#world.clock.cancel(this.#turn);
    }
    this.#turn = this.#world.clock.at(atUs, () => this.#takeTurn());
  }

  #takeTurn(): void {
    const { clock, watch } = this.#world;
    this.#turn = null;
    const inbox = this.#inbox;
    this.#inbox = [];
    try {
      this.machine.onClock(watch.nowMs(), watch.wallMs());
      for (const input of inbox) input(this.machine);
      this.machine.flushLog();
      this.#submit();
      this.machine.endTurn();
    } catch (error) {
      this.#observer.onThrown(error);
      return;
    }
    this.#busyUntilUs = clock.nowUs + this.#turnUs();
    const { wantsTurn, exit } = this.machine.ready;
    this.#drain();
    this.#observer.onTurnEnd();
    if (this.#isOver) return;
    if (exit !== null) {
      this.#observer.onExit(exit);
      return;
    }
    const isSoon = wantsTurn || this.#inbox.length > 0;
    this.#plan(isSoon ? this.#busyUntilUs : Math.max(this.#busyUntilUs, clock.nowUs + TURN_US_MAX));
  }

  #turnUs(): number {
    const { prng } = this.#world;
    const { turnUsMin, turnUsMax, pauseOneIn, pauseUsMax } = this.#world.pace();
    const turnUs = turnUsMin + prng.below(turnUsMax - turnUsMin + 1);
    if (pauseOneIn === 0 || !prng.chance(1, pauseOneIn)) return turnUs;
    return turnUs + prng.below(pauseUsMax);
  }

  #drain(): void {
    const { ready } = this.machine;
    for (const event of ready.events) this.#observer.onEvent(event);
    this.#submit();
    for (const request of ready.configs) {
      const onDone = (token: number) => this.#put((machine) => machine.onConfigStored(token, null));
      this.#world.configs.submit(request, onDone);
    }
    for (const dial of ready.dials) this.#dial(dial);
    for (const listen of ready.listens) this.#listen(listen);
    for (const output of ready.outputs) this.#carryOut(output);
    ready.clear();
  }

  #submit(): void {
    const { disk } = this.machine.ready;
    for (const request of disk) {
      this.#observer.onSubmitted(request);
      this.#world.disk.submit(request);
    }
    disk.length = 0;
  }

  #carryOut(output: Output): void {
    const link = (output.lane === 'client' ? this.#clients : this.#links).get(output.id);
    const endpoint = link?.endpoint ?? null;
    if (link === undefined || endpoint === null) return;
    if (output.destroy) {
      endpoint.destroy();
      this.#closedHere(link);
      return;
    }
    if (output.bytes.position > 0) {
      endpoint.send(output.bytes.toBytes());
      output.bytes.reset();
    }
    if (output.closeAfterFlush) {
      endpoint.endGently();
      this.#closedHere(link);
      return;
    }
    output.unsentBytes = endpoint.unsentBytes;
    if (output.pauseReading !== link.isReadingStopped) {
      link.isReadingStopped = output.pauseReading;
      endpoint.stopReading(output.pauseReading);
    }
  }

  #dial({ output, host, port }: Dial): void {
    const { net } = this.#world;
    const link = newLink(false, output);
    this.#links.set(output.id, link);
    link.endpoint = net.dial(this.#world.host, host, port, this.#owner(link));
  }

  #listen({ kind, host, port, open }: Listen): void {
    const { net } = this.#world;
    if (!open) {
      net.stopListening(this.#world.host, port);
      const index = this.#listening.findIndex((one) => one.port === port);
      if (index >= 0) this.#listening.splice(index, 1);
      return;
    }
    const isFree = net.listen(this.#world.host, port, (endpoint) => this.#accept(kind, endpoint));
    if (!isFree) {
      this.#put((machine) => machine.onListenFailed(kind, host, port, 'EADDRINUSE'));
      return;
    }
    this.#listening.push({ host: this.#world.host, port });
    this.#put((machine) => machine.onListening(kind, host, port));
  }

  /** The machine learns of the connection in its next turn; what comes before waits with it. */
  #accept(kind: ListenKind, endpoint: Endpoint): EndpointOwner {
    const link = newLink(!isLinkKind(kind), null);
    link.endpoint = endpoint;
    this.#unheard.add(link);
    const { host, port } = endpoint.other;
    this.#put((machine) => {
      this.#unheard.delete(link);
      const output = isLinkKind(kind)
        ? machine.onLinkOpen(kind, host, port)
        : machine.onClientOpen(host, port, null);
      link.output = output;
      (link.isClient ? this.#clients : this.#links).set(output.id, link);
    });
    return this.#owner(link);
  }

  #owner(link: Link): EndpointOwner {
    return {
      onOpen: () => this.#putFor(link, (machine, id) => machine.onDialed(id)),
      onBytes: (buffer, start, end) =>
        this.#putFor(link, (machine, id) => {
          if (link.isClient) machine.onClientBytes(id, buffer, start, end);
          else machine.onLinkBytes(id, buffer, start, end);
        }),
      onClosed: (reason) => this.#closed(link, reason),
      onDrained: () => {
        if (link.output !== null) link.output.unsentBytes = 0;
        this.#put(() => undefined);
      },
    };
  }

  /** Not delivered when this server has closed the connection by then. */
  #putFor(link: Link, input: (machine: M, id: number) => void): void {
    this.#put((machine) => {
      if (link.endpoint !== null && link.output !== null) input(machine, link.output.id);
    });
  }

  #closedHere(link: Link): void {
    link.endpoint = null;
    this.#world.clock.after(CLOSED_AFTER_US, () => this.#closed(link, 'closed by this server'));
  }

  /** Told exactly once, whoever closed it. */
  #closed(link: Link, reason: string): void {
    if (link.isClosed) return;
    link.isClosed = true;
    this.#put((machine) => {
      link.endpoint = null;
      if (link.output === null) return;
      const { id } = link.output;
      (link.isClient ? this.#clients : this.#links).delete(id);
      if (link.isClient) machine.onClientClosed(id, reason);
      else machine.onLinkClosed(id, reason);
    });
  }
}

function newLink(isClient: boolean, output: Output | null): Link {
  return { isClient, output, endpoint: null, isReadingStopped: false, isClosed: false };
}
