/**
 * The crowd of a watch benchmark, as a process of its own, so that counting a million events slows
 * down nobody else's clock. It sets watches when told to, and says when the last event has come.
 *
 *   argv      port, sessions, first path, paths for each session
 *   messages  in: `set`; out: `ready`, `set`, `{ firstMs, lastMs, events }` (epoch milliseconds)
 */

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { JuteWriter, OpCode } from '@zabra/protocol';
import { FrameSplitter, openSession } from './raw-session.ts';

const BATCH = 200;
const PING_INTERVAL_MS = 10_000;
const PING_XID = -2;

const [port, sessions, paths] = process.argv.slice(2).map(Number) as [number, number, number];
const prefix = process.argv[5] as string;

const nowMs = (): number => performance.timeOrigin + performance.now();

let events = 0;
let firstMs = 0;

function onEvent(): void {
  if (events === 0) firstMs = nowMs();
  events++;
  if (events === sessions * paths) process.send?.({ firstMs, lastMs: nowMs(), events });
}

class Watcher {
  readonly #socket: Socket;
  readonly #splitter = new FrameSplitter();
  #awaited = 0;
  #onAnswered: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, (view, at) => this.#onFrame(view, at));
    });
    socket.on('close', () => process.exit(1));
  }

  /** Watches `prefix` + 0, 1, ... for whatever happens to them. */
  async watchAll(): Promise<void> {
    for (let first = 0; first < paths; first += BATCH) {
      const w = new JuteWriter(BATCH * 64);
      const end = Math.min(first + BATCH, paths);
      for (let index = first; index < end; index++) writeExists(w, index);
      this.#awaited = end - first;
      const answered = new Promise<void>((resolve) => {
        this.#onAnswered = resolve;
      });
      this.#socket.write(w.toBytes());
      await answered;
    }
  }

  ping(): void {
    const w = new JuteWriter(16);
    w.int(8);
    w.int(PING_XID);
    w.int(OpCode.ping);
    this.#socket.write(w.toBytes());
  }

  #onFrame(view: DataView, at: number): void {
    const xid = view.getInt32(at);
    if (xid === PING_XID) return;
    if (xid === -1) {
      onEvent();
      return;
    }
    this.#awaited--;
    if (this.#awaited === 0) this.#onAnswered();
  }
}

function writeExists(w: JuteWriter, index: number): void {
  const frame = w.reserve(4);
  w.int(index);
  w.int(OpCode.exists);
  w.string(prefix + index);
  w.bool(true);
  w.patchInt(frame, w.position - frame - 4);
}

const watchers: Watcher[] = [];
for (let index = 0; index < sessions; index++) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await openSession(socket);
  watchers.push(new Watcher(socket));
}
process.on('message', (message) => {
  if (message !== 'set') process.exit(0);
  events = 0;
  void (async () => {
    for (const watcher of watchers) await watcher.watchAll();
    process.send?.('set');
  })();
});
process.send?.('ready');
for (;;) {
  await sleep(PING_INTERVAL_MS);
  for (const watcher of watchers) watcher.ping();
}
