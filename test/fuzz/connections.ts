/**
 * The fuzzed connections of a visit: they are made, judged, and in the end brought to rest, when
 * everything that was asked must be answered and what they hold must be within bounds.
 */

import type { Bed } from './bed.ts';
import { Cells } from './cells.ts';
import { Conversation, type Rules } from './conversation.ts';
import { expectThat } from './finding.ts';
import type { SessionId } from './frames.ts';
import type { FuzzClient, Message } from './fuzz-client.ts';
import { expectBounded } from './retained.ts';

export class FuzzedConnections {
  readonly cells: Cells;
  /** Inputs that the server has got at least the first byte of. */
  inputCount: number;
  connectionCount: number;
  readonly #bed: Bed;
  readonly #rules: Rules;
  #clients: FuzzClient[];
  #messages: Message[];
  /** Of a connection that was lost; it lives until it expires, or somebody ends it. */
  #lostSession: SessionId | null;

  constructor(bed: Bed) {
    this.cells = new Cells();
    this.inputCount = 0;
    this.connectionCount = 0;
    this.#bed = bed;
    const { juteMaxBufferBytes, authentication } = bed.config;
    const mayAlwaysClose =
      bed.kind.name === 'throttled' || authentication.requiredSchemes.length > 0;
    this.#rules = { frameBytesMax: juteMaxBufferBytes, mayAlwaysClose };
    this.#clients = [];
    this.#messages = [];
    this.#lostSession = null;
  }

  /** A turn is open then. */
  connect(label: string): FuzzClient {
    const client = this.#bed.connect();
    client.label = label;
    client.conversation = new Conversation(this.#rules);
    // What becomes of it is decided by the servers among themselves.
    client.conversation.mayClose = !this.#bed.hasRole;
    this.#clients.push(client);
    this.connectionCount++;
    return client;
  }

  /** Something is going to be said; it is counted once the server gets it. */
  message(what: string): Message {
    const message: Message = { what, delivery: null };
    this.#messages.push(message);
    return message;
  }

  /** The newest session of a connection that is open now, or was. */
  get session(): SessionId | null {
    const client = this.#clients.findLast(({ conversation }) => conversation?.session);
    return client?.conversation?.session ?? this.#lostSession;
  }

  /** Somebody asks for that session: whoever has it may lose its connection. */
  onSessionNamed({ hi, lo }: SessionId): void {
    for (const { conversation } of this.#clients) {
      const session = conversation?.session ?? null;
      if (session?.hi === hi && session.lo === lo && conversation !== null) {
        conversation.mayClose = true;
      }
    }
  }

  beforeRoleEnds(): void {
    for (const { conversation } of this.#clients) {
      if (conversation !== null) conversation.mayClose = true;
    }
  }

  /** Now, while it may be waiting for something. */
  expectBounded({ connection }: FuzzClient): void {
    expectBounded(connection, this.#rules.frameBytesMax);
  }

  /** Everything that waits goes on, everything is answered, and the connections end. */
  settle(): void {
    const bed = this.#bed;
    bed.isLogStuck = false;
    for (const client of this.#clients) client.startReading();
    bed.run();
    for (const client of this.#clients) this.#settleOne(client);
    if (this.#clients.length > 0) bed.run();
    this.#clients = [];
    for (const { delivery } of this.#messages.splice(0)) {
      if (delivery === null) continue;
      this.cells.add(delivery);
      this.inputCount++;
    }
  }

  #settleOne(client: FuzzClient): void {
    const { connection, conversation } = client;
    const isServed = this.#bed.hasRole || client.label === 'read-only mode';
    if (isServed && !client.isOver) {
      const { state } = connection;
      expectThat(state !== 'connecting', () => 'A session is neither opened nor refused at rest');
      if (state === 'open') conversation?.onRest();
      this.#lostSession = conversation?.session ?? this.#lostSession;
    }
    client.hangUp();
  }
}
