/**
 * A differential program: the steps that are run against two servers, as plain data, so that it
 * can be made from a seed, cut into pieces and printed. It names nothing that differs between
 * servers or runs: `$` in a path stands for the subtree of the run, sessions have labels, and a
 * zxid is a distance behind the last one seen.
 */

import { opName } from '@zabra/protocol';

export interface AclEntry {
  readonly perms: number;
  readonly scheme: string | null;
  readonly id: string | null;
}

/** One jute field of a request. */
export type Field =
  | { readonly t: 'int'; readonly v: number }
  | { readonly t: 'long'; readonly v: number }
  | { readonly t: 'bool'; readonly v: boolean }
  | { readonly t: 'text'; readonly v: string | null }
  | { readonly t: 'path'; readonly v: string | null }
  | { readonly t: 'paths'; readonly v: readonly string[] | null }
  /** Text, or so many bytes of filling. */
  | { readonly t: 'data'; readonly v: string | number | null }
  /** Data that makes the frame `v` bytes long, when an int follows. */
  | { readonly t: 'fill'; readonly v: number }
  | { readonly t: 'acl'; readonly v: readonly AclEntry[] | null }
  /** The last zxid seen in the run, less `v`. */
  | { readonly t: 'zxid'; readonly v: number };

export interface Request {
  readonly xid: number;
  readonly opcode: number;
  readonly fields: readonly Field[];
  /** Above 0: so many bytes of the body are left out at its end. Below 0: so many more are sent. */
  readonly cut: number;
}

export type SessionChoice =
  | { readonly kind: 'new'; readonly label: string }
  | { readonly kind: 'resume'; readonly label: string };

export type PasswordChoice = 'right' | 'wrong' | 'short' | 'null';

export interface ConnectStep {
  readonly kind: 'connect';
  readonly slot: number;
  readonly session: SessionChoice;
  readonly password: PasswordChoice;
  readonly timeoutMs: number;
  /** Distance behind the last zxid seen; below 0 it lies in the future. */
  readonly zxidBack: number;
  /** Null leaves the byte out. */
  readonly readOnly: boolean | null;
  /** Bytes that the connect request lacks at its end. */
  readonly cut: number;
  /** Sent right behind the connect request, before its answer. */
  readonly requests: readonly Request[];
}

/** Requests of one connection, or reads of several at the same time. */
export interface BatchStep {
  readonly kind: 'batch';
  readonly parts: readonly { readonly slot: number; readonly requests: readonly Request[] }[];
  /** Pieces in which the bytes of a part are handed to the network. */
  readonly pieces: number;
}

/** The client lets its connection fall; the session lives on. */
export interface DropStep {
  readonly kind: 'drop';
  readonly slot: number;
}

export type FrameFault = 'negative-length' | 'too-long' | 'shorter-than-a-header' | 'word';

/** Something that is no request; the server closes the connection. */
export interface FaultStep {
  readonly kind: 'fault';
  readonly slot: number;
  readonly fault: FrameFault;
}

export type Step = ConnectStep | BatchStep | DropStep | FaultStep;
export type Program = readonly Step[];

export const SLOT_COUNT = 4;

/** What counts as an operation: every request, and every step that is not made of them. */
export function operationCount(step: Step): number {
  if (step.kind === 'connect') return 1 + step.requests.length;
  if (step.kind !== 'batch') return 1;
  return step.parts.reduce((sum, part) => sum + part.requests.length, 0);
}

export function describeRequest(request: Request): string {
  const fields = request.fields.map((field) => `${field.t} ${JSON.stringify(field.v)}`).join(', ');
  const cut = request.cut === 0 ? '' : ` cut ${request.cut}`;
  return `xid ${request.xid} ${opName(request.opcode)}(${fields})${cut}`;
}

export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'connect': {
      const { session, password, timeoutMs, zxidBack, readOnly, requests } = step;
      const head =
        `slot ${step.slot} connect ${session.kind} ${session.label}, password ${password}, ` +
        `timeout ${timeoutMs}, zxid back ${zxidBack}, readOnly ${readOnly}, cut ${step.cut}`;
      return [head, ...requests.map((request) => `  ${describeRequest(request)}`)].join('\n');
    }
    case 'batch': {
      const lines = step.parts.flatMap(({ slot, requests }) => [
        `slot ${slot} sends ${requests.length} in ${step.pieces} pieces`,
        ...requests.map((request) => `  ${describeRequest(request)}`),
      ]);
      return lines.join('\n');
    }
    case 'drop':
      return `slot ${step.slot} drops its connection`;
    case 'fault':
      return `slot ${step.slot} sends ${step.fault}`;
  }
}
