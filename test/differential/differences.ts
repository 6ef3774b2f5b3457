/**
 * Named differences: where our answer is not that of a version of Apache's server, and is not meant
 * to be. Each is applied to what the two saw in one step before they are compared, and forgives
 * exactly one thing. `docs/compatibility.md` lists them.
 */

import { ErrorCode, OpCode } from '@zabra/protocol';
import type { PeerVersion } from './barred.ts';
import { mayOvertake } from './link.ts';
import type { Step } from './program.ts';
import type { Entry } from './transcript.ts';

/** What one connection saw in one step on either server. */
export interface Pair {
  readonly step: Step;
  readonly slot: number;
  readonly real: readonly Entry[];
  readonly ours: readonly Entry[];
}

export interface Difference {
  readonly name: string;
  readonly versions: readonly PeerVersion[];
  readonly reason: string;
  readonly forgive: (pair: Pair) => Pair;
}

export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'auth-reply-overtakes',
    versions: ['3.9.5', '3.8.0'],
    reason:
      'Java answers auth and sasl before earlier requests; we keep the order, which clients accept',
    forgive: (pair) => ({ ...pair, real: authLast(pair.real), ours: authLast(pair.ours) }),
  },
  {
    name: 'events-of-close-session',
    versions: ['3.9.5', '3.8.0'],
    reason: 'The order in which a closing session loses its ephemerals is not specified',
    forgive: (pair) => {
      if (!closesSession(pair.step)) return pair;
      return { ...pair, real: sortEvents(pair.real), ours: sortEvents(pair.ours) };
    },
  },
  {
    name: 'replies-behind-close-session',
    versions: ['3.9.5', '3.8.0'],
    reason: 'We drop what follows a closeSession; Java may still answer it by -112 or -12',
    forgive: (pair) => {
      if (!closesSession(pair.step)) return pair;
      return { ...pair, real: pair.real.filter((entry) => !isExpired(entry)) };
    },
  },
  {
    name: 'partial-multi-read',
    versions: ['3.9.5', '3.8.0'],
    reason: 'Java sends what a refused multiRead had read so far behind its -5; we send no body',
    forgive: (pair) => ({ ...pair, real: pair.real.map(withoutPartialReads) }),
  },
];

/** Both sides after every difference of this version. */
export function forgive(pair: Pair, version: PeerVersion): Pair {
  return DIFFERENCES.filter(({ versions }) => versions.includes(version)).reduce(
    (left, difference) => difference.forgive(left),
    pair,
  );
}

function authLast(entries: readonly Entry[]): readonly Entry[] {
  const isAuth = (entry: Entry): boolean => {
    return entry.kind === 'reply' && mayOvertake(entry.opcode);
  };
  if (!entries.some(isAuth)) return entries;
  return [...entries.filter((entry) => !isAuth(entry)), ...entries.filter(isAuth)];
}

function closesSession(step: Step): boolean {
  if (step.kind !== 'batch') return false;
  return step.parts.some(({ requests }) =>
    requests.some(({ opcode }) => opcode === OpCode.closeSession),
  );
}

function withoutPartialReads(entry: Entry): Entry {
  if (entry.kind !== 'reply' || entry.opcode !== OpCode.multiRead) return entry;
  return entry.err === ErrorCode.MARSHALLINGERROR ? { ...entry, body: '' } : entry;
}

function isExpired(entry: Entry): boolean {
  if (entry.kind !== 'reply') return false;
  return entry.err === ErrorCode.SESSIONEXPIRED || entry.err === ErrorCode.UNKNOWNSESSION;
}

/** Events with nothing but events between them, and of one transaction, in an order of text. */
function sortEvents(entries: readonly Entry[]): readonly Entry[] {
  const sorted = [...entries];
  let start = 0;
  while (start < sorted.length) {
    const first = sorted[start] as Entry;
    let end = start + 1;
    if (first.kind === 'event') {
      while (end < sorted.length) {
        const next = sorted[end] as Entry;
        if (next.kind !== 'event' || next.zxid !== first.zxid) break;
        end++;
      }
      const run = sorted.slice(start, end).sort((a, b) => (a.body < b.body ? -1 : 1));
      sorted.splice(start, run.length, ...run);
    }
    start = end;
  }
  return sorted;
}
