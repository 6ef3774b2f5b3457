/**
 * Scenarios: scripts over a simulated ensemble, for what has to happen in one order. A script is
 * blocks of a line with a verb, a line `----`, and what was seen; `runScenario` carries out the
 * verbs and gives the same text with what it has seen itself. Nothing fails here but what the
 * script breaks, and every checker of the simulation watches.
 *
 *   ensemble N             N voters start; waits for a leader that serves
 *   settle                 waits until all that run serve one state
 *   wait MS                lets simulated milliseconds pass
 *   create PATH DATA SID   one write through that server; gives up after the session's timeout
 *   set PATH DATA SID
 *   get PATH SID           one read from that server
 *   kill SID | power SID   ends the process, or cuts the power of its host
 *   restart SID
 *   isolate SID | heal     keeps a server apart from the others; ends all of that
 *   slow-disk SID MS       its syncs take that long from now on
 *   state                  what every server says of itself
 *
 * After etcd raft's data-driven tests.
 */

import { CreateRequest, GetDataRequest, type Request, SetDataRequest } from '@zabra/client/session';
import {
  counterOf,
  CreateMode,
  errorName,
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
import { QUIET_PLAN, HEALTHY_DISK, HEALTHY_PACE } from './plan.ts';
import { SimClient } from './sim-client.ts';
import { SimClock } from './sim-clock.ts';
import { SimNet } from './sim-net.ts';
import type { SimServer } from './sim-server.ts';
import { Trace } from './trace.ts';

const SEPARATOR = '----';
const POLL_US = 10_000;
const PATIENCE_US = 60_000_000;
const SESSION_TIMEOUT_MS = 2000;
const FRAME_BYTES_MAX = 1_048_575;

export function runScenario(text: string): string {
  const scenario = new Scenario();
  const blocks = text.trimEnd().split('\n\n');
  const seen = blocks.map((block) => {
    const lines = block.split('\n');
    const asked = lines.slice(0, lines.indexOf(SEPARATOR));
    const outputs = asked.map((line) => (line.startsWith('#') ? '' : scenario.perform(line)));
    const output = outputs.filter((one) => one !== '').join('\n');
    return [...asked, SEPARATOR, ...(output === '' ? [] : [output])].join('\n');
  });
  return `${seen.join('\n\n')}\n`;
}

class Scenario {
  readonly #clock: SimClock;
  readonly #prng: Prng;
  #ensemble: SimEnsemble | null;
  #clientCount: number;

  constructor() {
    this.#clock = new SimClock();
    this.#prng = new Prng(1);
    this.#ensemble = null;
    this.#clientCount = 0;
  }

  /** Carries out one line; returns what was seen. */
  perform(line: string): string {
    const [verb = '', first = '', second = '', third = ''] = line.split(' ');
    switch (verb) {
      case 'ensemble':
        return this.#start(Number(first));
      case 'settle':
        this.#waitFor(() => this.#isSettled());
        return this.#state();
      case 'wait':
        this.#run(Number(first) * 1000);
        return '';
      case 'create':
        return this.#ask(createRequest(first, second), Number(third));
      case 'set':
        return this.#ask(new SetDataRequest(first, utf8Encode(second), -1), Number(third));
      case 'get':
        return this.#ask(new GetDataRequest(first), Number(second));
      case 'kill':
        this.#server(first).kill();
        return '';
      case 'power':
        this.#server(first).cutPower();
        return '';
      case 'restart':
        this.#server(first).start();
        return '';
      case 'isolate':
        this.#isolate(this.#server(first).host);
        return '';
      case 'heal':
        this.#world.net.heal();
        return '';
      case 'slow-disk': {
        const syncUs = Number(second) * 1000;
        const disk = { ...HEALTHY_DISK, syncUsMin: syncUs, syncUsMax: syncUs };
        this.#server(first).setHealth(disk, HEALTHY_PACE);
        return '';
      }
      case 'state':
        return this.#state();
      default:
        throw new Error(`There is no verb "${verb}"`);
    }
  }

  get #world(): SimEnsemble {
    if (this.#ensemble === null) throw new Error('A scenario begins with "ensemble"');
    return this.#ensemble;
  }

  #server(sid: string): SimServer<Peer> {
    const server = this.#world.servers[Number(sid) - 1];
    if (server === undefined) throw new Error(`There is no server ${sid}`);
    return server;
  }

  #start(voterCount: number): string {
    const plan = { ...QUIET_PLAN, voterCount };
    const net = new SimNet(this.#clock, this.#prng.fork(), plan.net);
    this.#ensemble = new SimEnsemble(net, plan, this.#prng, new Trace(this.#clock, null));
    for (const server of this.#ensemble.servers) server.start();
    this.#waitFor(() => this.#isSettled());
    return this.#state();
  }

  #isolate(host: string): void {
    const { net, servers } = this.#world;
    for (const other of servers) {
      if (other.host === host) continue;
      net.block(host, other.host);
      net.block(other.host, host);
    }
  }

  #run(us: number): void {
    this.#clock.runUntil(this.#clock.nowUs + us);
  }

  #waitFor(isSo: () => boolean): void {
    const untilUs = this.#clock.nowUs + PATIENCE_US;
    while (!isSo()) {
      if (this.#clock.nowUs >= untilUs) throw new Error(`Waited in vain:\n${this.#state()}`);
      this.#run(POLL_US);
    }
  }

  #isSettled(): boolean {
    const statuses = this.#world.statuses();
    const [first] = statuses;
    return statuses.every(({ serving, digest }) => serving && digest === first?.digest);
  }

  #state(): string {
    const lines = this.#world.servers.map(({ sid, machine }) => {
      if (machine === null) return `${sid} down`;
      const { role, phase, serving, currentEpoch, lastProcessedZxid } = machine.status();
      const what = `${sid} ${role} ${serving ? 'serving' : phase} in epoch ${currentEpoch}`;
      // The start of an epoch is no transaction, and whether a server shows it says nothing.
      if (counterOf(lastProcessedZxid) === 0) return what;
      return `${what}, zxid ${zxidToHex(lastProcessedZxid)}`;
    });
    return lines.join('\n');
  }

  /** A client with a session of its own asks one thing of one server. */
  #ask(request: Request, sid: number): string {
    const { net, checkers } = this.#world;
    const { sessions } = checkers;
    const id = ++this.#clientCount;
    const seen: { answer: string | null } = { answer: null };
    const options = {
      servers: [{ host: this.#server(String(sid)).host, port: CLIENT_PORT }],
      chroot: '',
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      readOnly: false,
      credentials: null,
      sasl: null,
      requestBytesMax: FRAME_BYTES_MAX,
      replyBytesMax: FRAME_BYTES_MAX,
    };
    const world = { clock: this.#clock, net, prng: this.#prng };
    const client: SimClient = new SimClient(id, `10.0.1.${id}`, world, options, {
      onSubmitted: (_, asked) => sessions.onSubmitted(client, asked),
      onReply: (_, replied) => {
        sessions.onReply(client, replied);
        seen.answer = describe(replied);
      },
      onEvent: () => undefined,
      onState: (_, state) => {
        if (state === 'CONNECTED') sessions.onConnected(client);
      },
    });
    sessions.add(client);
    client.start();
    client.submit(request);
    const untilUs = this.#clock.nowUs + SESSION_TIMEOUT_MS * 1000;
    while (seen.answer === null && this.#clock.nowUs < untilUs) this.#run(POLL_US);
    client.crash(false);
    return seen.answer ?? 'no answer';
  }
}

function createRequest(path: string, data: string): Request {
  const mode = CreateMode.PERSISTENT;
  return new CreateRequest(OpCode.create, path, utf8Encode(data), OPEN_ACL_UNSAFE, mode);
}

function describe(request: Request): string {
  const { code, zxid } = request;
  const data = request instanceof GetDataRequest ? (request.reply?.data ?? null) : null;
  const text = data === null ? '' : ` "${utf8Decode(data, 0, data.length)}"`;
  return `${errorName(code)}${text} at ${zxidToHex(zxid)}`;
}
