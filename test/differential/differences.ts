/**
 * Named differences: where our answer is not that of a version of Apache's server, and is not meant
 * to be. Each is applied to what the two saw in one step before they are compared, and forgives
 * exactly one thing. `docs/compatibility.md` lists them.
 */

import { ErrorCode, OpCode } from '@zabra/protocol';
import { DIFFERENCES_BEFORE_3_9 } from './differences-before-3-9.ts';
import type { HiddenPaths } from './hidden-paths.ts';
import type { PeerVersion } from './peer-version.ts';
import { mayOvertake } from './link.ts';
import type { Step } from './program.ts';
import { type Entry, isExpired } from './transcript.ts';

/** Entries of an ACL as `decodeBody` writes them: perms, scheme, id. */
const EQUAL_PERMS = /(-?\d+ "digest") "[^"]*"(?:, \1 "[^"]*")+/g;

/** What one connection saw in one step on either server. */
export interface Pair {
  readonly step: Step;
  readonly slot: number;
  readonly real: readonly Entry[];
  readonly ours: readonly Entry[];
  readonly hidden: HiddenPaths;
}

export interface Difference {
  readonly name: string;
  readonly reason: string;
  readonly forgive: (pair: Pair) => Pair;
}

/** To every version. */
export const DIFFERENCES: readonly Difference[] = [
  {
    name: 'auth-reply-overtakes',
    reason:
      'Java answers auth and sasl before earlier requests; we keep the order, which clients accept',
    forgive: (pair) => ({ ...pair, real: authLast(pair.real), ours: authLast(pair.ours) }),
  },
  {
    name: 'events-of-close-session',
    reason:
      'Java deletes the ephemerals of a closing session in the order of a hash set, we in another',
    forgive: (pair) => {
      if (!closesSession(pair.step)) return pair;
      return { ...pair, real: sortEvents(pair.real), ours: sortEvents(pair.ours) };
    },
  },
  {
    name: 'replies-behind-close-session',
    reason: 'We drop what follows a closeSession; Java may still answer it by -112 or -12',
    forgive: (pair) => {
      if (!closesSession(pair.step)) return pair;
      return { ...pair, real: pair.real.filter((entry) => !isExpired(entry)) };
    },
  },
  {
    name: 'ping-behind-a-fatal-request',
    reason: 'Java closes a moment after such an answer and may answer a ping meanwhile; we do not',
    forgive: (pair) => ({ ...pair, real: withoutLatePing(pair.real, pair.ours) }),
  },
  {
    name: 'partial-multi-read',
    reason: 'Java sends what a refused multiRead had read so far behind its -5; we send no body',
    forgive: (pair) => ({ ...pair, real: pair.real.map(withoutPartialReads) }),
  },
  {
    name: 'order-of-expanded-auth',
    reason:
      'Java expands an ACL of scheme auth in the order of a hash set, we in that of the auths',
    forgive: (pair) => {
      const sort = (entry: Entry): Entry => sortEqualPerms(entry);
      return { ...pair, real: pair.real.map(sort), ours: pair.ours.map(sort) };
    },
  },
];

/** Both sides after every difference of this version. */
export function forgive(pair: Pair, version: PeerVersion): Pair {
  const tables = version === '3.9.5' ? [DIFFERENCES] : [DIFFERENCES_BEFORE_3_9, DIFFERENCES];
  return tables.flat().reduce((left, difference) => difference.forgive(left), pair);
}

function authLast(entries: readonly Entry[]): readonly Entry[] {
  const isAuth = (entry: Entry): boolean => {
    return entry.kind === 'reply' && mayOvertake(entry.opcode);
  };
  if (!entries.some(isAuth)) return entries;
  return [...entries.filter((entry) => !isAuth(entry)), ...entries.filter(isAuth)];
}

/** Without the answer to the closing ping, where both are closed and ours had none. */
function withoutLatePing(real: readonly Entry[], ours: readonly Entry[]): readonly Entry[] {
  const isPing = (entry: Entry): boolean => entry.kind === 'reply' && entry.request === -1;
  const isClosed = real.at(-1)?.kind === 'closed' && ours.at(-1)?.kind === 'closed';
  return isClosed && !ours.some(isPing) ? real.filter((entry) => !isPing(entry)) : real;
}

function closesSession(step: Step): boolean {
  if (step.kind !== 'batch') return false;
  return step.parts.some(({ requests }) =>
    requests.some(({ opcode }) => opcode === OpCode.closeSession),
  );
}

/** Neighbours of one scheme and the same perms, which is what an expansion leaves. */
function sortEqualPerms(entry: Entry): Entry {
  if (entry.kind !== 'reply' || entry.opcode !== OpCode.getACL) return entry;
  const body = entry.body.replace(EQUAL_PERMS, (run) => run.split(', ').toSorted().join(', '));
  return { ...entry, body };
}

function withoutPartialReads(entry: Entry): Entry {
  if (entry.kind !== 'reply' || entry.opcode !== OpCode.multiRead) return entry;
  return entry.err === ErrorCode.MARSHALLINGERROR ? { ...entry, body: '' } : entry;
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
