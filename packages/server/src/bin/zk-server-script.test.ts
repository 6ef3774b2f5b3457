/** `bin/zkServer.sh`: commands, messages and exit codes of Apache's script (operations.md 5.2). */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { freePort, makeDirectory, Program, SCRIPTS, waitForWord } from './program.test-kit.ts';

const SCRIPT = path.join(SCRIPTS, 'zkServer.sh');

let root = '';
let port = 0;
beforeEach(async () => {
  root = makeDirectory();
  port = await freePort();
  fs.writeFileSync(path.join(root, 'zoo.cfg'), `dataDir=${root}/data\nclientPort=${port}\n`);
});
afterEach(() => fs.rmSync(root, { recursive: true }));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(...args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, ZOO_LOG_DIR: path.join(root, 'logs') };
  const script = new Program(SCRIPT, args, { cwd: root, env });
  const { code } = await script.ended;
  return { code, out: script.out, err: script.err };
}

describe('zkServer.sh', () => {
  it('starts, tells its status, refuses a second start, restarts and stops', async () => {
    const config = path.join(root, 'zoo.cfg');
    const pidFile = path.join(root, 'data', 'zookeeper_server.pid');
    const found = `Client port found: ${port}. Client address: localhost. Client SSL: false.\n`;
    const head = `ZooKeeper JMX enabled by default\nUsing config: ${config}\n`;
    try {
      assert.deepEqual(await run('status', config), {
        code: 1,
        out: `${found}Error contacting service. It is probably not running.\n`,
        err: head,
      });
      const started = await run('start', config);
      assert.deepEqual(started, { code: 0, out: 'Starting zookeeper ... STARTED\n', err: head });
      const pid = fs.readFileSync(pidFile, 'utf8');
      assert.match(pid, /^[0-9]+$/);
      await waitForWord(port, 'srvr', /Mode/);
      const status = await run('status', config);
      assert.deepEqual(status, { code: 0, out: `${found}Mode: standalone\n`, err: head });
      const again = await run('start', config);
      assert.equal(again.out, `Starting zookeeper ... already running as process ${pid}.\n`);
      assert.equal(again.code, 1);
      const restarted = await run('--config', root, 'restart');
      assert.equal(
        restarted.out,
        'Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n',
      );
      assert.notEqual(fs.readFileSync(pidFile, 'utf8'), pid);
    } finally {
      const stopped = await run('stop', config);
      assert.equal(stopped.out, 'Stopping zookeeper ... STOPPED\n');
      assert.equal(stopped.code, 0);
    }
    await waitForWord(port, 'ruok', /ECONNREFUSED/);
    assert.equal(
      (await run('stop', config)).out,
      `Stopping zookeeper ... no zookeeper to stop (could not find file ${pidFile})\n`,
    );
    assert.match(
      fs.readFileSync(
        path.join(root, 'logs', fs.readdirSync(path.join(root, 'logs'))[0] ?? ''),
        'utf8',
      ),
      /Reading configuration/,
    );
  });
});

describe('zkServer.sh, without a server', () => {
  it('explains itself with exit code 0, as Apache does', async () => {
    for (const args of [[], ['upgrade']]) {
      const { code, out, err } = await run(...args);
      assert.equal(code, 0);
      assert.equal(out, '');
      const commands = '{start|start-foreground|stop|version|restart|status|print-cmd}';
      assert.ok(err.endsWith(`Usage: ${SCRIPT} [--config <conf-dir>] ${commands}\n`));
    }
  });

  it('finds a configuration by name in the directory of configurations', async () => {
    fs.writeFileSync(path.join(root, 'other.cfg'), '');
    const { err } = await run('--config', root, 'print-cmd', 'other.cfg');
    assert.match(err, new RegExp(`Using config: ${path.join(root, 'other.cfg')}\n`));
  });

  it('prints its version in the form that tools read', async () => {
    assert.match(
      (await run('version')).out,
      /^Apache ZooKeeper, version 3\.9\.5-zabra\.\S+ [0-9-]{10} /,
    );
  });
});

describe('zkServer.sh, with other configurations', () => {
  it('reports a start that failed, with why', async () => {
    fs.writeFileSync(path.join(root, 'bad.cfg'), `dataDir=${root}/data\nclientPort=x\n`);
    const { code, out, err } = await run('start', path.join(root, 'bad.cfg'));
    assert.equal(code, 1);
    assert.equal(out, 'Starting zookeeper ... FAILED TO START\n');
    assert.match(err, /"clientPort=x": wanted a decimal number/);
  });

  it('passes the exit code of a server in the foreground on', async () => {
    const { code } = await run('start-foreground', path.join(root, 'absent.cfg'));
    assert.equal(code, 2);
  });

  it('finds the client port in the own server line, here or in the dynamic file', async () => {
    fs.mkdirSync(path.join(root, 'data'));
    fs.writeFileSync(path.join(root, 'data', 'myid'), '2\n');
    const lines = 'server.1=a:1:2;3\nserver.2=a:1:2;127.0.0.1:4444\n';
    const file = path.join(root, 'line.cfg');
    fs.writeFileSync(file, `dataDir=${root}/data\n${lines}`);
    const found = /^Client port found: 4444\. Client address: 127\.0\.0\.1\. Client SSL: false\.$/m;
    assert.match((await run('status', file)).out, found);
    fs.writeFileSync(path.join(root, 'dyn'), lines);
    fs.writeFileSync(file, `dataDir=${root}/data\ndynamicConfigFile=${root}/dyn\n`);
    assert.match((await run('status', file)).out, found);
    fs.writeFileSync(file, `dataDir=${root}/data\n`);
    const none = await run('status', file);
    assert.equal(none.code, 1);
    assert.match(none.out, /^Unable to find either secure or unsecure client port in any configs/);
  });

  it('does not start without its data directory when it may not make it', async () => {
    const env = { ...process.env, ZOO_DATADIR_AUTOCREATE_DISABLE: '1' };
    const script = new Program(SCRIPT, ['start', path.join(root, 'zoo.cfg')], { cwd: root, env });
    assert.equal((await script.ended).code, 1);
    assert.match(script.err, /data directory is missing/);
  });
});
