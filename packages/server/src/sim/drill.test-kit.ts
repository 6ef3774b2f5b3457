/**
 * Drill: a simulated ensemble under direction, in which nothing fails but what the test breaks, and
 * every checker of the simulation watches. Scripts and scenarios are written on top of it.
 */

import { CreateRequest, GetDataRequest, type Request, SetDataRequest } from '@zabra/client/session';
import {
  type Acl,
  counterOf,
  CreateMode,
  ErrorCode,
  OPEN_ACL_UNSAFE,
  OpCode,
  Prng,
  utf8Decode,
  utf8Encode,
  zxidToHex,
} from '@zabra/protocol';
import type { Peer } from '../peer/peer.ts';
import { SimEnsemble } from './ensemble.ts';
import { CLIENT_PORT } from './member-config.ts';
import { HEALTHY_DISK, HEALTHY_PACE, type Plan, QUIET_PLAN } from './plan.ts';
import { SimClient } from './sim-client.ts';
import { SimClock } from './sim-clock.ts';
import { SimNet } from './sim-net.ts';
import type { SimServer } from './sim-server.ts';
import { Trace } from './trace.ts';

const POLL_US = 10_000;
const PATIENCE_US = 60_000_000;
const SESSION_TIMEOUT_MS = 2000;
const FRAME_BYTES_MAX = 1_048_575;

export class Drill {
  readonly clock: SimClock;
  readonly net: SimNet;
  readonly ensemble: SimEnsemble;
  readonly #prng: Prng;
  /** What servers wrote into their logs since that was forgotten. */
  readonly #said: { readonly sid: number; readonly text: string }[];
  readonly #loads: SimClient[];
  #clientCount: number;

  constructor(plan: Partial<Plan> = {}) {
    this.clock = new SimClock();
    this.#prng = new Prng(1);
    this.#said = [];
    this.#loads = [];
    this.#clientCount = 0;
    const whole = { ...QUIET_PLAN, ...plan };
    this.net = new SimNet(this.clock, this.#prng.fork(), whole.net);
    const onLine = (_atUs: number, where: string, what: string): void => {
      if (!where.startsWith('server ')) return;
      this.#said.push({ sid: Number(where.slice('server '.length)), text: what });
    };
    this.ensemble = new SimEnsemble(this.net, whole, this.#prng, new Trace(this.clock, { onLine }));
    // The checkers of the wires do not understand SASL.
    if (whole.quorumSasl) this.net.onSent = () => undefined;
  }

  server(sid: number): SimServer<Peer> {
    const server = this.ensemble.servers[sid - 1];
    if (server === undefined) throw new Error(`There is no server ${sid}`);
    return server;
  }

  /** Those that are down of the given ones; of all when none is given. */
  start(...sids: readonly number[]): void {
    for (const server of this.ensemble.servers) {
      if (sids.length > 0 && !sids.includes(server.sid)) continue;
      if (!server.isRunning) server.start();
    }
  }

  /** Simulated milliseconds pass. */
  run(ms: number): void {
    this.clock.runUntil(this.clock.nowUs + ms * 1000);
  }

  waitFor(what: string, isSo: () => boolean, everyUs = POLL_US): void {
    const untilUs = this.clock.nowUs + PATIENCE_US;
    while (!isSo()) {
      if (this.clock.nowUs >= untilUs) {
        throw new Error(`Waited in vain for ${what}:\n${this.state()}`);
      }
      this.clock.runUntil(this.clock.nowUs + everyUs);
    }
  }

  /** Waits until all that run serve one state. */
  settle(): void {
    this.waitFor('one state', () => this.isSettled());
  }

  isSettled(): boolean {
    const statuses = this.ensemble.statuses();
    const [first] = statuses;
    return statuses.every(({ serving, digest }) => serving && digest === first?.digest);
  }

  /** -1 while none of those that run serves as leader. */
  leader(): number {
    const found = this.ensemble
      .statuses()
      .find(({ role, serving }) => role === 'leader' && serving);
    return found?.sid ?? -1;
  }

  /** What every server says of itself. */
  state(): string {
    const lines = this.ensemble.servers.map(({ sid, machine }) => {
      if (machine === null) return `${sid} down`;
      const { role, phase, serving, currentEpoch, lastProcessedZxid } = machine.status();
      const what = `${sid} ${role} ${serving ? 'serving' : phase} in epoch ${currentEpoch}`;
      // The start of an epoch is no transaction, and whether a server shows it says nothing.
      if (counterOf(lastProcessedZxid) === 0) return what;
      return `${what}, zxid ${zxidToHex(lastProcessedZxid)}`;
    });
    return lines.join('\n');
  }

  /** What servers have said up to here counts no more. */
  forget(): void {
    this.#said.length = 0;
  }

  /** How often a server has written such a line into its log. */
  countOf(sid: number, says: RegExp): number {
    return this.#said.filter((line) => line.sid === sid && says.test(line.text)).length;
  }

  /** Keeps a server apart from the others. */
  isolate(sid: number): void {
    const { host } = this.server(sid);
    for (const other of this.ensemble.servers) {
      if (other.host === host) continue;
      this.net.block(host, other.host);
      this.net.block(other.host, host);
    }
  }

  heal(): void {
    this.net.heal();
  }

  /** Ends every connection between that server and others, with what is under way. */
  cut(sid: number): void {
    const { host } = this.server(sid);
    for (const connection of this.net.connections) {
      const hosts = [connection.dialler.host, connection.acceptor.host];
      if (hosts.includes(host)) connection.cut(0, 0);
    }
  }

  setSyncTime(sid: number, ms: number): void {
    const disk = { ...HEALTHY_DISK, syncUsMin: ms * 1000, syncUsMax: ms * 1000 };
    this.server(sid).setHealth(disk, HEALTHY_PACE);
  }

  /** From now on no sync of that server succeeds, or all do again. */
  setSyncsFail(sid: number, fail: boolean): void {
    this.server(sid).setHealth({ ...HEALTHY_DISK, failOneIn: fail ? 1 : 0 }, HEALTHY_PACE);
  }

  /** A client with a session of its own at these servers; `onReply` hears of every answer. */
  client(
    sids: readonly number[],
    onReply: (request: Request) => void,
    readOnly = false,
  ): SimClient {
    const { sessions } = this.ensemble.checkers;
    const id = ++this.#clientCount;
    const options = {
      servers: sids.map((sid) => ({ host: this.server(sid).host, port: CLIENT_PORT })),
      chroot: '',
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      readOnly,
      credentials: null,
      sasl: null,
      requestBytesMax: FRAME_BYTES_MAX,
      replyBytesMax: FRAME_BYTES_MAX,
    };
    const world = { clock: this.clock, net: this.net, prng: this.#prng };
    const client: SimClient = new SimClient(id, `10.0.1.${id}`, world, options, {
      onSubmitted: (_, asked) => sessions.onSubmitted(client, asked),
      onReply: (_, replied) => {
        sessions.onReply(client, replied);
        onReply(replied);
      },
      onEvent: () => undefined,
      onState: (_, state) => {
        const isReadOnly = state === 'CONNECTEDREADONLY';
        if (isReadOnly || state === 'CONNECTED') sessions.onConnected(client, isReadOnly);
      },
    });
    sessions.add(client);
    client.start();
    return client;
  }

  /** Asks one thing of one server; null without an answer within the session's timeout. */
  ask(request: Request, sid: number): Request | null {
    const seen: { answer: Request | null } = { answer: null };
    const client = this.client([sid], (replied) => {
      seen.answer = replied;
    });
    client.submit(request);
    const untilUs = this.clock.nowUs + SESSION_TIMEOUT_MS * 1000;
    while (seen.answer === null && this.clock.nowUs < untilUs) this.run(POLL_US / 1000);
    client.crash(false);
    return seen.answer;
  }

  /** Whether that many writes through a server were acknowledged, all of them. */
  write(sid: number, count: number, path: string): boolean {
    const acknowledged: Request[] = [];
    const client = this.client([sid], (replied) => {
      if (replied.code === ErrorCode.OK) acknowledged.push(replied);
    });
    for (let n = 0; n < count; n++) client.submit(createRequest(`${path}-${n}`, 'x'));
    const untilUs = this.clock.nowUs + SESSION_TIMEOUT_MS * 1000;
    while (acknowledged.length < count && this.clock.nowUs < untilUs) this.run(POLL_US / 1000);
    client.crash(false);
    return acknowledged.length === count;
  }

  /** From now on a client of these servers creates a znode every so often. */
  load(sids: readonly number[], everyUs: number): void {
    const client = this.client(sids, () => undefined);
    this.#loads.push(client);
    let count = 0;
    const submit = (): void => {
      if (client.isOver) return;
      client.submit(createRequest(`/load-${client.id}-${++count}`, 'x'));
      this.clock.after(everyUs, submit);
    };
    submit();
  }

  /** No client creates anything any more. */
  endLoads(): void {
    for (const client of this.#loads.splice(0)) client.crash(false);
  }

  /** The data of a znode as that server shows it; null when it has none. */
  read(sid: number, path: string): string | null {
    const request = new GetDataRequest(path);
    this.ask(request, sid);
    const data = request.reply?.data ?? null;
    return data === null ? null : utf8Decode(data, 0, data.length);
  }
}

/** A persistent znode that anybody may do anything to, unless it is said otherwise. */
export function createRequest(
  path: string,
  data: string,
  acl: readonly Acl[] = OPEN_ACL_UNSAFE,
): Request {
  return new CreateRequest(OpCode.create, path, utf8Encode(data), acl, CreateMode.PERSISTENT);
}

export function setRequest(path: string, data: string): Request {
  return new SetDataRequest(path, utf8Encode(data), -1);
}
