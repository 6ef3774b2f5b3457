/**
 * A session machine under test with a server that does what the script says: it reads the frames
 * that the machine writes, answers when told, and cuts its bytes anywhere. Everything that comes
 * out of the machine becomes a line of `log`, so that a test is a list of lines. For tests only.
 */

import assert from 'node:assert/strict';
import {
  ErrorCode,
  errorName,
  EventType,
  FrameReader,
  JuteReader,
  JuteWriter,
  opName,
  OpCode,
  Prng,
  readConnectRequest,
  utf8Encode,
  writeConnectResponse,
  writeReplyHeader,
  writeWatcherEvent,
  Xid,
} from '@zabra/protocol';
import type { Request } from './request.ts';
import { SessionMachine } from './session-machine.ts';
import type { SessionOptions } from './session-options.ts';
import type { Happening } from './session-ready.ts';
import type { Watcher } from './watcher.ts';

export const PASSWORD = new Uint8Array(16).fill(7);

const OPTIONS: SessionOptions = {
  servers: [{ host: 'a', port: 1 }],
  chroot: '',
  sessionTimeoutMs: 3000,
  readOnly: false,
  credentials: null,
  sasl: null,
  requestBytesMax: 0xfffff,
  replyBytesMax: 0xfffff,
};

/** One request frame as the server sees it. */
export interface ServerFrame {
  readonly xid: number;
  readonly op: number;
  /** The body alone. */
  readonly body: JuteReader;
}

export class NamedWatcher implements Watcher {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  onWatchEvent(): void {
    assert.fail('the machine called a watcher');
  }
}

export class ScriptedPeer {
  readonly machine: SessionMachine;
  /** Since the last `take`. */
  readonly log: string[];
  /** Frames behind the handshake on the present connection, oldest first, not yet answered. */
  readonly frames: ServerFrame[];
  nowMs: number;
  /** The connection that is open on this side; 0 for none. */
  connection: number;
  /** The dial that awaits its fate; 0 for none. */
  dialed: number;
  /** Every byte from the server arrives in pieces of this size. */
  pieceBytes: number;
  #reader: FrameReader;
  #hasConnectRequest: boolean;

  constructor(options: Partial<SessionOptions> = {}, seed = 1) {
    this.nowMs = 0;
    this.machine = new SessionMachine({ ...OPTIONS, ...options }, new Prng(seed), 0);
    this.log = [];
    this.frames = [];
    this.connection = 0;
    this.dialed = 0;
    this.pieceBytes = Number.POSITIVE_INFINITY;
    this.#reader = this.#makeReader();
    this.#hasConnectRequest = false;
    this.drain();
  }

  /** The lines since the last call. */
  take(): string[] {
    return this.log.splice(0);
  }

  /** Takes the present dial and grants a session. */
  establish(sessionLo = 5, timeoutMs = 3000): void {
    this.accept();
    this.grant(sessionLo, timeoutMs);
  }

  accept(): void {
    this.connection = this.dialed;
    this.dialed = 0;
    this.#reader = this.#makeReader();
    this.#hasConnectRequest = false;
    this.frames.length = 0;
    this.#turn(() => this.machine.onConnected(this.connection));
  }

  refuse(reason = 'refused'): void {
    const dialed = this.dialed;
    this.dialed = 0;
    this.#turn(() => this.machine.onDisconnected(dialed, reason));
  }

  cut(reason = 'reset'): void {
    const connection = this.connection;
    this.connection = 0;
    this.#turn(() => this.machine.onDisconnected(connection, reason));
  }

  grant(sessionLo: number, timeoutMs = 3000, readOnly: boolean | null = false): void {
    this.send((w) =>
      writeConnectResponse(w, {
        protocolVersion: 0,
        timeoutMs,
        sessionHi: 0,
        sessionLo,
        password: PASSWORD,
        readOnly,
      }),
    );
  }

  /** The answer to an expired session or a wrong password. */
  reject(): void {
    this.grant(0, 0);
  }

  submit(...requests: Request[]): void {
    this.#turn(() => {
      for (const request of requests) this.machine.submit(request);
    });
  }

  addAuth(scheme: string, auth: string): void {
    this.#turn(() => this.machine.addAuth({ scheme, auth: utf8Encode(auth) }));
  }

  replaceServers(...hosts: string[]): void {
    this.#turn(() => this.machine.replaceServers(hosts.map((host) => ({ host, port: 1 }))));
  }

  /** Answers the probe of that number. */
  answerProbe(probe: number, isWritable: boolean): void {
    this.#turn(() => this.machine.onProbe(probe, isWritable));
  }

  close(): void {
    this.#turn(() => this.machine.close());
  }

  /** Answers the oldest open frame. */
  answer(
    zxid: number,
    code: number = ErrorCode.OK,
    body: (w: JuteWriter) => void = () => {},
  ): void {
    const frame = this.frames.shift();
    assert.ok(frame !== undefined, 'there is nothing to answer');
    this.reply(frame.xid, zxid, code, body);
  }

  reply(xid: number, zxid: number, err: number, body: (w: JuteWriter) => void = () => {}): void {
    this.send((w) => {
      writeReplyHeader(w, { xid, zxid, err });
      body(w);
    });
  }

  notify(type: number, path: string, zxid = -1): void {
    this.reply(Xid.NOTIFICATION, zxid, 0, (w) => writeWatcherEvent(w, { type, state: 3, path }));
  }

  /** One frame from the server. */
  send(body: (w: JuteWriter) => void): void {
    const w = new JuteWriter();
    w.int(0);
    body(w);
    w.patchInt(0, w.position - 4);
    this.sendRaw(w.toBytes());
  }

  sendRaw(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += this.pieceBytes) {
      const end = Math.min(start + this.pieceBytes, bytes.length);
      // A buffer of its own that is overwritten afterwards, as a socket's may be.
      const chunk = bytes.slice(start, end);
      this.#turn(() => this.machine.onBytes(this.connection, chunk, 0, chunk.length));
      chunk.fill(0xee);
    }
  }

  /** Lets time pass, turn by turn, stopping at every deadline on the way. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    while (this.machine.deadlineMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.machine.deadlineMs);
      this.#turn(() => {});
    }
    this.nowMs = endMs;
    this.#turn(() => {});
  }

  #turn(input: () => void): void {
    this.machine.onClock(this.nowMs);
    input();
    this.drain();
  }

  drain(): void {
    const { ready } = this.machine;
    if (ready.hangUp !== 0) {
      this.log.push(`hang up ${ready.hangUp}`);
      if (this.connection === ready.hangUp) this.connection = 0;
      if (this.dialed === ready.hangUp) this.dialed = 0;
    }
    if (ready.dial !== null) {
      assert.equal(this.connection, 0, 'dialled while connected');
      this.dialed = ready.dial.connection;
      this.log.push(`dial ${ready.dial.host}:${ready.dial.port}`);
    }
    if (ready.probe !== null) this.log.push(`probe ${ready.probe.probe} ${ready.probe.host}`);
    if (ready.bytes.position > 0) {
      assert.notEqual(this.connection, 0, 'bytes without a connection');
      this.#reader.push(ready.bytes.toBytes(), 0, ready.bytes.position);
    }
    for (const happening of ready.happenings) this.log.push(lineOf(happening));
    ready.clear();
  }

  #makeReader(): FrameReader {
    return new FrameReader(0x7fffffff, {
      onFrame: (buffer, start, end) => {
        this.#onFrame(new JuteReader(0x7fffffff).reset(buffer, start, end));
        return true;
      },
      onFrameError: (fault) => assert.fail(`the machine wrote a bad frame: ${fault}`),
    });
  }

  #onFrame(body: JuteReader): void {
    if (!this.#hasConnectRequest) {
      this.#hasConnectRequest = true;
      const request = readConnectRequest(body);
      const { sessionLo, lastZxidSeen, timeoutMs, readOnly } = request;
      const password = request.password?.[0];
      this.log.push(
        `> connect session=${sessionLo}/${password} zxid=${lastZxidSeen} ` +
          `timeout=${timeoutMs} readOnly=${readOnly}`,
      );
      return;
    }
    const frame = { xid: body.int(), op: body.int(), body };
    this.log.push(`> ${opName(frame.op)} xid=${frame.xid}`);
    if (frame.op !== OpCode.ping && frame.op !== OpCode.auth) this.frames.push(frame);
  }
}

function lineOf(happening: Happening): string {
  switch (happening.kind) {
    case 'reply': {
      const { op, path, code, zxid } = happening.request;
      return `reply ${opName(op)} ${path} ${errorName(code)} zxid=${zxid}`;
    }
    case 'event': {
      const names = happening.watchers.map((watcher) => (watcher as NamedWatcher).name);
      const { type, path, zxid } = happening.event;
      return `event ${eventName(type)} ${path} zxid=${zxid} to ${names.join(' ')}`;
    }
    case 'unreachable':
      return `unreachable: ${happening.reason}`;
    case 'authenticated':
      return `authenticated ${happening.auth.scheme}`;
    default:
      return `state ${happening.state}${happening.reason === '' ? '' : `: ${happening.reason}`}`;
  }
}

function eventName(type: number): string {
  return Object.entries(EventType).find(([, number]) => number === type)?.[0] ?? String(type);
}
