/**
 * The command line of `start-zookeeper`: `--name=value` alone, as the tutorial's image has it. A
 * misspelt flag must not start a server with defaults, so whatever is unknown is refused.
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { POD_OPTIONS, type PodOption } from './pod-options.ts';

const OPTIONS: readonly PodOption<unknown>[] = Object.values(POD_OPTIONS);
const HELP_FLAGS: ReadonlySet<string> = new Set(['-h', '--help']);
const NAME_WIDTH = 24;

/** Texts by flag, or null when the usage is asked for. Throws a ConfigError. */
export function parsePodFlags(args: readonly string[]): ReadonlyMap<string, string> | null {
  const texts = new Map<string, string>();
  for (const argument of args) {
    if (HELP_FLAGS.has(argument)) return null;
    const [, flag, value] = /^--([^=]*)=([\s\S]*)$/.exec(argument) ?? [];
    if (flag === undefined || value === undefined) {
      const bare = argument.slice(2);
      if (argument.startsWith('--') && isFlag(bare)) {
        throw refusal(`Cannot read "${argument}": wanted ${argument}=VALUE`);
      }
      const what = argument.startsWith('-') ? 'Unknown option' : 'Unknown argument';
      throw refusal(`${what} ${argument}: see start-zookeeper -h`);
    }
    if (!isFlag(flag)) throw refusal(`Unknown option ${argument}: see start-zookeeper -h`);
    texts.set(flag, value);
  }
  return texts;
}

export function podUsage(): string {
  const rows = OPTIONS.map(({ flag, fallback, meaning }) => {
    const shown = fallback === '' ? '' : ` Default: ${fallback}.`;
    return `    ${`--${flag}=`.padEnd(NAME_WIDTH)}${meaning}${shown}\n`;
  });
  const head = 'Usage: start-zookeeper [OPTIONS]\nStarts a server as the pod of a StatefulSet.\n';
  return head + rows.join('');
}

function isFlag(name: string): boolean {
  return OPTIONS.some(({ flag }) => flag === name);
}

function refusal(message: string): ConfigError {
  return new ConfigError(message, EXIT_UNEXPECTED);
}
