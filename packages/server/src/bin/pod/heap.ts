/**
 * The memory that a pod is given, against what its container may have: a server that is promised
 * more than there is ends in the middle of its work, so that is refused before anything is written.
 */

import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';
import { splitFlags } from '../../config/jvm-flags.ts';

/** What a server needs beside its data: code, sockets, buffers of the kernel. */
const SHARE_MAX = 0.75;
const MIB = 1024 * 1024;

export interface Heap {
  /** As -Xmx takes it. */
  readonly text: string;
  readonly bytes: number;
  /** Null when there is nothing to say. */
  readonly warning: string | null;
}

export function heapBytes(text: string): number {
  const power = ['', 'k', 'm', 'g'].indexOf(text.replace(/[0-9]/g, '').toLowerCase());
  return Number.parseInt(text, 10) * 1024 ** power;
}

/** A heap that nobody asked for is made to fit; one that was and does not is a ConfigError. */
export function fitHeap(text: string, isGiven: boolean, limitBytes: number, name: string): Heap {
  const bytes = heapBytes(text);
  const most = limitBytes * SHARE_MAX;
  const limit = `${Math.floor(limitBytes / MIB)}M`;
  if (!isGiven && bytes > most) {
    const fitting = Math.max(1, Math.floor(most / MIB));
    return { text: `${fitting}M`, bytes: fitting * MIB, warning: null };
  }
  if (bytes > limitBytes) refuse(`${name}=${text}`, '', limitBytes);
  const warning =
    bytes > most ? `${name}=${text} is above 3/4 of the memory limit, which is ${limit}` : null;
  return { text, bytes, warning };
}

/** Variables with flags of the server, in the order of their effect; `-Xmx` becomes its budget. */
const FLAG_VARIABLES = ['SERVER_JVMFLAGS', 'JVMFLAGS', 'KAFKA_HEAP_OPTS'] as const;
/** MiB, as Apache's scripts count. */
const HEAP_VARIABLE = 'ZK_SERVER_HEAP';

/** A ConfigError when the budget that the variables of a server ask for is above the limit. */
export function checkHeapVariables(
  environment: Readonly<Record<string, string | undefined>>,
  limitBytes: number,
): void {
  for (const name of FLAG_VARIABLES) {
    const flag = splitFlags(environment[name]).findLast((word) => word.startsWith('-Xmx'));
    if (flag === undefined) continue;
    const text = flag.slice('-Xmx'.length);
    if (!/^[0-9]{1,12}[kmg]?$/i.test(text)) {
      const message = `Cannot read "${flag}" of ${name}: wanted bytes, like 512m or 2g`;
      throw new ConfigError(message, EXIT_UNEXPECTED);
    }
    if (heapBytes(text) > limitBytes) refuse(flag, ` of ${name}`, limitBytes);
  }
  const mib = environment[HEAP_VARIABLE] ?? '';
  if (/^[0-9]{1,9}$/.test(mib) && Number(mib) * MIB > limitBytes) {
    refuse(`${HEAP_VARIABLE}=${mib}`, '', limitBytes);
  }
}

function refuse(what: string, where: string, limitBytes: number): never {
  const limit = `${Math.floor(limitBytes / MIB)}M`;
  throw new ConfigError(
    `Cannot use "${what}"${where}: the memory limit is ${limit}`,
    EXIT_UNEXPECTED,
  );
}
