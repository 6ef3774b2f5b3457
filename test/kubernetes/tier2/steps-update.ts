/** T23 to T30: updates, and what happens when a process ends or its probe does. */

import { containerOf, statesOf } from './pods.ts';
import { beforeRoll, followRoll, type RollBegin } from './roll.ts';
import { NAMES, type Tutorial } from './tutorial.ts';
import type { Load } from './load.ts';

const PATCH =
  `kubectl patch sts zk --type='json' -p='[{"op": "replace", "path": ` +
  `"/spec/template/spec/containers/0/resources/requests/cpu", "value":"0.3"}]'`;
const ORDER = NAMES.toReversed();
const PROBE_FILE = '/opt/zookeeper/bin/zookeeper-ready';

export async function update(tutorial: Tutorial, load: Load): Promise<void> {
  await patch(tutorial, load);
  await undo(tutorial, load);
  await endProcess(tutorial);
  await takeProbe(tutorial);
}

async function patch(tutorial: Tutorial, load: Load): Promise<void> {
  const { transcript } = tutorial.bed;
  const begun = await beforeRoll(tutorial.pods, load);
  await transcript.step('T23', 'ask for less processor time', async (step) => {
    const { stdout } = await tutorial.command(step, PATCH);
    step.same('it says so', stdout, 'statefulset.apps/zk patched\n');
  });
  await transcript.step('T24', 'the update', async (step) => {
    tutorial.page.command('kubectl rollout status sts/zk');
    await followRoll(step, tutorial.pods, load, begun, ORDER);
  });
  await transcript.step('T25', 'its history', async (step) => {
    const { stdout } = await tutorial.command(step, 'kubectl rollout history sts/zk');
    const rows = stdout.trimEnd().split('\n').slice(1);
    const found = rows.map((row) => row.split(/ +/)[0]);
    step.same('two revisions', found, ['REVISION', '1', '2']);
  });
}

async function undo(tutorial: Tutorial, load: Load): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T26', 'back to what was before', async (step) => {
    const begun: RollBegin = await beforeRoll(tutorial.pods, load);
    const { stdout } = await tutorial.command(step, 'kubectl rollout undo sts/zk');
    step.same('it says so', stdout, 'statefulset.apps/zk rolled back\n');
    await followRoll(step, tutorial.pods, load, begun, ORDER);
  });
  await transcript.step('T27', 'the processes', async (step) => {
    const { stdout } = await tutorial.command(step, 'kubectl exec zk-0 -- ps -ef');
    step.matches('process 1', stdout, /^zookeep\+ +1 +0 .*start-zookeeper --servers=3/m);
    step.matches('the server is its child', stdout, /^zookeep\+ +\d{1,2} +1 .* java .* server /m);
  });
}

async function endProcess(tutorial: Tutorial): Promise<void> {
  const { bed, pods } = tutorial;
  await bed.transcript.step('T28', 'end the server', async (step) => {
    const from = pods.changes.length;
    const fewest = () => Math.min(...pods.changes.slice(from).map(({ readyCount }) => readyCount));
    const command = 'kubectl get pod -w -l app=zk';
    const watch = step.watch(tutorial.page.command(command));
    await pods.until('the first line of a watch', 30, () => watch.stdout !== '');
    await tutorial.command(step, 'kubectl exec zk-0 -- pkill java');
    await pods.until('zk-0 to be ready again', 120, () => {
      const { ready, restartCount } = containerOf(pods.get('zk-0')) ?? {};
      return ready === true && restartCount === 1;
    });
    await watch.stop();
    step.show(command, watch.output);
    step.matches('it is shown as Error', watch.stdout, /^zk-0 +0\/1 +Error +0 /m);
    step.matches('it runs, with a restart', watch.stdout, /^zk-0 +0\/1 +Running +1 /m);
    const states = statesOf(pods.of('zk-0', from));
    step.same('1/1, Error, 0/1, 1/1', states, ['0/1 Error', '0/1 Running', '1/1 Running']);
    const { exitCode, reason } = containerOf(pods.get('zk-0'))?.lastState.terminated ?? {};
    step.same('exit code and reason', [exitCode, reason], [143, 'Error']);
    step.same('the two others stay ready', fewest(), 2);
  });
}

async function takeProbe(tutorial: Tutorial): Promise<void> {
  const { bed, pods } = tutorial;
  await bed.transcript.step('T29', 'take its probe away', async (step) => {
    const beganMs = performance.now();
    await tutorial.command(step, `kubectl exec zk-0 -- rm ${PROBE_FILE}`);
    let restartedMs = 0;
    const shown = await tutorial.watch(step, 'zk-0 to be ready again', 180, () => {
      const { ready, restartCount } = containerOf(pods.get('zk-0')) ?? {};
      if (restartCount === 2 && restartedMs === 0) restartedMs = performance.now();
      return restartCount === 2 && ready === true;
    });
    step.less('the container is restarted after', (restartedMs - beganMs) / 1000, 60, 's');
    const restarted = /^zk-0 +0\/1 +Running +2 [^]*^zk-0 +1\/1 +Running +2 /m;
    step.matches('it runs, with a restart more, and is ready', shown, restarted);
    tutorial.restarts(step, [2, 0, 0]);
    const events = 'kubectl get events --field-selector involvedObject.name=zk-0,type=Warning';
    const warnings = await step.command(events);
    const missing = /Liveness probe failed: .*zookeeper-ready: .*not found/;
    step.matches('the kubelet says why', warnings.stdout, missing);
    const killing = await step.command(
      'kubectl get events --field-selector involvedObject.name=zk-0,reason=Killing',
    );
    step.matches('and what', killing.stdout, /failed liveness probe, will be restarted/);
    const back = await step.command(`kubectl exec zk-0 -- ls ${PROBE_FILE}`);
    step.same('the file is back', back.stdout, `${PROBE_FILE}\n`);
  });
  await bed.transcript.step('T30', 'the two probes', async (step) => {
    const probe = (name: string): string => {
      return `kubectl get sts zk -o jsonpath='{.spec.template.spec.containers[0].${name}}'`;
    };
    const readiness = await step.command(probe('readinessProbe'));
    const liveness = await step.command(probe('livenessProbe'));
    step.same('they are equal', liveness.stdout, readiness.stdout);
    const { exec } = JSON.parse(readiness.stdout) as { exec: { command: string[] } };
    step.same('they ask the server', exec.command, ['sh', '-c', 'zookeeper-ready 2181']);
  });
}
