/**
 * The scenarios that broke real implementations (quorum-protocol.md 22). Each is a test whose name
 * begins with its id in the simulation of whole ensembles, and one against members of Apache's
 * where it can be staged with them, which `tidy.test.ts` checks, and a line of docs/zab.md.
 */

import type { NamedTest } from './client-traps.ts';

interface Scenario {
  readonly tickets: readonly number[];
  readonly rule: string;
  /** Why it cannot be staged with members of Apache's; null where it is. */
  readonly notStaged: string | null;
}

const WINDOW = 'the moment lies inside one process: no fault from outside hits it for certain';

/** In the order of their ids, from S1. */
export const QUORUM_SCENARIOS: readonly Scenario[] = [
  { tickets: [2845], rule: 'the vote is the end of the log', notStaged: null },
  { tickets: [1549, 4837], rule: 'no snapshot keeps what TRUNC takes back', notStaged: null },
  { tickets: [3642, 5094], rule: 'memory without disk ends with the role', notStaged: WINDOW },
  { tickets: [3911, 4646], rule: 'sync before the ACK of NEWLEADER', notStaged: WINDOW },
  { tickets: [3104], rule: 'SNAP is of one moment, NEWLEADER behind it', notStaged: null },
  { tickets: [4685], rule: 'the ACK of NEWLEADER comes first', notStaged: null },
  { tickets: [4394], rule: 'no COMMIT between NEWLEADER and UPTODATE', notStaged: null },
  { tickets: [4712, 4541, 4502], rule: 'no writer outlives its role', notStaged: null },
  { tickets: [2846, 1154, 2832], rule: 'SNAP voids the history before it', notStaged: null },
  { tickets: [4643], rule: 'history, then epoch, then ACK', notStaged: WINDOW },
  {
    tickets: [4882, 2745, 3701],
    rule: 'a disk that fails ends the process',
    notStaged: 'it is about our disk alone; the disk that fails is simulated',
  },
  {
    tickets: [2307, 2354, 4269],
    rule: 'epoch files are repaired where a crash explains them',
    notStaged: 'it is about our files alone; the power that goes is simulated',
  },
  { tickets: [3023, 4785], rule: 'what was brought is applied before ACK', notStaged: null },
  { tickets: [4925], rule: 'the committed log has no hole', notStaged: null },
  { tickets: [2418], rule: 'nothing falls between decision and registration', notStaged: null },
  { tickets: [3526, 4352], rule: 'read-only mode touches no history', notStaged: null },
  {
    tickets: [4203, 2029],
    rule: 'a lost quorum port ends the role',
    notStaged: 'an open port cannot be taken away from a process that runs',
  },
  { tickets: [2164, 3756, 3320, 2836], rule: 'no dial holds up a vote', notStaged: null },
  { tickets: [1732, 1805, 1818], rule: 'a late joiner finds the leader', notStaged: null },
  { tickets: [3769], rule: 'a malformed vote is dropped', notStaged: null },
  {
    tickets: [1277],
    rule: 'an epoch ends before its counter does',
    notStaged:
      'it takes four billion writes; a leader of ours with Apache behind it is a unit test',
  },
  { tickets: [4708, 2819, 3829], rule: 'one configuration everywhere', notStaged: null },
  {
    tickets: [4689],
    rule: 'a dump names every ACL',
    notStaged: 'the fault is in files that Apache wrote, which are test data of `log` and `tree`',
  },
  { tickets: [4886], rule: 'SASL towards every member', notStaged: null },
];

const SIMULATED = 'packages/server/src/sim/';
const STAGED = 'test/interop/';
const NAMED = /^S\d+(?:, S\d+)*: /;

/** Tests of that scenario in one of the two places. */
function testsOf(index: number, folder: string, tests: readonly NamedTest[]): readonly NamedTest[] {
  return tests.filter(({ path, name }) => {
    const head = NAMED.exec(name)?.[0] ?? '';
    return path.startsWith(folder) && head.match(/\d+/g)?.includes(String(index + 1));
  });
}

/** What is missing or one too many, as sentences. */
export function scenarioFaults(tests: readonly NamedTest[]): string[] {
  return QUORUM_SCENARIOS.flatMap(({ notStaged }, index) => {
    const faults: string[] = [];
    const id = `S${index + 1}`;
    if (testsOf(index, SIMULATED, tests).length === 0) faults.push(`${id} is not simulated`);
    const isStaged = testsOf(index, STAGED, tests).length > 0;
    if (isStaged && notStaged !== null) faults.push(`${id} is staged and excused`);
    if (!isStaged && notStaged === null) faults.push(`${id} is neither staged nor excused`);
    return faults;
  });
}

/** As docs/zab.md has them. */
export function scenarioRows(tests: readonly NamedTest[]): string {
  const links = (index: number, folder: string): string => {
    const found = testsOf(index, folder, tests);
    const named = found.map(
      // The end of a name that differs from row to row of its table is left out.
      ({ path, name }) =>
        `[${name.replace(/^.*?: /, '').replace(/,? ?:? ?\$\{.*/, '')}](../${path})`,
    );
    return named.join('; ');
  };
  const rows = QUORUM_SCENARIOS.map(({ tickets, rule, notStaged }, index) => {
    const staged = links(index, STAGED);
    const simulated = links(index, SIMULATED);
    const numbers = tickets.join(', ');
    return `| S${index + 1} | ${numbers} | ${rule} | ${simulated} | ${staged || notStaged} |`;
  });
  const head = '| id | tickets | rule | in simulation | with members of Apache |';
  return [head, '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
