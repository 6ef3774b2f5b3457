/** What must hold of a rolling update, whoever asked for it: order, number, leaders, exit codes. */

import type { Load } from './load.ts';
import { containerOf, type Pods } from './pods.ts';
import type { Step } from './transcript.ts';

const LEADER_CHANGES_MAX = 2;
const STATUS = 'kubectl rollout status sts/zk';
export const ROLL_SECONDS_MAX = 400;

/** As things stood before the command that began it. */
export interface RollBegin {
  readonly from: number;
  readonly epoch: number;
}

export async function beforeRoll(pods: Pods, load: Load): Promise<RollBegin> {
  const { epoch } = await load.report();
  return { from: pods.changes.length, epoch };
}

/** Follows it to its end; `order` are the pods as they must go. */
export async function followRoll(
  step: Step,
  pods: Pods,
  load: Load,
  { from, epoch }: RollBegin,
  order: readonly string[],
): Promise<void> {
  const { stdout } = await step.command(STATUS, { secondsMax: ROLL_SECONDS_MAX });
  const done = new RegExp(
    `rolling update complete ${order.length} pods at revision zk-\\w+\\.\\.\\.`,
  );
  step.matches('the rollout is complete', stdout, done);
  await pods.untilReady(order.length, 60);
  const changes = pods.changes.slice(from);
  const leaving = changes.filter(({ pod }) => pod.metadata.deletionTimestamp !== undefined);
  const went = [...new Set(leaving.map(({ pod }) => pod.metadata.name))];
  step.same(`pods go in the order ${order.join(', ')}`, went, order);
  const fewest = Math.min(...changes.map(({ readyCount }) => readyCount));
  step.same('never are two away at once', fewest, order.length - 1);
  const codes = leaving.flatMap(({ pod }) => containerOf(pod)?.state.terminated?.exitCode ?? []);
  step.same('servers exit with 143', [...new Set(codes)], [143]);
  const after = await load.report();
  const moved = after.epoch - epoch;
  const words = `leader changes: ${moved}, at most ${LEADER_CHANGES_MAX}`;
  step.holds(words, moved <= LEADER_CHANGES_MAX, `epoch ${epoch}, then ${after.epoch}`);
  step.holds('the session and its ephemeral are there', true);
}
