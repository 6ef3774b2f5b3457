#!/usr/bin/env node
/**
 * The one program: `zabra <command>`. Each command is loaded when it is asked for, so that a server
 * starts without the simulator and a shell without the server.
 */

import { Command } from 'commander';
import type { RecoverCommandOptions } from './recover-main.ts';

const program = new Command('zabra')
  .description('A distributed coordinator that is ZooKeeper to everybody who talks to it')
  .enablePositionalOptions()
  .showHelpAfterError();

program
  .command('server')
  .description('one server, from a zoo.cfg or from a port and a data directory')
  .usage('<zoo.cfg> | <port> <dataDir> [tickTime [maxClientCnxns]]')
  .argument('[arguments...]')
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (args: string[]) => {
    const { runServer } = await import('./server-main.ts');
    await runServer(args);
  });

program
  .command('ensemble')
  .description('a local ensemble with a view of it; ends on Ctrl-C, its data stays')
  .option('--base-port <port>', 'client port of the first server', '2181')
  .option('--data <directory>', 'where the data is kept', './data')
  .option('--servers <count>', 'how many servers', '3')
  .action(async (options: { basePort: string; data: string; servers: string }) => {
    const { runEnsemble } = await import('./ensemble-main.ts');
    await runEnsemble(options);
  });

program
  .command('shell')
  .description('the shell of ZooKeeper, as bin/zkCli.sh')
  .argument('[arguments...]')
  .allowUnknownOption()
  .passThroughOptions()
  .helpOption(false)
  .action(async () => {
    // The shell reads the arguments of the process, as zkCli.sh gives them.
    process.argv.splice(2, 1);
    await import('./zk-cli.ts');
  });

program
  .command('doctor')
  .description('what of a zoo.cfg and its data will and will not carry over; changes nothing')
  .usage('[--json] [--stopped] [-Dname=value ...] <zoo.cfg>')
  .argument('<arguments...>')
  .option('--json', 'for programs')
  .option('--stopped', 'the server has been stopped: one that runs all the same is a blocker')
  .allowUnknownOption()
  .action(async (args: string[], options: { json?: boolean; stopped?: boolean }) => {
    const { runDoctor } = await import('./doctor-main.ts');
    await runDoctor(args, options);
  });

program
  .command('recover')
  .description('the way out of a permanent loss of quorum, on the stopped server that is left')
  .usage('[options] [-Dname=value ...] <zoo.cfg>')
  .argument('<arguments...>')
  .option('--keep <ids>', 'members of the present list that go on; default: this server alone')
  .option('--add <line>', 'a server line of a member that joins; may be repeated', collect, [])
  .option('--epoch <number>', 'the new epoch; default: far enough above all that are known')
  .option('--backup <directory>', 'where the present files are copied to')
  .option('--yes <confirmation>', 'do it; without, it is only shown, or asked for on a terminal')
  .allowUnknownOption()
  .action(async (args: string[], options: RecoverCommandOptions) => {
    const { runRecover } = await import('./recover-main.ts');
    await runRecover(args, options);
  });

program
  .command('sim')
  .description('whole ensembles under faults in simulated time; a seed repeats its run to the byte')
  .requiredOption('--seed <number>', 'the first seed')
  .option('--count <number>', 'how many seeds from there on', '1')
  .option('--trace', 'print every event')
  .action(async (options: { seed: string; count: string; trace?: boolean }) => {
    const { runSim } = await import('./sim-command.ts');
    runSim(options);
  });

program
  .command('word')
  .description('sends a four-letter word and prints the answer')
  .argument('<word>', 'ruok, srvr, mntr, ...')
  .argument('[host:port]', 'a server', '127.0.0.1:2181')
  .option('--secure', 'over TLS, with the keys that CLIENT_JVMFLAGS names')
  .action(async (word: string, address: string, options: { secure?: boolean }) => {
    const { runWord } = await import('./word-main.ts');
    await runWord(word, address, options.secure === true);
  });

program
  .command('hand-over')
  .description('moves the leadership away from a server, or to it, and waits until it has moved')
  .argument('[host:port]', 'a server that enables the words ydld and rqld', '127.0.0.1:2181')
  .option('--to', 'this server is to lead')
  .option('--secure', 'over TLS, with the keys that CLIENT_JVMFLAGS names')
  .action(async (address: string, options: { to?: boolean; secure?: boolean }) => {
    const { runHandOver } = await import('./hand-over-main.ts');
    await runHandOver(address, options);
  });

program
  .command('k8s')
  .description('a server as a pod of a StatefulSet, and members that leave and join with pods')
  .usage('start | leave | join | backup [options]')
  .argument('[arguments...]')
  .allowUnknownOption()
  .passThroughOptions()
  .helpOption(false)
  .action(async (args: string[]) => {
    const { runK8s } = await import('./k8s/k8s-main.ts');
    await runK8s(args);
  });

program
  .command('pod-files')
  .description('the configuration of a pod, for bin/start-zookeeper and bin/zkGenConfig.sh')
  .argument('[arguments...]')
  .allowUnknownOption()
  .passThroughOptions()
  .helpOption(false)
  .action(async (args: string[]) => {
    const { runPodFiles } = await import('./pod/pod-main.ts');
    runPodFiles(args);
  });

program
  .command('image-files')
  .description('the configuration from the variables of an image, for bin/docker-entrypoint.sh')
  .action(async () => {
    const { runImageFiles } = await import('./image/image-main.ts');
    runImageFiles();
  });

program
  .command('cleanup')
  .description('removes old snapshots and logs, for bin/zkCleanup.sh')
  .argument('[arguments...]')
  .allowUnknownOption()
  .passThroughOptions()
  .helpOption(false)
  .action(async (args: string[]) => {
    const { runCleanup } = await import('./cleanup-main.ts');
    runCleanup(args);
  });

program
  .command('version')
  .description('prints the version')
  .action(async () => {
    const { versionText } = await import('./version.ts');
    process.stdout.write(`${versionText()}\n`);
  });

await program.parseAsync();

function collect(line: string, lines: readonly string[]): readonly string[] {
  return [...lines, line];
}
