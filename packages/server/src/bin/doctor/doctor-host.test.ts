/** What the doctor finds in the surroundings of a server: one that runs, ports, owners, space. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DirectoryLock } from '../../io/directory-lock.ts';
import { writeHistory } from '../offline/history.test-kit.ts';
import { codesOf, Patient, sentenceOf } from './doctor.test-kit.ts';
import { Findings } from './findings.ts';
import { examineDirectories, examineDiskSpace } from './host-examination.ts';

const LOCK = path.join(import.meta.dirname, '../../io/directory-lock.js');

let patient: Patient;
beforeEach(() => {
  patient = new Patient(null);
});
afterEach(() => patient.dispose());

/** A server of the plainest kind: it says these words to everybody. */
async function withListener(says: string, use: (port: number) => Promise<void>): Promise<void> {
  const server = net.createServer((socket) => void socket.resume().end(says));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use((server.address() as net.AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('the doctor and a server that runs', () => {
  it('tells of one that holds the directories, and wants it gone when told so', async () => {
    await writeHistory(patient.versionDir, []);
    patient.configure('clientPort=0');
    const outcome = await DirectoryLock.take(patient.versionDir);
    assert.equal(outcome.kind, 'taken');
    const running = await patient.examine();
    assert.deepEqual(codesOf(running), ['SERVER-RUNS']);
    assert.equal(
      sentenceOf(running, 'SERVER-RUNS'),
      `Process ${process.pid} has the data directories`,
    );
    assert.equal(running.findings.verdict, 'ready');
    const stopped = await patient.examine({ isStopped: true });
    assert.deepEqual(codesOf(stopped), ['SERVER-STILL-RUNS']);
    assert.equal(stopped.findings.verdict, 'blockers');
    if (outcome.kind === 'taken') await outcome.lock.release();
    assert.deepEqual(codesOf(await patient.examine({ isStopped: true })), []);
  });

  it('finds flags that only the running process has', async () => {
    await writeHistory(patient.versionDir, []);
    patient.configure('clientPort=0', 'maxCnxns=5');
    const script =
      `import { DirectoryLock } from ${JSON.stringify(LOCK)};` +
      `await DirectoryLock.take(${JSON.stringify(patient.versionDir)});` +
      "console.log('held'); setInterval(() => {}, 1000);";
    const flags = ['-Dzookeeper.snapCount=9', '-Dzookeeper.maxCnxns=5', '-Djava.io.tmpdir=/x'];
    const args = ['--input-type=module', '-e', script, '--', ...flags];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const report = await patient.examine();
      assert.equal(report.running?.pid, child.pid);
      assert.equal(sentenceOf(report, 'FLAGS-OF-PROCESS'), '-Dzookeeper.snapCount');
    } finally {
      child.kill('SIGKILL');
      await gone;
    }
  });

  it('knows one by its answer at the client port, and how old it is', async () => {
    await writeHistory(patient.versionDir, []);
    const says =
      'Zookeeper version: 3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf\nMode: follower\n';
    await withListener(says, async (port) => {
      patient.configure(`clientPort=${port}`, 'clientPortAddress=127.0.0.1');
      const report = await patient.examine();
      assert.deepEqual(codesOf(report), ['SERVER-OLD', 'SERVER-RUNS']);
      assert.match(sentenceOf(report, 'SERVER-RUNS'), /^3\.4\.14-4c25\w+ answers at 127\.0\.0\.1:/);
    });
  });

  it('tells a port that somebody else has from one that cannot be had', async () => {
    await writeHistory(patient.versionDir, []);
    await withListener('', async (port) => {
      patient.configure(`clientPort=${port}`, 'clientPortAddress=127.0.0.1');
      assert.deepEqual(codesOf(await patient.examine()), ['PORT-TAKEN']);
    });
    patient.configure('clientPort=2181', 'clientPortAddress=192.0.2.1');
    const report = await patient.examine();
    assert.match(sentenceOf(report, 'PORT-REFUSED'), /192\.0\.2\.1:2181: EADDRNOTAVAIL/);
  });
});

describe('the doctor and the files of a server', () => {
  it('finds files that this user may not use, and files of several users', async () => {
    await writeHistory(patient.versionDir, []);
    const findings = new Findings();
    const directories = { snap: patient.versionDir, log: patient.versionDir };
    const isReadable = examineDirectories(
      directories,
      {
        owner: (file) => (file.endsWith('snapshot.0') ? 0 : 1000),
        mayUse: (file) => !file.endsWith('snapshot.0'),
      },
      findings,
    );
    assert.equal(isReadable, false);
    const codes = findings.list.map(({ code }) => code);
    assert.deepEqual(codes, ['DATA-PERMISSION', 'DATA-OWNERS']);
  });

  it('finds that there is too little space', () => {
    const findings = new Findings();
    const directories = { snap: patient.root, log: patient.root };
    examineDiskSpace(directories, Number.MAX_SAFE_INTEGER, 1, findings);
    assert.deepEqual(
      findings.list.map(({ code }) => code),
      ['DISK-SPACE'],
    );
  });
});
