/**
 * Report: all that the doctor says, as a page for people and as JSON for programs. The JSON grows
 * and never changes what it has; `schema` would.
 */

import type { DataDirectories } from '../../config/data-directories.ts';
import type { Finding, Findings } from './findings.ts';
import { counted, mebibytes, someOf } from './findings.ts';
import type { HistoryFacts } from './history-examination.ts';
import type { MemoryFacts, PortReport } from './host-examination.ts';
import type { KeyReport } from './key-examination.ts';
import type { TreeFacts } from './tree-examination.ts';

export interface Report {
  /** Absolute. */
  readonly configFile: string;
  readonly server: {
    readonly mode: 'standalone' | 'ensemble';
    readonly sid: number | null;
    readonly members: readonly { readonly sid: number; readonly role: string }[];
  };
  /** Null when dataDir is not known. */
  readonly directories: DataDirectories | null;
  readonly keys: readonly KeyReport[];
  /** Null when no server runs on the directories. */
  readonly running: {
    readonly pid: number;
    readonly version: string | null;
    readonly mode: string | null;
  } | null;
  readonly ports: readonly PortReport[];
  readonly history: HistoryFacts | null;
  readonly tree: TreeFacts | null;
  readonly memory: MemoryFacts | null;
  readonly findings: Findings;
}

const SCHEMA = 1;
const SEVERITIES = ['blocker', 'warning', 'note'] as const;
const VERDICTS = {
  ready: 'Ready',
  warnings: 'Ready, with warnings',
  blockers: 'Not ready',
} as const;

export function reportJson(report: Report): string {
  const { findings, ...facts } = report;
  const { verdict, list } = findings;
  return `${JSON.stringify({ schema: SCHEMA, verdict, findings: list, ...facts }, null, 2)}\n`;
}

export function reportText(report: Report): string {
  const facts = factLines(report);
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
  const { findings } = report;
  const sorted = SEVERITIES.flatMap((severity) =>
    findings.list.filter((finding) => finding.severity === severity),
  );
  const counts = SEVERITIES.map((severity) => counted(findings.count(severity), severity));
  const verdict = `${VERDICTS[findings.verdict]}: ${counts.join(', ')}`;
  return `${[...lines, '', ...sorted.flatMap(findingLines), verdict].join('\n')}\n`;
}

function findingLines({ code, severity, sentence, advice }: Finding): string[] {
  return [`${severity}  ${code}`, `    ${sentence}`, `    -> ${advice}`, ''];
}

function factLines(report: Report): (readonly [string, string])[] {
  const { configFile, server, directories, running, keys } = report;
  const lines: (readonly [string, string])[] = [['configuration', configFile]];
  const { mode, sid, members } = server;
  const id = sid === null ? '' : `, my id is ${sid}`;
  lines.push([
    'server',
    mode === 'standalone' ? mode : `${counted(members.length, 'member')}${id}`,
  ]);
  if (running !== null) {
    const version = running.version ?? 'of an unknown version';
    const process = running.pid === 0 ? 'a process' : `process ${running.pid}`;
    lines.push(['running', `${process}, ${version}, ${running.mode ?? 'not serving'}`]);
  }
  const honoured = keys.filter(({ verdict }) => verdict === 'honoured').map(({ name }) => name);
  lines.push(['keys', `${honoured.length} of ${keys.length} honoured: ${someOf(honoured, 12)}`]);
  if (directories !== null) {
    lines.push(['snapshots', directories.snap], ['logs', directories.log]);
  }
  return [...lines, ...historyLines(report)];
}

function historyLines({ history, tree, memory }: Report): (readonly [string, string])[] {
  const lines: (readonly [string, string])[] = [];
  if (history !== null) {
    const { snapshots, logs, newestSnapshot, newestLog, recovered } = history;
    const names = [newestSnapshot, newestLog].filter((name) => name !== null);
    const files = `${counted(snapshots, 'snapshot')}, ${counted(logs, 'log')}`;
    lines.push(['files', names.length === 0 ? files : `${files}, newest ${names.join(', ')}`]);
    if (recovered !== null) {
      const { zxid, baseZxid, transactions, acceptedEpoch, currentEpoch, digest } = recovered;
      const mismatches = recovered.digestMismatches;
      const base = baseZxid === null ? 'no snapshot' : `the snapshot of ${baseZxid}`;
      const from = `from ${base} and ${counted(transactions, 'transaction')}`;
      lines.push(['history', `zxid ${zxid}, ${from}`]);
      lines.push(['epochs', `accepted ${acceptedEpoch}, current ${currentEpoch}`]);
      lines.push(['digest', `${digest}, ${counted(mismatches, 'mismatch', 'mismatches')}`]);
    }
  }
  if (tree !== null) {
    const { znodes, dataBytes, ephemerals, sessions } = tree;
    const kinds = `${counted(ephemerals, 'ephemeral')}, ${counted(sessions, 'session')}`;
    lines.push(['tree', `${counted(znodes, 'znode')}, ${dataBytes} bytes of data, ${kinds}`]);
  }
  if (tree !== null && memory !== null) {
    const needed = `${mebibytes(tree.treeBytes)} for the tree, ${mebibytes(memory.neededBytes)}`;
    const budget = memory.budgetBytes === 0 ? 'none' : mebibytes(memory.budgetBytes);
    lines.push(['memory', `${needed} in all; budget ${budget}`]);
  }
  return lines;
}
