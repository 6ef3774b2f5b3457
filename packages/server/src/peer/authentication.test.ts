/**
 * Authentication of client connections (client-protocol.md 13.6): the SASL exchange on the wire,
 * what follows a failure, and enforcement. The replies are those that Apache 3.9.5 gave to the same
 * bytes.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DigestResponse,
  ErrorCode,
  type Id,
  JuteReader,
  type JuteWriter,
  OpCode,
  utf8Decode,
  utf8Encode,
  writeAclVector,
} from '@zabra/protocol';
import { NO_SCHEMES } from '../ops/auth.ts';
import { SaslUsers } from '../ops/sasl-users.ts';
import type { AuthenticationConfig } from './authentication-config.ts';
import { NO_AUTHENTICATION } from './authentication-config.ts';
import { HASHES } from './bed-config.test-kit.ts';
import type { BedClient, Reply } from './bed-client.test-kit.ts';
import { ServerBed } from './server-bed.test-kit.ts';

const SASL: AuthenticationConfig = {
  ...NO_AUTHENTICATION,
  schemes: { ...NO_SCHEMES, sasl: true, x509: true, saslSuperUsers: new Set(['root']) },
  saslUsers: new SaslUsers(
    new Map([
      ['bob', 'bobsecret'],
      ['root', 'rootsecret'],
    ]),
  ),
};
const NULL_TOKEN = 'ffffffff';

function bedWith(changes: Partial<AuthenticationConfig> = {}): ServerBed {
  return new ServerBed({ authentication: { ...SASL, ...changes } });
}

function one(bed: ServerBed, client: BedClient): Reply {
  bed.run();
  const replies = client.replies();
  assert.equal(replies.length, 1);
  return replies[0] as Reply;
}

function sendToken(bed: ServerBed, client: BedClient, xid: number, token: string): Reply {
  client.request(xid, OpCode.sasl, (w) => w.bytes(utf8Encode(token)));
  return one(bed, client);
}

function tokenOf({ body }: Reply): string {
  const token = new JuteReader().reset(body, 0, body.length).bytes() ?? new Uint8Array(0);
  return utf8Decode(token, 0, token.length);
}

function responseTo(challenge: string, userName: string, password: string): string {
  const nonce = /nonce="([^"]*)"/.exec(challenge)?.[1] ?? '';
  const values = {
    userName,
    realm: 'zk-sasl-md5',
    nonce,
    cnonce: 'c',
    nonceCount: '00000001',
    qop: 'auth',
    digestUri: 'zookeeper/zk-sasl-md5',
    authzid: null,
    isUtf8: true,
  };
  const { ofClient } = new DigestResponse(values, password, HASHES.md5);
  return (
    `charset=utf-8,username="${userName}",realm="zk-sasl-md5",nonce="${nonce}",nc=00000001,` +
    `cnonce="c",digest-uri="zookeeper/zk-sasl-md5",response=${ofClient},qop=auth`
  );
}

function logIn(bed: ServerBed, client: BedClient, user: string, password: string): Reply {
  const challenge = tokenOf(sendToken(bed, client, 1, ''));
  return sendToken(bed, client, 2, responseTo(challenge, user, password));
}

function identitiesOf(client: BedClient): string[] {
  return client.connection.identities.map(({ scheme, id }) => `${scheme} ${id}`);
}

function hex({ body }: Reply): string {
  return Buffer.from(body).toString('hex');
}

describe('the SASL exchange', () => {
  it('adds the identity that it proves, and echoes xids with zxid 0', () => {
    const bed = bedWith();
    const client = bed.client();
    const first = sendToken(bed, client, 7, '');
    assert.deepEqual([first.xid, first.zxid, first.err], [7, 0, 'OK']);
    assert.match(
      tokenOf(first),
      /^realm="zk-sasl-md5",nonce="[^"]+",charset=utf-8,algorithm=md5-sess$/,
    );
    const second = sendToken(bed, client, 8, responseTo(tokenOf(first), 'bob', 'bobsecret'));
    assert.deepEqual([second.xid, second.zxid, second.err], [8, 0, 'OK']);
    assert.match(tokenOf(second), /^rspauth=[0-9a-f]{32}$/);
    assert.deepEqual(identitiesOf(client), ['ip 10.0.0.1', 'sasl bob']);
  });

  it('makes configured users super', () => {
    const bed = bedWith();
    const client = bed.client();
    logIn(bed, client, 'root', 'rootsecret');
    assert.deepEqual(identitiesOf(client), ['ip 10.0.0.1', 'sasl root', 'super ']);
  });

  it('gives ACLs of scheme auth what it proves', () => {
    const bed = bedWith();
    const client = bed.client();
    logIn(bed, client, 'bob', 'bobsecret');
    client.request(3, OpCode.create, (w: JuteWriter) => {
      w.string('/own');
      w.bytes(new Uint8Array(0));
      writeAclVector(w, [{ perms: 31, scheme: 'auth', id: '' }]);
      w.int(0);
    });
    assert.equal(one(bed, client).err, 'OK');
    const stranger = bed.client();
    stranger.getData(1, '/own');
    assert.equal(one(bed, stranger).err, 'NOAUTH');
    client.getData(4, '/own');
    assert.equal(one(bed, client).err, 'OK');
  });

  it('keeps its place among the replies', () => {
    const bed = bedWith();
    const client = bed.client();
    client.create(1, '/a');
    client.request(2, OpCode.sasl, (w) => w.bytes(new Uint8Array(0)));
    client.getData(3, '/a');
    bed.run();
    const replies = client.replies();
    assert.deepEqual(
      replies.map(({ xid }) => xid),
      [1, 2, 3],
    );
    assert.match(tokenOf(replies[1] as Reply), /^realm=/);
  });

  it('answers nothing where there is no SASL, and goes on', () => {
    const bed = new ServerBed();
    const client = bed.client();
    const reply = sendToken(bed, client, 1, '');
    assert.deepEqual([reply.err, reply.zxid, hex(reply)], ['OK', 0, NULL_TOKEN]);
    assert.equal(client.closed, '');
  });

  it('costs the connection when it is no record', () => {
    for (const body of [new Uint8Array(2), new Uint8Array(4).fill(0xff)]) {
      const bed = bedWith();
      const client = bed.client();
      client.request(1, OpCode.sasl, (w) => w.raw(body, 0, body.length));
      bed.run();
      assert.equal(client.frames().length, 0);
      assert.equal(client.closed, 'cut');
    }
  });
});

describe('a SASL exchange that fails', () => {
  const rows: readonly (readonly [string, Partial<AuthenticationConfig>, string, boolean])[] = [
    ['is AUTHFAILED and the end', {}, 'AUTHFAILED', true],
    ['may be forgiven', { allowSaslFailedClients: true }, 'OK', false],
    [
      'has a code of its own where SASL is required',
      { requiredSchemes: ['sasl'] },
      'SESSIONCLOSEDREQUIRESASLAUTH',
      true,
    ],
    [
      'is not forgiven where SASL is required',
      { requiredSchemes: ['digest', 'sasl'], allowSaslFailedClients: true },
      'SESSIONCLOSEDREQUIRESASLAUTH',
      true,
    ],
    [
      'is AUTHFAILED where something else is required',
      { requiredSchemes: ['digest'] },
      'AUTHFAILED',
      true,
    ],
  ];
  for (const [name, changes, err, closes] of rows) {
    it(name, () => {
      const bed = bedWith(changes);
      const client = bed.client();
      const reply = logIn(bed, client, 'bob', 'wrong');
      // Apache sends a body here, whatever the error.
      assert.deepEqual([reply.xid, reply.zxid, reply.err, hex(reply)], [2, 0, err, NULL_TOKEN]);
      assert.equal(client.closed, closes ? 'gently' : '');
      assert.deepEqual(identitiesOf(client), ['ip 10.0.0.1']);
      assert.equal(bed.core.stats.authFailedCount, 1);
    });
  }

  it('stays failed on its connection, which may do without', () => {
    const bed = bedWith({ allowSaslFailedClients: true });
    const client = bed.client();
    logIn(bed, client, 'bob', 'wrong');
    const again = sendToken(bed, client, 3, '');
    assert.deepEqual([again.err, hex(again)], ['OK', NULL_TOKEN]);
    client.getData(4, '/');
    assert.equal(one(bed, client).err, 'OK');
  });

  it('comes of a token behind the last one, too, and takes nothing away', () => {
    const bed = bedWith({ allowSaslFailedClients: true });
    const client = bed.client();
    logIn(bed, client, 'bob', 'bobsecret');
    assert.equal(hex(sendToken(bed, client, 3, '')), NULL_TOKEN);
    assert.deepEqual(identitiesOf(client), ['ip 10.0.0.1', 'sasl bob']);
    const strict = bedWith();
    const other = strict.client();
    logIn(strict, other, 'bob', 'bobsecret');
    assert.equal(sendToken(strict, other, 3, '').err, 'AUTHFAILED');
    assert.equal(other.closed, 'gently');
  });
});

describe('enforcement', () => {
  const asked: readonly (readonly [string, number])[] = [
    ['a read', OpCode.getData],
    ['a write', OpCode.create],
    ['a ping', OpCode.ping],
    ['the end of the session', OpCode.closeSession],
    ['an opcode that nobody knows', 777],
  ];
  for (const [name, opcode] of asked) {
    it(`answers ${name} with -124, echoing its xid, and closes`, () => {
      const bed = bedWith({ requiredSchemes: ['sasl'] });
      const client = bed.client();
      client.request(-2, opcode);
      const reply = one(bed, client);
      assert.deepEqual(
        [reply.xid, reply.zxid, reply.err, reply.body.length],
        [-2, 0, 'SESSIONCLOSEDREQUIRESASLAUTH', 0],
      );
      assert.equal(client.closed, 'gently');
    });
  }

  it('admits whoever holds one of the schemes, and no other', () => {
    const rows: readonly (readonly [string[], string, string])[] = [
      [['digest'], 'digest', 'OK'],
      [['sasl', 'digest'], 'digest', 'OK'],
      [['sasl'], 'digest', 'SESSIONCLOSEDREQUIRESASLAUTH'],
      [['x509'], 'ip', 'SESSIONCLOSEDREQUIRESASLAUTH'],
      [['ip'], 'ip', 'OK'],
    ];
    for (const [requiredSchemes, scheme, err] of rows) {
      const bed = bedWith({ requiredSchemes });
      const client = bed.client();
      client.request(-4, OpCode.auth, (w) => {
        w.int(0);
        w.string(scheme);
        w.bytes(utf8Encode('bob:bob'));
      });
      assert.equal(one(bed, client).err, 'OK');
      client.getData(1, '/');
      assert.equal(one(bed, client).err, err, `${scheme} where ${requiredSchemes} is required`);
    }
  });

  it('admits who logs in by SASL', () => {
    const bed = bedWith({ requiredSchemes: ['sasl'] });
    const client = bed.client();
    assert.equal(logIn(bed, client, 'bob', 'bobsecret').err, 'OK');
    client.getData(3, '/');
    assert.equal(one(bed, client).err, 'OK');
  });

  it('admits a certificate from the first request on', () => {
    const bed = bedWith({ requiredSchemes: ['x509'] });
    const proven: Id[] = [{ scheme: 'x509', id: 'CN=a' }];
    for (const [identities, err] of [
      [proven, 'OK'],
      [[], 'SESSIONCLOSEDREQUIRESASLAUTH'],
      [null, 'SESSIONCLOSEDREQUIRESASLAUTH'],
    ] as const) {
      const client = bed.connect('10.0.0.9', 4000, identities);
      client.handshake();
      client.getData(1, '/');
      assert.equal(one(bed, client).err, err);
      client.hangUp();
    }
  });
});

describe('a connection over TLS', () => {
  it('has what its certificate proves before it says a word, super included', () => {
    const schemes = { ...NO_SCHEMES, x509: true, x509SuperUser: 'CN=admin' };
    const bed = bedWith({ schemes });
    const admin = bed.connect('10.0.0.9', 4000, [{ scheme: 'x509', id: 'CN=admin' }]);
    assert.deepEqual(identitiesOf(admin), ['ip 10.0.0.9', 'super CN=admin', 'x509 CN=admin']);
    const plain = bed.connect('10.0.0.9', 4001, [{ scheme: 'x509', id: 'CN=a' }]);
    assert.deepEqual(identitiesOf(plain), ['ip 10.0.0.9', 'x509 CN=a']);
    assert.equal(bed.core.stats.tlsConnectionCount, 2);
  });

  it('passes auth with scheme x509 when it has a certificate', () => {
    const rows: readonly (readonly [readonly Id[] | null, number])[] = [
      [[{ scheme: 'x509', id: 'CN=a' }], ErrorCode.OK],
      [[], ErrorCode.AUTHFAILED],
      [null, ErrorCode.AUTHFAILED],
    ];
    for (const [proven, code] of rows) {
      const bed = bedWith();
      const client = bed.connect('10.0.0.9', 4000, proven);
      client.handshake();
      client.request(-4, OpCode.auth, (w) => {
        w.int(0);
        w.string('x509');
        w.bytes(new Uint8Array(0));
      });
      assert.equal(one(bed, client).err, code === ErrorCode.OK ? 'OK' : 'AUTHFAILED');
      assert.equal(client.closed, code === ErrorCode.OK ? '' : 'gently');
    }
  });
});

describe('what the log says of authentication', () => {
  it('shows no token and no password', () => {
    const bed = bedWith();
    const seen: string[] = [];
    const { ready } = bed.core;
    const { log } = ready;
    ready.log = (level, thread, source, message) => {
      seen.push(message);
      log.call(ready, level, thread, source, message);
    };
    logIn(bed, bed.client(), 'bob', 'bobsecret');
    logIn(bed, bed.client(), 'bob', 'planted-guess');
    const text = seen.join('\n');
    assert.match(text, /Authenticated \S+ as "bob" by SASL DIGEST-MD5/);
    assert.match(text, /Authentication failed for SASL DIGEST-MD5/);
    assert.doesNotMatch(text, /bobsecret|planted|response=|rspauth|nonce/);
  });
});
