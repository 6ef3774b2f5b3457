/**
 * ClientBed: three servers of either kind that know every way in which a client can say who it is:
 * plain connections and TLS on one port, SASL, certificates, a super user. Needs Node alone, and
 * Java for Apache's servers. For the tests of the client's methods.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, connect, type TlsOptions, type ZooKeeperClient } from '@zabra/client';
import { Authority, CN } from 'zabra/dist/io/certificates.test-kit.js';
import { TestEnsemble } from './ensemble.ts';
import type { ServerKind, ServerProcess } from './server-process.ts';

const SESSION_TIMEOUT_MS = 20_000;
const PROVIDERS = 'org.apache.zookeeper.server.auth';

export class ClientBed {
  readonly ensemble: TestEnsemble;
  readonly #directory: string;
  readonly #authority: Authority;
  readonly #certificates: Map<string, string>;

  private constructor(ensemble: TestEnsemble, directory: string, authority: Authority) {
    this.ensemble = ensemble;
    this.#directory = directory;
    this.#authority = authority;
    this.#certificates = new Map();
  }

  /** With more lines of `zoo.cfg`, if need be; the servers serve when it resolves. */
  static async start(kind: ServerKind, ...more: readonly string[]): Promise<ClientBed> {
    const directory = mkdtempSync(join(tmpdir(), 'zabra-client-'));
    const at = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const authority = new Authority();
    const own = authority.issue({ subject: [[CN, 'server']], ips: ['127.0.0.1'] });
    const jaas = at(
      'jaas.conf',
      `Server { ${PROVIDERS}.DigestLoginModule required user_bob="bobsecret"; };\n`,
    );
    // The servers inherit it: ours read the first, a JVM reads the second.
    const flags = `-Djava.security.auth.login.config=${jaas} -Dreadonlymode.enabled=true`;
    process.env['SERVER_JVMFLAGS'] = flags;
    process.env['JDK_JAVA_OPTIONS'] = flags;
    const extra = [
      'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
      'client.portUnification=true',
      `ssl.keyStore.location=${at('server.pem', own)}`,
      `ssl.trustStore.location=${at('ca.pem', authority.pem)}`,
      'X509AuthenticationProvider.superUser=CN=admin',
      `authProvider.1=${PROVIDERS}.SASLAuthenticationProvider`,
      `authProvider.2=${PROVIDERS}.X509AuthenticationProvider`,
      'extendedTypesEnabled=true',
      'enforceQuota=true',
      'reconfigEnabled=true',
      ...more,
    ];
    const kinds = [kind, kind, kind];
    const ensemble = await TestEnsemble.create({ kinds, tickTimeMs: 1000, extra });
    await ensemble.start();
    return new ClientBed(ensemble, directory, authority);
  }

  /** To all servers, or to those that are named. */
  async connect(
    options: ConnectOptions = {},
    chroot = '',
    servers = this.ensemble.connectString,
  ): Promise<ZooKeeperClient> {
    return await connect(`${servers}${chroot}`, {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      ...options,
    });
  }

  /** What makes a client `CN=name` over TLS. */
  as(name: string): TlsOptions {
    const known = this.#certificates.get(name);
    const cert = known ?? this.#authority.issue({ subject: [[CN, name]] });
    this.#certificates.set(name, cert);
    return { ca: this.#authority.pem, key: cert, cert };
  }

  /** The server that a client is on. */
  serverOf(client: ZooKeeperClient): ServerProcess {
    const server = this.ensemble.servers.find(
      ({ clientPort }) => client.server === `127.0.0.1:${clientPort}`,
    );
    if (server === undefined) throw new Error(`The client is on "${client.server}"`);
    return server;
  }

  async end(failed: boolean): Promise<void> {
    delete process.env['JDK_JAVA_OPTIONS'];
    await this.ensemble.end(failed);
    rmSync(this.#directory, { recursive: true });
  }
}

/** What it was rejected with; an error of its own when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    (value) => new Error(`It resolved with ${String(value)}`),
    (error: unknown) => error,
  );
}

/** Resolves once the client is in that state. */
export function stateOf(client: ZooKeeperClient, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.onState((state) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
    if (client.state !== wanted) return;
    stop();
    resolve();
  });
}
