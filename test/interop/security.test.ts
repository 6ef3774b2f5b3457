/**
 * Clients of others against servers that ask who they are: Apache's own shell over TLS and by SASL,
 * kazoo by both, through every member of an ensemble. One port takes plain connections and TLS, so
 * that one `zoo.cfg` does for all. `ZABRA_INTEROP_KIND=apache-3.9.5` runs the same against Apache's
 * servers, which shows that the scenarios are right.
 */

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { TestEnsemble } from '../process/ensemble.ts';
import { classPathOf, ROOT, type ServerKind } from '../process/server-process.ts';
import { runScript } from './client-script.ts';

const run = promisify(execFile);
const CACHE = process.env['ZABRA_INTEROP_CACHE'] ?? join(ROOT, '.cache/interop');
const KIND = (process.env['ZABRA_INTEROP_KIND'] ?? 'zabra') as ServerKind;
const SCRIPT_TIMEOUT_MS = 120_000;
const SHELL_TIMEOUT_MS = 60_000;
const PROVIDERS = 'org.apache.zookeeper.server.auth';
const ALICE_DN = 'CN=alice,O=Acme\\, Inc.,L=Nürnberg,C=DE';

const directory = mkdtempSync(join(tmpdir(), 'zabra-security-'));
const at = (name: string): string => join(directory, name);

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
}

/** `name.pem`: a private key and the certificate that our authority signed. */
function issue(name: string, subject: string): void {
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const request = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`];
  openssl('req', ...request, '-out', 'request', '-utf8', '-subj', subject);
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'request', ...signed, '-extfile', 'names', '-out', 'signed');
  writeFileSync(
    at(`${name}.pem`),
    readFileSync(at(`${name}.key`), 'utf8') + readFileSync(at('signed'), 'utf8'),
  );
}

function jaas(name: string, section: string, options: string): void {
  writeFileSync(at(name), `${section} { ${PROVIDERS}.DigestLoginModule required ${options}; };\n`);
}

const SERVER_LINES = [
  'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
  'client.portUnification=true',
  `ssl.keyStore.location=${at('server.pem')}`,
  `ssl.trustStore.location=${at('ca.pem')}`,
  'X509AuthenticationProvider.superUser=CN=admin,O=Zabra',
  `authProvider.1=${PROVIDERS}.SASLAuthenticationProvider`,
  `authProvider.2=${PROVIDERS}.X509AuthenticationProvider`,
];

let ensemble: TestEnsemble;
let failed = false;

before(async () => {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=Interop',
  );
  issue('server', '/O=Zabra/CN=server');
  issue('alice', '/C=DE/L=Nürnberg/O=Acme, Inc./CN=alice');
  issue('bob', '/CN=bob');
  issue('admin', '/O=Zabra/CN=admin');
  jaas('server.jaas', 'Server', 'user_bob="bobsecret" user_eve="evesecret" user_super="planted"');
  jaas('bob.jaas', 'Client', 'username="bob" password="bobsecret"');
  jaas('wrong.jaas', 'Client', 'username="bob" password="wrong"');
  // The servers inherit it: ours reads the first, a JVM the second.
  const flag = `-Djava.security.auth.login.config=${at('server.jaas')}`;
  process.env['SERVER_JVMFLAGS'] = flag;
  process.env['JDK_JAVA_OPTIONS'] = flag;
  ensemble = await TestEnsemble.create({ kinds: [KIND, KIND, KIND], extra: SERVER_LINES });
  await ensemble.start();
  delete process.env['JDK_JAVA_OPTIONS'];
});
after(async () => {
  if (ensemble !== undefined) await ensemble.end(failed);
  rmSync(directory, { recursive: true });
});

interface ShellResult {
  readonly text: string;
  readonly status: number;
}

/** Apache's shell of 3.9.5, one command to one server. */
async function shell(
  server: number,
  flags: readonly string[],
  ...command: readonly string[]
): Promise<ShellResult> {
  const port = ensemble.servers[server]?.clientPort;
  const main = ['org.apache.zookeeper.ZooKeeperMain', '-server', `localhost:${port}`];
  const heap = ['-Xmx128m', '-Dfile.encoding=UTF-8', '-Dstdout.encoding=UTF-8'];
  const args = [...heap, ...flags, '-cp', classPathOf('apache-3.9.5'), ...main, ...command];
  return await run('java', args, { timeout: SHELL_TIMEOUT_MS }).then(
    ({ stdout, stderr }) => ({ text: stdout + stderr, status: 0 }),
    (error: { stdout?: string; stderr?: string; code?: number }) => ({
      text: `${error.stdout ?? ''}${error.stderr ?? ''}`,
      status: error.code ?? -1,
    }),
  );
}

function byCertificate(name: string): string[] {
  return [
    '-Dzookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty',
    '-Dzookeeper.client.secure=true',
    `-Dzookeeper.ssl.keyStore.location=${at(`${name}.pem`)}`,
    '-Dzookeeper.ssl.keyStore.type=PEM',
    `-Dzookeeper.ssl.trustStore.location=${at('ca.pem')}`,
    '-Dzookeeper.ssl.trustStore.type=PEM',
  ];
}

function bySasl(file: string): string[] {
  return [`-Djava.security.auth.login.config=${at(file)}`, '-Dzookeeper.fips-mode=false'];
}

async function scenario(name: string, body: () => Promise<void>): Promise<void> {
  await it(name, async () => {
    failed = true;
    await body();
    failed = false;
  });
}

describe(`clients that say who they are, against three ${KIND} servers`, { concurrency: 1 }, () => {
  void scenario("Apache's shell over TLS is its certificate, on every member", async () => {
    const [alice, bob, admin] = ['alice', 'bob', 'admin'].map(byCertificate) as [
      string[],
      string[],
      string[],
    ];
    const who = await shell(0, alice, 'whoami');
    assert.ok(who.text.includes(`x509: ${ALICE_DN}`), who.text);
    const created = await shell(0, alice, 'create', '/own', 'world', 'x509:CN=bob:r');
    assert.match(created.text, /Created \/own/);
    const mine = await shell(1, alice, 'create', '/mine', 'hello', 'auth::cdrwa');
    assert.match(mine.text, /Created \/mine/);
    const acl = await shell(2, admin, 'getAcl', '/mine');
    // The shell writes commas of an id in their own way.
    const printed = ALICE_DN.replaceAll(',', '%2C');
    assert.ok(acl.text.includes(`'x509,'${printed}\n: cdrwa`), acl.text);
    assert.match((await shell(2, bob, 'get', '/own')).text, /^world$/m);
    const refused = await shell(1, bob, 'get', '/mine');
    assert.match(refused.text, /(?:Insufficient permission|NoAuth)/);
    assert.notEqual(refused.status, 0);
    assert.match((await shell(0, admin, 'get', '/mine')).text, /^hello$/m);
    assert.match((await shell(0, [], 'get', '/mine')).text, /(?:Insufficient permission|NoAuth)/);
  });

  void scenario("Apache's shell logs in by SASL DIGEST-MD5, on every member", async () => {
    const bob = bySasl('bob.jaas');
    const created = await shell(0, bob, 'create', '/sasl', 'world', 'sasl:bob:cdrwa');
    assert.match(created.text, /Created \/sasl/);
    assert.match(created.text, /state:SaslAuthenticated/);
    for (const server of [1, 2]) {
      assert.match((await shell(server, bob, 'get', '/sasl')).text, /^world$/m);
    }
    assert.match((await shell(1, bob, 'whoami')).text, /^sasl: bob$/m);
    assert.match((await shell(1, [], 'get', '/sasl')).text, /(?:Insufficient permission|NoAuth)/);
    const wrong = await shell(2, bySasl('wrong.jaas'), 'get', '/sasl');
    assert.doesNotMatch(wrong.text, /^world$/m);
    assert.match(wrong.text, /AuthFailed/);
  });

  void scenario('kazoo does both', async () => {
    const { facts } = await runScript(
      'python3',
      [
        join(ROOT, 'test/interop/security_scenario.py'),
        ensemble.connectString,
        ...['ca.pem', 'alice.pem', 'bob.pem'].map(at),
      ],
      { PYTHONPATH: [join(CACHE, 'kazoo-2.10.0'), join(CACHE, 'pure-sasl-0.6.2')].join(':') },
      () => Promise.reject(new Error('nobody asks')),
      SCRIPT_TIMEOUT_MS,
    );
    assert.deepEqual(facts, [
      'SASL DIGEST-MD5 and its ACLs',
      'TLS, and ACLs by certificate',
      'done',
    ]);
  });

  void scenario('no log shows a password', async () => {
    const logs = ensemble.servers.map((server) => server.log()).join('\n');
    assert.doesNotMatch(logs, /bobsecret|evesecret|planted/);
    await Promise.resolve();
  });
});
