/**
 * The tables of the protocol against Apache's own classes: the numbers of operations, errors,
 * events and modes, and the fields of every record, read from the jars by ProtocolFacts.java, which
 * is compiled here. Nothing of theirs may be missing in ours but what is named here, and nothing of
 * ours may be unknown to them but what is another's.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  AddWatchMode,
  CreateMode,
  ErrorCode,
  EventType,
  isKeeperOp,
  KeeperState,
  OPERATION_TABLE,
  OPERATIONS,
  OpCode,
  Perms,
  RECORD_TABLE,
  WatcherType,
} from '@zabra/protocol';
import { classPathOf, ROOT } from '../process/server-process.ts';

const run = promisify(execFile);
const SOURCE = join(ROOT, 'test/interop/ProtocolFacts.java');
const TIMEOUT_MS = 60_000;

type Facts = ReadonlyMap<string, string>;
const factsByKind = new Map<string, Map<string, string>>();

before(async () => {
  const classes = mkdtempSync(join(tmpdir(), 'zabra-facts-'));
  const jars = classPathOf('apache-3.9.5');
  try {
    await run('javac', ['-d', classes, '-cp', jars, SOURCE], { timeout: TIMEOUT_MS });
    const args = ['-Xmx64m', '-cp', `${classes}:${jars}`, 'ProtocolFacts'];
    const { stdout } = await run('java', args, { timeout: TIMEOUT_MS });
    for (const line of stdout.split('\n')) {
      const [, kind = '', name = '', value = ''] = /^(\S+) (\S+) (.*)$/.exec(line) ?? [];
      const facts = factsByKind.get(kind) ?? new Map<string, string>();
      factsByKind.set(kind, facts.set(name, value));
    }
  } finally {
    rmSync(classes, { recursive: true });
  }
});

function factsOf(kind: string): Facts {
  const facts = factsByKind.get(kind);
  assert.ok(facts !== undefined && facts.size > 0, `Apache says nothing of any ${kind}`);
  return facts;
}

/** As our tables spell the names of Java's enumerations. */
function spelled(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

interface Difference {
  /** Names of theirs that we have no use for. */
  readonly theirs?: readonly string[];
  /** Names of ours that their server and Java client do not have. */
  readonly ours?: readonly string[];
}

/** Both have the same names but for those that are listed, and the same value for each. */
function compare(
  ours: ReadonlyMap<string, string>,
  theirs: Facts,
  { theirs: unused = [], ours: own = [] }: Difference = {},
): void {
  const only = (a: Facts, b: Facts) => [...a.keys()].filter((name) => !b.has(name)).toSorted();
  assert.deepEqual(only(theirs, ours), unused.toSorted(), 'Apache has them alone');
  assert.deepEqual(only(ours, theirs), own.toSorted(), 'we have them alone');
  for (const [name, value] of ours) {
    if (theirs.has(name)) assert.equal(value, theirs.get(name), name);
  }
}

function numbers(table: Readonly<Record<string, number>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(table).map(([name, value]) => [name, String(value)]));
}

function respelled(facts: Facts): Facts {
  return new Map([...facts].map(([name, value]) => [spelled(name), value]));
}

describe('Apache ZooKeeper 3.9.5 has', () => {
  it('the operations of the table, and no other', () => {
    const keeper = OPERATIONS.filter(({ opcode }) => isKeeperOp(opcode)).map(({ name }) => name);
    compare(numbers(OpCode), factsOf('operation'), { ours: keeper });
    assert.deepEqual(Object.keys(OPERATION_TABLE).toSorted(), Object.keys(OpCode).toSorted());
  });

  it('the error codes of the table, but for those of the C client', () => {
    const ofC = ['CLOSING', 'INVALIDSTATE', 'NOTHING', 'SSLCONNECTIONERROR'];
    compare(numbers(ErrorCode), factsOf('error'), { ours: ofC });
  });

  it('the permissions, create modes, watch modes and watcher types of the tables', () => {
    compare(numbers(Perms), factsOf('permission'));
    compare(numbers(CreateMode), factsOf('create-mode'));
    compare(numbers(AddWatchMode), factsOf('watch-mode'));
    compare(numbers(WatcherType), respelled(factsOf('watcher')));
  });

  it('the event types and states of the tables, and two states that are out of use', () => {
    compare(numbers(EventType), respelled(factsOf('event')));
    const unused = ['UNKNOWN', 'NO_SYNC_CONNECTED'];
    compare(numbers(KeeperState), respelled(factsOf('state')), { theirs: unused });
  });

  it('the records of the table, field by field', () => {
    const ours = new Map<string, string>(Object.entries(RECORD_TABLE));
    const records = [...factsOf('record')].filter(([name]) => {
      // Those of logs and snapshots are in docs/formats.md, but for the one that clients cause.
      return name === 'CreateSessionTxn' || !/Txn|Persisted$/.test(name);
    });
    compare(ours, new Map(records), {
      // Of operations that were given up before any release had them.
      theirs: [
        'GetMaxChildrenRequest',
        'GetMaxChildrenResponse',
        'SetMaxChildrenRequest',
        'SetSASLRequest',
      ],
      // Not generated in Apache, or ClickHouse Keeper's.
      ours: [
        'DeleteContainerRequest',
        'FilteredListRequest',
        'ListWithDataRequest',
        'ListWithDataResponse',
        'RemoveRecursiveRequest',
      ],
    });
  });
});
