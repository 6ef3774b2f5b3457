/**
 * Barred inputs: what programs leave out, by name and with the reason. Some kill or wedge the Java
 * server, some make its own answer a matter of luck, and some are answered differently on purpose
 * with effects that every later reply would show. `docs/compatibility.md` lists them.
 */

import { CreateMode, OpCode } from '@zabra/protocol';
import { QUOTA_ROOT, QUOTA_STATS } from './paths.ts';
import type { Field, Request } from './program.ts';

export type PeerVersion = '3.9.5' | '3.8.0';

export interface BarredInput {
  readonly name: string;
  readonly versions: readonly PeerVersion[];
  readonly reason: string;
  /** Requests that are drawn again; absent where programs cannot express the input at all. */
  readonly bars?: (request: Request) => boolean;
}

const BOTH: readonly PeerVersion[] = ['3.9.5', '3.8.0'];
const STATS_TEXT = /^count=\d{1,9},bytes=\d{1,9}$/;
const TTL_FLAGS_MIN = 5;

export const BARRED: readonly BarredInput[] = [
  {
    name: 'ttl-without-ttl-flags',
    versions: BOTH,
    reason: 'createTTL with other flags and a negative ttl ends the Java process; we answer -8',
    bars: (request) =>
      creates(request, OpCode.createTTL).some(({ flags, ttl }) => {
        return flags < TTL_FLAGS_MIN && ttl < 0;
      }),
  },
  {
    name: 'malformed-quota-usage',
    versions: BOTH,
    reason: 'Unreadable text in zookeeper_stats stops the Java server at the next write below',
    bars: ({ fields }) =>
      fields.some((field, index) => {
        if (field.t !== 'path' || field.v !== QUOTA_STATS) return false;
        const next = fields[index + 1];
        if (next?.t !== 'data') return false;
        return typeof next.v !== 'string' || !STATS_TEXT.test(next.v);
      }),
  },
  {
    name: 'delete-container',
    versions: BOTH,
    reason: 'Java lets a client delete any empty znode by operation 20; we answer -6',
  },
  {
    name: 'create-session-operation',
    versions: BOTH,
    reason: 'Java answers operation -10 by a second handshake; we refuse it',
  },
  {
    name: 'sync-without-path',
    versions: BOTH,
    reason: 'Java echoes a null path, which some clients cannot decode; we answer -5',
    bars: ({ opcode, fields }) => {
      return opcode === OpCode.sync && fields.some(({ t, v }) => t === 'path' && v === null);
    },
  },
  {
    name: 'null-acl-scheme-behind-another',
    versions: BOTH,
    reason: 'Java stumbles when it compares it with an entry of the same perms; we answer -114',
    bars: ({ fields }) =>
      fields.some(({ t, v }) => t === 'acl' && v?.slice(1).some(({ scheme }) => scheme === null)),
  },
  {
    name: 'ephemeral-container-in-multi',
    versions: BOTH,
    reason: 'Java takes it for an ephemeral within the multi and for a container afterwards',
    bars: ({ opcode, fields }) =>
      opcode === OpCode.multi &&
      fields.some((field, index) => {
        // Header of three fields, path, data, acl, flags.
        const flags = fields[index + 6];
        return (
          isInt(field, OpCode.createContainer) && flags !== undefined && isEphemeralFlag(flags)
        );
      }),
  },
  {
    name: 'watch-without-path',
    versions: BOTH,
    reason: 'Java keeps a watch of addWatch on a null path, which nothing can fire; we answer -5',
    bars: ({ opcode, fields }) => {
      return opcode === OpCode.addWatch && fields.some(({ t, v }) => t === 'path' && v === null);
    },
  },
  {
    name: 'supplementary-characters',
    versions: BOTH,
    reason: 'Java writes them as two surrogates of three bytes each; we write UTF-8',
    bars: ({ opcode, fields }) => ECHOES.has(opcode) && fields.some(hasSupplementary),
  },
  {
    name: 'sequence-overflow',
    versions: BOTH,
    reason: 'Behind 2147483647 Java repeats a name; nobody reaches it in a run',
  },
];

/** What may not stand in one batch with anything else, since Java's own answer is then luck. */
export const ALONE: readonly BarredInput[] = [
  {
    name: 'quota-in-a-pipeline',
    versions: BOTH,
    reason: 'Java judges hard quotas by what is applied, so writes that wait count or not',
    bars: ({ opcode, fields }) => {
      return WRITES.has(opcode) && hasPath(fields, (v) => v.includes(QUOTA_ROOT));
    },
  },
  {
    name: 'null-acl-id-in-a-pipelined-multi',
    versions: BOTH,
    reason: 'Java forgets to take back what the multi had prepared, so the next request may see it',
    bars: ({ opcode, fields }) => opcode === OpCode.multi && fields.some(hasNullId),
  },
  {
    name: 'requests-before-a-fatal-one',
    versions: BOTH,
    reason: 'Java closes from the thread that reads, so earlier replies may or may not leave',
  },
];

const WRITES: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.setData,
  OpCode.setACL,
  OpCode.multi,
]);

/** What must be the last write of its batch, since Java's answer to the next one is luck. */
export const LAST: readonly BarredInput[] = [
  {
    name: 'writes-behind-set-acl',
    versions: BOTH,
    reason: 'Java judges them by the old ACL until the new one is applied; we judge by the new one',
    bars: ({ opcode }) => opcode === OpCode.setACL,
  },
  {
    name: 'writes-behind-ephemeral-container',
    versions: BOTH,
    reason:
      'Java takes a createContainer with ephemeral flags for an ephemeral until it is applied',
    bars: ({ opcode, fields }) => {
      return opcode === OpCode.createContainer && fields.some(isEphemeralFlag);
    },
  },
  {
    name: 'writes-behind-close-session',
    versions: BOTH,
    reason: 'Java drops them or gives them a zxid, depending on which thread comes first',
  },
];

/** Answers of these repeat paths that no znode has. */
const ECHOES: ReadonlySet<number> = new Set([OpCode.sync, OpCode.setWatches, OpCode.setWatches2]);
const SUPPLEMENTARY = /[\u{10000}-\u{10ffff}]/u;

export function isBarred(request: Request, version: PeerVersion): boolean {
  return BARRED.some(({ versions, bars }) => {
    return bars !== undefined && versions.includes(version) && bars(request);
  });
}

export function mustBeLast(request: Request): boolean {
  return LAST.some(({ bars }) => bars?.(request) === true);
}

export function mustStandAlone(request: Request): boolean {
  return ALONE.some(({ bars }) => bars?.(request) === true);
}

function hasPath(fields: readonly Field[], test: (path: string) => boolean): boolean {
  return fields.some((field) => field.t === 'path' && field.v !== null && test(field.v));
}

function isInt(field: Field, value: number): boolean {
  return field.t === 'int' && field.v === value;
}

/** Meant for the flags of a create, which is the only int among its fields. */
function isEphemeralFlag(field: Field): boolean {
  return isInt(field, CreateMode.EPHEMERAL) || isInt(field, CreateMode.EPHEMERAL_SEQUENTIAL);
}

function hasSupplementary(field: Field): boolean {
  if (field.t === 'path') return field.v !== null && SUPPLEMENTARY.test(field.v);
  return (
    field.t === 'paths' && field.v !== null && field.v.some((path) => SUPPLEMENTARY.test(path))
  );
}

function hasNullId(field: Field): boolean {
  if (field.t !== 'acl' || field.v === null) return false;
  return field.v.some(({ scheme, id }) => id === null && scheme !== 'auth');
}

/** Flags and ttl of every create of kind `opcode` in a request, in a multi or outside. */
function creates(request: Request, opcode: number): { flags: number; ttl: number }[] {
  const { fields } = request;
  const found: { flags: number; ttl: number }[] = [];
  fields.forEach((field, index) => {
    const flags = fields[index + 1];
    const ttl = fields[index + 2];
    if (field.t !== 'acl' || flags?.t !== 'int' || ttl?.t !== 'long') return;
    found.push({ flags: flags.v, ttl: ttl.v });
  });
  return opcode === OpCode.createTTL ? found : [];
}
