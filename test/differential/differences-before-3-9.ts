/**
 * Named differences to servers before 3.9, whose answers our server does not give: it follows 3.9.
 */

import { OpCode } from '@zabra/protocol';
import type { Difference, Pair } from './differences.ts';
import type { Request } from './program.ts';
import { pathOf } from './request-parts.ts';
import { type Entry, isExpired, type ReplyEntry } from './transcript.ts';

export const DIFFERENCES_BEFORE_3_9: readonly Difference[] = [
  {
    name: 'zxid-of-events',
    reason: '3.8 sends -1 in the header of every event, 3.9 the zxid of the transaction',
    forgive: (pair) => ({
      ...pair,
      real: pair.real.map(withoutZxid),
      ours: pair.ours.map(withoutZxid),
    }),
  },
  {
    name: 'events-without-read',
    reason: '3.8 sends events of znodes that their receiver may not read (CVE-2024-23944)',
    forgive: (pair) => ({
      ...pair,
      real: pair.real.filter((entry) => !isHiddenEvent(entry, pair)),
      ours: pair.ours.filter((entry) => !isHiddenEvent(entry, pair)),
    }),
  },
  {
    name: 'exists-without-read',
    reason: '3.8 answers exists, and sets its watch, without asking for READ',
    forgive: (pair) => ({
      ...pair,
      real: pair.real.map((entry) => withoutHiddenAnswer(entry, pair)),
      ours: pair.ours.map((entry) => withoutHiddenAnswer(entry, pair)),
    }),
  },
];

function withoutZxid(entry: Entry): Entry {
  return entry.kind === 'event' ? { ...entry, zxid: '' } : entry;
}

/** The path is the last thing in the text of an event. */
function isHiddenEvent(entry: Entry, { hidden }: Pair): boolean {
  if (entry.kind !== 'event') return false;
  const path: unknown = JSON.parse(entry.body.slice(entry.body.indexOf('"')));
  return typeof path === 'string' && hidden.has(path);
}

function withoutHiddenAnswer(entry: Entry, pair: Pair): Entry {
  if (entry.kind !== 'reply' || isExpired(entry)) return entry;
  if (entry.opcode !== OpCode.exists && entry.opcode !== OpCode.removeWatches) return entry;
  const request = requestOf(entry, pair);
  const path = request === undefined ? null : pathOf(request);
  return path !== null && pair.hidden.has(path) ? { ...entry, err: 0, body: '' } : entry;
}

function requestOf({ request }: ReplyEntry, { step, slot }: Pair): Request | undefined {
  if (step.kind === 'connect') return step.requests[request];
  if (step.kind !== 'batch') return undefined;
  return step.parts.find((part) => part.slot === slot)?.requests[request];
}
