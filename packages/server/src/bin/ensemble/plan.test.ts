/** The plan of a local ensemble: ports, configurations that our own parser accepts, directories. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { loadSettings } from '../../config/zoo-cfg.ts';
import { releaseLock, takeLock } from './lock.ts';
import { BASE_PORT_MAX, connectString, makePlan, namedPorts, prepare } from './plan.ts';
import { findTakenPort } from './ports.ts';

let root = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'zabra plan é-'));
});
afterEach(() => fs.rmSync(root, { recursive: true }));

describe('makePlan', () => {
  it('gives every server ports of its own, below 65536 for every base port', () => {
    for (const basePort of [1, 2181, BASE_PORT_MAX]) {
      const ports = makePlan(root, basePort, 9).servers.flatMap((server) =>
        namedPorts(server).map(([, port]) => port),
      );
      assert.equal(new Set(ports).size, ports.length);
      assert.ok(Math.max(...ports) <= 65_535);
    }
  });

  it('names all servers in one connect string', () => {
    assert.equal(
      connectString(makePlan(root, 2181, 3)),
      '127.0.0.1:2181,127.0.0.1:2182,127.0.0.1:2183',
    );
  });
});

describe('prepare', () => {
  it('writes configurations that a server accepts, whatever the path is called', () => {
    const plan = makePlan(root, 2181, 3);
    assert.equal(prepare(plan), null);
    for (const server of plan.servers) {
      const { peer, edge } = loadSettings([server.configFile], {}, '');
      assert.equal(peer.sid, server.sid);
      assert.equal(peer.ensemble?.members.length, 3);
      assert.deepEqual(peer.clientAddress, { host: '127.0.0.1', port: server.clientPort });
      assert.equal(peer.initializeMarker, true);
      assert.equal(peer.emptyNeedsAllVoters, true);
      assert.equal(edge.directories.snap, path.join(server.directory, 'version-2'));
      assert.deepEqual(edge.health, { host: '127.0.0.1', port: server.healthPort });
    }
  });

  it('makes one server a server that stands alone', () => {
    const plan = makePlan(root, 2181, 1);
    assert.equal(prepare(plan), null);
    const { peer } = loadSettings([plan.servers[0]?.configFile ?? ''], {}, '');
    assert.equal(peer.ensemble, null);
  });

  it('leaves no initialize file where there is data already', () => {
    const plan = makePlan(root, 2181, 3);
    prepare(plan);
    const directory = plan.servers[1]?.directory ?? '';
    fs.mkdirSync(path.join(directory, 'version-2'));
    fs.rmSync(path.join(directory, 'initialize'));
    prepare(plan);
    assert.equal(fs.existsSync(path.join(directory, 'initialize')), false);
  });

  it('refuses data of another number of servers', () => {
    prepare(makePlan(root, 2181, 3));
    assert.match(prepare(makePlan(root, 2181, 5)) ?? '', /that of 3 servers, not of 5/);
  });
});

describe('findTakenPort', () => {
  it('names the port that is taken and what it is for', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as net.AddressInfo;
    const taken = await findTakenPort(makePlan(root, Math.min(port, BASE_PORT_MAX), 1));
    if (port <= BASE_PORT_MAX) {
      assert.match(taken ?? '', new RegExp(`^Port ${port} \\(clients of server 1\\) is taken by`));
    }
    holder.close();
  });
});

describe('takeLock', () => {
  it('is for one living process', () => {
    assert.equal(takeLock(root), null);
    assert.equal(takeLock(root), null);
    fs.writeFileSync(path.join(root, 'ensemble.pid'), String(process.ppid));
    assert.equal(takeLock(root), process.ppid);
    releaseLock(root);
    assert.equal(takeLock(root), process.ppid);
    // The largest id there can be is nobody's.
    fs.writeFileSync(path.join(root, 'ensemble.pid'), '4194304');
    assert.equal(takeLock(root), null);
    releaseLock(root);
    assert.equal(fs.existsSync(path.join(root, 'ensemble.pid')), false);
  });
});
