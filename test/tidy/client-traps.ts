/**
 * The traps of the client protocol (client-protocol.md 21): rules that are easy to get wrong and
 * that some client depends on. Each is a test whose name begins with `trap` and its number, which
 * `tidy.test.ts` checks, and a line of docs/protocol.md.
 */

import type { Source } from './sources.ts';

/** In the order of their numbers, from 1; what the server does, not what is often done. */
export const CLIENT_TRAPS: readonly string[] = [
  // Handshake and session.
  'the readOnly byte of the answer is there when the request had one',
  'a refused session has timeout 0, id 0 and a password of 16 bytes',
  'an expired session and a wrong password are answered alike',
  'the old connection goes before the password is looked at',
  'a client that has seen more is closed without an answer',
  'an expired or moved session is told nothing, its connection closes',
  'requests of a session that is closing are dropped, and the close follows',
  'the timeout in the answer is clamped, and is the one that is enforced',
  'session ids and zxids are exact 64-bit numbers, printed unsigned',
  "passwords come from Java's generator, the low byte of a word first",
  'an IPv4 client of a dual-stack socket has an IPv4 address',
  'what comes behind the ConnectRequest waits for the session',
  // Frames and replies.
  'every xid is echoed, except that of a ping, which is -2',
  'a failed multi has error 0 in its header',
  'an error reply has no body',
  'addWatch succeeds with four zero bytes, other watch operations with none',
  'no vector or string of a reply is null, but null data is',
  'bytes behind a request are ignored',
  'an unknown operation ends the connection, an unsupported TTL does not',
  'a refused write uses up a zxid',
  'a read answers with the last zxid applied',
  'no ordinary reply has zxid 0 or -1',
  // Tree.
  'cversion is shown as creates and deletes, suffixes count creates',
  'any create advances the sequence; deletes and failed multis do not',
  'at its end the suffix sticks and pzxid stands still',
  'versions wrap at 32 bits, and -1 means any',
  'flags 4 make a container inside a multi only',
  'createTTL without TTL flags is refused before it is logged',
  'no client may send deleteContainer',
  'no client may send createSession',
  'NOAUTH hides whether the znode is there, NONODE of the parent comes first',
  'the ACL is judged before existence, a trailing slash after the parent',
  'a write is judged by all that are on their way',
  'permission to delete is on the parent alone',
  'setACL changes the aversion alone and fires no watch',
  'perms of any value are stored',
  'a null ACL id is legal for auth and undecodable for world',
  'auth may expand to duplicates, and leaves out ip and super',
  'a wrong digest password authenticates',
  'quota usage changes no Stat but its length',
  'containers and TTL znodes show no owner',
  'a setData that shrinks may still exceed a hard quota',
  // Watches.
  'one frame a trigger; a delete uses up data and child watch alike',
  'watches die with the connection',
  'a read and its watch are one moment',
  'an event comes before any reply that shows its change',
  'an event that READ forbids is dropped, its watch is used up',
  'recursive watches match ancestors by name',
  'persistent watches catch up on nothing',
  'setWatches compares mzxid for data and pzxid for children',
  'an exists watch on a missing znode is a data watch',
  'removing a persistent watch ends both of its halves',
  'multiRead sets no watch',
  'sync asks nothing of its path',
];

export interface NamedTest {
  readonly path: string;
  readonly name: string;
}

const NAMED = /\b(?:test|it)\(\s*(['"`])(.+?)\1,/g;
const TRAP = /^trap (\d+): /;

/** Tests whose names are written out in a source. */
export function namedTests({ path, text }: Source): NamedTest[] {
  return [...text.matchAll(NAMED)].map(({ 2: name = '' }) => ({ path, name }));
}

/** The number of the trap that a test is named after, 0 for none. */
export function trapOf({ name }: NamedTest): number {
  return Number(TRAP.exec(name)?.[1] ?? 0);
}

/** As docs/protocol.md has them: number, rule, and where it is tested. */
export function trapRows(tests: readonly NamedTest[]): string {
  const rows = CLIENT_TRAPS.map((rule, index) => {
    const paths = new Set(
      tests.filter((test) => trapOf(test) === index + 1).map(({ path }) => path),
    );
    const links = [...paths].map(
      (path) => `[${path.slice(path.lastIndexOf('/') + 1)}](../${path})`,
    );
    return `| ${index + 1} | ${rule} | ${links.join(', ')} |`;
  });
  return ['| trap | rule | test |', '| --- | --- | --- |', ...rows].join('\n');
}
