/**
 * MemberBed: server 3 of an ensemble of three (or one that stands alone, when the test says so), as
 * a whole and alone with a script: servers 1 and 2 vote as the test says, and whoever leads or
 * learns at the other end of a quorum connection is played by hand. The bed is the driver, with a
 * disk in memory.
 */

import assert from 'node:assert/strict';
import {
  FrameReader,
  type FrameSink,
  JuteReader,
  JuteWriter,
  type Notification,
  readInit,
  readNotification,
  ServerState,
  writeNotification,
} from '@zabra/protocol';
import type { EnsembleConfig } from '../zab/ensemble-config.ts';
import { parseEnsembleText } from '../zab/ensemble-text.ts';
import { BedClient, type ClientHost } from './bed-client.test-kit.ts';
import { BedLink } from './bed-link.test-kit.ts';
import type { ClientConnection } from './client-connection.ts';
import { MemoryDisk } from './memory-disk.test-kit.ts';
import type { PeerConfig } from './peer-config.ts';
import { Peer } from './peer.ts';
import type { Dial, Listen, LogEvent, Output, StoreConfig } from './ready.ts';
import { configOf, HASHES, START_MS, WALL_START_MS } from './bed-config.test-kit.ts';

const TURNS_MAX = 2000;
export const THREE_TEXT = [
  'server.1=h1:2888:3888:participant',
  'server.2=h2:2888:3888:participant',
  'server.3=h3:2888:3888:participant',
  'version=0',
].join('\n');

/** What server 1 or 2 says to a notification of ours; null says nothing. */
export type Voter = (sid: number, heard: Notification) => Notification | null;

/** Both vote for whom we propose. */
export const AGREE: Voter = (_sid, heard) =>
  heard.state === ServerState.LOOKING ? { ...heard, config: THREE_TEXT } : null;

/** Server 2 leads, server 1 follows it. */
export function ledBy2(peerEpoch: number, zxid = 0): Voter {
  return (sid, heard) => ({
    ...heard,
    state: sid === 2 ? ServerState.LEADING : ServerState.FOLLOWING,
    leader: 2,
    zxid,
    electionEpoch: 1,
    peerEpoch,
  });
}

export class MemberBed implements ClientHost {
  readonly disk: MemoryDisk;
  readonly peer: Peer;
  readonly events: LogEvent[];
  /** Quorum connections, oldest first. */
  readonly quorum: BedLink[];
  /** Ports that are open, `kind:port`. */
  readonly ports: Set<string>;
  voter: Voter;
  nowMs: number;
  /** What was asked to be kept beside zoo.cfg, oldest first. */
  readonly configs: StoreConfig[];
  /** Election addresses, `host:port`, at which nobody answers. */
  readonly deserted: Set<string>;
  /** While true none of that is ever done. */
  isConfigStuck: boolean;
  /** What the disk says of everything that it completes; null: it is done. */
  diskError: string | null;
  readonly #links: Map<number, BedLink | Booth>;
  readonly #clients: Map<number, BedClient>;
  #gone: number[];
  /** Of `configs`, how many were done. */
  #configsDone: number;

  constructor(changes: Partial<PeerConfig> = {}, disk = new MemoryDisk()) {
    this.disk = disk;
    this.nowMs = START_MS;
    const { config, error } = parseEnsembleText(THREE_TEXT);
    assert.equal(error, null);
    const full = configOf({ sid: 3, ensemble: config as EnsembleConfig, ...changes });
    const seed = { config: full, disk, hashes: HASHES, seed: 7 };
    this.peer = new Peer(seed, this.nowMs, WALL_START_MS);
    this.events = [];
    this.quorum = [];
    this.ports = new Set();
    this.voter = () => null;
    this.configs = [];
    this.deserted = new Set();
    this.isConfigStuck = false;
    this.#configsDone = 0;
    this.diskError = null;
    this.#links = new Map();
    this.#clients = new Map();
    this.#gone = [];
    this.peer.onClock(this.nowMs, WALL_START_MS);
    this.peer.start();
  }

  get exit(): { readonly code: number; readonly reason: string } | null {
    return this.peer.ready.exit;
  }

  /** The quorum connection that is open now. */
  get link(): BedLink {
    const link = this.quorum.findLast(({ closed }) => closed === '');
    assert.ok(link !== undefined, `There is no quorum connection: ${JSON.stringify(this.says())}`);
    return link;
  }

  /** Server `sid` knocks at our quorum port. */
  join(sid: number): BedLink {
    const link = new BedLink(this.peer, this.peer.onLinkOpen('quorum', `h${sid}`, 40_000 + sid));
    this.#links.set(link.output.id, link);
    this.quorum.push(link);
    return link;
  }

  /** A client's connection that has said nothing yet. */
  connect(host = '10.0.0.1'): BedClient {
    const output = this.peer.onClientOpen(host, 50_000 + this.#clients.size);
    const client = new BedClient(this, output as ClientConnection);
    this.#clients.set(output.id, client);
    return client;
  }

  onClientBytes(id: number, bytes: Uint8Array): void {
    this.peer.onClientBytes(id, bytes, 0, bytes.length);
  }

  onGone(client: BedClient): void {
    this.#clients.delete(client.connection.id);
    this.peer.onClientClosed(client.connection.id, 'closed');
  }

  /** The other end hangs up. */
  hangUp(link: BedLink): void {
    link.closed = 'by the other end';
    this.#gone.push(link.output.id);
  }

  /** Turns until nothing more happens by itself; the clock stands still. */
  run(): void {
    for (let count = 0; count < TURNS_MAX; count++) if (!this.turn()) return;
    assert.fail('The server never comes to rest');
  }

  /** Lets time pass, in turns of 20 ms. */
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 20;
      this.run();
    }
  }

  /** Lets time pass until it is so; fails after `ms`. */
  until(isSo: () => boolean, ms = 5000): void {
    for (const endMs = this.nowMs + ms; !isSo(); ) {
      assert.ok(this.nowMs < endMs, `It does not come: ${JSON.stringify(this.says().slice(-10))}`);
      this.pass(20);
    }
  }

  /** One turn of the driver; true when another one would do something. */
  turn(): boolean {
    const { peer } = this;
    peer.onClock(this.nowMs, WALL_START_MS + this.nowMs - START_MS);
    const tokens = this.disk.complete();
    for (const token of tokens) peer.onDisk(token, this.diskError);
    const gone = this.#gone.splice(0);
    for (const id of gone) {
      this.#links.delete(id);
      peer.onLinkClosed(id, 'closed');
    }
    let moved = tokens.length + gone.length > 0;
    while (!this.isConfigStuck && this.#configsDone < this.configs.length) {
      const { token } = this.configs[this.#configsDone++] as StoreConfig;
      peer.onConfigStored(token, this.diskError);
      moved = true;
    }
    for (const end of [...this.#links.values(), ...this.#clients.values()]) {
      if (end.deliver()) moved = true;
    }
    peer.endTurn();
    return this.#drain() || moved;
  }

  /** Messages of the log, the newest last. */
  says(): string[] {
    return this.events.map(({ message }) => message);
  }

  #drain(): boolean {
    const { ready } = this.peer;
    const { wantsTurn } = ready;
    const asked = ready.disk.length + ready.dials.length + ready.configs.length;
    const moved = wantsTurn || asked > 0;
    for (const request of ready.disk) this.disk.submit(request);
    this.configs.push(...ready.configs);
    for (const dial of ready.dials) this.#dial(dial);
    for (const listen of ready.listens) this.#listen(listen);
    const outputs = [...ready.outputs];
    this.events.push(...ready.events);
    ready.clear();
    const ended = outputs.filter((output) => this.#carryOut(output)).length;
    return moved || ended > 0;
  }

  #listen({ kind, port, open }: Listen): void {
    if (open) this.ports.add(`${kind}:${port}`);
    else this.ports.delete(`${kind}:${port}`);
  }

  #dial({ output, kind, host, port }: Dial): void {
    if (kind === 'election' && this.deserted.has(`${host}:${port}`)) {
      this.#gone.push(output.id);
    } else if (kind === 'election') {
      this.#links.set(output.id, new Booth(this, output, Number(host.slice(1))));
    } else {
      const link = new BedLink(this.peer, output);
      link.isDialed = true;
      this.#links.set(output.id, link);
      this.quorum.push(link);
    }
  }

  /** True when that was the end of a connection. */
  #carryOut(output: Output): boolean {
    if (output.lane === 'client') return this.#clients.get(output.id)?.takeOutput() ?? false;
    const link = this.#links.get(output.id);
    if (link === undefined) return false;
    link.takeOutput();
    if (link.closed === '' || this.#gone.includes(output.id)) return false;
    this.#gone.push(output.id);
    return true;
  }
}

/** The other end of an election connection that we dialled. */
class Booth implements FrameSink {
  readonly output: Output;
  closed: string;
  readonly #bed: MemberBed;
  readonly #sid: number;
  readonly #frames: FrameReader;
  #isOpen: boolean;
  #hasInit: boolean;
  #answers: Uint8Array[];

  constructor(bed: MemberBed, output: Output, sid: number) {
    this.#bed = bed;
    this.output = output;
    this.closed = '';
    this.#sid = sid;
    this.#frames = new FrameReader(1 << 20, this);
    this.#isOpen = false;
    this.#hasInit = false;
    this.#answers = [];
  }

  deliver(): boolean {
    if (!this.#isOpen) {
      this.#isOpen = true;
      this.#bed.peer.onDialed(this.output.id);
      return true;
    }
    const bytes = this.#answers.shift();
    if (bytes === undefined) return false;
    this.#bed.peer.onLinkBytes(this.output.id, bytes, 0, bytes.length);
    return true;
  }

  takeOutput(): void {
    const { bytes, destroy, closeAfterFlush } = this.output;
    const written = bytes.toBytes();
    bytes.reset();
    let start = 0;
    if (!this.#hasInit && written.length > 0) {
      const r = new JuteReader().reset(written, 0, written.length);
      assert.notEqual(typeof readInit(r), 'string', 'INIT comes in one write');
      this.#hasInit = true;
      start = r.position;
    }
    this.#frames.push(written, start, written.length);
    if (destroy || closeAfterFlush) this.closed = 'by us';
  }

  onFrame(buffer: Uint8Array, start: number, end: number): boolean {
    const heard = readNotification(new JuteReader().reset(buffer, start, end));
    assert.ok(heard !== null);
    const answer = this.#bed.voter(this.#sid, heard);
    if (answer === null) return true;
    const w = new JuteWriter();
    w.int(0);
    writeNotification(w, answer);
    w.patchInt(0, w.position - 4);
    this.#answers.push(w.toBytes());
    return true;
  }

  onFrameError(): void {
    assert.fail('A frame of ours has no length');
  }
}
