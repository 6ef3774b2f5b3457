/** T11 to T22: data outlives its pods; settings, logs, users. */

import { TUTORIAL_FLAGS } from 'zabra/dist/bin/pod/tutorial-flags.test-kit.js';
import { waitFor } from '../../process/wait-for.ts';
import { MANIFEST } from './bed.ts';
import { Container } from './containers.ts';
import { containerOf } from './pods.ts';
import { golden } from './steps-begin.ts';
import type { Step } from './transcript.ts';
import { NAMES, type Tutorial, WATCH } from './tutorial.ts';

const STOP_MS_MAX = 5000;
/** More than T20 shows. */
const LINES_AT_REST = 24;
/** The lines of a log, as log4j.properties asks for them. */
const LOG_LINE = new RegExp(
  '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3} \\[myid:\\d*\\] - ' +
    '(TRACE|DEBUG|INFO |WARN |ERROR|FATAL) \\[.+:[A-Za-z$]+@\\d+\\] - .*$',
);
const PROBE = new RegExp(
  'Accepted socket connection from /127\\.0\\.0\\.1:\\d+$|' +
    'Processing ruok command from /127\\.0\\.0\\.1:\\d+$|' +
    'Closed socket connection for client /127\\.0\\.0\\.1:\\d+ \\(no session established',
);

export async function data(tutorial: Tutorial): Promise<void> {
  await deleteSet(tutorial);
  await makeAgain(tutorial);
  await volumes(tutorial);
  await settings(tutorial);
  await users(tutorial);
}

async function deleteSet(tutorial: Tutorial): Promise<void> {
  const { pods, bed } = tutorial;
  const from = pods.changes.length;
  const containers = NAMES.map((name) => new Container(pods.get(name)));
  const watch = bed.shell.start(tutorial.page.command(WATCH));
  await pods.until('the watch of T12', 30, () => watch.stdout !== '');
  let endings: Promise<number>[] = [];
  await bed.transcript.step('T11', 'delete the set', async (step) => {
    const beganMs = performance.now();
    endings = containers.map((container) => container.endedAfterMs(beganMs, 60));
    const { stdout } = await tutorial.command(step, 'kubectl delete statefulset zk');
    step.same('it says so', stdout, 'statefulset.apps "zk" deleted\n');
  });
  await bed.transcript.step('T12', 'watch the pods go (begun before T11)', async (step) => {
    const took = await Promise.all(endings);
    await pods.until('no pods', 120, () => pods.now.size === 0);
    await watch.stop();
    step.show(WATCH, watch.output);
    for (const [index, name] of NAMES.entries()) {
      const ms = took[index] ?? Number.NaN;
      step.less(`the last process of ${name} ends after the command`, ms, STOP_MS_MAX, 'ms');
      exitedWith143(tutorial, step, name, from);
      step.matches(`${name} is shown as Terminating`, watch.stdout, shownEnding(name));
    }
  });
}

function shownEnding(name: string): RegExp {
  return new RegExp(`^${name} +\\d/1 +Terminating`, 'm');
}

/** What the kubelet said of the container before the pod was gone. */
export function exitedWith143(tutorial: Tutorial, step: Step, name: string, from: number): void {
  const codes = tutorial.pods.of(name, from).flatMap(({ pod }) => {
    return containerOf(pod)?.state.terminated?.exitCode ?? [];
  });
  step.same(`${name} exits with 143`, [...new Set(codes)], [143]);
}

async function makeAgain(tutorial: Tutorial): Promise<void> {
  const { bed } = tutorial;
  const from = tutorial.pods.changes.length;
  await bed.transcript.step('T13', 'make the set again', async (step) => {
    const { stdout } = await tutorial.command(step, `kubectl apply -f ${MANIFEST}`);
    const left = ['service/zk-hs', 'service/zk-cs', 'poddisruptionbudget.policy/zk-pdb'];
    const lines = [...left.map((name) => `${name} unchanged\n`), 'statefulset.apps/zk created\n'];
    step.same('three are unchanged, one is created', stdout, lines.join(''));
  });
  await bed.transcript.step('T14', 'watch the pods come up', async (step) => {
    await tutorial.watchStart(step, from);
  });
  await bed.transcript.step('T15', 'the value is still there', async (step) => {
    await tutorial.sameHello(step, 'kubectl exec zk-2 -- zkCli.sh get /hello');
  });
}

async function volumes(tutorial: Tutorial): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T16', 'the claims', async (step) => {
    const { stdout } = await tutorial.command(step, 'kubectl get pvc -l app=zk');
    const rows = stdout.trimEnd().split('\n').slice(1);
    const wanted = NAMES.map((name) => `datadir-${name} Bound 10Gi RWO`);
    const found = rows.map((row) => {
      const [name, status, , capacity, modes] = row.split(/ +/);
      return `${name} ${status} ${capacity} ${modes}`;
    });
    step.same('one for each pod, bound', found, wanted);
  });
  await transcript.step('T17', 'all that must last is on the volume', async (step) => {
    // Since the kubelet made the file of its host name; what it may not read it has not written.
    const others = "'(' -path /proc -o -path /etc/hosts -o ! -readable ')' -prune -o";
    const search = `find / -xdev ${others} -type f -newer /etc/hostname -print`;
    const command = `kubectl exec zk-0 -- ${search}`;
    const { stdout } = await step.command(command);
    const wanted = ['java.env', 'log4j.properties', 'zoo.cfg'].map((name) => {
      return `/opt/zookeeper/conf/${name}`;
    });
    const found = stdout.trimEnd().split('\n').sort();
    step.same('elsewhere are only the files that each start writes', found, wanted);
    const inside = await step.command('kubectl exec zk-0 -- find /var/lib/zookeeper -type f');
    step.matches('the id is there', inside.stdout, /^\/var\/lib\/zookeeper\/data\/myid$/m);
    step.matches('logs are there', inside.stdout, /\/data\/log\/version-2\/log\.[0-9a-f]+$/m);
    step.matches('snapshots are there', inside.stdout, /\/data\/version-2\/snapshot\.[0-9a-f]+$/m);
  });
}

async function settings(tutorial: Tutorial): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T18', 'the flags', async (step) => {
    const command = 'kubectl get sts zk -o yaml';
    const { stdout } = await tutorial.command(step, command, { linesMax: 60 });
    // YAML folds the string over several lines.
    const text = stdout.replace(/\s+/g, ' ');
    const wanted = ['start-zookeeper', ...TUTORIAL_FLAGS].join(' ');
    step.same('there are seventeen', TUTORIAL_FLAGS.length, 17);
    step.holds('all stand in the command', text.includes(wanted), stdout);
  });
  await transcript.step('T19', 'the settings of the log', async (step) => {
    const command = 'kubectl exec zk-0 -- cat /usr/etc/zookeeper/log4j.properties';
    const { stdout } = await tutorial.command(step, command);
    step.same('seven lines', stdout, golden('log4j.properties'));
  });
  await transcript.step('T20', 'the log', async (step) => {
    await atRest(tutorial);
    const { stdout } = await tutorial.command(step, 'kubectl logs zk-0 --tail 20');
    const lines = stdout.trimEnd().split('\n');
    step.same('twenty lines', lines.length, 20);
    const others = lines.filter((line) => !LOG_LINE.test(line));
    step.same('none has another form', others, []);
    const probes = lines.filter((line) => PROBE.test(line));
    step.holds('at least fifteen come from probes', probes.length >= 15, stdout);
  });
}

/** Until the server has written so many lines since it began to serve. */
async function atRest({ bed }: Tutorial): Promise<void> {
  await waitFor(
    'a server at rest',
    120_000,
    async () => {
      const log = await bed.said('kubectl logs zk-0');
      const since = log.slice(log.lastIndexOf('Serving clients in epoch'));
      return since.split('\n').length > LINES_AT_REST;
    },
    1000,
  );
}

async function users(tutorial: Tutorial): Promise<void> {
  const { transcript } = tutorial.bed;
  await transcript.step('T21', 'the processes', async (step) => {
    const { stdout } = await tutorial.command(step, 'kubectl exec zk-0 -- ps -elf');
    const head = /^F S UID +PID +PPID +C PRI +NI ADDR SZ WCHAN +STIME TTY +TIME CMD\n/;
    step.matches('the columns', stdout, head);
    const first = /^4 S zookeep\+ +1 +0 .*start-zookeeper --servers=3/m;
    step.matches('process 1 is the entry point, of zookeeper', stdout, first);
    step.matches('the server is its child', stdout, /^\d S zookeep\+ +\d+ +1 .* java .*server/m);
  });
  await transcript.step('T22', 'the directory', async (step) => {
    const text = tutorial.page.command('kubectl exec -ti zk-0 -- ls -ld /var/lib/zookeeper/data');
    // A terminal, as the command wants one.
    const command = `script --quiet --return --command '${text}' /dev/null`;
    const { stdout } = await step.command(command, { shownAs: text });
    // The server makes it 755 and inherits the group's bit from the volume. At each mount the
    // kubelet adds the group's right to write, and this is the second one: see T22a for the first.
    const wanted = /^drwxrwsr-x \d+ zookeeper zookeeper 4096 .* \/var\/lib\/zookeeper\/data\r?$/m;
    step.matches('owner and group; the mode is that of a second mount', stdout, wanted);
  });
}
