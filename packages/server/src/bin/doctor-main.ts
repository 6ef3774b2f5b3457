/**
 * `zabra doctor`: what will and what will not carry over, before anything is changed. Exit code 0:
 * ready; 1: ready, but read the warnings; 2: not ready, or it could not look.
 */

import process from 'node:process';
import { isJvmFlag } from '../config/jvm-flags.ts';
import { examine } from './doctor/doctor.ts';
import { reportJson, reportText } from './doctor/report.ts';

export interface DoctorCommandOptions {
  readonly json?: boolean;
  readonly stopped?: boolean;
}

const USAGE = 'Usage: zabra doctor [--json] [--stopped] [-Dname=value ...] <zoo.cfg>\n';
const EXIT_CODES = { ready: 0, warnings: 1, blockers: 2 } as const;

export async function runDoctor(
  args: readonly string[],
  options: DoctorCommandOptions,
): Promise<void> {
  const flags = args.filter(isJvmFlag);
  const [configFile, ...rest] = args.filter((argument) => !isJvmFlag(argument));
  if (configFile === undefined || rest.length > 0) {
    process.stderr.write(USAGE);
    process.exitCode = EXIT_CODES.blockers;
    return;
  }
  const isStopped = options.stopped === true;
  const report = await examine(configFile, { flags, environment: process.env, isStopped });
  process.stdout.write(options.json === true ? reportJson(report) : reportText(report));
  process.exitCode = EXIT_CODES[report.findings.verdict];
}
