/**
 * LocalEnsemble: the servers of a plan as child processes, looked at once a second by the
 * four-letter word `srvr` alone, and ended together. It draws on a terminal and prints lines of
 * change elsewhere.
 */

import { askWord, parseSrvr } from '../four-letter-word.ts';
import { ChildServer } from './child-server.ts';
import { HOST, type Plan, type PlannedServer } from './plan.ts';
import { changes, hints, isServing, screen, type ServerState } from './view.ts';

const LOOK_MS = 1000;
/** While not all servers serve, looking is cheap and somebody waits. */
const LOOK_EARLY_MS = 100;
const ASK_MS_MAX = 1000;
/** Servers that do not end on SIGTERM within this long are killed. */
const STOP_MS_MAX = 12_000;

export interface Screen {
  readonly isTTY: boolean;
  /** Of a terminal; longer lines would wrap and spoil the drawing in place. */
  columns(): number;
  write(text: string): void;
}

export class LocalEnsemble {
  readonly #plan: Plan;
  readonly #screen: Screen;
  readonly #servers: readonly ChildServer[];
  readonly #onGivenUp: (reason: string) => void;
  readonly #startedMs = Date.now();
  readonly #events: string[] = [];
  #states: readonly ServerState[] = [];
  #drawn = '';
  #wasReady = false;
  #timer: NodeJS.Timeout | null = null;
  #isStopping = false;

  /** `onGivenUp`: a server cannot be started; the caller ends the ensemble. */
  constructor(
    plan: Plan,
    command: readonly string[],
    out: Screen,
    onGivenUp: (reason: string) => void,
  ) {
    this.#plan = plan;
    this.#screen = out;
    this.#onGivenUp = onGivenUp;
    const events = {
      onEnded: (server: PlannedServer, how: string) => {
        this.#say(`server ${server.sid} ended (${how}); it is started again`);
      },
      onGivenUp: (server: PlannedServer, lastLine: string) => {
        this.#onGivenUp(`Server ${server.sid} does not start: ${lastLine} (${server.logFile})`);
      },
    };
    this.#servers = plan.servers.map((server) => new ChildServer(server, command, events));
  }

  start(): void {
    for (const server of this.#servers) server.start();
    if (!this.#screen.isTTY) {
      const ports = this.#plan.servers.map(({ clientPort }) => clientPort).join(', ');
      this.#screen.write(
        `starting ${this.#servers.length} servers, clients at ${HOST}: ${ports}\n`,
      );
    }
    void this.#look();
  }

  /** Ends all servers; hard, or gracefully first. */
  async stop(isHard: boolean): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const gone = this.#servers.map((server) => server.stop(isHard ? 'SIGKILL' : 'SIGTERM'));
    const harder = setTimeout(() => {
      for (const server of this.#servers) void server.stop('SIGKILL');
    }, STOP_MS_MAX);
    await Promise.all(gone);
    clearTimeout(harder);
  }

  /** One look at every server, then the next one later. */
  async #look(): Promise<void> {
    const states = await Promise.all(this.#servers.map((server) => stateOf(server)));
    if (this.#isStopping) return;
    this.#show(states);
    const isReady = states.every(isServing);
    this.#timer = setTimeout(() => void this.#look(), isReady ? LOOK_MS : LOOK_EARLY_MS);
  }

  #show(states: readonly ServerState[]): void {
    const before = this.#states;
    this.#states = states;
    if (!this.#screen.isTTY) {
      for (const line of changes(before, states)) this.#screen.write(`${line}\n`);
    }
    if (!this.#wasReady && states.every(isServing)) this.#onReady();
    if (this.#screen.isTTY) this.#draw();
  }

  #onReady(): void {
    this.#wasReady = true;
    const seconds = ((Date.now() - this.#startedMs) / 1000).toFixed(1);
    this.#say(`all servers serve, ${seconds} s after the start`);
    if (this.#screen.isTTY) return;
    this.#screen.write(`${hints(this.#plan, this.#states).join('\n')}\n`);
  }

  #say(event: string): void {
    this.#events.push(`${new Date().toTimeString().slice(0, 8)}  ${event}`);
    if (this.#screen.isTTY) this.#draw();
    else this.#screen.write(`${event}\n`);
  }

  /** Goes back to the first line of what was drawn last, and draws over it. */
  #draw(): void {
    const width = this.#screen.columns() - 1;
    const text = screen(this.#plan, this.#states, this.#events)
      .split('\n')
      .map((line) => line.slice(0, width))
      .join('\n');
    if (text === this.#drawn) return;
    const back = this.#drawn === '' ? '' : `\u001b[${this.#drawn.split('\n').length}A\r\u001b[J`;
    this.#drawn = text;
    this.#screen.write(`${back}${text}\n`);
  }
}

async function stateOf(server: ChildServer): Promise<ServerState> {
  const { sid, clientPort } = server.plan;
  const unknown = { sid, clientPort, pid: server.pid, zxid: '', clientCount: 0 };
  if (server.pid === null) return { ...unknown, role: 'down' };
  try {
    const { mode, zxid, clientCount } = parseSrvr(
      await askWord(HOST, clientPort, 'srvr', ASK_MS_MAX),
    );
    if (mode === null) return { ...unknown, role: 'looking' };
    return { ...unknown, role: mode, zxid, clientCount };
  } catch {
    return { ...unknown, role: server.pid === null ? 'down' : 'starting' };
  }
}
