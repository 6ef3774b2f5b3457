/**
 * The manifests for production: all pods at once, an update under load, and a set that grows to
 * five and shrinks to three as docs/kubernetes.md says.
 */

import { readFileSync } from 'node:fs';
import { GOLDEN } from '../renderings.ts';
import { ADDRESS, type Bed, forThisCluster } from './bed.ts';
import { Load } from './load.ts';
import { containerOf, Pods } from './pods.ts';
import { beforeRoll, followRoll, ROLL_SECONDS_MAX } from './roll.ts';
import type { Step } from './transcript.ts';

const FILE = 'production/k8s-1.20.yaml';
const DOMAIN = 'zk-hs.default.svc.cluster.local';
const THREE = ['zk-0', 'zk-1', 'zk-2'] as const;
const SERVERS = THREE.map((name) => `${name}.${DOMAIN}:2181`).join(',');
const VOLUMES = 5;

export async function productionPart(bed: Bed): Promise<void> {
  bed.transcript.begin('The manifests for production', TEXT);
  await bed.makeVolumes('production', VOLUMES);
  const pods = new Pods(bed.shell, 'app=zk');
  try {
    await apply(bed, pods);
    await hardened(bed);
    await underLoad(bed, pods);
    await cleanUp(bed, pods);
  } finally {
    await pods.close();
  }
  await bed.removeVolumes();
}

async function apply(bed: Bed, pods: Pods): Promise<void> {
  bed.write(FILE, forThisCluster(readFileSync(`${GOLDEN}/k8s-1.20.yaml`, 'utf8')));
  await bed.transcript.step('P01', 'make the objects', async (step) => {
    const secret = await step.command(
      'kubectl create secret generic zk-admin --from-literal=password="$(openssl rand -hex 16)"',
    );
    step.same('the password of super', secret.stdout, 'secret/zk-admin created\n');
    const { stdout } = await step.command(`kubectl apply -f ${FILE}`);
    step.matches('the set is created', stdout, /^statefulset\.apps\/zk created$/m);
  });
  await bed.transcript.step('P02', 'three pods come up at once', async (step) => {
    const beganMs = performance.now();
    const { stdout } = await step.command('kubectl rollout status sts/zk', { secondsMax: 180 });
    step.matches(
      'the rollout is complete',
      stdout,
      /3 pods at revision|roll out complete|3 new pods/,
    );
    await pods.untilReady(3, 60);
    step.less('all are ready after', (performance.now() - beganMs) / 1000, 60, 's');
    const counts = THREE.map((name) => containerOf(pods.get(name))?.restartCount);
    step.same('none was restarted', counts, [0, 0, 0]);
    await step.command('kubectl get pods -l app=zk');
  });
}

async function hardened(bed: Bed): Promise<void> {
  await bed.transcript.step('P03', 'it serves, and may write nowhere else', async (step) => {
    const made = await step.command(
      `kubectl exec zk-0 -- zkCli.sh -server zk-0.zk-hs:2181,zk-1.zk-hs:2181 create /hello world`,
    );
    step.matches('a value is made', made.output, /^Created \/hello$/m);
    const { output } = await step.command('kubectl exec zk-2 -- zkCli.sh get /hello');
    step.matches('another server has it', output, /^world$/m);
    const refused = await step.command('kubectl exec zk-0 -- touch /opt/zookeeper/x', { code: 1 });
    step.matches('the root is read-only', refused.output, /Read-only file system/);
    const user = await step.command('kubectl exec zk-0 -- id -u');
    step.same('it is user 1000', user.stdout, '1000\n');
  });
}

async function underLoad(bed: Bed, pods: Pods): Promise<void> {
  const load = await Load.begin(bed.lab, ADDRESS, SERVERS);
  try {
    await bed.transcript.step('P04', 'an update, under load', async (step) => {
      const begun = await beforeRoll(pods, load);
      const { stdout } = await step.command('kubectl rollout restart sts/zk');
      step.same('it says so', stdout, 'statefulset.apps/zk restarted\n');
      await followRoll(step, pods, load, begun, THREE.toReversed());
    });
    await grow(bed, pods);
    await shrink(bed, pods);
    await bed.transcript.step('P07', 'what was written and held from P04 to P06', async (step) => {
      const { acknowledged, readBack, connections } = await load.end();
      step.holds(`${acknowledged} writes were acknowledged`, acknowledged > 100);
      step.same('all of them are read back with what was written', readBack, acknowledged);
      step.holds('both sessions of 10 s lived, and so did the ephemeral', true);
      step.holds(`they had ${connections} connections in all`, connections >= 2);
    });
  } finally {
    load.abandon();
  }
}

/** Who votes, as the ensemble has committed it. */
async function members(step: Step, wanted: readonly number[]): Promise<void> {
  const { output } = await step.command('kubectl exec zk-0 -- zkCli.sh config');
  const found = [...output.matchAll(/^server\.(\d+)=.*:participant/gm)].map(([, id]) => Number(id));
  step.same(`members are ${wanted.join(', ')}`, found, wanted);
}

async function grow(bed: Bed, pods: Pods): Promise<void> {
  await bed.transcript.step('P05', 'first the pods, then the votes', async (step) => {
    await step.command('kubectl scale sts/zk --replicas=5');
    await step.command('kubectl rollout status sts/zk', { secondsMax: ROLL_SECONDS_MAX });
    await pods.untilReady(5, 120);
    await members(step, [1, 2, 3]);
    for (const [name, id] of [
      ['zk-3', 4],
      ['zk-4', 5],
    ] as const) {
      const { output } = await step.command(`kubectl exec ${name} -- zabra k8s join`);
      step.matches(`server ${id} is a member`, output, new RegExp(`^Added server ${id}; `, 'm'));
    }
    await members(step, [1, 2, 3, 4, 5]);
  });
}

async function shrink(bed: Bed, pods: Pods): Promise<void> {
  await bed.transcript.step('P06', 'first the votes, then the pods', async (step) => {
    const { output } = await step.command('kubectl exec zk-0 -- zabra k8s leave --replicas=3', {
      secondsMax: 180,
    });
    for (const id of [5, 4]) {
      step.matches(`server ${id} is none`, output, new RegExp(`^Removed server ${id}; `, 'm'));
    }
    const scale = 'kubectl scale statefulset/zk --replicas=3';
    step.holds('it says what comes next', output.includes(`${scale}\n`), output);
    await step.command(scale);
    await pods.untilReady(3, 120);
    await members(step, [1, 2, 3]);
    const { stdout } = await step.command('kubectl get pvc -l app=zk -o name');
    step.same('claims are kept', stdout.trimEnd().split('\n').length, VOLUMES);
  });
}

async function cleanUp(bed: Bed, pods: Pods): Promise<void> {
  await bed.transcript.step('P08', 'clean up', async (step) => {
    await step.command(`kubectl delete -f ${FILE}`);
    await pods.until('no pods', 120, () => pods.now.size === 0);
    await step.command('kubectl delete pvc -l app=zk');
    await step.command('kubectl delete secret zk-admin');
    const left = await step.command('kubectl get all,pvc,pdb -o name');
    step.same('nothing is left', left.stdout, 'service/kubernetes\n');
  });
}

const TEXT = `\`deploy/kubernetes/production\` with its component \`k8s-1.20\`, as kustomize
renders it (the kubectl of this Kubernetes has an older kustomize, without components). Commands are
those of [kubernetes.md](kubernetes.md). There is no kube-proxy, so clients name servers, not the
service.`;
