/** What becomes of the variables of docker-library's, bitnami's and Confluent's images. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { makeDirectory } from '../program.test-kit.ts';
import { imageConfig, type ImageConfig } from './image-config.ts';
import type { Variables } from './image-variables.ts';

const GIB = 1024 ** 3;
const HOST = { short: 'box', domain: '' };

/** As docker-library's image writes it, without any variable of the user. */
const DEFAULT = `dataDir=/data
dataLogDir=/datalog
tickTime=2000
initLimit=5
syncLimit=2
autopurge.snapRetainCount=3
autopurge.purgeInterval=0
maxClientCnxns=60
standaloneEnabled=true
admin.enableServer=true
server.1=localhost:2888:3888;2181
`;

function configOf(variables: Variables, hostName = HOST): ImageConfig {
  return imageConfig(variables, hostName, 8 * GIB);
}

/** Lines that the variables add, then those that they take away. */
function changes(variables: Variables): readonly string[] {
  const old = DEFAULT.trimEnd().split('\n');
  const now = configOf(variables).zooCfg.trimEnd().split('\n');
  const gone = old.filter((line) => !now.includes(line)).map((line) => `-${line}`);
  return [...now.filter((line) => !old.includes(line)), ...gone];
}

const NO_SERVER = '-server.1=localhost:2888:3888;2181';
const PAIR = ['server.1=a:2888:3888;2181', 'server.2=b:2888:3888;2181', NO_SERVER];

const ROWS: readonly [variables: Variables, changed: readonly string[]][] = [
  [{}, []],
  [{ ZOO_TICK_TIME: '1000' }, ['tickTime=1000', '-tickTime=2000']],
  [{ ZOO_INIT_LIMIT: '9' }, ['initLimit=9', '-initLimit=5']],
  [{ ZOO_SYNC_LIMIT: '7' }, ['syncLimit=7', '-syncLimit=2']],
  [
    { ZOO_DATA_DIR: '/d', ZOO_DATA_LOG_DIR: '/l' },
    ['dataDir=/d', 'dataLogDir=/l', '-dataDir=/data', '-dataLogDir=/datalog'],
  ],
  [
    { ZOO_AUTOPURGE_PURGEINTERVAL: '1' },
    ['autopurge.purgeInterval=1', '-autopurge.purgeInterval=0'],
  ],
  [
    { ZOO_AUTOPURGE_SNAPRETAINCOUNT: '5' },
    ['autopurge.snapRetainCount=5', '-autopurge.snapRetainCount=3'],
  ],
  [{ ZOO_MAX_CLIENT_CNXNS: '0' }, ['maxClientCnxns=0', '-maxClientCnxns=60']],
  [{ ZOO_STANDALONE_ENABLED: 'false' }, ['standaloneEnabled=false', '-standaloneEnabled=true']],
  [{ ZOO_ADMINSERVER_ENABLED: 'false' }, ['admin.enableServer=false', '-admin.enableServer=true']],
  [{ ZOO_4LW_COMMANDS_WHITELIST: 'srvr, mntr' }, ['4lw.commands.whitelist=srvr, mntr']],
  [
    { ZOO_CFG_EXTRA: 'snapCount=7 zabra.healthPort=8081' },
    ['snapCount=7', 'zabra.healthPort=8081'],
  ],
  [{ ZOO_SERVERS: 'server.1=a:2888:3888;2181 server.2=b:2888:3888;2181' }, PAIR],
  [{ ZOO_SERVERS: 'server.1=a:2888:3888;2181\n  server.2=b:2888:3888;2181\n' }, PAIR],
  // bitnami
  [{ ZOO_SERVERS: 'a:2888:3888,b:2888:3888' }, PAIR],
  [{ ZOO_SERVERS: 'b:2888:3888::2 ; a:2888:3888::1' }, [PAIR[1] ?? '', PAIR[0] ?? '', NO_SERVER]],
  [
    { ZOO_SERVERS: 'a:2888:3888:observer::5', ZOO_PORT_NUMBER: '2182' },
    ['server.5=a:2888:3888:observer;2182', NO_SERVER],
  ],
  [{ ZOO_PORT_NUMBER: '2182' }, ['server.1=localhost:2888:3888;2182', NO_SERVER]],
  [{ ZOO_SNAPCOUNT: '9' }, ['snapCount=9']],
  [{ ZOO_PRE_ALLOC_SIZE: '64' }, ['preAllocSize=64']],
  [{ ZOO_MAX_CNXNS: '100' }, ['maxCnxns=100']],
  [{ ZOO_AUTOPURGE_INTERVAL: '24' }, ['autopurge.purgeInterval=24', '-autopurge.purgeInterval=0']],
  [
    { ZOO_AUTOPURGE_RETAIN_COUNT: '10', ZOO_AUTOPURGE_SNAPRETAINCOUNT: '3' },
    ['autopurge.snapRetainCount=10', '-autopurge.snapRetainCount=3'],
  ],
  [{ ZOO_LISTEN_ALLIPS_ENABLED: 'yes' }, ['quorumListenOnAllIPs=true']],
  [{ ZOO_RECONFIG_ENABLED: 'no' }, ['reconfigEnabled=false']],
  [{ ZOO_ENABLE_ADMIN_SERVER: 'no' }, ['admin.enableServer=false', '-admin.enableServer=true']],
  [{ ZOO_ENABLE_PROMETHEUS_METRICS: 'yes' }, ['zabra.healthPort=7000']],
  [
    { ZOO_ENABLE_PROMETHEUS_METRICS: 'yes', ZOO_PROMETHEUS_METRICS_PORT_NUMBER: '9141' },
    ['zabra.healthPort=9141'],
  ],
  [
    {
      ZOO_TLS_CLIENT_ENABLE: 'true',
      ZOO_TLS_CLIENT_KEYSTORE_FILE: '/k.pem',
      ZOO_TLS_CLIENT_TRUSTSTORE_FILE: '/t.pem',
      ZOO_TLS_CLIENT_AUTH: 'need',
    },
    [
      'secureClientPort=3181',
      'ssl.keyStore.location=/k.pem',
      'ssl.trustStore.location=/t.pem',
      'ssl.clientAuth=need',
    ],
  ],
  [
    { ZOO_TLS_QUORUM_ENABLE: 'yes', ZOO_TLS_QUORUM_KEYSTORE_FILE: '/q.pem' },
    ['sslQuorum=true', 'ssl.quorum.keyStore.location=/q.pem'],
  ],
  [{ ALLOW_ANONYMOUS_LOGIN: 'yes' }, []],
  // Confluent
  [{ ZOOKEEPER_SERVERS: 'a:2888:3888;b:2888:3888' }, PAIR],
  [{ ZOOKEEPER_CLIENT_PORT: '2182' }, ['server.1=localhost:2888:3888;2182', NO_SERVER]],
  [{ ZOOKEEPER_TICK_TIME: '500', ZOO_TICK_TIME: '2000' }, ['tickTime=500', '-tickTime=2000']],
  [
    { ZOOKEEPER_AUTOPURGE_PURGE_INTERVAL: '2' },
    ['autopurge.purgeInterval=2', '-autopurge.purgeInterval=0'],
  ],
  [
    { ZOOKEEPER_AUTOPURGE_SNAP_RETAIN_COUNT: '4' },
    ['autopurge.snapRetainCount=4', '-autopurge.snapRetainCount=3'],
  ],
];

describe('zoo.cfg from variables', () => {
  for (const [variables, changed] of ROWS) {
    it(`changes as ${JSON.stringify(variables)} says`, () => {
      assert.deepEqual(changes(variables), changed);
    });
  }

  it("is docker-library's, byte by byte, without any", () => {
    assert.equal(configOf({}).zooCfg, DEFAULT);
  });
});

const SERVERS = 'server.1=zk-0:2888:3888;2181 server.2=zk-1:2888:3888;2181';

const IDS: readonly [variables: Variables, host: string, id: number][] = [
  [{}, 'box', 1],
  [{ ZOO_MY_ID: '3' }, 'zk-0', 3],
  [{ ZOO_SERVER_ID: '4' }, 'box', 4],
  [{ ZOOKEEPER_SERVER_ID: '5' }, 'box', 5],
  [{ ZOO_SERVERS: SERVERS }, 'zk-1', 2],
  [{ ZOO_SERVERS: SERVERS }, 'zk-7', 1],
  [{}, 'web-1', 1],
  [{ ZOO_REPLICAS: '3' }, 'zk-2', 3],
];

describe('the id from variables', () => {
  for (const [variables, short, id] of IDS) {
    it(`is ${id} for ${JSON.stringify(variables)} on ${short}`, () => {
      assert.equal(configOf(variables, { short, domain: 'd' }).id, id);
    });
  }

  it('comes with the names of the others where replicas are counted', () => {
    const { zooCfg } = configOf({ ZOO_REPLICAS: '2' }, { short: 'zk-1', domain: 'zk.ns.svc' });
    assert.match(zooCfg, /^server\.1=zk-0\.zk\.ns\.svc:2888:3888;2181$/m);
    assert.match(zooCfg, /^server\.2=zk-1\.zk\.ns\.svc:2888:3888;2181$/m);
  });
});

describe('flags from variables', () => {
  const rows: readonly [Variables, readonly string[]][] = [
    [{}, ['-Xmx1000M']],
    [{ ZOO_HEAP_SIZE: '512' }, ['-Xmx512M']],
    [{ KAFKA_HEAP_OPTS: '-Xmx256M -Xms256M' }, ['-Xmx256M -Xms256M']],
    [{ ZOO_LOG_LEVEL: 'ERROR' }, ['-Xmx1000M', '-Dzabra.logLevel=error']],
    [{ ZOO_LOG4J_PROP: 'WARN, CONSOLE' }, ['-Xmx1000M', '-Dzookeeper.root.logger=WARN,CONSOLE']],
  ];
  for (const [variables, flags] of rows) {
    it(`are ${flags.join(' ')} for ${JSON.stringify(variables)}`, () => {
      assert.deepEqual(configOf(variables).flags, flags);
    });
  }

  it('fit into the memory of the container, and name what means nothing', () => {
    assert.deepEqual(imageConfig({}, HOST, GIB / 2).flags, ['-Xmx384M']);
    const { ignored } = configOf({ JMXPORT: '1', JMXDISABLE: '', KAFKA_JMX_OPTS: '-x' });
    assert.deepEqual(ignored, ['JMXPORT', 'KAFKA_JMX_OPTS']);
  });
});

describe('logins from variables', () => {
  const login = {
    ZOO_ENABLE_AUTH: 'yes',
    ZOO_SERVER_USERS: 'bob,ann',
    ZOO_SERVER_PASSWORDS: 'b0b,4nn',
    ZOO_CLIENT_USER: 'bob',
    ZOO_CLIENT_PASSWORD: 'b0b',
  };

  it('are a JAAS file, and lines that ask for a login', () => {
    const { jaas, zooCfg, flags } = configOf(login);
    const module = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
    assert.equal(
      jaas,
      `Server {\n  ${module}\n  user_bob="b0b"\n  user_ann="4nn";\n};\n` +
        `Client {\n  ${module}\n  username="bob"\n  password="b0b";\n};\n`,
    );
    assert.match(zooCfg, /^authProvider\.1=.*SASLAuthenticationProvider$/m);
    assert.match(zooCfg, /^sessionRequireClientSASLAuth=true$/m);
    assert.ok(flags.includes('-Djava.security.auth.login.config=/conf/zoo_jaas.conf'));
    assert.ok(!zooCfg.includes('b0b'));
    const open = configOf({ ...login, ALLOW_ANONYMOUS_LOGIN: 'yes' });
    assert.ok(!open.zooCfg.includes('sessionRequireClientSASLAuth'));
  });

  it('take passwords from files', () => {
    const root = makeDirectory();
    try {
      const file = path.join(root, 'passwords');
      fs.writeFileSync(file, 'one,two\n');
      const variables = { ...login, ZOO_SERVER_PASSWORDS: '', ZOO_SERVER_PASSWORDS_FILE: file };
      assert.match(configOf(variables).jaas, /user_bob="one"\n {2}user_ann="two";/);
    } finally {
      fs.rmSync(root, { recursive: true });
    }
  });
});

const REFUSALS: readonly [variables: Variables, message: RegExp][] = [
  [{ ZOO_SERVERS: 'a:2888' }, /^Cannot read the server "a:2888": wanted server\.ID=HOST/],
  [{ ZOO_MY_ID: 'one' }, /^Cannot use "one" as the id of a server: wanted 0 to 255$/],
  [{ ZOO_REPLICAS: 'x' }, /^Cannot read "ZOO_REPLICAS=x": wanted 1 to 255$/],
  [{ ZOO_REPLICAS: '3' }, /the host name is "box", wanted one that ends in an ordinal/],
  [{ ALLOW_ANONYMOUS_LOGIN: 'no' }, /^Cannot start: ALLOW_ANONYMOUS_LOGIN says no/],
  [{ ZOO_ENABLE_AUTH: 'yes' }, /ZOO_SERVER_USERS has 0 names, ZOO_SERVER_PASSWORDS 0/],
  [
    { ZOO_ENABLE_AUTH: 'yes', ZOO_SERVER_USERS: 'u', ZOO_SERVER_PASSWORDS: 'a"b' },
    /^Cannot write the login "user_u"/,
  ],
  [{ ZOO_TLS_CLIENT_ENABLE: 'yes' }, /ZOO_TLS_CLIENT_KEYSTORE_FILE is not set$/],
  [{ JVMFLAGS: '-Xmx9g' }, /^Cannot use "-Xmx9g" of JVMFLAGS: the memory limit is 8192M$/],
  [{ KAFKA_HEAP_OPTS: '-Xmx9g' }, /^Cannot use "-Xmx9g" of KAFKA_HEAP_OPTS: the memory limit/],
  [{ ZOO_HEAP_SIZE: '99999' }, /^Cannot use "ZOO_HEAP_SIZE=99999M": the memory limit is 8192M$/],
  [
    { ZOO_ENABLE_AUTH: 'yes', ZOO_SERVER_USERS: 'u', ZOO_SERVER_PASSWORDS_FILE: '/nowhere' },
    /^Cannot read ZOO_SERVER_PASSWORDS from "\/nowhere": ENOENT/,
  ],
];

describe('variables that cannot be', () => {
  for (const [variables, message] of REFUSALS) {
    it(`are refused: ${JSON.stringify(variables)}`, () => {
      assert.throws(() => configOf(variables), { message, exitCode: 1 });
    });
  }
});
