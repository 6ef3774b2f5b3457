/**
 * Reconfiguration by Java's `ZooKeeperAdmin`, through Apache's shell: every form of the command,
 * and what it is refused with, at an ensemble of ours and at one of Apache's. Both print the same.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ChangingEnsemble, SUPER } from '../process/changing-ensemble.ts';
import { classPathOf, type ServerKind } from '../process/server-process.ts';

const SHELL_TIMEOUT_MS = 90_000;
const PORTS = ['client', 'quorum', 'election', 'otherClient'] as const;
const NOISE = /^(?:SLF4J|JLine|WATCHER|WatchedEvent|Connecting|Welcome)/;
/** Its id stands behind the others in a hash table of Java's, too, whatever its size. */
const ABSENT = 'server.7=127.0.0.1:1:2:participant;127.0.0.1:3';

/** What Apache's shell prints for these lines, on one channel and then on the other. */
async function shell(server: string, lines: readonly string[]): Promise<string> {
  const main = 'org.apache.zookeeper.ZooKeeperMain';
  const args = ['-Xmx128m', '-cp', classPathOf('apache-3.9.5'), main, '-server', server];
  const child = spawn('java', [...args, '-waitforconnection'], { timeout: SHELL_TIMEOUT_MS });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.end(`${lines.join('\n')}\nquit\n`);
  await new Promise((resolve) => child.on('close', resolve));
  return `${stdout}\n${stderr}`;
}

/** Without what no two runs have in common. */
function normal(ensemble: ChangingEnsemble, printed: string): string[] {
  let text = printed.replaceAll(/version=[0-9a-f]+/g, 'version=V');
  text = text.replaceAll(/^[0-9a-f]+ (?=127)/gm, 'V ');
  text = text.replaceAll(/\[zk: [^\]]*\] /g, '').replaceAll(ensemble.directory, 'DIRECTORY');
  for (const sid of [1, 2, 3]) {
    for (const which of PORTS) {
      text = text.replaceAll(String(ensemble.port(sid, which)), `${which}-${sid}`);
    }
  }
  return text.split('\n').filter((line) => line !== '' && !NOISE.test(line));
}

async function printedBy(kind: ServerKind, extra: readonly string[]): Promise<string[]> {
  let found: string[] = [];
  await ChangingEnsemble.run([kind, kind, kind], async (ensemble) => {
    const first = [1, 2].map((sid) => ensemble.line(sid));
    for (const sid of [1, 2]) ensemble.start(sid, first, extra);
    for (const sid of [1, 2]) await ensemble.server(sid).waitUntilServing(60_000);
    const leader = await ensemble.leader(1, 2);
    const file = join(ensemble.directory, 'members');
    writeFileSync(file, `${first.join('\n')}\n`);
    if (extra.length === 0) await ensemble.startJoiners([1, 2], [3]);
    const [one = '', two = ''] = first;
    const address = ensemble.connectString(leader);
    const stranger = await shell(address, ['config', 'reconfig -remove 2']);
    const admin = await shell(address, [
      `addauth digest ${SUPER.auth}`,
      `reconfig -add ${ensemble.line(3, { role: 'observer' })}`,
      `reconfig -add ${ensemble.line(3)}`,
      `reconfig -add ${ensemble.line(3, { movesClients: true })}`,
      'reconfig -v 1 -remove 3',
      'reconfig -remove 3',
      'config -c',
      `reconfig -members ${one},${two}`,
      `reconfig -members ${one},${ABSENT}`,
      `reconfig -add ${ABSENT}`,
      'reconfig -add server.7=nowhere',
      'reconfig -remove 1,2',
      `reconfig -file ${file}`,
      'reconfig -add x -members y',
      'config',
    ]);
    found = [...normal(ensemble, stranger), ...normal(ensemble, admin)];
  });
  return found;
}

describe("reconfiguration by Java's admin", { concurrency: 1 }, () => {
  for (const [name, extra, lines] of [
    ['is answered as by Apache, done or refused', [], 25],
    ['is refused as by Apache where it is disabled', ['reconfigEnabled=false'], 5],
  ] as const) {
    it(name, async () => {
      const wanted = await printedBy('apache-3.9.5', extra);
      assert.ok(wanted.length > lines, wanted.join('\n'));
      assert.deepEqual(await printedBy('zabra', extra), wanted);
    });
  }
});
