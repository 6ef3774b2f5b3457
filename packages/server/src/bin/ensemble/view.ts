/**
 * What the local ensemble shows: a table that is drawn anew in place on a terminal, and lines on
 * change elsewhere. Pure: states in, text out.
 */

import { connectString, HOST, type Plan } from './plan.ts';

export interface ServerState {
  readonly sid: number;
  readonly clientPort: number;
  /** Null while the process does not run. */
  readonly pid: number | null;
  /** `leader`, `follower`, ..., `looking` while it does not serve, `starting`, `down`. */
  readonly role: string;
  readonly zxid: string;
  readonly clientCount: number;
}

const ROLES_THAT_SERVE: ReadonlySet<string> = new Set([
  'leader',
  'follower',
  'observer',
  'standalone',
]);

export function isServing({ role }: ServerState): boolean {
  return ROLES_THAT_SERVE.has(role);
}

/** The whole screen, without a line feed at the end. */
export function screen(
  plan: Plan,
  states: readonly ServerState[],
  events: readonly string[],
): string {
  const rows = [['server', 'clients at', 'role', 'zxid', 'clients', 'process']];
  for (const { sid, clientPort, role, zxid, clientCount, pid } of states) {
    const count = zxid === '' ? '' : String(clientCount);
    rows.push([String(sid), `${HOST}:${clientPort}`, role, zxid, count, String(pid ?? '')]);
  }
  const table = aligned(rows).map((line) => `  ${line}`);
  const recent = events.slice(-RECENT_EVENTS).map((event) => `  ${event}`);
  return [
    '',
    `  Zabra, a local ensemble of ${states.length}; data and logs in ${plan.dataDirectory}`,
    '',
    ...table,
    '',
    ...hints(plan, states).map((line) => `  ${line}`),
    ...(recent.length > 0 ? ['', ...recent] : []),
    '',
  ].join('\n');
}

/** What to type next. */
export function hints(plan: Plan, states: readonly ServerState[]): string[] {
  const [first = 0, second = first] = plan.servers.map(({ clientPort }) => clientPort);
  const leader = states.find(({ role }) => role === 'leader');
  const health = plan.servers[0]?.healthPort ?? 0;
  const lines = [
    `any client:       ${connectString(plan)}`,
    `write something:  bin/zkCli.sh -server ${HOST}:${first} create /hello world`,
    `read it:          bin/zkCli.sh -server ${HOST}:${second} get -s /hello`,
    `look inside:      curl http://${HOST}:${health}/quorum`,
  ];
  if (leader !== undefined && leader.pid !== null) {
    lines.push(`kill the leader:  kill -9 ${leader.pid}`);
  }
  lines.push('end all servers:  Ctrl-C (what was written stays)');
  return lines;
}

/** Lines for a log or a pipe: what has changed between two looks. */
export function changes(before: readonly ServerState[], after: readonly ServerState[]): string[] {
  const lines: string[] = [];
  for (const [index, state] of after.entries()) {
    if (before[index]?.role === state.role) continue;
    const where = `server ${state.sid} (${HOST}:${state.clientPort})`;
    lines.push(
      state.zxid === '' ? `${where}: ${state.role}` : `${where}: ${state.role}, zxid ${state.zxid}`,
    );
  }
  return lines;
}

const RECENT_EVENTS = 4;

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
