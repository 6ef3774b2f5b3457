/**
 * A server that asks clients who they are, as a process: our client, the shell and words over TLS,
 * ACLs by certificate, and secrets that nobody ever gets to see.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { connect, isZooKeeperError, type TlsOptions } from '@zabra/client';
import { Authority, CN, writePem } from '../io/certificates.test-kit.ts';
import {
  freePort,
  makeDirectory,
  Program,
  runZabra,
  SCRIPTS,
  waitForWord,
} from './program.test-kit.ts';

const root = makeDirectory();
const authority = new Authority();
const alice = authority.issue({ subject: [[CN, 'alice']] });
const bob = authority.issue({ subject: [[CN, 'bob']] });
const keyFile = writePem(
  root,
  'server.pem',
  authority.issue({ subject: [[CN, 'server']], dnsNames: ['localhost'] }, 'planted1'),
);
const trustFile = writePem(root, 'ca.pem', authority.pem);
const jaasFile = writePem(
  root,
  'jaas.conf',
  `Server { org.apache.zookeeper.server.auth.DigestLoginModule required
     user_super="planted2" user_bob="planted3"; };`,
);
const lines = [
  'clientPortAddress=127.0.0.1',
  'secureClientPortAddress=127.0.0.1',
  '4lw.commands.whitelist=*',
  `ssl.keyStore.location=${keyFile}`,
  'ssl.keyStore.password=planted1',
  `ssl.trustStore.location=${trustFile}`,
  'SASLAuthenticationProvider.superPassword=planted4',
  'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
  'X509AuthenticationProvider.superUser=CN=admin',
  'zabra.logLevel=debug',
  'zabra.healthAddress=127.0.0.1',
];
const jaasFlag = `-Djava.security.auth.login.config=${jaasFile}`;

interface Ports {
  readonly plain: number;
  readonly secure: number;
  readonly health: number;
}

async function freePorts(): Promise<Ports> {
  return { plain: await freePort(), secure: await freePort(), health: await freePort() };
}

function configFile({ plain, secure, health }: Ports, ...more: readonly string[]): string {
  const file = path.join(root, `zoo-${plain}.cfg`);
  const ports = [`clientPort=${plain}`, `secureClientPort=${secure}`, `zabra.healthPort=${health}`];
  fs.writeFileSync(file, [`dataDir=${root}/data-${plain}`, ...ports, ...lines, ...more].join('\n'));
  return file;
}

let ports: Ports;
let server: Program;
const as = (pem: string): TlsOptions => ({ ca: authority.pem, key: pem, cert: pem });
const secured = () => `localhost:${ports.secure}`;

before(async () => {
  ports = await freePorts();
  server = runZabra('server', jaasFlag, configFile(ports));
  await waitForWord(ports.plain, 'srvr', /^Mode: standalone$/m);
});
after(async () => {
  server.process.kill('SIGTERM');
  await server.ended;
  fs.rmSync(root, { recursive: true });
});

describe('connect, over TLS', () => {
  it('is known by its certificate, and ACLs hold others off', async () => {
    await using first = await connect(secured(), { tls: as(alice) });
    const known = await first.whoAmI();
    assert.deepEqual(
      known.map(({ authScheme, user }) => `${authScheme} ${user}`),
      ['ip 127.0.0.1', 'x509 CN=alice'],
    );
    await first.create('/own', 'x', { acl: [{ perms: 31, scheme: 'x509', id: 'CN=alice' }] });
    assert.deepEqual((await first.getACL('/own')).acl[0]?.id, 'CN=alice');
    await using second = await connect(secured(), { tls: as(bob) });
    const error = await second.getData('/own').catch((reason: unknown) => reason);
    assert.ok(isZooKeeperError(error) && error.code === 'NOAUTH');
    await using plain = await connect(`localhost:${ports.plain}`);
    await assert.rejects(plain.getData('/own'), { code: 'NOAUTH' });
    assert.equal(String((await first.getData('/own')).data), '120');
  });

  it('gives up where the server is not who it should be', async () => {
    const refusals: readonly (readonly [string, TlsOptions, RegExp])[] = [
      [secured(), { ...as(alice), ca: new Authority().pem }, /certificate/],
      [`127.0.0.1:${ports.secure}`, as(alice), /IP: 127.0.0.1 is not in the cert's list/],
      [secured(), { ...as(alice), serverName: 'other' }, /Host: other. is not in the cert's/],
    ];
    for (const [servers, tls, says] of refusals) {
      await assert.rejects(connect(servers, { tls, connectTimeoutMs: 500 }), says);
    }
    const anyName = { ...as(alice), verifyHostname: false };
    await using client = await connect(`127.0.0.1:${ports.secure}`, { tls: anyName });
    assert.equal((await client.whoAmI()).length, 2);
  });

  it('says at once which key cannot be used', async () => {
    await assert.rejects(connect(secured(), { tls: { key: 'x', cert: 'y' } }), {
      code: 'BADARGUMENTS',
    });
  });
});

describe('the shell and words, over TLS', () => {
  it('reads the configuration of a Java client', async () => {
    const file = path.join(root, 'client.cfg');
    const pem = writePem(root, 'alice.pem', alice);
    const settings = [
      'zookeeper.client.secure=true',
      `zookeeper.ssl.keyStore.location=${pem}`,
      `zookeeper.ssl.trustStore.location=${trustFile}`,
    ];
    fs.writeFileSync(file, settings.join('\n'));
    const shell = new Program(path.join(SCRIPTS, 'zkCli.sh'), [
      '-server',
      secured(),
      '-client-configuration',
      file,
      'whoami',
    ]);
    assert.equal((await shell.ended).code, 0, shell.err);
    assert.match(shell.out, /^x509: CN=alice$/m);
    const flags = settings.map((setting) => `-D${setting}`).join(' ');
    const env = { ...process.env, CLIENT_JVMFLAGS: flags };
    const word = new Program(path.join(SCRIPTS, 'zabra'), ['word', '--secure', 'srvr', secured()], {
      env,
    });
    assert.equal((await word.ended).code, 0, word.err);
    assert.match(word.out, /^Mode: standalone$/m);
  });

  it('logs in by SASL as a JAAS file says', async () => {
    const login = (name: string, password: string) => {
      const module = 'org.apache.zookeeper.server.auth.DigestLoginModule';
      const options = `username="bob" password="${password}"`;
      const file = writePem(root, name, `Client { ${module} required ${options}; };`);
      const env = { ...process.env, CLIENT_JVMFLAGS: `-Djava.security.auth.login.config=${file}` };
      const args = ['-server', `localhost:${ports.plain}`, 'whoami'];
      return new Program(path.join(SCRIPTS, 'zkCli.sh'), args, { env });
    };
    const shell = login('bob.jaas', 'planted3');
    assert.equal((await shell.ended).code, 0, shell.err);
    assert.match(shell.out, /state:SyncConnected[^]*state:SaslAuthenticated[^]*\nsasl: bob\n/);
    const wrong = login('wrong.jaas', 'planted8');
    assert.equal((await wrong.ended).code, 1);
    assert.match(wrong.out, /state:AuthFailed/);
    assert.doesNotMatch(shell.out + wrong.out + shell.err + wrong.err, /planted/);
  });

  it('asks a server without a plain port for its status', async () => {
    const [port, health] = [await freePort(), await freePort()];
    const file = path.join(root, 'secure-only.cfg');
    const own = [`dataDir=${root}/secure-only`, `secureClientPort=${port}`];
    fs.writeFileSync(file, [...own, `zabra.healthPort=${health}`, ...lines.slice(2)].join('\n'));
    const only = runZabra('server', file);
    await only.until(/Listening for secureClient/);
    const flags = [
      '-Dzookeeper.client.secure=true',
      `-Dzookeeper.ssl.keyStore.location=${writePem(root, 'bob.pem', bob)}`,
      `-Dzookeeper.ssl.trustStore.location=${trustFile}`,
    ];
    const env = { ...process.env, CLIENT_JVMFLAGS: flags.join(' ') };
    const script = path.join(SCRIPTS, 'zkServer.sh');
    const status = new Program(script, ['status', file], { env });
    assert.equal((await status.ended).code, 0, status.out + status.err);
    assert.match(status.out, new RegExp(`port found: ${port}\\. .* Client SSL: true\\.\nMode: st`));
    only.process.kill('SIGKILL');
    await only.ended;
  });

  it('ends with exit code 2 when the configuration cannot be read', async () => {
    const shell = new Program(path.join(SCRIPTS, 'zkCli.sh'), [
      '-client-configuration',
      '/nowhere/client.cfg',
      'ls',
      '/',
    ]);
    assert.equal((await shell.ended).code, 2);
    assert.match(shell.err, /Cannot read the client configuration: ENOENT/);
  });
});

describe('secrets of a server', () => {
  let others: Program[] = [];
  afterEach(async () => {
    for (const other of others) other.process.kill('SIGKILL');
    await Promise.all(others.map(({ ended }) => ended));
    others = [];
  });

  it('are in no log, no word, no metric', async () => {
    await using client = await connect(`localhost:${ports.plain}`);
    await client.addAuth('digest', 'eve:planted5');
    await client.create('/secret', 'planted6');
    for (const word of ['srvr', 'stat', 'mntr', 'conf', 'envi', 'cons', 'dump']) {
      const answer = await waitForWord(ports.plain, word, /^/);
      assert.doesNotMatch(answer, /planted/, word);
    }
    const metrics = await (await fetch(`http://127.0.0.1:${ports.health}/metrics`)).text();
    assert.match(metrics, /^zabra_tls_connections \d+$/m);
    assert.doesNotMatch(metrics, /planted/);
    assert.match(server.out, /Serving TLS with the certificate of "CN=server"/);
    assert.doesNotMatch(server.out + server.err, /planted/);
  });

  it('are in no complaint about a configuration that does not work', async () => {
    const broken: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['ssl.keyStore.password=planted7'], 1, /the password of the key is wrong or missing/],
      [['ssl.keyStore.passwordPath=/nowhere/planted'], 1, /ssl.keyStore.passwordPath/],
      [['sasl.serverconfig=Missing'], 1, /has no such section/],
      [['fips-mode=true'], 2, /DIGEST-MD5 with fips-mode=true/],
      [['secureClientPort=x'], 2, /wanted a decimal number/],
    ];
    for (const [more, code, says] of broken) {
      const other = runZabra('server', jaasFlag, configFile(await freePorts(), ...more));
      others.push(other);
      assert.equal((await other.ended).code, code, other.err);
      assert.match(other.err, says);
      assert.equal(other.err.split('\n').length, 2, 'wanted one line');
      assert.doesNotMatch((other.out + other.err).replaceAll('/nowhere/planted', ''), /planted/);
    }
  });
});
