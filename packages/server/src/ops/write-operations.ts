/**
 * The operations that become transactions, except multi, which is made of them.
 */

import { check } from './check.ts';
import { closeSession } from './close-session.ts';
import { create, create2, createContainer, createTTL } from './create.ts';
import { createSession } from './create-session.ts';
import { deleteContainer, deleteNode } from './delete.ts';
import type { WriteOperation } from './operation.ts';
import { reconfig } from './reconfig.ts';
import { setACL } from './set-acl.ts';
import { setData } from './set-data.ts';

export const WRITE_OPERATIONS: readonly WriteOperation[] = [
  create,
  create2,
  createContainer,
  createTTL,
  deleteNode,
  deleteContainer,
  setData,
  setACL,
  check,
  reconfig,
  createSession,
  closeSession,
];
