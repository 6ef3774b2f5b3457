/** T01 to T10: the ensemble comes up, its members know who they are, and it keeps a value. */

import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../process/server-process.ts';
import { ADDRESS, forThisCluster, MANIFEST } from './bed.ts';
import { NAMES, type Tutorial } from './tutorial.ts';

const DOMAIN = 'zk-hs.default.svc.cluster.local';
const EACH = 'for i in 0 1 2; do';
const GOLDEN = join(ROOT, 'test/golden/kubernetes');
const STAT =
  'cZxid ctime mZxid mtime pZxid cversion dataVersion aclVersion ephemeralOwner dataLength ' +
  'numChildren';

export function golden(name: string): string {
  return readFileSync(join(GOLDEN, name), 'utf8');
}

export async function begin(tutorial: Tutorial): Promise<void> {
  await apply(tutorial);
  await identities(tutorial);
  await value(tutorial);
}

async function apply(tutorial: Tutorial): Promise<void> {
  const { bed } = tutorial;
  const from = tutorial.pods.changes.length;
  bed.write(MANIFEST, forThisCluster(readFileSync(join(ROOT, MANIFEST), 'utf8')));
  await bed.transcript.step('T01', 'make the objects', async (step) => {
    const { stdout } = await tutorial.command(step, `kubectl apply -f ${MANIFEST}`);
    const wanted = ['service/zk-hs', 'service/zk-cs', 'poddisruptionbudget.policy/zk-pdb'];
    const lines = [...wanted, 'statefulset.apps/zk'].map((name) => `${name} created\n`);
    step.same('four objects are created', stdout, lines.join(''));
  });
  await bed.transcript.step('T02', 'watch the pods come up', async (step) => {
    await tutorial.watchStart(step, from);
  });
}

async function identities(tutorial: Tutorial): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T03', 'the host names', async (step) => {
    const { stdout } = await tutorial.command(step, `${EACH} kubectl exec zk-$i -- hostname; done`);
    step.same('they are the names of the pods', stdout, 'zk-0\nzk-1\nzk-2\n');
  });
  await transcript.step('T04', 'the ids', async (step) => {
    const file = '/var/lib/zookeeper/data/myid';
    const command = `${EACH} echo "myid zk-$i"; kubectl exec zk-$i -- cat ${file}; done`;
    const { stdout } = await tutorial.command(step, command);
    step.same(
      'each file is the ordinal and one, and a line feed',
      stdout,
      'myid zk-0\n1\nmyid zk-1\n2\nmyid zk-2\n3\n',
    );
  });
  await transcript.step('T05', 'the full names', async (step) => {
    const command = `${EACH} kubectl exec zk-$i -- hostname -f; done`;
    const { stdout } = await tutorial.command(step, command);
    const wanted = NAMES.map((name) => `${name}.${DOMAIN}\n`).join('');
    step.same('they end in the domain of the headless service', stdout, wanted);
  });
  await transcript.step('T06', 'the configuration', async (step) => {
    const command = 'kubectl exec zk-0 -- cat /opt/zookeeper/conf/zoo.cfg';
    const { stdout } = await tutorial.command(step, command);
    step.same('keys, values and their order', stdout, golden('zoo.cfg'));
  });
  await transcript.step('T07', 'watch the pods again', async (step) => {
    const ready = () => tutorial.pods.readyCount === 3;
    const shown = await tutorial.watch(step, 'three ready pods', 60, ready);
    for (const name of NAMES) {
      step.matches(`${name} is there`, shown, new RegExp(`^${name} +1/1 +Running +0 `, 'm'));
    }
  });
  await transcript.step('T08', 'names and servers', async (step) => {
    await tutorial.sameConfigurations(step);
    const resolver = new Resolver();
    resolver.setServers([ADDRESS]);
    const found = await resolver.resolve4(DOMAIN);
    const addresses = NAMES.map((name) => tutorial.pods.get(name).status.podIP);
    step.same('the service has the addresses of the pods', found.sort(), addresses.sort());
    for (const name of NAMES) {
      const own = await resolver.resolve4(`${name}.${DOMAIN}`);
      step.same(`${name} has an address record`, own, [tutorial.pods.get(name).status.podIP]);
    }
  });
}

async function value(tutorial: Tutorial): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T09', 'write on one server', async (step) => {
    const { stdout, stderr } = await tutorial.command(
      step,
      'kubectl exec zk-0 -- zkCli.sh create /hello world',
    );
    step.same(
      'standard output',
      stdout,
      'Connecting to localhost:2181\n\nWATCHER::\n\n' +
        'WatchedEvent state:SyncConnected type:None path:null\n',
    );
    step.same('standard error', stderr, 'Created /hello\n');
  });
  await transcript.step('T10', 'read on another one', async (step) => {
    const command = 'kubectl exec zk-1 -- zkCli.sh get /hello';
    const { stdout, stderr } = await tutorial.command(step, command);
    step.same('the data', stdout.split('\n').at(-2), 'world');
    const lines = stderr.trimEnd().split('\n');
    const names = lines.map((line) => line.split(' ')[0]);
    step.same('eleven lines of its stat', names.join(' '), STAT);
    const zxid = '0x100000002';
    const numbers = lines.filter((line) => !/^[cm]time /.test(line));
    step.same('zxids of the first client of an ensemble, and the other numbers', numbers, [
      `cZxid = ${zxid}`,
      `mZxid = ${zxid}`,
      `pZxid = ${zxid}`,
      'cversion = 0',
      'dataVersion = 0',
      'aclVersion = 0',
      'ephemeralOwner = 0x0',
      'dataLength = 5',
      'numChildren = 0',
    ]);
    const time = /^[cm]time = [A-Z][a-z]{2} [A-Z][a-z]{2} \d\d [\d:]{8} UTC \d{4}$/;
    const times = lines.filter((line) => time.test(line)).map((line) => line.split(' = ')[1]);
    step.holds('two equal times in UTC', times.length === 2 && times[0] === times[1], stderr);
    tutorial.hello = stderr;
  });
  await transcript.step(
    'T22a',
    'the directory of T22, as the first start made it',
    async (step) => {
      const command = 'kubectl exec zk-0 -- ls -ld /var/lib/zookeeper/data';
      const { stdout } = await step.command(command);
      const wanted = /^drwxr-sr-x \d+ zookeeper zookeeper 4096 .* \/var\/lib\/zookeeper\/data$/m;
      step.matches('mode, owner and group', stdout, wanted);
    },
  );
}
