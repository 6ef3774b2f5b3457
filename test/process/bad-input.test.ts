/**
 * Bad input at a real server: it costs whoever sends it the answer or the connection that the
 * protocol says, leaves a named reason in the log and a count in the metrics, and nobody else
 * notices. Bad configuration is one clear line and a status that is not zero.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, type ZooKeeperClient } from '@zabra/client';
import { ErrorCode, JuteWriter, OPEN_ACL_UNSAFE, OpCode, writeAclVector } from '@zabra/protocol';
import { TestEnsemble } from './ensemble.ts';
import { askWord } from './four-letter-word.ts';
import { RawClient } from './raw-client.ts';
import { ROOT, type ServerProcess } from './server-process.ts';
import { waitFor } from './wait-for.ts';

const bytes = (write: (w: JuteWriter) => void): Uint8Array => {
  const w = new JuteWriter(64);
  write(w);
  return w.toBytes();
};

const int = (value: number): Uint8Array => bytes((w) => w.int(value));

describe('a server under bad input', { concurrency: 1 }, () => {
  let ensemble: TestEnsemble;
  let server: ServerProcess;
  let healthy: ZooKeeperClient;
  let failures = 0;

  before(async () => {
    ensemble = await TestEnsemble.create({ kinds: ['zabra'] });
    server = ensemble.servers[0] as ServerProcess;
    await ensemble.start();
    healthy = await connect(ensemble.connectString, { sessionTimeoutMs: 10_000 });
    await healthy.create('/healthy', 'yes');
  });

  after(async () => {
    await healthy.close();
    await ensemble.end(failures > 0);
  });

  async function check(run: (port: number) => Promise<void>): Promise<void> {
    failures++;
    const session = healthy.sessionId;
    await run(server.clientPort);
    assert.equal(String(Buffer.from((await healthy.getData('/healthy')).data ?? [])), 'yes');
    assert.equal(healthy.sessionId, session);
    assert.equal(await askWord(server.clientPort, 'ruok'), 'imok');
    failures--;
  }

  async function counter(name: string): Promise<number> {
    const text = await askWord(server.clientPort, 'mntr');
    return Number(new RegExp(`^zk_${name}\t(\\d+)$`, 'm').exec(text)?.[1]);
  }

  const firstFrames: readonly [string, Uint8Array][] = [
    ['a negative length', int(-5)],
    ['an oversized length', int(0x7fffffff)],
    ['an unknown four-letter word', Buffer.from('xyzw')],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a truncated ConnectRequest', bytes((w) => w.range(new Uint8Array(10), 0, 10))],
    [
      'a ConnectRequest with a password of negative length',
      bytes((w) => {
        w.int(32);
        w.raw(new Uint8Array(24), 0, 24);
        w.int(-7);
        w.int(0);
      }),
    ],
  ];
  for (const [name, sent] of firstFrames) {
    it(`closes on ${name}, with a line and a count`, async () => {
      await check(async (port) => {
        const before = await counter('zabra_malformed_requests');
        const client = await RawClient.open(port);
        client.send(sent);
        await client.waitForClose();
        assert.equal(await counter('zabra_malformed_requests'), before + 1);
        await waitFor('a line in the log', 5000, () => /WARN/.test(server.log()));
      });
    });
  }

  const laterFrames: readonly [string, Uint8Array][] = [
    ['a negative length after the handshake', int(-1)],
    ['an oversized length after the handshake', int(0x00100000)],
    ['a four-letter word after the handshake', Buffer.from('ruok')],
    [
      'a frame too short for a header',
      bytes((w) => {
        w.int(4);
        w.int(1);
      }),
    ],
    ['garbage after the handshake', Buffer.from('\xff\xfe\xfd\xfc garbage', 'latin1')],
  ];
  for (const [name, sent] of laterFrames) {
    it(`closes on ${name}`, async () => {
      await check(async (port) => {
        const before = await counter('zabra_malformed_requests');
        const client = await RawClient.withSession(port);
        client.send(sent);
        await client.waitForClose();
        assert.equal(await counter('zabra_malformed_requests'), before + 1);
      });
    });
  }

  it('answers a truncated record with MARSHALLINGERROR and goes on', async () => {
    await check(async (port) => {
      const client = await RawClient.withSession(port);
      for (const opcode of [OpCode.create, OpCode.setData, OpCode.delete, OpCode.multi]) {
        client.request(1, opcode, int(1000));
        assert.equal(await client.error(), ErrorCode.MARSHALLINGERROR);
      }
      client.request(2, OpCode.ping, new Uint8Array(0));
      assert.equal(await client.error(), ErrorCode.OK);
      client.close();
    });
  });

  it('answers an unknown opcode with UNIMPLEMENTED and closes', async () => {
    await check(async (port) => {
      for (const opcode of [999, OpCode.createSession, OpCode.check, OpCode.error, 0]) {
        const before = await counter('zabra_unknown_opcodes');
        const client = await RawClient.withSession(port);
        client.request(1, opcode, new Uint8Array(0));
        assert.equal(await client.error(), ErrorCode.UNIMPLEMENTED);
        await client.waitForClose();
        assert.equal(await counter('zabra_unknown_opcodes'), before + 1);
      }
    });
  });

  const create = (path: string | null, aclCount = 1): Uint8Array =>
    bytes((w) => {
      w.string(path);
      w.bytes(new Uint8Array(1));
      const acl = OPEN_ACL_UNSAFE[0] as (typeof OPEN_ACL_UNSAFE)[0];
      writeAclVector(
        w,
        Array.from({ length: aclCount }, (_, perms) => ({ ...acl, perms })),
      );
      w.int(0);
    });

  it('answers bad paths with the codes of the protocol', async () => {
    await check(async (port) => {
      const client = await RawClient.withSession(port);
      const cases: readonly [string | null, number][] = [
        ['', ErrorCode.BADARGUMENTS],
        ['relative', ErrorCode.BADARGUMENTS],
        ['/a/', ErrorCode.NONODE],
        ['//x', ErrorCode.BADARGUMENTS],
        ['/nul\0', ErrorCode.BADARGUMENTS],
        ['/..', ErrorCode.BADARGUMENTS],
        ['/', ErrorCode.NODEEXISTS],
        [null, ErrorCode.MARSHALLINGERROR],
      ];
      for (const [path, code] of cases) {
        client.request(1, OpCode.create, create(path));
        assert.equal(await client.error(), code, `create ${JSON.stringify(path)}`);
      }
      client.close();
    });
  });

  it('bears a huge ACL list', async () => {
    await check(async (port) => {
      const client = await RawClient.withSession(port);
      client.request(1, OpCode.create, create('/many-acls', 20_000));
      assert.equal(await client.error(), ErrorCode.OK);
      client.request(
        2,
        OpCode.create,
        bytes((w) => {
          w.string('/x');
          w.bytes(null);
          w.int(0x7fffffff);
        }),
      );
      assert.equal(await client.error(), ErrorCode.MARSHALLINGERROR);
      client.close();
    });
  });
});

describe('a server under a bad configuration', () => {
  const cases: readonly [name: string, lines: readonly string[], myid: string | null, RegExp][] = [
    [
      'an own id that is not in the list',
      ['server.1=127.0.0.1:1:2', 'server.2=127.0.0.1:3:4'],
      '3',
      /3/,
    ],
    ['a missing myid', ['server.1=127.0.0.1:1:2', 'server.2=127.0.0.1:3:4'], null, /myid/],
    [
      'a myid that is no number',
      ['server.1=127.0.0.1:1:2', 'server.2=127.0.0.1:3:4'],
      'one',
      /one/,
    ],
    ['a bad number', ['clientPort=21x81'], null, /21x81/],
    [
      'a malformed server line',
      ['server.1=127.0.0.1', 'server.2=127.0.0.1:3:4'],
      '1',
      /server\.1|127/,
    ],
    ['no client port but an address', ['clientPortAddress=127.0.0.1'], null, /clientPort/],
  ];
  for (const [name, lines, myid, reason] of cases) {
    it(`ends with one clear line on ${name}`, () => {
      const directory = mkdtempSync(join(tmpdir(), 'zabra-test-'));
      try {
        if (myid !== null) writeFileSync(join(directory, 'myid'), myid);
        const file = join(directory, 'zoo.cfg');
        const text = [`dataDir=${directory}`, 'initLimit=5', 'syncLimit=2', ...lines].join('\n');
        writeFileSync(file, `${text}\n`);
        const script = join(ROOT, 'bin/zkServer.sh');
        const { status, stderr } = spawnSync('bash', [script, 'start-foreground', file], {
          encoding: 'utf8',
          timeout: 20_000,
        });
        assert.notEqual(status, 0);
        assert.notEqual(status, null);
        const said = stderr.split('\n').filter((line) => reason.test(line));
        assert.equal(said.length, 1, stderr);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
  }

  it('ends with a clear line when there is no such file', () => {
    const script = join(ROOT, 'bin/zkServer.sh');
    const { status, stderr } = spawnSync('bash', [script, 'start-foreground', '/nonexistent.cfg'], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /nonexistent\.cfg/);
  });
});
