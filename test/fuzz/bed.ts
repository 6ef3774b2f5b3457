/**
 * Bed: the server that is fuzzed, as a whole machine and without sockets, alone or with the other
 * two of its ensemble, which are real servers as well. The bed is the driver of them all: a turn
 * is open while inputs come, and what the machines wrote is carried out when it closes. Disks and
 * links take a turn; time passes when it is told to.
 */

import { parseEnsembleText } from 'zabra/dist/zab/ensemble-text.js';
import { configOf, HASHES, START_MS, WALL_START_MS } from 'zabra/dist/peer/bed-config.test-kit.js';
import type { ClientConnection } from 'zabra/dist/peer/client-connection.js';
import type { PeerConfig } from 'zabra/dist/peer/peer-config.js';
import { Peer } from 'zabra/dist/peer/peer.js';
import type { LogEvent } from 'zabra/dist/peer/ready.js';
import { FuzzClient } from './fuzz-client.ts';
import { FuzzDisk } from './fuzz-disk.ts';
import { LinkNet } from './link-net.ts';
import { LogTap } from './log-tap.ts';
import type { ServerKind } from './servers.ts';

const TURNS_MAX = 50_000;
const SECOND_MS = 1000;
/** How many of the newest log lines are kept for the report of a failure. */
const EVENTS_KEPT = 40;
const ENSEMBLE = [
  'server.1=h1:2888:3888:participant',
  'server.2=h2:2888:3888:participant',
  'server.3=h3:2888:3888:participant',
  'version=0',
].join('\n');

/** One server with its disk. */
export interface Host {
  readonly name: string;
  readonly peer: Peer;
  readonly disk: FuzzDisk;
}

export class Bed {
  readonly kind: ServerKind;
  /** As it stands after the kind's changes. */
  readonly config: PeerConfig;
  /** All members, one for a server that stands alone. */
  readonly hosts: readonly Host[];
  readonly net: LinkNet;
  /** Transactions on the disk of the server that is fuzzed. */
  readonly tap: LogTap;
  readonly events: LogEvent[];
  readonly clients: Map<number, FuzzClient>;
  nowMs: number;
  /** Counts turns; a client may tell whether something was in the present one. */
  turnCount: number;
  isTurnOpen: boolean;
  /** Real time that the longest turn took since somebody set it to 0. */
  longestTurnMs: number;
  /** False from when its links are broken until it serves again. */
  hasRole: boolean;
  readonly #target: Host;
  #gone: FuzzClient[];
  /** Called about once a second of the bed's time, in a turn: whoever keeps a session pings. */
  onSecond: () => void;
  #lastPort: number;
  #nextSecondMs: number;
  #turnBeganMs: number;

  constructor(kind: ServerKind) {
    this.kind = kind;
    this.nowMs = START_MS;
    this.turnCount = 0;
    this.isTurnOpen = false;
    this.longestTurnMs = 0;
    this.hasRole = true;
    this.events = [];
    this.clients = new Map();
    this.#gone = [];
    this.onSecond = () => undefined;
    this.#lastPort = 0;
    this.#nextSecondMs = 0;
    this.#turnBeganMs = 0;
    const sids = kind.place === 'alone' ? [1] : [1, 2, 3];
    this.config = configOf(kind.config);
    this.hosts = sids.map((sid) => makeHost(kind, sid));
    this.net = new LinkNet(this.hosts);
    // Without history the highest number leads.
    this.#target = this.hosts.at(kind.place === 'leader' ? -1 : 0) as Host;
    this.tap = new LogTap();
    this.#target.disk.tap = this.tap;
    this.openTurn();
    for (const { peer } of this.hosts) peer.start();
    this.closeTurn();
    this.#awaitAll();
  }

  /** The server that is fuzzed. */
  get peer(): Peer {
    return this.#target.peer;
  }

  /** What all disks in memory hold. */
  get diskBytes(): number {
    return this.hosts.reduce((sum, { disk }) => sum + disk.heldBytes, 0);
  }

  get isServing(): boolean {
    return this.peer.status().serving;
  }

  /** No transaction becomes durable anywhere until it is false again. */
  set isLogStuck(stuck: boolean) {
    for (const { disk } of this.hosts) disk.isLogStuck = stuck;
  }

  openTurn(): void {
    if (this.isTurnOpen) return;
    this.isTurnOpen = true;
    this.#turnBeganMs = performance.now();
    this.turnCount++;
    this.nowMs++;
    for (const { peer, disk } of this.hosts) {
      peer.onClock(this.nowMs, WALL_START_MS + this.nowMs - START_MS);
      for (const token of disk.complete()) peer.onDisk(token, null);
    }
    this.net.deliver();
    for (const client of this.#gone.splice(0)) {
      this.clients.delete(client.connection.id);
      this.peer.onClientClosed(client.connection.id, 'closed');
    }
    for (const client of this.clients.values()) client.deliverUnread();
    if (this.nowMs < this.#nextSecondMs) return;
    this.#nextSecondMs = this.nowMs + SECOND_MS;
    this.onSecond();
  }

  /** Ends the turn; true when another one would do something by itself. */
  closeTurn(): boolean {
    if (!this.isTurnOpen) return false;
    let moved = false;
    for (const { peer } of this.hosts) peer.endTurn();
    this.isTurnOpen = false;
    this.longestTurnMs = Math.max(this.longestTurnMs, performance.now() - this.#turnBeganMs);
    for (const host of this.hosts) if (this.#drain(host)) moved = true;
    return moved || this.net.isBusy || this.#gone.length > 0;
  }

  turn(): boolean {
    this.openTurn();
    return this.closeTurn();
  }

  /** Turns until nothing more happens by itself. */
  run(): void {
    for (let count = 0; count < TURNS_MAX; count++) if (!this.turn()) return;
    throw new Error(`The server does not come to rest within ${TURNS_MAX} turns`);
  }

  /** Lets time pass in steps that no server takes for a stall. */
  pass(ms: number): void {
    const stepMs = this.hosts.length > 1 ? 100 : 250;
    this.run();
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += stepMs;
      this.run();
    }
  }

  until(what: string, isSo: () => boolean, ms = 30_000): void {
    for (const endMs = this.nowMs + ms; !isSo(); ) {
      if (this.nowMs >= endMs) throw new Error(`Waited in vain for ${what}`);
      this.nowMs += 20;
      this.run();
    }
  }

  /** A connection that has said nothing yet; a turn is open then. */
  connect(): FuzzClient {
    this.openTurn();
    this.#lastPort = (this.#lastPort + 1) % 50_000;
    const output = this.peer.onClientOpen('10.0.0.1', 10_000 + this.#lastPort, null);
    const client = new FuzzClient(this, output as ClientConnection);
    this.clients.set(output.id, client);
    return client;
  }

  /** The connection has ended, by whoever's wish; the machine hears of it in the next turn. */
  onGone(client: FuzzClient): void {
    this.#gone.push(client);
  }

  /** Its links break, and others decide without it: with that its role ends, sooner or later. */
  breakLinks(): void {
    this.hasRole = false;
    this.net.isolate(this.#target);
  }

  loseRole(): void {
    this.breakLinks();
    this.until('the end of the role', () => !this.isServing);
  }

  /** Back in its place, serving. */
  regainRole(): void {
    this.net.rejoin();
    this.hasRole = true;
    this.#awaitAll();
    if (this.kind.place !== 'leader' || this.peer.status().role === 'leader') return;
    // Of two with the same history the one with the higher number leads: the third stands back.
    const present = this.hosts.find(({ peer }) => peer.status().role === 'leader') as Host;
    this.net.isolate(present);
    this.until('its election', () => this.peer.status().role === 'leader' && this.isServing);
    this.net.rejoin();
    this.#awaitAll();
  }

  #awaitAll(): void {
    this.until('servers that serve', () => this.hosts.every(({ peer }) => peer.status().serving));
    this.run();
  }

  #drain(host: Host): boolean {
    const { ready } = host.peer;
    let moved = ready.wantsTurn || ready.disk.length > 0 || host.disk.isBusy;
    for (const request of ready.disk) host.disk.submit(request);
    this.net.takeOver(host);
    for (const output of ready.outputs) {
      if (output.lane === 'client' && host === this.#target) {
        if (this.clients.get(output.id)?.takeOutput() === true) moved = true;
      }
    }
    if (host === this.#target) this.events.push(...ready.events);
    if (this.events.length > 2 * EVENTS_KEPT)
      this.events.splice(0, this.events.length - EVENTS_KEPT);
    ready.clear();
    return moved;
  }
}

function makeHost({ config, place }: ServerKind, sid: number): Host {
  const disk = new FuzzDisk();
  const ensemble = place === 'alone' ? null : parseEnsembleText(ENSEMBLE).config;
  const full = configOf({ ...config, sid, ensemble });
  const seed = { config: full, disk, hashes: HASHES, seed: sid };
  return { name: `h${sid}`, disk, peer: new Peer(seed, START_MS, WALL_START_MS) };
}
