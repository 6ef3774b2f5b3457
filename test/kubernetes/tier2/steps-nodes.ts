/** T31 to T44: nodes are drained and come back, the budget holds, and everything is cleaned up. */

import { MANIFEST } from './bed.ts';
import { shownState } from './pods.ts';
import type { Step } from './transcript.ts';
import { NAMES, type Tutorial } from './tutorial.ts';

const NODES_OF_PODS =
  'for i in 0 1 2; do kubectl get pod zk-$i --template {{.spec.nodeName}}; echo ""; done';
const REFUSAL =
  'error when evicting pods/"zk-2" -n "default" (will retry after 5s): ' +
  "Cannot evict pod as it would violate the pod's disruption budget.";

/** The page writes it out for zk-0 and zk-2, and says in a sentence that zk-1 is next. */
function drainOf(name: string): string {
  return (
    `kubectl drain $(kubectl get pod ${name} --template {{.spec.nodeName}}) ` +
    '--ignore-daemonsets --force --delete-emptydir-data'
  );
}

function nodeOf(tutorial: Tutorial, name: string): string {
  return tutorial.pods.get(name).spec.nodeName ?? '';
}

function onThreeNodes(tutorial: Tutorial, step: Step): void {
  const found = NAMES.map((name) => nodeOf(tutorial, name));
  step.holds(
    `each pod has a node of its own: ${found.join(', ')}`,
    new Set(found).size === 3 && !found.includes(''),
  );
}

export async function nodes(tutorial: Tutorial): Promise<void> {
  await look(tutorial);
  const first = nodeOf(tutorial, 'zk-0');
  const second = nodeOf(tutorial, 'zk-1');
  const third = nodeOf(tutorial, 'zk-2');
  await drainTwo(tutorial);
  await drainThird(tutorial, third);
  await comeBack(tutorial, first, second, third);
}

async function look(tutorial: Tutorial): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T31', 'the nodes of the pods', async (step) => {
    const { stdout } = await tutorial.command(step, NODES_OF_PODS);
    onThreeNodes(tutorial, step);
    const wanted = NAMES.map((name) => `${nodeOf(tutorial, name)}\n`).join('');
    step.same('kubectl names them', stdout, wanted);
  });
  await transcript.step('T32', 'four nodes', async (step) => {
    const { stdout } = await tutorial.command(step, 'kubectl get nodes');
    const rows = stdout.trimEnd().split('\n').slice(1);
    const ready = rows.filter((row) => /^node-\d +Ready /.test(row));
    step.same(
      'four take pods, so that none is to be cordoned',
      [rows.length, ready.length],
      [4, 4],
    );
    tutorial.page.command('kubectl cordon <node>');
  });
  await transcript.step('T33', 'the budget', async (step) => {
    const { stdout } = await tutorial.command(step, 'kubectl get pdb zk-pdb');
    const head = /^NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE\n/;
    step.matches('the columns', stdout, head);
    step.matches('one pod may be away', stdout, /^zk-pdb +N\/A +1 +1 +\d+/m);
  });
  await transcript.step('T34', 'the pods', async (step) => {
    const ready = () => tutorial.pods.readyCount === 3;
    const shown = await tutorial.watch(step, 'three ready pods', 60, ready);
    step.same('three are shown', shown.match(/^zk-\d +1\/1 +Running/gm)?.length, 3);
    onThreeNodes(tutorial, step);
  });
}

/** What a drain that ends well says. */
function drained(step: Step, output: string, node: string, pod: string, word = 'cordoned'): void {
  step.matches(`${node} is ${word}`, output, new RegExp(`^node/${node} ${word}$`, 'm'));
  step.matches('the pod is evicted', output, new RegExp(`^pod/${pod} evicted$`, 'm'));
  step.matches(`${node} is drained`, output, new RegExp(`^node/${node} (?:drained|evicted)$`, 'm'));
}

async function drainTwo(tutorial: Tutorial): Promise<void> {
  const { bed, pods } = tutorial;
  await bed.transcript.step('T35', 'drain the node of zk-0', async (step) => {
    const before = pods.get('zk-0');
    const { output } = await tutorial.command(step, drainOf('zk-0'), { secondsMax: 120 });
    drained(step, output, before.spec.nodeName ?? '', 'zk-0');
    await pods.untilPodReady('zk-0', 180, before.metadata.uid);
    onThreeNodes(tutorial, step);
    const moved = nodeOf(tutorial, 'zk-0') !== before.spec.nodeName;
    step.holds(`zk-0 has moved to ${nodeOf(tutorial, 'zk-0')}`, moved);
    const { podIP } = pods.get('zk-0').status;
    const isOther = podIP !== before.status.podIP;
    step.holds('it has another address', isOther, `${podIP}`);
  });
  await bed.transcript.step('T36', 'drain the node of zk-1', async (step) => {
    const before = pods.get('zk-1');
    const { output } = await step.command(drainOf('zk-1'), { secondsMax: 120 });
    drained(step, output, before.spec.nodeName ?? '', 'zk-1');
    await pods.until('a new zk-1', 60, () => {
      return pods.now.has('zk-1') && pods.get('zk-1').metadata.uid !== before.metadata.uid;
    });
    step.same('zk-1 waits for a node', shownState(pods.get('zk-1')), '0/1 Pending');
  });
  await bed.transcript.step('T37', 'zk-1 stays Pending', async (step) => {
    const isPending = () => pods.readyCount === 2;
    const shown = await tutorial.watch(step, 'two ready pods', 60, isPending);
    step.matches('it is shown so', shown, /^zk-1 +0\/1 +Pending +0 /m);
    const why = await step.command(
      'kubectl get events --field-selector involvedObject.name=zk-1,reason=FailedScheduling ' +
        '-o custom-columns=MESSAGE:.message',
    );
    step.matches('the anti-affinity is why', why.stdout, /didn't match pod.* anti-affinity/);
  });
}

async function drainThird(tutorial: Tutorial, third: string): Promise<void> {
  const { bed, pods } = tutorial;
  await bed.transcript.step('T38', 'drain the node of zk-2, in vain', async (step) => {
    const command = tutorial.page.command(drainOf('zk-2'));
    const drain = step.watch(command);
    await pods.until('three refusals', 60, () => drain.output.split(REFUSAL).length > 3);
    await drain.stop();
    step.show(`${command}   # then Ctrl-C`, drain.output, 12);
    step.holds('the eviction is refused again and again', true);
    const { uid } = pods.get('zk-2').metadata;
    step.same('zk-2 runs', shownState(pods.get('zk-2')), '1/1 Running');
    step.holds('and is the same pod', pods.of('zk-2').at(-1)?.pod.metadata.uid === uid);
    const { stdout } = await step.command('kubectl get nodes');
    step.matches('its node stays cordoned', stdout, disabled(third));
  });
  await bed.transcript.step('T39', 'two of three serve', async (step) => {
    await tutorial.sameHello(step, 'kubectl exec zk-0 -- zkCli.sh get /hello');
  });
}

function disabled(node: string): RegExp {
  return new RegExp(`^${node} +Ready,SchedulingDisabled `, 'm');
}

async function comeBack(
  tutorial: Tutorial,
  first: string,
  second: string,
  third: string,
): Promise<void> {
  const { bed, pods, page } = tutorial;
  const uncordon = 'kubectl uncordon <node>';
  await bed.transcript.step('T40', 'the first node takes pods again', async (step) => {
    const { stdout } = await step.command(page.command(uncordon, first));
    step.same('it says so', stdout, `node/${first} uncordoned\n`);
  });
  await bed.transcript.step('T41', 'zk-1 comes back', async (step) => {
    const ready = () => pods.readyCount === 3;
    await tutorial.watch(step, 'three ready pods', 180, ready);
    step.same('on that node', nodeOf(tutorial, 'zk-1'), first);
    tutorial.restarts(step, [0, 0, 0]);
    await tutorial.sameConfigurations(step);
  });
  await bed.transcript.step('T42', 'drain the node of zk-2', async (step) => {
    const { output } = await tutorial.command(step, drainOf('zk-2'), { secondsMax: 120 });
    drained(step, output, third, 'zk-2', 'already cordoned');
  });
  await bed.transcript.step('T43', 'the second node takes pods again', async (step) => {
    const { stdout } = await step.command(page.command(uncordon, second));
    step.same('it says so', stdout, `node/${second} uncordoned\n`);
    await pods.untilReady(3, 180);
    step.same('zk-2 is on it', nodeOf(tutorial, 'zk-2'), second);
    await tutorial.sameConfigurations(step);
  });
}

export async function cleanUp(tutorial: Tutorial): Promise<void> {
  const { bed, pods, page } = tutorial;
  await bed.transcript.step('T44', 'clean up', async (step) => {
    const nodesCordoned = 'kubectl get nodes --field-selector spec.unschedulable=true';
    const cordoned = await bed.said(`${nodesCordoned} -o jsonpath='{.items[*].metadata.name}'`);
    for (const node of cordoned.split(' ').filter((name) => name !== '')) {
      const { stdout } = await step.command(page.command('kubectl uncordon <node>', node));
      step.same(`${node} takes pods again`, stdout, `node/${node} uncordoned\n`);
    }
    await tutorial.command(step, `kubectl delete -f ${MANIFEST}`);
    await pods.until('no pods', 120, () => pods.now.size === 0);
    const { stdout } = await tutorial.command(step, 'kubectl delete pvc -l app=zk');
    step.same('three claims are deleted', stdout.match(/ "datadir-zk-\d" deleted$/gm)?.length, 3);
    const left = await step.command('kubectl get all,pvc,pdb -o name');
    step.same('nothing is left', left.stdout, 'service/kubernetes\n');
    step.same('all commands of the page have been given', page.notGiven, []);
  });
}
