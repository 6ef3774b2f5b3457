/**
 * Documents have the tables of the registries that they describe. With ZABRA_REWRITE=1 the tables
 * are written anew.
 */

import { test } from 'node:test';
import { findingTable } from 'zabra/dist/bin/doctor/finding-table.test-kit.js';
import { keyTables } from 'zabra/dist/config/key-tables.test-kit.js';
import { protocolTables } from 'zabra/dist/ops/protocol-tables.test-kit.js';
import { expectTable } from './generated-table.ts';

test('docs/protocol.md has the tables of the operations', () => {
  for (const [name, table] of protocolTables()) expectTable('docs/protocol.md', name, table);
});

test('docs/configuration.md has the tables of the registry of keys', () => {
  for (const [name, table] of keyTables()) expectTable('docs/configuration.md', name, table);
});

test("docs/migration.md has the table of the doctor's findings", () => {
  expectTable('docs/migration.md', 'findings', findingTable());
});
