/**
 * Pods as the API server tells of them: a watch that keeps every change with the time at which it
 * came, so that what happened between two looks is known as well.
 */

import { waitFor } from '../../process/wait-for.ts';
import type { Shell, Started } from './commands.ts';

interface ContainerState {
  readonly waiting?: { readonly reason?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: { readonly exitCode: number; readonly reason?: string };
}

interface ContainerStatus {
  readonly ready: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface WatchEvent {
  readonly type: string;
  readonly object: Pod;
}

export interface Change {
  /** Of the clock that `performance.now` reads. */
  readonly atMs: number;
  readonly pod: Pod;
  readonly isGone: boolean;
  /** Of all pods, once this had changed. */
  readonly readyCount: number;
}

export class Pods {
  readonly changes: Change[] = [];
  readonly now = new Map<string, Pod>();
  readonly #watch: Started;
  /** What has been read of the watch's output. */
  #read = 0;

  constructor(shell: Shell, selector: string) {
    const what = `kubectl get pods --watch --selector ${selector}`;
    this.#watch = shell.start(`${what} --output json --output-watch-events`);
    this.#watch.onOutput(() => this.#parse());
  }

  async close(): Promise<void> {
    await this.#watch.stop();
  }

  /** Changes of one pod from the given number of changes on. */
  of(name: string, from = 0): readonly Change[] {
    return this.changes.slice(from).filter(({ pod }) => pod.metadata.name === name);
  }

  get readyCount(): number {
    return [...this.now.values()].filter(isReady).length;
  }

  async until(what: string, seconds: number, condition: () => boolean): Promise<void> {
    await waitFor(what, seconds * 1000, condition, 50);
  }

  /** Until so many pods are ready, and no others are there. */
  async untilReady(count: number, seconds: number): Promise<void> {
    await this.until(`${count} ready pods`, seconds, () => {
      return this.readyCount === count && this.now.size === count;
    });
  }

  async untilPodReady(name: string, seconds: number, uidBefore = ''): Promise<void> {
    await this.until(`${name} to be ready`, seconds, () => {
      const pod = this.now.get(name);
      return pod !== undefined && pod.metadata.uid !== uidBefore && isReady(pod);
    });
  }

  get(name: string): Pod {
    const pod = this.now.get(name);
    if (pod === undefined) throw new Error(`There is no pod ${name}`);
    return pod;
  }

  /** An event is a line. */
  #parse(): void {
    const text = this.#watch.stdout;
    const end = text.lastIndexOf('\n') + 1;
    const lines = text.slice(this.#read, end).split('\n');
    this.#read = end;
    for (const line of lines.filter((one) => one !== '')) {
      const { type, object } = JSON.parse(line) as WatchEvent;
      const isGone = type === 'DELETED';
      if (isGone) this.now.delete(object.metadata.name);
      else this.now.set(object.metadata.name, object);
      const { readyCount } = this;
      this.changes.push({ atMs: performance.now(), pod: object, isGone, readyCount });
    }
  }
}

export function containerOf(pod: Pod): ContainerStatus | undefined {
  return pod.status.containerStatuses?.[0];
}

export function isReady(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && containerOf(pod)?.ready === true;
}

/** The columns READY and STATUS of kubectl. */
export function shownState(pod: Pod): string {
  const { ready = false, state } = containerOf(pod) ?? {};
  const reason = state?.waiting?.reason ?? state?.terminated?.reason ?? pod.status.phase;
  const status = pod.metadata.deletionTimestamp === undefined ? reason : 'Terminating';
  return `${ready ? 1 : 0}/1 ${status}`;
}

/** The states that a pod went through, each once. */
export function statesOf(changes: readonly Change[]): string[] {
  const states = changes.map(({ pod, isGone }) => (isGone ? 'gone' : shownState(pod)));
  return states.filter((state, index) => state !== states[index - 1]);
}
