/**
 * What may not stand where in a batch, because the answer of the Java server to what is in flight
 * with it is a matter of luck: its threads judge some things by what is applied and some by what
 * waits. `docs/compatibility.md` lists the names.
 */

import { OpCode } from '@zabra/protocol';
import { type BarredInput, isMixedContainer } from './barred.ts';
import { QUOTA_ROOT } from './paths.ts';
import type { Request } from './program.ts';
import { aclEntriesOf, isWrite, partsOf, pathsOf } from './request-parts.ts';

/** In a batch of their own. */
export const ALONE: readonly BarredInput[] = [
  {
    name: 'quota-in-a-pipeline',
    reason:
      'Java judges hard quotas by what is applied, so writes that wait count or not; so do we',
    bars: (request) => {
      return isWrite(request.opcode) && pathsOf(request).some((path) => path.includes(QUOTA_ROOT));
    },
  },
  {
    name: 'null-acl-id-in-a-pipelined-multi',
    reason: 'Java forgets to take back what the multi had prepared, so the next request may see it',
    bars: (request) => {
      if (request.opcode !== OpCode.multi) return false;
      return aclEntriesOf(request).some(({ scheme, id }) => id === null && scheme !== 'auth');
    },
  },
  {
    name: 'requests-before-a-fatal-one',
    reason: 'Java closes from the thread that reads, so earlier replies may or may not leave',
  },
];

/** At the end of their batch. */
export const LAST: readonly BarredInput[] = [
  {
    name: 'writes-behind-set-acl',
    reason: 'Java judges them by the old ACL until the new one is applied; we judge by the new one',
    bars: ({ opcode }) => opcode === OpCode.setACL,
  },
  {
    name: 'writes-behind-ephemeral-container',
    reason: 'To Java a createContainer with ephemeral flags is an ephemeral until it is applied',
    bars: (request) => partsOf(request).some(isMixedContainer),
  },
  {
    name: 'writes-behind-close-session',
    reason:
      'Java drops them, or refuses them with a zxid, as its threads happen to meet; we drop them',
  },
];

export function mustStandAlone(request: Request): boolean {
  return ALONE.some(({ bars }) => bars?.(request, 0) === true);
}

export function mustBeLast(request: Request): boolean {
  return LAST.some(({ bars }) => bars?.(request, 0) === true);
}
