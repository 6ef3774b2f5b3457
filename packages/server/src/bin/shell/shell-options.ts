/**
 * The shell's own options, which stand before the command: `-server`, `-timeout`, `-r`,
 * `-waitforconnection`, `-client-configuration` (operations.md 4.1). An option that lacks its value
 * ends the reading with a note, and the shell goes on with what it has; options that it does not
 * know are skipped.
 */

export interface ShellOptions {
  /** The connect string as typed. */
  readonly servers: string;
  /** Session timeout, ms. */
  readonly timeoutMs: number;
  readonly readOnly: boolean;
  readonly waitForConnection: boolean;
  /** File of client properties; empty for none. */
  readonly configurationFile: string;
  /** The one-shot command with its words; empty for an interactive shell. */
  readonly command: readonly string[];
  /** What to complain about; empty for nothing. */
  readonly notes: readonly string[];
}

/** Options that take the next word, whatever it is. */
const VALUED: ReadonlySet<string> = new Set(['-server', '-timeout', '-client-configuration']);

const SERVERS_DEFAULT = 'localhost:2181';
const TIMEOUT_DEFAULT_MS = 30000;
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

export function parseShellOptions(args: readonly string[]): ShellOptions {
  const notes: string[] = [];
  let servers = SERVERS_DEFAULT;
  let timeoutText = String(TIMEOUT_DEFAULT_MS);
  let readOnly = false;
  let waitForConnection = false;
  let configurationFile = '';
  let command: readonly string[] = [];
  for (let index = 0; index < args.length; index++) {
    const option = args[index] as string;
    if (!option.startsWith('-')) {
      command = args.slice(index);
      break;
    }
    if (option === '-r') readOnly = true;
    else if (option === '-waitforconnection') waitForConnection = true;
    else if (VALUED.has(option)) {
      index++;
      const value = args[index];
      if (value === undefined) notes.push(`Error: no argument found for option ${option}`);
      else if (option === '-server') servers = value;
      else if (option === '-timeout') timeoutText = value;
      else configurationFile = value;
    }
  }
  const timeoutMs = timeoutOf(timeoutText, notes);
  return { servers, timeoutMs, readOnly, waitForConnection, configurationFile, command, notes };
}

function timeoutOf(text: string, notes: string[]): number {
  const timeoutMs = /^\d+$/.test(text) ? Number(text) : 0;
  if (timeoutMs >= 1 && timeoutMs <= TIMEOUT_MAX_MS) return timeoutMs;
  notes.push(`Error: the timeout "${text}" is not a number of milliseconds`);
  return TIMEOUT_DEFAULT_MS;
}
