/**
 * Shell: words in, printed results and an exit code out. It owns the client, which `connect` and
 * `close` replace, the history and the printing of watch events; where lines come from is the
 * affair of `interactive.ts` and of the one-shot form. From operations.md 4.
 */

import type { SessionState, WatchEvent } from '@zabra/client';
import { versionText } from '../version.ts';
import type { ClientSecurity } from './client-configuration.ts';
import { splitLine } from './command-line.ts';
import { COMMANDS, SHELL_COMMANDS, usageText } from './command-table.ts';
import { History } from './history.ts';
import type { Printer } from './printer.ts';
import type { OpenClient, ShellClient } from './shell-client.ts';
import {
  EXIT_OK,
  EXIT_UNKNOWN_COMMAND,
  exitCodeOf,
  failureLine,
  ShellFailure,
} from './shell-failure.ts';
import type { ShellOptions } from './shell-options.ts';

/** States as watch events name them. */
const EVENT_STATES: Readonly<Record<SessionState, string>> = {
  CONNECTING: 'Disconnected',
  CONNECTED: 'SyncConnected',
  CONNECTEDREADONLY: 'ConnectedReadOnly',
  CLOSED: 'Closed',
  EXPIRED: 'Expired',
  AUTH_FAILED: 'AuthFailed',
};

export class Shell {
  readonly printer: Printer;
  /** Set by `quit`: no further line is wanted. */
  hasQuit: boolean;
  /** Of the last command. */
  exitCode: number;
  readonly #options: ShellOptions;
  readonly #openClient: OpenClient;
  readonly #security: ClientSecurity;
  readonly #history: History;
  /** One function for all watches, so that an event is printed once. */
  readonly #watch: (event: WatchEvent) => void;
  #servers: string;
  #client: ShellClient;
  #printsWatches: boolean;
  /** The session owns an ephemeral that this shell created. */
  #hasEphemeral: boolean;
  #stopListening: () => void;

  constructor(
    options: ShellOptions,
    printer: Printer,
    openClient: OpenClient,
    security: ClientSecurity,
  ) {
    this.printer = printer;
    this.hasQuit = false;
    this.exitCode = EXIT_OK;
    this.#options = options;
    this.#openClient = openClient;
    this.#security = security;
    this.#history = new History();
    this.#watch = (event) => {
      if (this.#printsWatches) this.printer.watchEvent(event);
    };
    this.#servers = options.servers;
    this.#printsWatches = true;
    this.#hasEphemeral = false;
    this.#stopListening = () => {};
    this.#client = this.#open();
  }

  get client(): ShellClient {
    return this.#client;
  }

  get prompt(): string {
    // An expired session is shown as the original shows it.
    const state = this.#client.state === 'EXPIRED' ? 'CLOSED' : this.#client.state;
    return this.printer.prompt(this.#servers, state, this.#history.length);
  }

  /** One typed line; an empty one is no command and does not count. */
  async runLine(line: string): Promise<void> {
    const words = splitLine(line);
    if (words.length === 0) return;
    this.#history.add(line);
    await this.run(words);
  }

  /** Never throws: what goes wrong is printed and becomes the exit code. */
  async run(words: readonly string[]): Promise<void> {
    try {
      await this.#execute(words);
      // The code of a shell that quits is that of the command before.
      if (!this.hasQuit) this.exitCode = EXIT_OK;
    } catch (error) {
      const line = failureLine(error);
      // A command that has said what failed leaves nothing to add.
      if (line !== '') this.printer.errorLine(line);
      this.exitCode = exitCodeOf(error);
    }
  }

  /** Ends the session without a word; one that owns an ephemeral is left to its timeout. */
  async leave(): Promise<void> {
    this.#stopListening();
    if (this.#hasEphemeral) this.#client.abandon();
    else await this.#client.close();
  }

  #open(): ShellClient {
    const { timeoutMs, readOnly } = this.#options;
    const { tls, sasl } = this.#security;
    const client = this.#openClient(this.#servers, {
      sessionTimeoutMs: timeoutMs,
      readOnly,
      ...(tls === null ? {} : { tls }),
      ...(sasl === null ? {} : { sasl }),
    });
    this.#stopListening = client.onState((state) => {
      if (!this.#printsWatches) return;
      this.printer.sessionEvent(EVENT_STATES[state]);
      const isConnected = state === 'CONNECTED' || state === 'CONNECTEDREADONLY';
      // The original logs in behind this event, ours before it.
      if (isConnected && sasl !== null) this.printer.sessionEvent('SaslAuthenticated');
    });
    return client;
  }

  async #execute(words: readonly string[]): Promise<void> {
    const [name = '', ...tokens] = words;
    const command = COMMANDS.get(name);
    if (command !== undefined) {
      this.#wantConnection();
      const onEphemeral = () => {
        this.#hasEphemeral = true;
      };
      const { printer } = this;
      await command.run({ client: this.#client, printer, watch: this.#watch, onEphemeral }, tokens);
    } else if (Object.hasOwn(SHELL_COMMANDS, name)) await this.#executeOwn(name, tokens);
    else {
      this.printer.errorLine(usageText());
      const reason = `Command not found: Command not found ${name}`;
      throw new ShellFailure(reason, EXIT_UNKNOWN_COMMAND);
    }
  }

  async #executeOwn(name: string, tokens: readonly string[]): Promise<void> {
    switch (name) {
      case 'close':
        this.#wantConnection();
        return this.#close();
      case 'connect':
        return this.#connect(tokens[0]);
      case 'history':
        for (const [index, line] of this.#history.shown()) this.printer.historyLine(index, line);
        return;
      case 'printwatches':
        return this.#setPrintwatches(tokens[0]);
      case 'quit':
        this.hasQuit = true;
        return this.#close();
      case 'redo':
        return this.#redo(tokens[0]);
      default:
        return this.#printVersion(tokens);
    }
  }

  /** @throws ShellFailure */
  #wantConnection(): void {
    const { state } = this.#client;
    if (state === 'CLOSED' || state === 'EXPIRED' || state === 'AUTH_FAILED') {
      this.printer.line('Not connected');
      throw new ShellFailure('');
    }
  }

  async #close(): Promise<void> {
    this.#hasEphemeral = false;
    await this.#client.close();
  }

  async #connect(servers: string | undefined): Promise<void> {
    await this.#close();
    this.#stopListening();
    this.#servers = servers ?? this.#servers;
    this.#client = this.#open();
    // Whether it came to be is told by the events, not by this command.
    await this.#client.reached().catch(() => {});
  }

  #setPrintwatches(word: string | undefined): void {
    if (word === undefined)
      this.printer.line(`printwatches is ${this.#printsWatches ? 'on' : 'off'}`);
    else this.#printsWatches = word === 'on';
  }

  async #redo(word: string | undefined): Promise<void> {
    if (word === undefined) return;
    const line = this.#history.earlier(indexOf(word));
    if (line === undefined) throw new ShellFailure('Command index out of range');
    const words = splitLine(line);
    if (words[0] === 'redo') throw new ShellFailure('No redoing redos');
    this.#history.replaceLast(line);
    await this.#execute(words);
  }

  #printVersion(tokens: readonly string[]): void {
    this.#wantConnection();
    if (tokens.length > 0) throw new ShellFailure('version ');
    this.printer.line(`ZooKeeper CLI version: ${versionText()}`);
  }
}

/** Decimal, `0x` hexadecimal or `0` octal; -1 for anything else. */
function indexOf(word: string): number {
  if (/^0x[0-9a-f]+$/i.test(word)) return Number.parseInt(word.slice(2), 16);
  if (/^0[0-7]+$/.test(word)) return Number.parseInt(word, 8);
  return /^\d+$/.test(word) ? Number(word) : -1;
}
