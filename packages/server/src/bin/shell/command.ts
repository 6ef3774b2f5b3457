/**
 * Command: one word of the shell. Commands know the client and the printer and nothing of where
 * their words came from; those that change the shell itself (`connect`, `history` ...) stand with
 * it.
 */

import type { WatchEvent } from '@zabra/client';
import type { Printer } from './printer.ts';
import type { ShellClient } from './shell-client.ts';
import { ShellFailure } from './shell-failure.ts';

export interface CommandContext {
  readonly client: ShellClient;
  readonly printer: Printer;
  /** Prints the events of the watches that commands set. */
  readonly watch: (event: WatchEvent) => void;
  /** An ephemeral was created: the session must outlive a one-shot command. */
  onEphemeral(): void;
}

export interface Command {
  readonly name: string;
  /** What follows the name in the usage. */
  readonly syntax: string;
  /** Throws what went wrong; returns when all went well. */
  run(context: CommandContext, tokens: readonly string[]): Promise<void>;
}

/** A line that says how a command is used, with a table of its options where there is one. */
export function usage(command: { name: string; syntax: string }, table = ''): ShellFailure {
  return new ShellFailure(`${command.name} ${command.syntax}${table}`);
}

/** An int as Java reads it. @throws ShellFailure */
export function intValue(option: string, text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= -(2 ** 31) && value < 2 ** 31) return value;
  throw new ShellFailure(`-${option} argument must be an int value`);
}
