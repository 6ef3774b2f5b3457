/**
 * `zabra ensemble`, which is `npm start`: an ensemble of three servers on this machine with one
 * command, its data kept between runs. Ctrl-C ends all of them, a second Ctrl-C at once.
 */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalEnsemble } from './ensemble/local-ensemble.ts';
import { releaseLock, takeLock } from './ensemble/lock.ts';
import { BASE_PORT_MAX, makePlan, type Plan, prepare, SERVER_COUNT_MAX } from './ensemble/plan.ts';
import { findTakenPort } from './ensemble/ports.ts';

export interface EnsembleOptions {
  readonly basePort: string;
  readonly data: string;
  readonly servers: string;
}

const EXIT_FAILED = 1;
const EXIT_INVALID = 2;

export async function runEnsemble(options: EnsembleOptions): Promise<void> {
  const basePort = numberIn(options.basePort, 1, BASE_PORT_MAX);
  const serverCount = numberIn(options.servers, 1, SERVER_COUNT_MAX);
  if (basePort === null) fail(`--base-port wants a number from 1 to ${BASE_PORT_MAX}`);
  if (serverCount === null) fail(`--servers wants a number from 1 to ${SERVER_COUNT_MAX}`);
  const plan = makePlan(options.data, basePort, serverCount);
  const taken = await findTakenPort(plan);
  if (taken !== null) fail(taken, EXIT_FAILED);
  const refusal = prepare(plan);
  if (refusal !== null) fail(refusal);
  const holder = takeLock(plan.dataDirectory);
  if (holder !== null) {
    fail(`Process ${holder} runs an ensemble on ${plan.dataDirectory}; choose another --data`);
  }
  run(plan);
}

function run(plan: Plan): void {
  const zabra = path.join(path.dirname(fileURLToPath(import.meta.url)), 'zabra.js');
  const { stdout } = process;
  const out = {
    isTTY: stdout.isTTY,
    columns: () => stdout.columns,
    write: (text: string) => void stdout.write(text),
  };
  let stopCount = 0;
  const stop = (code: number): void => {
    stopCount += 1;
    if (stopCount === 1) out.write('ending all servers\n');
    void ensemble.stop(stopCount > 1).then(() => {
      releaseLock(plan.dataDirectory);
      process.exit(code);
    });
  };
  const ensemble = new LocalEnsemble(plan, [process.execPath, zabra, 'server'], out, (reason) => {
    process.stderr.write(`${reason}\n`);
    stop(EXIT_FAILED);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0));
  ensemble.start();
}

function numberIn(text: string, min: number, max: number): number | null {
  const value = /^[0-9]{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

function fail(message: string, code: number = EXIT_INVALID): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
