/**
 * What one connection saw during one step: entries in the order of arrival. They are data, so that
 * the comparer can apply a named difference to them, and one line of text each.
 */

import { ErrorCode, opName } from '@zabra/protocol';

export interface ReplyEntry {
  readonly kind: 'reply';
  /**
   * Place of the request among those of its connection in this step, -1 for the closing ping, -2
   * for none.
   */
  readonly request: number;
  readonly opcode: number;
  readonly xid: number;
  readonly zxid: string;
  readonly err: number;
  readonly body: string;
}

export interface EventEntry {
  readonly kind: 'event';
  readonly zxid: string;
  readonly err: number;
  /** Type, state and path. */
  readonly body: string;
}

/** `connected` is the answer to a connect request, the others are what a socket can do. */
export interface OtherEntry {
  readonly kind: 'connected' | 'closed' | 'old-closed' | 'silent' | 'unreadable';
  readonly body: string;
}

export type Entry = ReplyEntry | EventEntry | OtherEntry;

/** One list of entries per slot. */
export type StepTranscript = readonly (readonly Entry[])[];

const NAMES: readonly string[] = ['', 'closing ping', 'reply to nothing'];

/** The answer to a request of a session that has just ended. */
export function isExpired(entry: Entry): boolean {
  if (entry.kind !== 'reply') return false;
  return entry.err === ErrorCode.SESSIONEXPIRED || entry.err === ErrorCode.UNKNOWNSESSION;
}

export function renderEntry(entry: Entry): string {
  switch (entry.kind) {
    case 'reply': {
      const { request, opcode, xid, zxid, err, body } = entry;
      const name = request < 0 ? (NAMES[-request] ?? '') : `#${request} ${opName(opcode)}`;
      return `${name} xid ${xid} zxid ${zxid} err ${err}${body === '' ? '' : `: ${body}`}`;
    }
    case 'event':
      return `event zxid ${entry.zxid} err ${entry.err}: ${entry.body}`;
    default:
      return `${entry.kind}${entry.body === '' ? '' : `: ${entry.body}`}`;
  }
}
