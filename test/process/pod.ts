/**
 * Pod: `zabra k8s start` as a child process, under the zoo.cfg of the manifests with their TLS, and
 * a directory for a volume. Pods of one set share the ports between servers, each at an address of
 * its own on loopback, as pods do; those for clients and probes differ: they listen everywhere.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './server-process.ts';
import { namedBy, writeNames } from './test-names.ts';
import { waitFor } from './wait-for.ts';

const PRODUCTION = join(ROOT, 'deploy/kubernetes/production');
const PARTS = ['components/tls/tls.cfg', 'base/zoo.cfg'];
/** As an address of its own needs it; clients of the tests show no certificate. */
const LOOPBACK = ['quorumListenOnAllIPs=false', 'ssl.clientAuth=none'];

/**
 * A pod that lost its volume may first hear what was said to the one before, and wait a whole
 * initLimit for followers.
 */
const READY_MS = 60_000;

export interface PodPorts {
  readonly client: number;
  readonly quorum: number;
  readonly election: number;
  readonly health: number;
}

export class Pod {
  readonly ordinal: number;
  readonly ports: PodPorts;
  #volume: string;
  readonly #memberCount: number;
  readonly #certificates: string;
  #child: ChildProcess | null = null;
  #ended: Promise<number | null> = Promise.resolve(null);
  #log = '';

  /** `certificates` is a directory with the files of the secret. */
  constructor(ordinal: number, memberCount: number, ports: PodPorts, certificates: string) {
    this.ordinal = ordinal;
    this.#certificates = certificates;
    this.ports = ports;
    this.#memberCount = memberCount;
    this.#volume = mkdtempSync(join(tmpdir(), 'zabra-pod-'));
  }

  /** Its last lines, for the report of a test that fails. */
  get logTail(): string {
    return this.#log.split('\n').slice(-40).join('\n');
  }

  file(name: string): string {
    return readFileSync(join(this.#volume, name), 'latin1');
  }

  /** With more lines of the part that all pods share. */
  start(...lines: readonly string[]): void {
    const { client, quorum, election, health } = this.ports;
    const own = [...LOOPBACK, `secureClientPort=${client}`, `zabra.healthPort=${health}`, ...lines];
    const base = PARTS.map((name) => readFileSync(join(PRODUCTION, name), 'utf8'))
      .join('')
      .replaceAll('/var/lib/zookeeper', this.#volume)
      .replaceAll('/etc/zookeeper/tls', this.#certificates);
    const config = join(this.#volume, 'shared.cfg');
    writeFileSync(config, `${base}${own.join('\n')}\n`);
    const ordinals = Array.from({ length: this.#memberCount }, (_, ordinal) => ordinal);
    const names = ordinals.map((ordinal) => [`zk-${ordinal}.zk-hs.test`, `127.0.0.${ordinal + 1}`]);
    writeNames(join(this.#volume, 'names'), Object.fromEntries(names));
    const args = [
      join(ROOT, 'packages/server/dist/bin/zabra.js'),
      'k8s',
      'start',
      `--config=${config}`,
      `--home=${this.#volume}`,
      `--host=zk-${this.ordinal}`,
      '--domain=zk-hs.test',
      `--members=${this.#memberCount}`,
      '--client-port=0',
      `--quorum-port=${quorum}`,
      `--election-port=${election}`,
    ];
    const env = { ...process.env, ...namedBy(join(this.#volume, 'names')) };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    }
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', resolve));
  }

  async isReady(): Promise<boolean> {
    return (await fetch(`http://127.0.0.1:${this.ports.health}/ready`)).status === 200;
  }

  async waitUntilReady(): Promise<void> {
    await waitFor(`zk-${this.ordinal} to be ready`, READY_MS, () => this.isReady());
  }

  async end(): Promise<number | null> {
    this.#child?.kill('SIGTERM');
    return await this.#ended;
  }

  /** Its volume is lost, and it gets an empty one. */
  loseVolume(): void {
    rmSync(this.#volume, { recursive: true });
    this.#volume = mkdtempSync(join(tmpdir(), 'zabra-pod-'));
  }

  async remove(): Promise<void> {
    await this.end();
    rmSync(this.#volume, { recursive: true });
  }
}
