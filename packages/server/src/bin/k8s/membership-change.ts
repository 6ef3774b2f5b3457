/**
 * Members that leave or join as pods go and come, one at a time, each behind a check. What is done
 * is said before it is done. Every step begins with what is committed, so that a command that was
 * interrupted is run again.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { isZooKeeperError } from '@zabra/client';
import { zxidToHex } from '@zabra/protocol';
import type { EnsembleConfig } from '../../zab/ensemble-config.ts';
import { parseConfig, type EnsembleView } from './ensemble-view.ts';
import {
  describeMembers,
  haveCaughtUp,
  highestZxid,
  hostOf,
  judgeLeaving,
  leavingMembers,
  type MemberStates,
  without,
} from './leave-plan.ts';

export interface ChangeOptions {
  /** How long all of it may take. */
  readonly timeoutMs: number;
  readonly dryRun: boolean;
  readonly say: (line: string) => void;
}

export interface LeaveOptions extends ChangeOptions {
  readonly set: string;
  readonly firstId: number;
  readonly replicas: number;
}

const POLL_MS = 200;
/** Refusals of a reconfiguration that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'RECONFIGINPROGRESS',
  'NEWCONFIGNOQUORUM',
  'BADVERSION',
  'CONNECTIONLOSS',
]);

/** Removes the members above so many pods, the highest first. Rejects when one may not go. */
export async function leave(view: EnsembleView, options: LeaveOptions): Promise<void> {
  const { say, set, replicas, firstId } = options;
  const deadline = new Deadline(options.timeoutMs);
  let config = await view.config();
  say(`Members, as committed in version 0x${zxidToHex(config.version)}:`);
  say(describeMembers(config, await view.states(config)).trimEnd());
  for (;;) {
    const [member] = leavingMembers(config, firstId, replicas);
    if (member === undefined) break;
    const states = await view.states(config);
    const { refusal, serving, voters } = judgeLeaving(config, member.sid, states);
    if (refusal !== null) throw new Error(refusal);
    const mode = states.get(member.sid)?.mode ?? 'it does not serve';
    const counts = `${serving.length} of the ${voters.length} voters that are left serve`;
    say(`Removing server ${member.sid} at ${hostOf(member)} (${mode}): ${counts}`);
    if (options.dryRun) config = without(config, member.sid);
    else config = await removeOne(view, config, member.sid, states, deadline, say);
  }
  const left = config.members.map(({ sid }) => sid).join(', ');
  say(`${options.dryRun ? 'Would be left' : 'Left'}: servers ${left}. Now take the pods away:`);
  say(`kubectl scale statefulset/${set} --replicas=${replicas}`);
}

async function removeOne(
  view: EnsembleView,
  config: EnsembleConfig,
  sid: number,
  before: MemberStates,
  deadline: Deadline,
  say: (line: string) => void,
): Promise<EnsembleConfig> {
  const zxid = highestZxid(before);
  let states = before;
  while (!haveCaughtUp(config, sid, states, zxid)) {
    await deadline.pause(`a quorum of those that stay to reach 0x${zxidToHex(zxid)}`);
    states = await view.states(config);
  }
  const change = { leaving: [String(sid)], version: BigInt(config.version) };
  const next = await reconfigure(view, deadline, say, async () => {
    return parseConfig((await view.client.reconfig(change)).data);
  });
  if (next.members.every((member) => member.sid !== sid)) {
    say(`Removed server ${sid}; version 0x${zxidToHex(next.version)} is committed`);
  }
  return next;
}

export interface JoinOptions extends ChangeOptions {
  /** `server.N=…` of the server that joins. */
  readonly line: string;
}

/** Makes a server that follows already a member. */
export async function join(view: EnsembleView, options: JoinOptions): Promise<void> {
  const { say, line } = options;
  const deadline = new Deadline(options.timeoutMs);
  const [, id = ''] = /^server\.(\d+)=/.exec(line) ?? [];
  const config = await view.config();
  const present = config.members.find(({ sid }) => sid === Number(id));
  if (present !== undefined) {
    say(`Server ${id} is a member already, ${present.role}`);
    return;
  }
  say(`Adding ${line}`);
  if (options.dryRun) return;
  const version = BigInt(config.version);
  const next = await reconfigure(view, deadline, say, async () => {
    return parseConfig((await view.client.reconfig({ joining: [line], version })).data);
  });
  if (next.members.every(({ sid }) => sid !== Number(id))) return join(view, options);
  say(`Added server ${id}; version 0x${zxidToHex(next.version)} is committed`);
}

/** Until it is done or refused for good; after a refusal that passes, what is committed by then. */
async function reconfigure(
  view: EnsembleView,
  deadline: Deadline,
  say: (line: string) => void,
  attempt: () => Promise<EnsembleConfig>,
): Promise<EnsembleConfig> {
  try {
    return await attempt();
  } catch (error) {
    if (!isZooKeeperError(error) || !PASSING.has(error.code)) throw error;
    say(`Trying again: ${error.message}`);
    await deadline.pause(error.message);
    return await view.config();
  }
}

class Deadline {
  readonly #endMs: number;
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#endMs = performance.now() + timeoutMs;
  }

  /** Rejects when the time is over. */
  async pause(what: string): Promise<void> {
    if (performance.now() > this.#endMs) {
      throw new Error(`Gave up after ${this.#timeoutMs} ms of waiting for ${what}`);
    }
    await sleep(POLL_MS);
  }
}
