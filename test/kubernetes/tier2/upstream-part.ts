/** The manifest that Kubernetes' page publishes, with the image replaced. */

import { type Bed, forThisCluster } from './bed.ts';
import { isReady, Pods } from './pods.ts';
import { OUR_IMAGE, UPSTREAM, UPSTREAM_DIGEST, UpstreamManifest } from './upstream-objects.ts';

const FILE = 'upstream/zookeeper.yaml';
const LABEL = 'app.kubernetes.io/name=zk';
const NAMES = ['zk-0', 'zk-1', 'zk-2'] as const;

export async function upstreamPart(bed: Bed): Promise<void> {
  bed.transcript.begin("Upstream's own manifest", TEXT);
  await bed.makeVolumes('upstream', NAMES.length);
  const pods = new Pods(bed.shell, LABEL);
  try {
    await apply(bed, pods);
    await value(bed);
    await cleanUp(bed, pods);
  } finally {
    await pods.close();
  }
  await bed.removeVolumes();
}

async function apply(bed: Bed, pods: Pods): Promise<void> {
  await bed.transcript.step('U01', 'the same objects', async (step) => {
    step.same(`all of ${UPSTREAM}`, new UpstreamManifest().digest, UPSTREAM_DIGEST);
  });
  bed.write(FILE, forThisCluster(new UpstreamManifest(OUR_IMAGE).text));
  await bed.transcript.step('U02', 'make the objects', async (step) => {
    const { stdout } = await step.command(`kubectl apply -f ${FILE}`);
    const wanted = ['service/zk-hs', 'service/zk-cs', 'poddisruptionbudget.policy/zk-pdb'];
    const lines = [...wanted, 'statefulset.apps/zk'].map((name) => `${name} created\n`);
    step.same('four objects are created', stdout, lines.join(''));
  });
  await bed.transcript.step('U03', 'three pods come up', async (step) => {
    await pods.untilReady(NAMES.length, 180);
    const { stdout } = await step.command(`kubectl get pods -l ${LABEL}`);
    for (const name of NAMES) {
      step.matches(`${name} is ready`, stdout, new RegExp(`^${name} +1/1 +Running +0 `, 'm'));
    }
    const ready = NAMES.map((name) => {
      return pods.changes.findIndex(({ pod }) => pod.metadata.name === name && isReady(pod));
    });
    const sorted = [...ready].sort((a, b) => a - b);
    step.same('one after another', ready, sorted);
  });
}

/** As T09 and T10. */
async function value(bed: Bed): Promise<void> {
  await bed.transcript.step('U04', 'write on one server', async (step) => {
    const { stderr } = await step.command('kubectl exec zk-0 -- zkCli.sh create /hello world');
    step.same('it says so', stderr, 'Created /hello\n');
  });
  await bed.transcript.step('U05', 'read on another one', async (step) => {
    const command = 'kubectl exec zk-1 -- zkCli.sh get /hello';
    const { stdout, stderr } = await step.command(command);
    step.same('the data', stdout.split('\n').at(-2), 'world');
    step.matches('the zxid of the first client', stderr, /^cZxid = 0x100000002\n/);
  });
}

async function cleanUp(bed: Bed, pods: Pods): Promise<void> {
  await bed.transcript.step('U06', 'clean up', async (step) => {
    await step.command(`kubectl delete -f ${FILE}`);
    await pods.until('no pods', 120, () => pods.now.size === 0);
    await step.command(`kubectl delete pvc -l ${LABEL}`);
    const left = await step.command('kubectl get all,pvc,pdb -o name');
    step.same('nothing is left', left.stdout, 'service/kubernetes\n');
  });
}

const TEXT = `What Kubernetes' page publishes today has \`app.kubernetes.io/name\` for a label, so
its anti-affinity, which says \`app\`, keeps no pods apart, and its \`-l app=zk\` finds none. It
comes up all the same. The image is replaced and the budget is \`policy/v1beta1\`, as above; nothing
else is changed.`;
