/**
 * The doctor: looks at a configuration and its data directories, changes nothing, and says what
 * will and what will not carry over to a server of ours. Each part of the examination knows one
 * thing; here is the order, and what is passed over when something before it is missing.
 */

import path from 'node:path';
import { stateOptions, storageOptions } from '../../peer/options.ts';
import { type ExaminedConfig, examineConfig } from './config-examination.ts';
import { Findings } from './findings.ts';
import { examineHistory } from './history-examination.ts';
import * as host from './host-examination.ts';
import * as jvm from './jvm-environment.ts';
import type { Report } from './report.ts';
import { askServer, findRunningServer } from './running-server.ts';
import { examineTree } from './tree-examination.ts';

export interface DoctorOptions {
  /** Flags of a JVM that the server would be started with. */
  readonly flags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** The server is said to be stopped: one that runs all the same is a blocker. */
  readonly isStopped: boolean;
}

const SEED = 1;
const NOBODY = { onStored: () => {}, onTruncated: () => {} };
/** The oldest version that mixed ensembles are tested with. */
const TESTED_SINCE = [3, 8] as const;

type DataFacts = Pick<Report, 'history' | 'tree' | 'memory'>;

const NO_DATA: DataFacts = { history: null, tree: null, memory: null };

export function examine(configName: string, options: DoctorOptions): Promise<Report> {
  return new Examination(path.resolve(configName), options).run();
}

class Examination {
  readonly #configFile: string;
  readonly #isStopped: boolean;
  readonly #findings = new Findings();
  readonly #environment: jvm.JvmEnvironment;
  readonly #config: ExaminedConfig;

  constructor(configFile: string, { flags, environment, isStopped }: DoctorOptions) {
    this.#configFile = configFile;
    this.#isStopped = isStopped;
    const findings = this.#findings;
    this.#environment = jvm.readJvmEnvironment(configFile, flags, environment, findings);
    this.#config = examineConfig(configFile, this.#environment, findings);
  }

  async run(): Promise<Report> {
    const { settings, directories, keys } = this.#config;
    const running = await this.#examineRunning();
    const isRunning = running !== null;
    const findings = this.#findings;
    const ports = settings === null ? [] : await host.examinePorts(settings, isRunning, findings);
    if (settings !== null) {
      host.examineTls(settings, findings);
      await host.examineNames(settings, findings);
    }
    const data = await this.#examineData(isRunning);
    const configFile = this.#configFile;
    const server = this.#serverFacts();
    return { configFile, server, directories, keys, running, ports, ...data, findings };
  }

  #serverFacts(): Report['server'] {
    const { settings, isEnsemble } = this.#config;
    const ensemble = settings?.peer.ensemble ?? null;
    return {
      mode: isEnsemble ? 'ensemble' : 'standalone',
      sid: ensemble === null ? null : (settings?.peer.sid ?? null),
      members: (ensemble?.members ?? []).map(({ sid, role }) => ({ sid, role })),
    };
  }

  async #examineRunning(): Promise<Report['running']> {
    const { settings, directories, keys } = this.#config;
    if (directories === null) return null;
    const found = await findRunningServer(this.#configFile, directories);
    const { host: address, port } = settings?.peer.clientAddress ?? { host: '', port: -1 };
    const at = address === '0.0.0.0' ? '127.0.0.1' : address;
    const said = port > 0 ? await askServer(at, port) : { version: null, mode: null };
    if (found === null && said.version === null) return null;
    const pid = found?.pid ?? 0;
    const who = pid === 0 ? 'A process' : `Process ${pid}`;
    const byFiles = found === null ? null : `${who} has the data directories`;
    const version = said.version?.split(',', 1)[0];
    const byPort = said.version === null ? null : `${version} answers at ${at}:${port}`;
    const sentence = [byFiles, byPort].filter((part) => part !== null).join('; ');
    const findings = this.#findings;
    findings.add(this.#isStopped ? 'SERVER-STILL-RUNS' : 'SERVER-RUNS', sentence);
    if (said.version !== null && isOld(said.version)) findings.add('SERVER-OLD', said.version);
    const inFile = keys.filter(({ source }) => source === 'zoo.cfg').map(({ name }) => name);
    const { properties } = this.#environment;
    const missing = jvm.missingFlags(found?.commandLine ?? [], properties, inFile);
    if (missing.length > 0) findings.add('FLAGS-OF-PROCESS', jvm.flagNames(missing));
    return { pid, ...said };
  }

  async #examineData(isLive: boolean): Promise<DataFacts> {
    const { dataSettings, directories, isEnsemble } = this.#config;
    const findings = this.#findings;
    if (directories === null || dataSettings === null) return NO_DATA;
    if (!host.examineDirectories(directories, host.OWN_ACCESS, findings)) return NO_DATA;
    const { peer, edge } = dataSettings;
    const storage = { ...storageOptions(peer, NOBODY), isEnsemble };
    const options = { storage, state: stateOptions(peer, SEED) };
    const { facts, state } = await examineHistory(directories, options, isLive, findings);
    if (state === null) return { ...NO_DATA, history: facts };
    const tree = examineTree(state, peer, findings);
    host.examineDiskSpace(directories, tree.treeBytes, peer.preAllocBytes, findings);
    const memory = host.examineMemory(tree.treeBytes, edge.memoryBytes, findings);
    return { history: facts, tree, memory };
  }
}

function isOld(version: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  const [majorMin, minorMin] = TESTED_SINCE;
  return Number(major) < majorMin || (Number(major) === majorMin && Number(minor) < minorMin);
}
