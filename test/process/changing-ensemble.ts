/**
 * ChangingEnsemble: servers on loopback whose membership changes while they run. A server is
 * prepared with whatever members it is to know of at first, so that one that joins knows those that
 * are there and itself. Ports of all are reserved at once, those that a server moves to as well.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '@zabra/client';
import { freePorts } from './free-ports.ts';
import { readQuorum } from './health.ts';
import { ServerProcess, type ServerKind } from './server-process.ts';
import { waitFor } from './wait-for.ts';

/** What of a server's line is not as it was at first. */
export interface LineChange {
  readonly role?: 'participant' | 'observer';
  /** Its second client port, or its second quorum and election ports. */
  readonly movesClients?: boolean;
  readonly movesQuorum?: boolean;
}

/** May do everything, reconfigure as well. */
export const SUPER: Identity = { scheme: 'digest', auth: 'super:secret' };
const SUPER_DIGEST = `super:${createHash('sha1').update(SUPER.auth).digest('base64')}`;
const PORTS_PER_SERVER = 7;
const TICK_TIME_MS = 500;
const PATIENCE_MS = 60_000;

/** Where each port of a server stands among those reserved for it. */
const PORT = { client: 0, quorum: 1, election: 2, health: 3, otherClient: 4, otherQuorum: 5 };

export class ChangingEnsemble {
  readonly directory = mkdtempSync(join(tmpdir(), 'zabra-test-'));
  readonly #kinds: readonly ServerKind[];
  readonly #ports: readonly number[];
  readonly #servers = new Map<number, ServerProcess>();

  private constructor(kinds: readonly ServerKind[], ports: readonly number[]) {
    this.#kinds = kinds;
    this.#ports = ports;
  }

  /** Runs `use`, then ends all servers and removes their files; prints their logs if it fails. */
  static async run(
    kinds: readonly ServerKind[],
    use: (ensemble: ChangingEnsemble) => Promise<void>,
  ): Promise<void> {
    const ports = await freePorts(kinds.length * PORTS_PER_SERVER);
    const ensemble = new ChangingEnsemble(kinds, ports);
    let failed = true;
    try {
      await use(ensemble);
      failed = false;
    } finally {
      await ensemble.#end(failed);
    }
  }

  port(sid: number, which: keyof typeof PORT): number {
    return this.#ports[(sid - 1) * PORTS_PER_SERVER + PORT[which]] as number;
  }

  /** `server.N=…` */
  line(sid: number, change: LineChange = {}): string {
    const quorum = this.port(sid, change.movesQuorum === true ? 'otherQuorum' : 'quorum');
    // The port behind the other quorum port is the other election port.
    const election =
      change.movesQuorum === true
        ? (this.#ports[sid * PORTS_PER_SERVER - 1] as number)
        : this.port(sid, 'election');
    const client = this.port(sid, change.movesClients === true ? 'otherClient' : 'client');
    const role = change.role ?? 'participant';
    return `server.${sid}=127.0.0.1:${quorum}:${election}:${role};127.0.0.1:${client}`;
  }

  /** Writes the files of a server that knows of these members, and starts it. */
  start(sid: number, lines: readonly string[], extra: readonly string[] = []): ServerProcess {
    const kind = this.#kinds[sid - 1] as ServerKind;
    const home = join(this.directory, `s${sid}`);
    const dataDir = join(home, 'data');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'myid'), `${sid}\n`);
    const text = [
      '# How this server is run.',
      `dataDir=${dataDir}`,
      `tickTime=${TICK_TIME_MS}`,
      'initLimit=20',
      'syncLimit=10',
      'standaloneEnabled=false',
      'reconfigEnabled=true',
      '4lw.commands.whitelist=*',
      'maxClientCnxns=0',
      'admin.enableServer=false',
      `DigestAuthenticationProvider.superDigest=${SUPER_DIGEST}`,
      ...(kind === 'zabra' ? [`zabra.healthPort=${this.port(sid, 'health')}`] : []),
      ...extra,
      ...lines,
      '',
    ];
    const configFile = join(home, 'zoo.cfg');
    writeFileSync(configFile, text.join('\n'));
    const server = new ServerProcess(kind, configFile, `${home}.log`, this.port(sid, 'client'));
    this.#servers.set(sid, server);
    server.start();
    return server;
  }

  /** One server alone, ready to be joined. */
  async startFirst(sid = 1): Promise<void> {
    await this.start(sid, [this.line(sid)]).waitUntilServing(PATIENCE_MS);
  }

  /** Starts servers that are no members yet and waits until they follow those that are. */
  async startJoiners(members: readonly number[], sids: readonly number[]): Promise<void> {
    const present = members.map((sid) => this.line(sid));
    const joiners = sids.map((sid) => {
      // Either role does: not being a member yet, it votes in neither.
      const role = sid % 2 === 0 ? 'participant' : 'observer';
      return this.start(sid, [...present, this.line(sid, { role })]);
    });
    await Promise.all(joiners.map((server) => server.waitUntilServing(PATIENCE_MS)));
  }

  server(sid: number): ServerProcess {
    const server = this.#servers.get(sid);
    if (server === undefined) throw new Error(`Server ${sid} was never started`);
    return server;
  }

  /** Where clients of these servers connect, whether they run or not. */
  connectString(...sids: readonly number[]): string {
    return sids.map((sid) => `127.0.0.1:${this.port(sid, 'client')}`).join(',');
  }

  /** Sid of the one that leads. */
  async leader(...sids: readonly number[]): Promise<number> {
    return await waitFor('a leader', PATIENCE_MS, async () => {
      for (const sid of sids) if ((await this.server(sid).mode()) === 'leader') return sid;
      return null;
    });
  }

  /** Waits until these servers of ours have the same zxid and the same tree. */
  async waitUntilEqual(...sids: readonly number[]): Promise<void> {
    const ports = sids.map((sid) => this.port(sid, 'health'));
    await waitFor(`equal trees on servers ${sids.join(', ')}`, PATIENCE_MS, async () => {
      const views = await Promise.all(ports.map(readQuorum));
      const [first] = views;
      return views.every(
        (view) => view.serving && view.zxid === first?.zxid && view.digest === first?.digest,
      );
    });
  }

  /** The files of a server's configuration by name, as they are now. */
  files(sid: number): Map<string, string> {
    const home = join(this.directory, `s${sid}`);
    const names = readdirSync(home).filter((name) => name.startsWith('zoo.cfg'));
    return new Map(names.map((name) => [name, readFileSync(join(home, name), 'utf8')]));
  }

  async #end(failed: boolean): Promise<void> {
    for (const [sid, server] of failed ? this.#servers : []) {
      const tail = server.log().split('\n').slice(-60).join('\n');
      process.stderr.write(`--- server ${sid}, ${server.kind}\n${tail}\n`);
    }
    await Promise.all([...this.#servers.values()].map((server) => server.end('SIGKILL')));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
