/**
 * SocketVisitor: carries out the visits of batches on connections to a real server, one connection
 * after another. What the server does not owe is not waited for; what it owes comes in time or is a
 * finding.
 */

import { type JuteWriter, OpCode, type Prng, writeAuthPacket } from '@zabra/protocol';
import { waitFor } from '../process/wait-for.ts';
import { Cells, type Delivery } from './cells.ts';
import {
  bigMultiFrame,
  connectFrame,
  createFrame,
  getDataFrame,
  requestFrame,
  type SessionId,
} from './frames.ts';
import type { Input, Visit } from './input.ts';
import { fillIn } from './marks.ts';
import { SocketClient, type SocketTarget, type Transport, TRANSPORTS } from './socket-client.ts';

const ANSWER_MS_MAX = 20_000;
const POLL_MS = 2;
const BIG_MULTI_OPS = 120;
const UNKNOWN_OPCODE = 999;
/** A port that takes both believes that this begins TLS, and waits for the rest. */
const TLS_FIRST_BYTE = 0x16;

type Words = (variation: number) => Uint8Array;

/** What is said on a connection that has a session, to bring it into the state. */
const WORDS: ReadonlyMap<string, Words> = new Map<string, Words>([
  ['open', () => new Uint8Array(0)],
  ['open, read-only wanted', () => new Uint8Array(0)],
  ['resumed', () => new Uint8Array(0)],
  ['inside a frame', (variation) => partOf(getDataFrame(1, '/a/b'), variation)],
  ['inside a big multi', (variation) => partOf(bigMultiFrame(1, BIG_MULTI_OPS, true), variation)],
  ['behind a write', () => createFrame(1, '/w')],
  ['behind a big multi', () => bigMultiFrame(1, BIG_MULTI_OPS, true)],
  ['after auth failure', () => requestFrame(1, OpCode.auth, badAuth)],
  ['closing', () => requestFrame(1, OpCode.closeSession)],
  ['after close', () => requestFrame(1, UNKNOWN_OPCODE)],
  ['cut', () => Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
]);
const SESSIONLESS: readonly string[] = [
  'before connect',
  'connect half received',
  'session being created',
];

/** States that a client brings about by itself. */
export const SOCKET_STATES: ReadonlySet<string> = new Set([...SESSIONLESS, ...WORDS.keys()]);

export class SocketVisitor {
  readonly cells: Cells;
  inputCount: number;
  connectionCount: number;
  readonly #target: SocketTarget;
  readonly #prng: Prng;
  #deliveries: Delivery[];
  #lostSession: SessionId | null;

  constructor(target: SocketTarget, prng: Prng) {
    this.cells = new Cells();
    this.inputCount = 0;
    this.connectionCount = 0;
    this.#target = target;
    this.#prng = prng;
    this.#deliveries = [];
    this.#lostSession = null;
  }

  async visit({ state, inputs }: Visit): Promise<void> {
    const transport = this.#prng.chance(1, 2) ? 'plain' : this.#prng.pick(TRANSPORTS);
    let client: SocketClient | null = null;
    for (const input of inputs) {
      if (client === null || client.isOver) client = await this.#enter(state, transport, input);
      if (input.isFresh) await this.#settle(client);
      await this.#send(client, state, input);
    }
    if (client !== null) await this.#leave(client);
    for (const delivery of this.#deliveries.splice(0)) this.cells.add(delivery);
  }

  async #enter(state: string, transport: Transport, input: Input): Promise<SocketClient> {
    const variation = input.bytes.length;
    let session: SessionId | null = null;
    if (state === 'resumed') session = await this.#sessionToResume(transport);
    const client = await this.#open(transport);
    if (client.conversation === null || state === 'before connect') return client;
    const connect = connectFrame(session, state === 'open, read-only wanted');
    if (state === 'connect half received') {
      client.write(partOf(connect, variation), null);
      return client;
    }
    client.write(connect, null);
    const words = WORDS.get(state);
    if (words === undefined) return client;
    await this.#settle(client);
    client.write(words(variation), null);
    return client;
  }

  async #sessionToResume(transport: Transport): Promise<SessionId | null> {
    const client = await this.#open(transport);
    if (client.conversation !== null) {
      client.write(connectFrame(null), null);
      await this.#settle(client);
    }
    const session = client.conversation?.session ?? null;
    client.end();
    return session;
  }

  #open(transport: Transport): Promise<SocketClient> {
    this.connectionCount++;
    return SocketClient.open(this.#target, transport);
  }

  async #send(client: SocketClient, state: string, input: Input): Promise<void> {
    if (client.isOver) return;
    const { bytes } = fillIn(input.bytes, this.#lostSession);
    const what = input.what;
    const place = client.conversation === null ? 'no TLS on a TLS port' : state;
    const delivery: Delivery = { what, state: `${place} (${client.transport})`, outcome: null };
    this.#deliveries.push(delivery);
    this.inputCount++;
    let at = 0;
    for (const cut of [...input.cuts, bytes.length]) {
      const end = Math.min(Math.max(at, cut), bytes.length);
      client.write(bytes.subarray(at, end), delivery);
      at = end;
      if (input.isSlow) await turnOfOurs();
    }
    await turnOfOurs();
    if (client.conversation?.owes === 'the end') await this.#settle(client);
  }

  /** Until the server owes nothing. */
  async #settle(client: SocketClient): Promise<void> {
    const { conversation } = client;
    if (conversation !== null && client.firstByte !== TLS_FIRST_BYTE) {
      const isSettled = () => client.isOver || conversation.owes === 'nothing';
      await waitFor('what the server owes', ANSWER_MS_MAX, isSettled, POLL_MS);
    }
    if (client.failure !== null) throw client.failure;
  }

  async #leave(client: SocketClient): Promise<void> {
    await this.#settle(client);
    this.#lostSession = client.conversation?.session ?? this.#lostSession;
    client.end();
    await waitFor('the end of our own connection', ANSWER_MS_MAX, () => client.isOver, POLL_MS);
    if (client.failure !== null) throw client.failure;
  }
}

/** At least one byte, and not all of them. */
function partOf(frame: Uint8Array, variation: number): Uint8Array {
  return frame.subarray(0, 1 + (variation % (frame.length - 1)));
}

function badAuth(w: JuteWriter): void {
  writeAuthPacket(w, { type: 0, scheme: 'nobody', auth: new Uint8Array(1) });
}

function turnOfOurs(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
