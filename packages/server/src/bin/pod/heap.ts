/**
 * The memory that a pod is given, against what its container may have: a server that is promised
 * more than there is ends in the middle of its work, so that is refused before anything is written.
 */

import os from 'node:os';
import { ConfigError, EXIT_UNEXPECTED } from '../../config/config-error.ts';

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

/** Limit of the container, or of the machine where there is none. */
export function memoryLimitBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, os.totalmem()) : os.totalmem();
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
  if (bytes > limitBytes) {
    const message = `Cannot use "${name}=${text}": the memory limit is ${limit}`;
    throw new ConfigError(message, EXIT_UNEXPECTED);
  }
  const warning =
    bytes > most ? `${name}=${text} is above 3/4 of the memory limit, which is ${limit}` : null;
  return { text, bytes, warning };
}
