/** `bin/start-zookeeper` as a program: what it starts, what ends it, what it refuses. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { waitForWord } from '../program.test-kit.ts';
import { childOf, PodBed } from './pod.test-kit.ts';

let bed: PodBed;
beforeEach(async () => {
  bed = await PodBed.open();
});
afterEach(() => bed.close());

/** The lines that the tutorial's `kubectl logs` is about. */
const LINE = new RegExp(
  '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3} \\[myid:\\d*\\] - ' +
    '(TRACE|DEBUG|INFO |WARN |ERROR|FATAL) \\[.+:[A-Za-z$]+@\\d+\\] - .*$',
);

describe('start-zookeeper', () => {
  it('runs a server under the name of a JVM, logs each probe, ends with 143', async () => {
    const program = bed.run('start-zookeeper', bed.flags());
    await waitForWord(bed.port, 'ruok', /^imok$/);
    assert.equal(childOf(program.process.pid).name, 'java');
    const probe = ['Accepted socket connection', 'Processing ruok command', 'Closed socket connec'];
    for (const words of probe) await program.until(new RegExp(words));
    assert.match(await waitForWord(bed.port, 'conf', /maxClientCnxns=60/), /tickTime=2000/);
    program.process.kill('SIGTERM');
    assert.deepEqual(await program.ended, { code: 143, signal: null });
    for (const line of program.out.trimEnd().split('\n')) assert.match(line, LINE);
    assert.ok(program.err.startsWith(bed.text('conf/zoo.cfg')), program.err);
    assert.equal(fs.existsSync(bed.at('data/myid')), false, 'a server alone has no id');
  });

  it('passes SIGINT on, and how a server ends that something else has ended', async () => {
    const endings = [
      ['SIGINT', false, 130],
      ['SIGTERM', true, 143],
      ['SIGKILL', true, 137],
    ] as const;
    for (const [signal, isForServer, code] of endings) {
      const program = bed.run('start-zookeeper', bed.flags());
      await waitForWord(bed.port, 'srvr', /Mode: standalone/);
      const { pid } = childOf(program.process.pid);
      process.kill(isForServer ? pid : (program.process.pid ?? 0), signal);
      assert.equal((await program.ended).code, code, signal);
    }
  });

  it('stays while its server is stopped and goes on', async () => {
    const program = bed.run('start-zookeeper', bed.flags());
    await waitForWord(bed.port, 'ruok', /^imok$/);
    const { pid } = childOf(program.process.pid);
    process.kill(pid, 'SIGSTOP');
    // Another script with job control and a child that is stopped later has heard of that by then.
    const other = spawn('bash', ['-c', 'set -m; sleep 60 & kill -STOP $!; wait $!']);
    assert.deepEqual(await once(other, 'exit'), [147, null]);
    process.kill(pid, 'SIGCONT');
    await waitForWord(bed.port, 'ruok', /^imok$/);
    program.process.kill('SIGTERM');
    assert.equal((await program.ended).code, 143);
  });

  it('ends with 143 when it is ended before its server runs', async () => {
    const program = bed.run('start-zookeeper', bed.flags('--servers=3'));
    await new Promise((resolve) => program.process.once('spawn', resolve));
    while (childOf(program.process.pid).name === '') assert.equal(program.process.exitCode, null);
    program.process.kill('SIGTERM');
    assert.equal((await program.ended).code, 143);
  });

  it('takes level and form of the log from its flags', async () => {
    const quiet = bed.run('start-zookeeper', bed.flags('--log_level=ERROR'));
    await waitForWord(bed.port, 'srvr', /Mode/);
    quiet.process.kill('SIGTERM');
    await quiet.ended;
    assert.equal(quiet.out, '');
    const json = bed.run('start-zookeeper', bed.flags('--log_format=json'));
    await waitForWord(bed.port, 'srvr', /Mode/);
    json.process.kill('SIGTERM');
    await json.ended;
    for (const line of json.out.trimEnd().split('\n')) {
      assert.equal(typeof (JSON.parse(line) as { message: unknown }).message, 'string');
    }
  });

  it('writes the id of a member once, and everything else at each start', async () => {
    bed.callMachine('zk-1');
    const start = async (...flags: string[]) => {
      const program = bed.run('start-zookeeper', bed.flags('--servers=3', ...flags));
      await program.until(/Starting quorum peer, myid=2/);
      program.process.kill('SIGTERM');
      assert.equal((await program.ended).code, 143);
    };
    await start();
    assert.equal(bed.text('data/myid'), '2\n');
    const { ino } = fs.statSync(bed.at('data/myid'));
    assert.match(bed.text('conf/zoo.cfg'), /^server\.3=zk-2\.zk\.test\.invalid:2888:3888\n$/m);
    await start('--tick_time=1000');
    assert.match(bed.text('conf/zoo.cfg'), /^tickTime=1000$/m);
    assert.equal(fs.statSync(bed.at('data/myid')).ino, ino);
    assert.deepEqual(fs.readdirSync(bed.at('conf')).toSorted(), [
      'java.env',
      'log4j.properties',
      'zoo.cfg',
    ]);
  });

  it('prints its usage', async () => {
    const [code, out, err] = await bed.outcome('start-zookeeper', ['-h']);
    assert.equal(code, 0);
    assert.match(out, /^Usage: start-zookeeper \[OPTIONS\]\n/);
    assert.equal(err, '');
  });
});

/** Everything below the directory: names and texts. */
function contents(): string {
  const names = fs.readdirSync(bed.root, { recursive: true }).map(String).toSorted();
  const files = names.filter((name) => fs.statSync(bed.at(name)).isFile());
  return [...names, ...files.map((name) => bed.text(name))].join('\n');
}

interface Refusal {
  readonly why: string;
  readonly flags?: readonly string[];
  readonly variables?: NodeJS.ProcessEnv;
  readonly hostName?: string;
  readonly prepare?: () => void;
  readonly message: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  { why: 'an unknown flag', flags: ['--replicas=3'], message: /^Unknown option --replicas=3: see/ },
  { why: 'a host name without an ordinal', hostName: 'web', message: /the host name is "web", wa/ },
  { why: 'a bad number', flags: ['--tick_time=2s'], message: /^Cannot read "--tick_time=2s": wan/ },
  {
    why: 'a conf directory that cannot be written',
    flags: ['--conf_dir=/proc/conf'],
    message: /^Cannot make "\/proc\/conf": ENOENT/,
  },
  {
    why: 'a conf directory that is none',
    prepare: () => fs.writeFileSync(bed.at('conf'), 'mine'),
    message: /^Cannot make ".*\/conf": EEXIST/,
  },
  {
    why: 'a data directory that cannot be written',
    flags: ['--data_dir=/proc/data'],
    message: /^Cannot make "\/proc\/data": ENOENT/,
  },
  {
    why: 'the id of another server',
    prepare: () => {
      fs.mkdirSync(bed.at('data'));
      fs.writeFileSync(bed.at('data/myid'), '2\n');
    },
    message: /^Cannot start server 1: ".*\/data\/myid" says "2", the host name says 1$/m,
  },
  {
    why: 'more memory than there is',
    flags: ['--heap=999999G'],
    message: /^Cannot use "--heap=999999G": the memory limit is \d+M$/m,
  },
  {
    why: 'more memory than there is, from a variable',
    variables: { SERVER_JVMFLAGS: '-Xmx999999G' },
    message: /^Cannot use "-Xmx999999G" of SERVER_JVMFLAGS: the memory limit is \d+M$/m,
  },
];

describe('start-zookeeper refuses', () => {
  for (const { why, flags = [], variables = {}, hostName = 'zk-0', prepare, message } of REFUSALS) {
    it(`${why}, with one line, and leaves everything as it was`, async () => {
      bed.callMachine(hostName);
      fs.mkdirSync(bed.at('logs'));
      for (const name of ['zoo.cfg', 'java.env', 'log4j.properties']) {
        if (prepare === undefined) break;
        if (name === 'zoo.cfg') prepare();
        if (!fs.existsSync(bed.at('conf'))) fs.mkdirSync(bed.at('conf'));
        if (fs.statSync(bed.at('conf')).isDirectory())
          fs.writeFileSync(bed.at(`conf/${name}`), 'x');
      }
      const before = contents();
      const args = bed.flags('--servers=3', ...flags);
      const [code, out, err] = await bed.outcome('start-zookeeper', args, variables);
      assert.equal(code, 1);
      assert.equal(out, '');
      assert.match(err, message);
      assert.equal(err.trimEnd().split('\n').length, 1, err);
      if (!/proc/.test(flags.join())) assert.equal(contents(), before);
    });
  }
});
