/** The commands beside `start-zookeeper`: probes, metrics, the older names, the generator. */

import assert from 'node:assert/strict';
import net from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { waitForWord } from '../program.test-kit.ts';
import { PodBed } from './pod.test-kit.ts';

let bed: PodBed;
beforeEach(async () => {
  bed = await PodBed.open();
});
afterEach(() => bed.close());

describe('zookeeper-ready', () => {
  it('finds a server alive, serving and in a quorum, and gives its metrics', async () => {
    bed.run('start-zookeeper', bed.flags());
    await waitForWord(bed.port, 'srvr', /Mode: standalone/);
    const port = String(bed.port);
    assert.deepEqual(await bed.outcome('zookeeper-ready', [port]), [0, '', '']);
    assert.deepEqual(await bed.outcome('zookeeper-ready', ['--serving', port]), [0, '', '']);
    assert.deepEqual(await bed.outcome('zookeeper-ready', ['--quorum', port]), [0, '', '']);
    const older = { ZK_CLIENT_PORT: port };
    assert.deepEqual(await bed.outcome('zkOk.sh', [], older), [0, '', '']);
    for (const outcome of [
      await bed.outcome('zookeeper-metrics', [port]),
      await bed.outcome('zkMetrics.sh', [], older),
    ]) {
      assert.equal(outcome[0], 0);
      assert.match(outcome[1], /^zk_version\t3\.9\.5.*\nzk_server_state\tstandalone\n/);
    }
  });

  it('is content with a member without a quorum, unless asked for more', async () => {
    bed.run('start-zookeeper', bed.flags('--servers=3'));
    await waitForWord(bed.port, 'ruok', /^imok$/);
    const port = String(bed.port);
    assert.deepEqual(await bed.outcome('zookeeper-ready', [port]), [0, '', '']);
    for (const option of ['--serving', '--quorum']) {
      const [code, out] = await bed.outcome('zookeeper-ready', [option, port]);
      assert.equal(code, 1);
      assert.match(out, /^zookeeper-ready: the answer to srvr on port \d+ is "This ZooKeeper inst/);
    }
  });

  it('says in one line why it fails', async () => {
    const port = String(bed.port);
    const none = `zookeeper-ready: no answer to ruok on port ${port}\n`;
    assert.deepEqual(await bed.outcome('zookeeper-ready', [port]), [1, none, '']);
    const metrics = `zookeeper-metrics: no answer on port ${port}\n`;
    assert.deepEqual(await bed.outcome('zookeeper-metrics', [port]), [1, metrics, '']);
    const [code, out] = await bed.outcome('zookeeper-ready', ['all']);
    assert.deepEqual([code, out.split(' ', 1)[0]], [1, 'Usage:']);
  });

  it('does not take another answer for imok, nor wait for ever', async () => {
    let answer = 'imok\n';
    const server = net.createServer((socket) => {
      if (answer !== '') socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(bed.port, '127.0.0.1', resolve));
    const port = String(bed.port);
    try {
      const [code, out] = await bed.outcome('zookeeper-ready', [port]);
      assert.equal(code, 1);
      assert.match(out, /the answer to ruok on port \d+ is "imok/);
      answer = '';
      const started = Date.now();
      assert.equal((await bed.outcome('zookeeper-ready', [port]))[0], 1);
      assert.ok(Date.now() - started >= 2900, 'it gave the server its time');
    } finally {
      server.close();
    }
  });
});

describe('zkGenConfig.sh', () => {
  const variables = () => ({
    ZK_CONF_DIR: bed.at('conf'),
    ZK_DATA_DIR: bed.at('data'),
    ZK_DATA_LOG_DIR: bed.at('datalog'),
    ZK_LOG_DIR: bed.at('logs'),
    ZK_HEAP_SIZE: '128M',
  });

  it('writes what the variables say and prints it', async () => {
    bed.callMachine('zk-2');
    const more = { ...variables(), ZK_REPLICAS: '3', ZK_TICK_TIME: '1000', ZK_PURGE_INTERVAL: '1' };
    const [code, out, err] = await bed.outcome('zkGenConfig.sh', [], more);
    assert.deepEqual([code, err], [0, '']);
    assert.ok(out.startsWith(`ZK_REPLICAS=3\nMY_ID=3\nZK_DATA_DIR=${bed.at('data')}\n`), out);
    assert.ok(out.includes(`\nWrote ${bed.at('conf')}/zoo.cfg\n`));
    const cfg = bed.text('conf/zoo.cfg');
    assert.ok(out.endsWith(cfg));
    assert.match(cfg, /^tickTime=1000$/m);
    assert.match(cfg, /^minSessionTimeout=2000$/m);
    assert.match(cfg, /^autopurge\.purgeInterval=1$/m);
    assert.match(cfg, /^server\.3=zk-2\.zk\.test\.invalid:2888:3888$/m);
    assert.equal(bed.text('data/myid'), '3\n');
    const javaEnv = `ZOO_LOG_DIR=${bed.at('logs')}\nJVMFLAGS="-Xmx128M -Xms128M"\n`;
    assert.equal(bed.text('conf/java.env'), javaEnv);
  });

  it('finds its id in a list of hosts', async () => {
    const more = { ...variables(), ZK_ENSEMBLE: 'other.x;zk-0.zk.test.invalid' };
    const [code, out] = await bed.outcome('zkGenConfig.sh', [], more);
    assert.equal(code, 0);
    assert.match(out, /^ZK_REPLICAS=2\nMY_ID=2\n/);
    assert.match(bed.text('conf/zoo.cfg'), /^server\.1=other\.x:2888:3888$/m);
    assert.equal(bed.text('data/myid'), '2\n');
  });

  it('wants to know how many servers there are', async () => {
    const wanted = 'Cannot make a configuration: ZK_REPLICAS is not set, wanted how many servers\n';
    assert.deepEqual(await bed.outcome('zkGenConfig.sh', [], variables()), [1, '', wanted]);
  });
});
