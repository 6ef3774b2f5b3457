/**
 * The operations that only look: at the tree or at the connection; except multiRead, which is made
 * of them.
 */

import { exists } from './exists.ts';
import { getACL } from './get-acl.ts';
import { getAllChildrenNumber } from './get-all-children-number.ts';
import { getChildren, getChildren2 } from './get-children.ts';
import { getData } from './get-data.ts';
import { getEphemerals } from './get-ephemerals.ts';
import type { ReadOperation } from './operation.ts';
import { whoAmI } from './who-am-i.ts';

export const READ_OPERATIONS: readonly ReadOperation[] = [
  exists,
  getData,
  getACL,
  getChildren,
  getChildren2,
  getAllChildrenNumber,
  getEphemerals,
  whoAmI,
];
