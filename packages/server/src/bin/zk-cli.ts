/**
 * `bin/zkCli.sh`: the shell as a process. Reads the arguments, nothing else.
 */

import process from 'node:process';
import { runShell } from './shell/run-shell.ts';

/** A reader that has had enough (`zkCli.sh ls -R / | head`) is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const { stdin: input, stdout: output, stderr: error } = process;
process.exitCode = await runShell(process.argv.slice(2), { input, output, error });
