/**
 * Tutorial: what the steps hand on to one another. A step takes its commands from the page, so that
 * each is given as the page has it.
 */

import type { Bed } from './bed.ts';
import type { Ran } from './commands.ts';
import { FirstAnswers } from './first-answers.ts';
import type { Load } from './load.ts';
import { Page } from './page.ts';
import { isReady, Pods, statesOf } from './pods.ts';
import type { CommandOptions, Step } from './transcript.ts';

export const NAMES = ['zk-0', 'zk-1', 'zk-2'] as const;
export const WATCH = 'kubectl get pods -w -l app=zk';
const START_SECONDS_MAX = 180;
/** From the start of a container to its first answer, ms. */
const FIRST_ANSWER_MS_MAX = 3000;

export class Tutorial {
  readonly bed: Bed;
  readonly page = new Page();
  readonly pods: Pods;
  readonly answers: FirstAnswers;
  /** The lower part of `get /hello`, as T10 saw it. */
  hello = '';
  load: Load | null = null;

  constructor(bed: Bed) {
    this.bed = bed;
    this.pods = new Pods(bed.shell, 'app=zk');
    this.answers = new FirstAnswers(bed.lab);
    this.answers.begin();
  }

  async close(): Promise<void> {
    this.load?.abandon();
    this.answers.end();
    await this.pods.close();
  }

  async command(step: Step, text: string, options: CommandOptions = {}): Promise<Ran> {
    return await step.command(this.page.command(text), options);
  }

  /** The page's watch, from here until the condition holds. */
  async watch(
    step: Step,
    what: string,
    secondsMax: number,
    condition: () => boolean,
    command = WATCH,
  ): Promise<string> {
    const watch = step.watch(this.page.command(command));
    await this.pods.until(what, secondsMax, condition);
    // The watch is one of its own, and hears of it a moment later or earlier.
    await this.pods.until('the first line of a watch', secondsMax, () => watch.stdout !== '');
    await watch.stop();
    step.show(command, watch.output, 40);
    return watch.stdout;
  }

  /** Three new pods, one after another; `from` is the number of changes before they were made. */
  async watchStart(step: Step, from: number): Promise<void> {
    await this.watch(step, 'three ready pods', START_SECONDS_MAX, () => this.pods.readyCount === 3);
    const changes = this.pods.changes.slice(from);
    const born = NAMES.map((name) => changes.findIndex(({ pod }) => pod.metadata.name === name));
    const ready = NAMES.map((name) => {
      return changes.findIndex(({ pod }) => pod.metadata.name === name && isReady(pod));
    });
    for (const [index, name] of NAMES.entries()) {
      const states = statesOf(this.pods.of(name, from));
      const wanted = ['0/1 Pending', '0/1 ContainerCreating', '0/1 Running', '1/1 Running'];
      step.same(`${name} goes through Pending, ContainerCreating, 0/1 and 1/1`, states, wanted);
      if (index > 0) {
        const isLater = (born[index] ?? 0) > (ready[index - 1] ?? 0);
        step.holds(`${name} is made when ${NAMES[index - 1]} is 1/1`, isLater);
      }
    }
    this.restarts(step, [0, 0, 0]);
    for (const name of NAMES) {
      const took = this.answers.afterStartMs(this.pods.get(name));
      step.less(`${name} answers ruok after its start`, took, FIRST_ANSWER_MS_MAX, 'ms');
    }
  }

  restarts(step: Step, wanted: readonly number[]): void {
    const found = NAMES.map((name) => {
      return this.pods.get(name).status.containerStatuses?.[0]?.restartCount;
    });
    step.same(`restarts are ${wanted.join(', ')}`, found, wanted);
  }

  /** `get /hello` by the page's command: the value, and the stat that T10 saw. */
  async sameHello(step: Step, command: string): Promise<void> {
    const { stdout, stderr } = await this.command(step, command);
    step.same('the data', stdout.split('\n').at(-2), 'world');
    step.same('the eleven lines are those of T10', stderr, this.hello);
  }

  async sameConfigurations(step: Step): Promise<void> {
    const files = await Promise.all(
      NAMES.map((name) =>
        this.bed.said(`kubectl exec ${name} -- cat /opt/zookeeper/conf/zoo.cfg | sha256sum`),
      ),
    );
    step.same('zoo.cfg is the same on all pods', new Set(files).size, 1);
  }
}
