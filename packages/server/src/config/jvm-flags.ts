/**
 * The flags of a JVM that mean something here: `-Dkey=value` sets a system property, `-Xmx` becomes
 * the memory budget; all others are accepted and do nothing, so that scripts and manifests written
 * for Apache's server keep working.
 */

import { KEYS } from './server-keys.ts';

/** Whether an argument is a flag of a JVM rather than one of ours. */
export function isJvmFlag(argument: string): boolean {
  return /^-(D.|X|ea$|da$|server$|javaagent:|agentlib:|verbose)/.test(argument);
}

/** Later flags win. */
export function readJvmFlags(flags: readonly string[], properties: Map<string, string>): void {
  for (const flag of flags) {
    if (flag.startsWith('-Xmx')) {
      properties.set(KEYS.memory.property ?? '', flag.slice('-Xmx'.length));
    } else if (flag.startsWith('-D')) {
      const [name = '', ...rest] = flag.slice(2).split('=');
      if (name !== '') properties.set(name, rest.join('='));
    }
  }
}

/** The words of a variable such as SERVER_JVMFLAGS, parted as a shell parts them unquoted. */
export function splitFlags(variable: string | undefined): string[] {
  return (variable ?? '').split(/\s+/).filter((word) => word !== '');
}
