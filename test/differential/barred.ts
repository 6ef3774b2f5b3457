/**
 * Barred inputs: what programs leave out, by name and with the reason. Some kill or wedge the Java
 * server, some make its own answer a matter of luck, and some are answered differently on purpose
 * with effects that every later reply would show. `docs/compatibility.md` lists them.
 */

import { CreateMode, isEphemeralMode, OpCode } from '@zabra/protocol';
import { BARRED_BEFORE_3_9 } from './barred-before-3-9.ts';
import { QUOTA_STATS } from './paths.ts';
import type { PeerVersion } from './peer-version.ts';
import type { Request } from './program.ts';
import { aclOf, flagsOf, hasNullPath, partsOf, pathOf, pathsOf } from './request-parts.ts';

export interface BarredInput {
  readonly name: string;
  readonly reason: string;
  /** Requests that are drawn again; absent where programs cannot express the input at all. */
  readonly bars?: (request: Request, slot: number) => boolean;
}

/** Answers of these repeat paths that no znode has. */
const ECHOES: readonly number[] = [OpCode.sync, OpCode.setWatches, OpCode.setWatches2];
const SUPPLEMENTARY = /[\u{10000}-\u{10ffff}]/u;
const STATS_TEXT = /^count=\d{1,9},bytes=\d{1,9}$/;

/** For every version. */
export const BARRED: readonly BarredInput[] = [
  {
    name: 'ttl-without-ttl-flags',
    reason: 'createTTL with other flags and a negative ttl ends the Java process; we answer -8',
    bars: (request) =>
      partsOf(request).some((part) => {
        const ttl = part.fields[4];
        return ttl?.t === 'long' && ttl.v < 0 && flagsOf(part) < CreateMode.PERSISTENT_WITH_TTL;
      }),
  },
  {
    name: 'malformed-quota-usage',
    reason:
      'Unreadable zookeeper_stats stop the Java server at the next write below; we count from zero',
    bars: (request) =>
      partsOf(request).some((part) => {
        const data = part.fields[1];
        if (pathOf(part) !== QUOTA_STATS) return false;
        if (data?.t === 'fill') return true;
        return data?.t === 'data' && (typeof data.v !== 'string' || !STATS_TEXT.test(data.v));
      }),
  },
  {
    name: 'delete-container',
    reason: 'Java lets a client delete any empty znode by operation 20; we answer -6 and close',
  },
  {
    name: 'create-session-operation',
    reason: 'Java answers operation -10 by a second handshake; we answer -6 and close',
  },
  {
    name: 'sync-without-path',
    reason: 'Java echoes a null path, which some clients cannot decode; we answer -5',
    bars: (request) => request.opcode === OpCode.sync && hasNullPath(request),
  },
  {
    name: 'watch-without-path',
    reason: 'Java keeps a watch of addWatch on a null path, which nothing can fire; we answer -5',
    bars: (request) => request.opcode === OpCode.addWatch && hasNullPath(request),
  },
  {
    name: 'null-acl-scheme-behind-another',
    reason: 'Java answers -5 when it compares it with an entry of the same perms; we answer -114',
    bars: (request) =>
      partsOf(request).some((part) => {
        return aclOf(part)
          ?.slice(1)
          .some(({ scheme }) => scheme === null);
      }),
  },
  {
    name: 'ephemeral-container-in-multi',
    reason:
      'To Java it is an ephemeral within the multi and a container afterwards; to us a container',
    bars: (request) => request.opcode === OpCode.multi && partsOf(request).some(isMixedContainer),
  },
  {
    name: 'supplementary-characters',
    reason: 'Java writes them as two surrogates of three bytes each; we write UTF-8',
    bars: (request) => {
      const shown = ECHOES.includes(request.opcode) ? pathsOf(request) : [];
      return shown.some((path) => SUPPLEMENTARY.test(path));
    },
  },
  {
    name: 'sequence-overflow',
    reason: 'Java gives pipelined creates past 2147483647 negative numbers; we answer -110',
  },
];

export function isMixedContainer(
  part: { opcode: number } & Parameters<typeof flagsOf>[0],
): boolean {
  return part.opcode === OpCode.createContainer && isEphemeralMode(flagsOf(part));
}

export function isBarred(request: Request, slot: number, version: PeerVersion): boolean {
  const tables = version === '3.9.5' ? [BARRED] : [BARRED, BARRED_BEFORE_3_9];
  return tables.some((table) => table.some(({ bars }) => bars?.(request, slot) === true));
}
