/**
 * FirstAnswers: when the server at each new address of a pod first answered `ruok`, and when its
 * container was started, by this machine's clocks. Addresses are known from the leases of the
 * nodes, so before the API server knows them.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, isIPv4 } from 'node:net';
import { join } from 'node:path';
import { Container } from './containers.ts';
import type { Pod } from './pods.ts';

const CLIENT_PORT = 2181;
const EVERY_MS = 20;

export class FirstAnswers {
  readonly #leases: string;
  /** Seconds since the machine started, by address; -1 while it is being asked. */
  readonly #answered = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(lab: string) {
    this.#leases = join(lab, 'leases/pods');
  }

  begin(): void {
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** From the start of the pod's first process to its first `imok`. */
  afterStartMs(pod: Pod): number {
    const answered = this.#answered.get(pod.status.podIP ?? '') ?? -1;
    if (answered < 0) throw new Error(`${pod.metadata.name} has not answered`);
    return (answered - new Container(pod).startedAt()) * 1000;
  }

  #look(): void {
    if (!existsSync(this.#leases)) return;
    for (const address of readdirSync(this.#leases).filter(isIPv4)) {
      if (this.#answered.has(address)) continue;
      this.#answered.set(address, -1);
      this.#ask(address);
    }
  }

  /** Again and again, for as long as the address is leased. */
  #ask(address: string): void {
    let text = '';
    const socket = connect(CLIENT_PORT, address, () => socket.write('ruok'));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    // Its failures end in close as well.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (text === 'imok') this.#answered.set(address, uptime());
      else if (this.#timer === null || !existsSync(join(this.#leases, address))) {
        this.#answered.delete(address);
      } else setTimeout(() => this.#ask(address), EVERY_MS);
    });
  }
}

function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}
