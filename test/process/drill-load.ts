/**
 * DrillLoad: clients of ours at work while the servers under them are exchanged: writers, each with
 * a watcher behind it, a sequence with a lasting watch, and an ephemeral for everyone. Any of them
 * may connect to every server. What each must see is judged in `drill-parts`.
 */

import { waitFor } from './wait-for.ts';
import {
  Ephemeral,
  LastingClient,
  LastingWatcher,
  OneShotWatcher,
  Register,
  Sequence,
} from './drill-parts.ts';

const REGISTERS = 4;
const PROGRESS_MS_MAX = 30_000;

export class DrillLoad {
  readonly #connectString: string;
  readonly #clients: LastingClient[] = [];
  readonly #pairs: { readonly register: Register; readonly watcher: OneShotWatcher }[] = [];
  readonly #held: Ephemeral[] = [];
  readonly #sequence: Sequence;
  readonly #lasting: LastingWatcher;

  private constructor(connectString: string, writer: LastingClient, watcher: LastingClient) {
    this.#connectString = connectString;
    this.#clients.push(writer, watcher);
    this.#sequence = new Sequence(writer, '/drill/sequence');
    this.#lasting = new LastingWatcher(watcher, this.#sequence);
  }

  static async begin(connectString: string): Promise<DrillLoad> {
    const writer = await LastingClient.open(connectString, 'the writer of the sequence');
    const watcher = await LastingClient.open(connectString, 'the watcher of the sequence');
    for (const path of ['/drill', '/drill/sequence', '/drill/held']) await writer.zk.create(path);
    const load = new DrillLoad(connectString, writer, watcher);
    for (let number = 0; number < REGISTERS; number++) await load.#addPair(number);
    for (const [number, client] of load.#clients.entries()) {
      const held = new Ephemeral(client, `/drill/held/${number}`);
      await held.begin();
      load.#held.push(held);
    }
    await load.#lasting.begin();
    load.#sequence.begin();
    return load;
  }

  /** Waits until every writer has come some writes further, or something has gone wrong. */
  async progress(count: number): Promise<void> {
    const writers = [this.#sequence, ...this.#pairs.map(({ register }) => register)];
    const wanted = writers.map((writer) => writer.acknowledgedCount + count);
    await waitFor(`${count} writes of everybody`, PROGRESS_MS_MAX, () => {
      this.#judgeSoFar();
      return writers.every((writer, index) => writer.acknowledgedCount >= (wanted[index] ?? 0));
    });
  }

  /** Ends the load, judges all of it and says what there was. */
  async end(): Promise<string> {
    await this.#sequence.end();
    await this.#lasting.end();
    for (const { register, watcher } of this.#pairs) {
      await register.end();
      await watcher.end();
    }
    for (const held of this.#held) await held.judge();
    for (const client of this.#clients) client.judge();
    const report = this.#report();
    await Promise.all(this.#clients.map(({ zk }) => zk.close()));
    return report;
  }

  /** The drill has failed: nobody goes on. */
  abandon(): void {
    for (const { zk } of this.#clients) zk.abandon();
  }

  async #addPair(number: number): Promise<void> {
    const writer = await LastingClient.open(this.#connectString, `writer ${number}`);
    const reader = await LastingClient.open(this.#connectString, `watcher ${number}`);
    this.#clients.push(writer, reader);
    const register = new Register(writer, `/drill/register-${number}`);
    await register.begin();
    // The server of the reader may not have heard of it yet.
    await reader.zk.sync(register.path);
    const watcher = new OneShotWatcher(reader, register);
    watcher.begin();
    this.#pairs.push({ register, watcher });
  }

  #judgeSoFar(): void {
    for (const client of this.#clients) client.judge();
    for (const { register, watcher } of this.#pairs) {
      register.work.rethrow();
      watcher.work.rethrow();
    }
    this.#sequence.work.rethrow();
    this.#lasting.work.rethrow();
  }

  #report(): string {
    const sum = (numbers: readonly number[]) =>
      numbers.reduce((total, number) => total + number, 0);
    const registers = this.#pairs.map(({ register }) => register);
    const writes = sum([this.#sequence, ...registers].map((writer) => writer.acknowledgedCount));
    const lost = sum(registers.map((register) => register.unknown));
    const events = sum(this.#pairs.map(({ watcher }) => watcher.events));
    const connections = sum(this.#clients.map((client) => client.connections));
    return (
      `${this.#clients.length} clients, ${connections} connections, ` +
      `${writes} writes acknowledged, ${lost} answers lost, ` +
      `${events} one-shot and ${this.#lasting.events} lasting events`
    );
  }
}
