/**
 * The healthy sessions: a writer that alone changes the znodes below its root, and a watcher that
 * must see each change, in order, before it reads it. What they ask is drawn from a number, what
 * they must hear follows from what they asked, whatever else the server has to bear meanwhile.
 */

import {
  ErrorCode,
  errorName,
  EventType,
  type JuteReader,
  type JuteWriter,
  OpCode,
  type WatcherEvent,
  writeAclVector,
} from '@zabra/protocol';
import { digestIdentity } from 'zabra/dist/ops/digest-provider.js';
import { HASHES } from 'zabra/dist/peer/bed-config.test-kit.js';
import type { Bed } from './bed.ts';
import { HEALTHY_ROOT } from './dictionary.ts';
import { expectThat } from './finding.ts';
import { logIn } from './log-in.ts';
import { HEALTHY_CREDENTIALS } from './servers.ts';
import { WireClient } from './wire-client.ts';

const NODE_COUNT = 4;
const ACL = [
  { perms: 31, scheme: 'digest', id: digestIdentity(HEALTHY_CREDENTIALS, 'sha1', HASHES) },
];
/** Requests of both that may be on their way at once. */
const ASKED_MAX = 40;
const RECURSIVE = 1;

interface HealthyNode {
  readonly path: string;
  /** After the last write that was asked for. */
  version: number;
  /** Changes that the watcher was told of. */
  eventCount: number;
}

export class HealthySessions {
  readonly #bed: Bed;
  readonly #writer: WireClient;
  readonly #watcher: WireClient;
  readonly #nodes: readonly HealthyNode[];
  #askedCount: number;
  #answeredCount: number;

  constructor(bed: Bed) {
    this.#bed = bed;
    this.#writer = new WireClient(bed, 'the healthy writer');
    this.#watcher = new WireClient(bed, 'the healthy watcher', (event) => this.#onEvent(event));
    this.#nodes = Array.from({ length: NODE_COUNT }, (_, index) => ({
      path: `${HEALTHY_ROOT}/${index}`,
      version: 0,
      eventCount: 0,
    }));
    this.#askedCount = 0;
    this.#answeredCount = 0;
    this.#connect();
    for (const path of [HEALTHY_ROOT, ...this.#nodes.map((node) => node.path)]) {
      this.#writer.ask(OpCode.create, (w) => {
        w.string(path);
        w.bytes(dataOf(0));
        writeAclVector(w, ACL);
        w.int(0);
      });
    }
    bed.run();
    this.#watch();
  }

  /** Answers that they were given. */
  get answeredCount(): number {
    return this.#answeredCount;
  }

  /** How many sessions and watches are theirs. */
  static readonly count = { sessions: 2, watches: 1 };

  /** Asks for something, as the number decides; a turn is open then. */
  act(choice: number): void {
    if (this.#askedCount - this.#answeredCount >= ASKED_MAX || !this.#writer.isOpen) return;
    const node = this.#nodes[choice % NODE_COUNT] as HealthyNode;
    switch (Math.floor(choice / NODE_COUNT) % 6) {
      case 0:
      case 1:
        return this.#setData(node);
      case 2:
        return this.#read(this.#writer, node);
      case 3:
        return this.#read(this.#watcher, node);
      case 4:
        this.#ping(this.#writer);
        return this.#ping(this.#watcher);
      default:
        return this.#listAndCheck(node);
    }
  }

  /** Everything they asked is answered, and the watcher has heard of every change. */
  expectRest(): void {
    const waiting = this.#askedCount - this.#answeredCount;
    expectThat(waiting === 0, () => `The healthy sessions wait for ${waiting} answers at rest`);
    for (const { path, version, eventCount } of this.#nodes) {
      expectThat(
        version === eventCount,
        () => `The watcher heard of ${eventCount} changes of "${path}", wanted ${version}`,
      );
    }
  }

  keepAlive(): void {
    for (const client of [this.#writer, this.#watcher]) if (client.isOpen) this.#ping(client);
  }

  /** The server's role is about to end, and with it their connections. */
  letGo(): void {
    this.#writer.letGo();
    this.#watcher.letGo();
  }

  /** As clients do when a server is there again: the same sessions, and what was watched. */
  comeBack(): void {
    if (this.#writer.isOpen && this.#watcher.isOpen) return;
    this.#connect();
    this.#watch();
  }

  #connect(): void {
    for (const client of [this.#writer, this.#watcher]) {
      client.connect();
      logIn(this.#bed, client, HEALTHY_CREDENTIALS);
    }
  }

  #watch(): void {
    this.#watcher.ask(OpCode.addWatch, (w) => {
      w.string(HEALTHY_ROOT);
      w.int(RECURSIVE);
    });
    this.#bed.run();
  }

  #onEvent({ type, path }: WatcherEvent): void {
    const node = this.#nodes.find((one) => one.path === path);
    expectThat(
      node !== undefined && type === EventType.NODE_DATA_CHANGED,
      () => `The watcher hears event ${type} of "${path}", which nobody caused`,
    );
    node.eventCount++;
  }

  #setData(node: HealthyNode): void {
    const version = ++node.version;
    const write = (w: JuteWriter): void => {
      w.string(node.path);
      w.bytes(dataOf(version));
      w.int(version - 1);
    };
    this.#ask(this.#writer, OpCode.setData, write, (r) => expectStat(r, node.path, version));
  }

  #read(client: WireClient, node: HealthyNode): void {
    const { version } = node;
    const write = (w: JuteWriter): void => {
      w.string(node.path);
      w.bool(false);
    };
    this.#ask(client, OpCode.getData, write, (r) => {
      const data = Buffer.from(r.bytes() ?? new Uint8Array(0)).toString();
      // The watcher reads what is committed, and has heard of it before.
      const wanted = client === this.#writer ? version : node.eventCount;
      const text = Buffer.from(dataOf(wanted)).toString();
      expectThat(data === text, () => `${client.name} reads "${data}", wanted "${text}"`);
      expectStat(r, node.path, wanted);
    });
  }

  #listAndCheck({ path, version }: HealthyNode): void {
    const list = (w: JuteWriter): void => {
      w.string(HEALTHY_ROOT);
      w.bool(false);
    };
    this.#ask(this.#watcher, OpCode.getChildren, list, (r) => {
      const count = r.int();
      expectThat(count === NODE_COUNT, () => `There are ${count} healthy znodes`);
    });
    const exists = (w: JuteWriter): void => {
      w.string(path);
      w.bool(false);
    };
    this.#ask(this.#writer, OpCode.exists, exists, (r) => expectStat(r, path, version));
  }

  #ping(client: WireClient): void {
    this.#ask(
      client,
      OpCode.ping,
      () => undefined,
      () => undefined,
    );
  }

  #ask(
    client: WireClient,
    opcode: number,
    write: (w: JuteWriter) => void,
    check: (r: JuteReader) => void,
  ): void {
    this.#askedCount++;
    client.ask(opcode, write, (err, r) => {
      this.#answeredCount++;
      expectThat(
        err === ErrorCode.OK,
        () => `${client.name} is refused ${opcode}: ${errorName(err)}`,
      );
      check(r);
      expectThat(!r.failed, () => `${client.name} gets a reply to ${opcode} that is cut off`);
    });
  }
}

/** It says which version it is of. */
function dataOf(version: number): Uint8Array {
  return new TextEncoder().encode(`version ${version}`);
}

function expectStat(r: JuteReader, path: string, version: number): void {
  // czxid, mzxid, ctime, mtime.
  r.skip(32);
  const found = r.int();
  expectThat(found === version, () => `"${path}" has version ${found}, wanted ${version}`);
}
